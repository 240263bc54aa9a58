//! Rows become values, or say which cell holds nonsense.

use aauth_authorizer::aauth::identifier::{AgentId, ServerId};
use aauth_authorizer::clock::Seconds;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row as _;
use sqlx::any::{Any, AnyRow};

use super::error::StoreError;
use crate::domain::agent::AgentKey;
use crate::domain::person::PersonKey;
use crate::domain::stored::RULES;

/// Reads one row of a table.
#[derive(Clone, Copy)]
pub(super) struct Cells<'r> {
    table: &'static str,
    /// The column that tells the row from others, in an error.
    key: &'static str,
    row: &'r AnyRow,
}

impl<'r> Cells<'r> {
    pub(super) fn of(table: &'static str, key: &'static str, row: &'r AnyRow) -> Self {
        Self { table, key, row }
    }

    pub(super) fn text(self, column: &'static str) -> Result<String, StoreError> {
        self.cell(column)
    }

    pub(super) fn optional_text(self, column: &'static str) -> Result<Option<String>, StoreError> {
        self.cell(column)
    }

    pub(super) fn integer(self, column: &'static str) -> Result<i64, StoreError> {
        self.cell(column)
    }

    pub(super) fn seconds(self, column: &'static str) -> Result<Seconds, StoreError> {
        self.cell(column)
    }

    pub(super) fn optional_seconds(self, column: &'static str) -> Result<Option<Seconds>, StoreError> {
        self.cell(column)
    }

    pub(super) fn flag(self, column: &'static str) -> Result<bool, StoreError> {
        match self.integer(column)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.corrupt(column)),
        }
    }

    pub(super) fn json<T: DeserializeOwned>(self, column: &'static str) -> Result<T, StoreError> {
        serde_json::from_str(&self.text(column)?).map_err(|_| self.corrupt(column))
    }

    pub(super) fn person(self, column: &'static str) -> Result<PersonKey, StoreError> {
        self.text(column).map(PersonKey::new)
    }

    pub(super) fn optional_person(self, column: &'static str) -> Result<Option<PersonKey>, StoreError> {
        Ok(self.optional_text(column)?.map(PersonKey::new))
    }

    pub(super) fn server(self, column: &'static str) -> Result<ServerId, StoreError> {
        ServerId::parse_under(&self.text(column)?, RULES).map_err(|_| self.corrupt(column))
    }

    pub(super) fn agent(self, iss: &'static str, sub: &'static str) -> Result<AgentKey, StoreError> {
        let id = AgentId::parse_under(&self.text(sub)?, RULES).map_err(|_| self.corrupt(sub))?;
        Ok(AgentKey { iss: self.server(iss)?, sub: id })
    }

    /// The error for a cell that does not hold what it must.
    pub(super) fn corrupt(self, column: &'static str) -> StoreError {
        let text = || self.row.try_get::<String, _>(self.key);
        let number = || self.row.try_get::<i64, _>(self.key).map(|number| number.to_string());
        let row = text().or_else(|_| number()).unwrap_or_else(|_| "?".to_owned());
        StoreError::Corrupt { table: self.table, column, row }
    }

    fn cell<T>(self, column: &'static str) -> Result<T, StoreError>
    where
        T: sqlx::Decode<'r, Any> + sqlx::Type<Any>,
    {
        self.row.try_get(column).map_err(|_| self.corrupt(column))
    }
}

/// A value as a cell keeps it.
pub(super) fn to_json<T: Serialize>(table: &'static str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Unwritable { table, why: error.to_string() })
}
