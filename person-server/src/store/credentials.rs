//! Setup links and API tokens, by their SHA-256.

use aauth_authorizer::clock::Seconds;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::Store;
use super::audit;
use super::error::StoreError;
use super::people;
use super::rows::Cells;
use crate::domain::audit::AuditEvent;
use crate::domain::person::{Person, PersonKey};
use crate::domain::session::{ApiToken, SecretDigest};

const TABLE: &str = "api_tokens";

impl Store {
    /// Adds a person, with the link they set themselves up with.
    pub async fn add_person(&self, person: Person, setup: SecretDigest, until: Seconds) -> Result<(), StoreError> {
        self.write("add person", (person, setup, until), |connection, (person, setup, until)| {
            Box::pin(async move {
                people::keep(connection, person).await?;
                invite(connection, &person.key, *setup, *until).await
            })
        })
        .await
    }

    /// Adds a person where there is nobody yet. `false` where there is somebody.
    pub async fn add_first_person(
        &self,
        person: Person,
        setup: SecretDigest,
        until: Seconds,
    ) -> Result<bool, StoreError> {
        self.write("add first person", (person, setup, until), |connection, (person, setup, until)| {
            Box::pin(async move {
                if sqlx::query("SELECT 1 FROM people LIMIT 1").fetch_optional(&mut *connection).await?.is_some() {
                    return Ok(false);
                }
                people::keep(connection, person).await?;
                invite(connection, &person.key, *setup, *until).await?;
                Ok(true)
            })
        })
        .await
    }

    /// Gives a person another setup link, in place of one that was not used. `false` where there is no such person.
    pub async fn invite(&self, person: &PersonKey, setup: SecretDigest, until: Seconds) -> Result<bool, StoreError> {
        self.write("invite", (person.clone(), setup, until), |connection, (person, setup, until)| {
            Box::pin(async move {
                if people::find(connection, person).await?.is_none() {
                    return Ok(false);
                }
                invite(connection, person, *setup, *until).await?;
                Ok(true)
            })
        })
        .await
    }

    /// Keeps a new API token, unless the person has `most` already.
    pub async fn add_api_token(
        &self,
        token: ApiToken,
        hash: SecretDigest,
        most: u32,
        event: AuditEvent,
    ) -> Result<bool, StoreError> {
        self.write("add api token", (token, hash, most, event), |connection, (token, hash, most, event)| {
            Box::pin(async move {
                let added = sqlx::query(
                    "INSERT INTO api_tokens (id, person, name, hash, created_at, expires_at)
                     SELECT $1, key, $3, $4, $5, $6 FROM people
                     WHERE key = $2 AND (SELECT COUNT(*) FROM api_tokens WHERE person = $2) < $7",
                )
                .bind(token.id.as_str())
                .bind(token.person.as_str())
                .bind(token.name.as_str())
                .bind(hash.to_text())
                .bind(token.created_at)
                .bind(token.expires_at)
                .bind(i64::from(*most))
                .execute(&mut *connection)
                .await?;
                if added.rows_affected() == 0 {
                    return Ok(false);
                }
                audit::add(connection, event).await?;
                Ok(true)
            })
        })
        .await
    }

    /// The API token with this hash, if it counts now.
    pub async fn api_token(&self, hash: SecretDigest, now: Seconds) -> Result<Option<ApiToken>, StoreError> {
        self.read((hash, now), |connection, (hash, now)| Box::pin(find(connection, *hash, *now))).await
    }

    /// Notes that an API token was used.
    pub async fn note_api_token(&self, id: &str, now: Seconds) -> Result<(), StoreError> {
        self.write("note api token", (id.to_owned(), now), |connection, (id, now)| {
            Box::pin(async move {
                let noted = sqlx::query("UPDATE api_tokens SET used_at = $2 WHERE id = $1");
                noted.bind(id.as_str()).bind(*now).execute(connection).await?;
                Ok(())
            })
        })
        .await
    }

    /// A person's API tokens, the latest first.
    pub async fn api_tokens_of(&self, person: &PersonKey) -> Result<Vec<ApiToken>, StoreError> {
        self.read(person.clone(), |connection, person| {
            Box::pin(async move {
                let rows = sqlx::query("SELECT * FROM api_tokens WHERE person = $1 ORDER BY created_at DESC, id")
                    .bind(person.as_str())
                    .fetch_all(connection)
                    .await?;
                rows.iter().map(read).collect()
            })
        })
        .await
    }

    /// Ends an API token of the person's, and the sessions it began. `false` where there is no such.
    pub async fn revoke_api_token(&self, person: &PersonKey, id: &str, event: AuditEvent) -> Result<bool, StoreError> {
        self.write("revoke api token", (person.clone(), id.to_owned(), event), |connection, (person, id, event)| {
            Box::pin(async move {
                // The sessions go with the row.
                let ended = sqlx::query("DELETE FROM api_tokens WHERE id = $1 AND person = $2")
                    .bind(id.as_str())
                    .bind(person.as_str())
                    .execute(&mut *connection)
                    .await?;
                if ended.rows_affected() == 0 {
                    return Ok(false);
                }
                audit::add(connection, event).await?;
                Ok(true)
            })
        })
        .await
    }
}

async fn invite(
    connection: &mut AnyConnection,
    person: &PersonKey,
    setup: SecretDigest,
    until: Seconds,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO setups (person, hash, expires_at) VALUES ($1, $2, $3)
         ON CONFLICT (person) DO UPDATE SET hash = excluded.hash, expires_at = excluded.expires_at",
    )
    .bind(person.as_str())
    .bind(setup.to_text())
    .bind(until)
    .execute(connection)
    .await?;
    Ok(())
}

/// Uses up a setup link. Of two that use it at once, one gets the person.
pub(super) async fn use_setup(
    connection: &mut AnyConnection,
    hash: SecretDigest,
    now: Seconds,
) -> Result<Option<PersonKey>, StoreError> {
    let row = sqlx::query("DELETE FROM setups WHERE hash = $1 RETURNING *")
        .bind(hash.to_text())
        .fetch_optional(connection)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let cells = Cells::of("setups", "person", &row);
    Ok((now < cells.seconds("expires_at")?).then_some(cells.person("person")?))
}

pub(super) async fn find(
    connection: &mut AnyConnection,
    hash: SecretDigest,
    now: Seconds,
) -> Result<Option<ApiToken>, StoreError> {
    let row = sqlx::query("SELECT * FROM api_tokens WHERE hash = $1 AND (expires_at IS NULL OR expires_at > $2)")
        .bind(hash.to_text())
        .bind(now)
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(read).transpose()
}

fn read(row: &AnyRow) -> Result<ApiToken, StoreError> {
    let cells = Cells::of(TABLE, "id", row);
    Ok(ApiToken {
        id: cells.text("id")?,
        person: cells.person("person")?,
        name: cells.text("name")?,
        created_at: cells.seconds("created_at")?,
        expires_at: cells.optional_seconds("expires_at")?,
        used_at: cells.optional_seconds("used_at")?,
    })
}
