//! The names persons have at resources: "Directed Identifiers".
//!
//! They are derived, but a derivation cannot be run backwards, and an upstream token names its person by nothing else.

use aauth_authorizer::aauth::identifier::ServerId;
use sqlx::AnyConnection;

use super::Store;
use super::error::StoreError;
use super::rows::Cells;
use crate::domain::person::PersonKey;

const TABLE: &str = "directed";

impl Store {
    /// Who is called `sub` at the resource: "Which person".
    pub async fn person_called(&self, resource: &ServerId, sub: &str) -> Result<Option<PersonKey>, StoreError> {
        self.read((resource.clone(), sub.to_owned()), |connection, (resource, sub)| {
            Box::pin(async move {
                let row = sqlx::query("SELECT resource, person FROM directed WHERE resource = $1 AND sub = $2")
                    .bind(resource.as_str())
                    .bind(sub.as_str())
                    .fetch_optional(connection)
                    .await?;
                row.map(|row| Cells::of(TABLE, "resource", &row).person("person")).transpose()
            })
        })
        .await
    }

    /// Whether the person has a name at the resource: whether any agent of theirs has been there.
    pub async fn has_been_at(&self, person: &PersonKey, resource: &ServerId) -> Result<bool, StoreError> {
        self.read((person.clone(), resource.clone()), |connection, (person, resource)| {
            Box::pin(has_been_at(connection, person, resource))
        })
        .await
    }

    /// Whether anybody has a name at the resource.
    pub async fn knows_resource(&self, resource: &ServerId) -> Result<bool, StoreError> {
        self.read(resource.clone(), |connection, resource| {
            Box::pin(async move {
                let anybody = sqlx::query("SELECT 1 FROM directed WHERE resource = $1 LIMIT 1");
                Ok(anybody.bind(resource.as_str()).fetch_optional(connection).await?.is_some())
            })
        })
        .await
    }
}

pub(super) async fn has_been_at(
    connection: &mut AnyConnection,
    person: &PersonKey,
    resource: &ServerId,
) -> Result<bool, StoreError> {
    let row = sqlx::query("SELECT 1 FROM directed WHERE person = $1 AND resource = $2")
        .bind(person.as_str())
        .bind(resource.as_str())
        .fetch_optional(connection)
        .await?;
    Ok(row.is_some())
}

/// Notes a name, once.
pub(super) async fn keep(
    connection: &mut AnyConnection,
    person: &PersonKey,
    resource: &ServerId,
    sub: &str,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO directed (resource, sub, person) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
        .bind(resource.as_str())
        .bind(sub)
        .bind(person.as_str())
        .execute(connection)
        .await?;
    Ok(())
}
