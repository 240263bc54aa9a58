//! What persons prefer.

use super::Store;
use super::error::StoreError;
use super::rows::{Cells, to_json};
use crate::domain::person::PersonKey;
use crate::domain::settings::Settings;

const TABLE: &str = "settings";

impl Store {
    /// What a person prefers; the defaults where they never said.
    pub async fn settings(&self, person: &PersonKey) -> Result<Settings, StoreError> {
        self.read(person.clone(), |connection, person| {
            Box::pin(async move {
                let row = sqlx::query("SELECT * FROM settings WHERE person = $1")
                    .bind(person.as_str())
                    .fetch_optional(connection)
                    .await?;
                let settings = row.map(|row| Cells::of(TABLE, "person", &row).json("value")).transpose()?;
                Ok(settings.unwrap_or_default())
            })
        })
        .await
    }

    /// Keeps what a person prefers.
    pub async fn keep_settings(&self, person: &PersonKey, settings: Settings) -> Result<(), StoreError> {
        self.write("keep settings", (person.clone(), settings), |connection, (person, settings)| {
            Box::pin(async move {
                sqlx::query(
                    "INSERT INTO settings (person, value) VALUES ($1, $2)
                     ON CONFLICT (person) DO UPDATE SET value = excluded.value",
                )
                .bind(person.as_str())
                .bind(to_json(TABLE, settings)?)
                .execute(connection)
                .await?;
                Ok(())
            })
        })
        .await
    }
}
