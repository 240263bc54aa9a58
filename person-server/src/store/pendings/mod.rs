//! Asks that wait for their person.
//!
//! A pending ask moves by rules of the domain, which are applied to what is stored inside the transaction that stores
//! the result. So of two tabs that decide one ask, one wins and the other is told; a code works once; what is granted
//! is collected once.

mod arrive;
mod rows;
mod step;

use aauth_authorizer::clock::Seconds;
use sqlx::AnyConnection;

use super::Store;
use super::error::StoreError;
use crate::domain::issued::TokenRef;
use crate::domain::pending::{Asker, Ended, Pending, PendingId};
use crate::domain::person::PersonKey;

pub use self::arrive::Arrival;
pub use self::step::{Change, Decided};
pub(super) use self::step::{collect, end_all};

use self::rows::{asker_text, insert, read};

/// How many asks may wait at once.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Of one asker.
    pub of_asker: u32,
    /// For one person; where it is not known for whom, for nobody yet.
    pub for_person: u32,
}

/// What became of a new ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It waits.
    Yes,
    /// Another that waits has the same handle or id: draw again.
    CodeTaken,
    /// Its asker has too many.
    TooManyOfAsker,
    /// Its person has too many, or nobody yet has.
    TooManyForPerson,
}

/// What asks may have in common, when all of them end for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Touching {
    /// Who asked.
    Asker(Asker),
    /// The mission.
    Mission(String),
    /// The resource token.
    ResourceToken(TokenRef),
    /// The upstream token.
    Upstream(TokenRef),
}

impl Store {
    /// Keeps a new ask, within the limits.
    pub async fn add_pending(&self, pending: Pending, limits: Limits, now: Seconds) -> Result<Added, StoreError> {
        self.write("add pending", (pending, limits, now), |connection, (pending, limits, now)| {
            Box::pin(add(connection, pending, *limits, *now))
        })
        .await
    }

    /// An ask by its id. Whether the caller may see it is the caller's to decide.
    pub async fn pending(&self, id: &PendingId) -> Result<Option<Pending>, StoreError> {
        self.read(id.clone(), |connection, id| {
            Box::pin(async move { Ok(step::find(connection, id).await?.map(|found| found.pending)) })
        })
        .await
    }

    /// What waits for a person to decide, the earliest first.
    pub async fn waiting_for(&self, person: &PersonKey, now: Seconds) -> Result<Vec<Pending>, StoreError> {
        self.read((person.clone(), now), |connection, (person, now)| {
            Box::pin(async move {
                let rows = sqlx::query(
                    "SELECT * FROM pendings WHERE person = $1 AND state = 'waiting' AND expires_at > $2
                     ORDER BY created_at, id LIMIT 500",
                )
                .bind(person.as_str())
                .bind(*now)
                .fetch_all(connection)
                .await?;
                rows.iter().map(read).collect()
            })
        })
        .await
    }

    /// What waits for nobody yet, the earliest first: where there is one person it can only be theirs.
    pub async fn waiting_for_nobody(&self, now: Seconds) -> Result<Vec<Pending>, StoreError> {
        self.read(now, |connection, now| {
            Box::pin(async move {
                let rows = sqlx::query(
                    "SELECT * FROM pendings WHERE person IS NULL AND state = 'waiting' AND expires_at > $1
                     ORDER BY created_at, id LIMIT 500",
                )
                .bind(*now)
                .fetch_all(connection)
                .await?;
                rows.iter().map(read).collect()
            })
        })
        .await
    }

    /// What an asker has under way, the earliest first: to answer the same ask with the same pending URL.
    pub async fn under_way(&self, asker: &Asker, now: Seconds) -> Result<Vec<Pending>, StoreError> {
        self.read((asker_text(asker), now), |connection, (asker, now)| {
            Box::pin(async move {
                let rows = sqlx::query(
                    "SELECT * FROM pendings
                     WHERE asker = $1 AND state IN ('waiting', 'federating', 'approved') AND expires_at > $2
                     ORDER BY created_at, id LIMIT 100",
                )
                .bind(asker.as_str())
                .bind(*now)
                .fetch_all(connection)
                .await?;
                rows.iter().map(read).collect()
            })
        })
        .await
    }

    /// Ends all that is under way and touches this. The ids are of those whose pollers are to be woken.
    pub async fn end_pendings(&self, touching: Touching, ended: Ended) -> Result<Vec<PendingId>, StoreError> {
        self.write("end pendings", (touching, ended), |connection, (touching, ended)| {
            Box::pin(step::end_all(connection, touching, ended))
        })
        .await
    }
}

/// Keeps a new ask, within the limits.
pub(super) async fn add(
    connection: &mut AnyConnection,
    pending: &Pending,
    limits: Limits,
    now: Seconds,
) -> Result<Added, StoreError> {
    if waiting_of(connection, &pending.asker, now, limits.of_asker).await? {
        return Ok(Added::TooManyOfAsker);
    }
    if waiting_for(connection, pending.person.as_ref(), now, limits.for_person).await? {
        return Ok(Added::TooManyForPerson);
    }
    Ok(if insert(connection, pending).await? { Added::Yes } else { Added::CodeTaken })
}

/// Whether as many as `limit` of the asker's wait.
async fn waiting_of(
    connection: &mut AnyConnection,
    asker: &Asker,
    now: Seconds,
    limit: u32,
) -> Result<bool, StoreError> {
    let row = sqlx::query(
        "SELECT 1 FROM pendings WHERE asker = $1 AND state IN ('waiting', 'federating') AND expires_at > $2 LIMIT 1 OFFSET $3",
    )
    .bind(asker_text(asker))
    .bind(now)
    .bind(i64::from(limit.saturating_sub(1)))
    .fetch_optional(connection)
    .await?;
    Ok(row.is_some())
}

async fn waiting_for(
    connection: &mut AnyConnection,
    person: Option<&PersonKey>,
    now: Seconds,
    limit: u32,
) -> Result<bool, StoreError> {
    let row = sqlx::query(
        "SELECT 1 FROM pendings
         WHERE (person = $1 OR ($1 IS NULL AND person IS NULL)) AND state = 'waiting' AND expires_at > $2
         LIMIT 1 OFFSET $3",
    )
    .bind(person.map(PersonKey::as_str))
    .bind(now)
    .bind(i64::from(limit.saturating_sub(1)))
    .fetch_optional(connection)
    .await?;
    Ok(row.is_some())
}
