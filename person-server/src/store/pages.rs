//! Lists that are read a page at a time, the latest first.
//!
//! A page goes on after the last row of the one before: what came meanwhile shifts nothing.

use aauth_authorizer::clock::Seconds;
use sqlx::any::AnyRow;

use super::error::StoreError;
use super::rows::Cells;
use super::{Store, agents, consents, issued, missions};
use crate::domain::agent::Binding;
use crate::domain::consent::Consent;
use crate::domain::issued::Issued;
use crate::domain::mission::Mission;
use crate::domain::person::PersonKey;

/// The row that a page goes on after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct After {
    /// Its time.
    pub at: Seconds,
    /// Its name among those of that time.
    pub name: String,
}

/// Which rows to show.
#[derive(Debug, Clone)]
pub struct Page {
    /// After which row; from the first where `None`.
    pub after: Option<After>,
    /// At most so many.
    pub limit: u32,
}

impl Store {
    /// A person's agents, by when they were bound.
    pub async fn agents_page(&self, person: &PersonKey, page: Page) -> Result<Vec<Binding>, StoreError> {
        let read = |row: &AnyRow| agents::read(Cells::of("agents", "sub", row));
        self.page(
            "SELECT * FROM agents WHERE person = $1 AND (bound_at < $2 OR (bound_at = $2 AND sub > $3))
             ORDER BY bound_at DESC, sub LIMIT $4",
            person,
            page,
            read,
        )
        .await
    }

    /// What a person agreed to, by when.
    pub async fn consents_page(&self, person: &PersonKey, page: Page) -> Result<Vec<Consent>, StoreError> {
        let read = |row: &AnyRow| consents::read(Cells::of("consents", "id", row));
        self.page(
            "SELECT * FROM consents WHERE person = $1 AND (created_at < $2 OR (created_at = $2 AND id > $3))
             ORDER BY created_at DESC, id LIMIT $4",
            person,
            page,
            read,
        )
        .await
    }

    /// What was issued for a person, by when.
    pub async fn issued_page(&self, person: &PersonKey, page: Page) -> Result<Vec<Issued>, StoreError> {
        self.page(
            "SELECT * FROM issued WHERE person = $1 AND (issued_at < $2 OR (issued_at = $2 AND jti > $3))
             ORDER BY issued_at DESC, jti LIMIT $4",
            person,
            page,
            issued::read,
        )
        .await
    }

    /// A person's missions, by when they were approved.
    pub async fn missions_page(&self, person: &PersonKey, page: Page) -> Result<Vec<Mission>, StoreError> {
        self.page(
            "SELECT * FROM missions WHERE person = $1 AND (approved_at < $2 OR (approved_at = $2 AND s256 > $3))
             ORDER BY approved_at DESC, s256 LIMIT $4",
            person,
            page,
            missions::read,
        )
        .await
    }

    async fn page<T: Send + 'static>(
        &self,
        sql: &'static str,
        person: &PersonKey,
        page: Page,
        read: fn(&AnyRow) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let first = After { at: Seconds::MAX, name: String::new() };
        let after = page.after.unwrap_or(first);
        let arguments = (sql, person.clone(), after, page.limit, read);
        self.read(arguments, |connection, (sql, person, after, limit, read)| {
            Box::pin(async move {
                let rows = sqlx::query(*sql)
                    .bind(person.as_str())
                    .bind(after.at)
                    .bind(after.name.as_str())
                    .bind(i64::from(*limit))
                    .fetch_all(connection)
                    .await?;
                rows.iter().map(read).collect()
            })
        })
        .await
    }
}
