//! Missions, and what happened under them: "Mission".
//!
//! No statement here makes a mission active: it is so from its first row until one `UPDATE` ends it. What rests on a
//! mission is written in the transaction that sees it active.
//!
//! | file | what it does |
//! |---|---|
//! | `begin` | keeps a mission together with the tokens that come with it |
//! | `log` | appends, in order |
//! | `end` | ends, once |
//! | `rows` | missions as rows |

mod begin;
mod end;
mod log;
mod rows;

use aauth_authorizer::clock::Seconds;
use sqlx::AnyConnection;

use super::Store;
use super::error::StoreError;
use crate::domain::agent::AgentKey;
use crate::domain::mission::{Mission, Termination};
use crate::domain::person::PersonKey;

pub use self::begin::MissionStart;
pub use self::end::MissionEnd;
pub use self::log::Appended;

pub(super) use self::end::{end_of_agent, terminate};
pub(super) use self::log::append;

use self::rows::owned;
pub(super) use self::rows::read;

impl Store {
    /// A mission of this agent's. That it is another's and that there is none are one answer, found by one search.
    pub async fn mission_of_agent(&self, agent: &AgentKey, s256: &str) -> Result<Option<Mission>, StoreError> {
        self.read(owned(agent, s256), |connection, owned| {
            Box::pin(async move {
                let row = sqlx::query("SELECT * FROM missions WHERE owned = $1").bind(owned.as_str());
                row.fetch_optional(connection).await?.as_ref().map(read).transpose()
            })
        })
        .await
    }

    /// A mission, whoever's. Whether the caller may know of it is the caller's to decide.
    pub async fn mission(&self, s256: &str) -> Result<Option<Mission>, StoreError> {
        self.read(s256.to_owned(), |connection, s256| Box::pin(find(connection, s256))).await
    }

    /// A person's missions, the latest first, up to `limit`; those approved before `before`, or all.
    pub async fn missions_of(
        &self,
        person: &PersonKey,
        before: Option<Seconds>,
        limit: u32,
    ) -> Result<Vec<Mission>, StoreError> {
        self.read((person.clone(), before, limit), |connection, (person, before, limit)| {
            Box::pin(async move {
                let rows = sqlx::query(
                    "SELECT * FROM missions WHERE person = $1 AND approved_at < $2
                     ORDER BY approved_at DESC, s256 LIMIT $3",
                )
                .bind(person.as_str())
                .bind(before.unwrap_or(Seconds::MAX))
                .bind(i64::from(*limit))
                .fetch_all(connection)
                .await?;
                rows.iter().map(read).collect()
            })
        })
        .await
    }
}

pub(super) async fn find(connection: &mut AnyConnection, s256: &str) -> Result<Option<Mission>, StoreError> {
    let row = sqlx::query("SELECT * FROM missions WHERE s256 = $1").bind(s256).fetch_optional(connection).await?;
    row.as_ref().map(read).transpose()
}

/// How the mission ended, if it has. What is issued is issued only where this is `None`.
pub(super) async fn over(
    connection: &mut AnyConnection,
    s256: &str,
    now: Seconds,
) -> Result<Option<Termination>, StoreError> {
    Ok(find(connection, s256).await?.and_then(|mission| mission.over(now)))
}
