//! The log: appended to, in order, while the mission is active. "Mission Log".

use aauth_authorizer::clock::Seconds;
use sqlx::{AnyConnection, Row as _};

use super::rows::read_entry;
use crate::domain::mission::{LogEntry, LogKind, NewEntry, Termination, digest, update_text};
use crate::domain::pending::PendingId;
use crate::store::error::StoreError;
use crate::store::{Store, pendings};

/// What became of an entry of the agent's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Appended {
    /// It is in the log; for an update, under this digest.
    Yes {
        /// The digest, of an update.
        s256: Option<String>,
    },
    /// The mission is over.
    Over(Termination),
    /// There are as many entries as there may be.
    Full,
    /// The pending request was collected already, or is over.
    NotPending,
    /// There is no such mission.
    Unknown,
}

impl Store {
    /// Adds an entry of the agent's, if the mission is active and has fewer than `limit` entries.
    pub async fn append_to_log(&self, entry: NewEntry, limit: u32) -> Result<Appended, StoreError> {
        self.write("append to mission log", (entry, limit), |connection, (entry, limit)| {
            Box::pin(async move {
                if let Some(refused) = closed(connection, &entry.mission, entry.at, *limit).await? {
                    return Ok(refused);
                }
                append(connection, entry, None).await?;
                Ok(Appended::Yes { s256: None })
            })
        })
        .await
    }

    /// Adds an update that was accepted, and collects the request for it.
    pub async fn accept_update(
        &self,
        mission: &str,
        description: &str,
        collects: Option<PendingId>,
        limit: u32,
        now: Seconds,
    ) -> Result<Appended, StoreError> {
        let arguments = (mission.to_owned(), description.to_owned(), collects, limit, now);
        self.write("accept mission update", arguments, |connection, (mission, description, collects, limit, now)| {
            Box::pin(async move {
                if let Some(refused) = closed(connection, mission, *now, *limit).await? {
                    return Ok(refused);
                }
                if let Some(pending) = collects
                    && !pendings::collect(connection, pending, *now).await?
                {
                    return Ok(Appended::NotPending);
                }
                let after = last_update(connection, mission).await?.unwrap_or_else(|| mission.clone());
                let text = update_text(description, &after, *now);
                let s256 = digest(text.as_bytes());
                let entry = NewEntry { mission: mission.clone(), at: *now, kind: LogKind::Update, text };
                append(connection, &entry, Some(&s256)).await?;
                Ok(Appended::Yes { s256: Some(s256) })
            })
        })
        .await
    }

    /// A mission's log from the entry after `after` on, up to `limit` entries.
    pub async fn mission_log(&self, s256: &str, after: i64, limit: u32) -> Result<Vec<LogEntry>, StoreError> {
        self.read((s256.to_owned(), after, limit), |connection, (s256, after, limit)| {
            Box::pin(async move {
                let rows = sqlx::query(
                    "SELECT * FROM mission_log WHERE mission = $1 AND number > $2 ORDER BY number LIMIT $3",
                )
                .bind(s256.as_str())
                .bind(*after)
                .bind(i64::from(*limit))
                .fetch_all(connection)
                .await?;
                rows.iter().map(read_entry).collect()
            })
        })
        .await
    }

    /// The updates that were accepted, in order: with the blob, what the mission means now.
    pub async fn mission_updates(&self, s256: &str) -> Result<Vec<LogEntry>, StoreError> {
        self.read(s256.to_owned(), |connection, s256| {
            Box::pin(async move {
                let rows = sqlx::query(
                    "SELECT * FROM mission_log WHERE mission = $1 AND s256 IS NOT NULL ORDER BY number LIMIT 1000",
                )
                .bind(s256.as_str())
                .fetch_all(connection)
                .await?;
                rows.iter().map(read_entry).collect()
            })
        })
        .await
    }
}

/// Adds an entry, whatever the state: what the person or this server does is recorded even at the end.
pub(in crate::store) async fn append(
    connection: &mut AnyConnection,
    entry: &NewEntry,
    s256: Option<&str>,
) -> Result<(), StoreError> {
    let counted = sqlx::query("UPDATE missions SET entries = entries + 1 WHERE s256 = $1 RETURNING entries")
        .bind(entry.mission.as_str())
        .fetch_optional(&mut *connection)
        .await?;
    let counted = counted.ok_or(StoreError::Conflict { what: "there is no such mission to keep a log of" })?;
    sqlx::query("INSERT INTO mission_log (mission, number, at, kind, s256, entry) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(entry.mission.as_str())
        .bind(counted.try_get::<i64, _>("entries")?)
        .bind(entry.at)
        .bind(entry.kind.name())
        .bind(s256)
        .bind(entry.text.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

/// Why the agent may add nothing, if so.
async fn closed(
    connection: &mut AnyConnection,
    s256: &str,
    now: Seconds,
    limit: u32,
) -> Result<Option<Appended>, StoreError> {
    let Some(mission) = super::find(connection, s256).await? else { return Ok(Some(Appended::Unknown)) };
    if let Some(termination) = mission.over(now) {
        return Ok(Some(Appended::Over(termination)));
    }
    let row = sqlx::query("SELECT 1 FROM missions WHERE s256 = $1 AND entries >= $2");
    let full = row.bind(s256).bind(i64::from(limit)).fetch_optional(connection).await?.is_some();
    Ok(full.then_some(Appended::Full))
}

async fn last_update(connection: &mut AnyConnection, s256: &str) -> Result<Option<String>, StoreError> {
    let row = sqlx::query(
        "SELECT s256 FROM mission_log WHERE mission = $1 AND s256 IS NOT NULL ORDER BY number DESC LIMIT 1",
    );
    let row = row.bind(s256).fetch_optional(connection).await?;
    Ok(row.map(|row| row.try_get("s256")).transpose()?)
}
