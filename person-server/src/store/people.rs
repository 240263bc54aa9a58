//! The persons of this server.

use sqlx::AnyConnection;

use super::Store;
use super::error::StoreError;
use super::rows::{Cells, to_json};
use crate::domain::person::{Person, PersonKey};

const TABLE: &str = "people";

impl Store {
    /// Adds a person, or changes what is known of them. When they came stays as it was.
    pub async fn keep_person(&self, person: Person) -> Result<(), StoreError> {
        self.write("keep person", person, |connection, person| Box::pin(keep(connection, person))).await
    }

    /// A person by their key.
    pub async fn person(&self, key: &PersonKey) -> Result<Option<Person>, StoreError> {
        self.read(key.clone(), |connection, key| Box::pin(find(connection, key))).await
    }

    /// Everybody, the earliest first, up to `limit`.
    pub async fn people(&self, limit: u32) -> Result<Vec<Person>, StoreError> {
        self.read(limit, |connection, limit| {
            Box::pin(async move {
                let all = sqlx::query("SELECT * FROM people ORDER BY created_at, key LIMIT $1");
                let rows = all.bind(i64::from(*limit)).fetch_all(connection).await?;
                rows.iter().map(|row| read(Cells::of(TABLE, "key", row))).collect()
            })
        })
        .await
    }
}

pub(super) async fn keep(connection: &mut AnyConnection, person: &Person) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO people (key, name, tenant, claims, created_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (key) DO UPDATE SET name = excluded.name, tenant = excluded.tenant, claims = excluded.claims",
    )
    .bind(person.key.as_str())
    .bind(person.name.as_str())
    .bind(person.tenant.as_deref())
    .bind(to_json(TABLE, &person.claims)?)
    .bind(person.created_at)
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn find(connection: &mut AnyConnection, key: &PersonKey) -> Result<Option<Person>, StoreError> {
    let row = sqlx::query("SELECT * FROM people WHERE key = $1").bind(key.as_str()).fetch_optional(connection).await?;
    row.map(|row| read(Cells::of(TABLE, "key", &row))).transpose()
}

fn read(cells: Cells<'_>) -> Result<Person, StoreError> {
    Ok(Person {
        key: cells.person("key")?,
        name: cells.text("name")?,
        tenant: cells.optional_text("tenant")?,
        claims: cells.json("claims")?,
        created_at: cells.seconds("created_at")?,
    })
}
