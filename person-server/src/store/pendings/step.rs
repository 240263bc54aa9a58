//! How a pending ask moves.

use aauth_authorizer::clock::Seconds;
use sqlx::AnyConnection;

use super::Touching;
use super::rows::{TABLE, asker_text, read, resource_token, upstream};
use crate::domain::ask::Ask;
use crate::domain::issued::TokenRef;
use crate::domain::pending::{Ended, Pending, PendingId, State};
use crate::domain::person::PersonKey;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::record::{self, Record};
use crate::store::rows::{Cells, to_json};

/// What a step makes of a pending ask, and what it answers.
#[derive(Debug)]
pub struct Change<T> {
    /// The state it is in next, where that changes.
    pub next: Option<State>,
    /// The ask, where the agent changed it.
    pub ask: Option<Ask>,
    /// That it was polled, and when.
    pub polled_at: Option<Seconds>,
    /// What is kept with it.
    pub record: Record,
    /// For the caller.
    pub answer: T,
}

impl<T> Change<T> {
    /// A step that leaves everything as it is.
    pub fn none(answer: T) -> Self {
        Self { next: None, ask: None, polled_at: None, record: Record::default(), answer }
    }

    /// A step to another state.
    pub fn to(next: State, answer: T) -> Self {
        Self { next: Some(next), ..Self::none(answer) }
    }
}

/// What became of a decision.
#[derive(Debug)]
pub enum Decided {
    /// It counts.
    Yes(Box<Pending>),
    /// Something came before it: another decision, the end, or the agent changed what it asks. This is how it stands.
    Before(Box<Pending>),
    /// There is no such ask of this person's.
    NotTheirs,
}

/// A pending ask, and how often it has moved.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) pending: Pending,
    version: i64,
}

impl Store {
    /// Moves an ask by a rule of the domain, which sees it as it is stored and decides in the same transaction. The
    /// rule may be tried again. `None` where there is no such ask.
    pub async fn change_pending<T, F>(
        &self,
        name: &'static str,
        id: &PendingId,
        rule: F,
    ) -> Result<Option<T>, StoreError>
    where
        T: Send + 'static,
        F: Fn(&Pending) -> Change<T> + Send + Sync + 'static,
    {
        self.write(name, (id.clone(), rule), |connection, (id, rule)| {
            Box::pin(async move {
                let Some(found) = find(connection, id).await? else { return Ok(None) };
                let Change { next, ask, polled_at, record, answer } = rule(&found.pending);
                store(connection, &found, &Change { next, ask, polled_at, record, answer: () }).await?;
                Ok(Some(answer))
            })
        })
        .await
    }

    /// Keeps what the person decided about an ask as they were shown it, together with what follows from that. Of two
    /// decisions one counts.
    pub async fn decide(
        &self,
        person: &PersonKey,
        shown: &Pending,
        next: State,
        record: Record,
        now: Seconds,
    ) -> Result<Decided, StoreError> {
        // What is asked back builds on how the ask stood; a yes or a no only on what was asked.
        let stood = matches!(next, State::Waiting(_)).then(|| to_json(TABLE, &shown.state)).transpose()?;
        let arguments = (person.clone(), shown.id.clone(), to_json(TABLE, &shown.ask)?, stood, next, record, now);
        self.write("decide pending", arguments, |connection, (person, id, ask, stood, next, record, now)| {
            Box::pin(async move {
                let row = sqlx::query(
                    "UPDATE pendings SET state = $5, detail = $6, ended_at = $7, code_consumed = 1, version = version + 1
                     WHERE id = $1 AND person = $2 AND ask = $3 AND state = 'waiting' AND expires_at > $4
                       AND ($8 IS NULL OR detail = $8)
                     RETURNING *",
                )
                .bind(id.as_str())
                .bind(person.as_str())
                .bind(ask.as_str())
                .bind(*now)
                .bind(next.name())
                .bind(to_json(TABLE, next)?)
                .bind(ended_at(next))
                .bind(stood.as_deref())
                .fetch_optional(&mut *connection)
                .await?;
                if let Some(row) = row {
                    record::keep(connection, record).await?;
                    return Ok(Decided::Yes(Box::new(read(&row)?)));
                }
                Ok(match find(connection, id).await? {
                    Some(Found { pending, .. }) if pending.person.as_ref() == Some(person) => {
                        Decided::Before(Box::new(pending))
                    }
                    Some(_) | None => Decided::NotTheirs,
                })
            })
        })
        .await
    }
}

pub(super) async fn find(connection: &mut AnyConnection, id: &PendingId) -> Result<Option<Found>, StoreError> {
    let row = sqlx::query("SELECT * FROM pendings WHERE id = $1").bind(id.as_str()).fetch_optional(connection).await?;
    let found = |row| {
        let version = Cells::of(TABLE, "created_at", &row).integer("version")?;
        Ok(Found { pending: read(&row)?, version })
    };
    row.map(found).transpose()
}

async fn store(connection: &mut AnyConnection, found: &Found, change: &Change<()>) -> Result<(), StoreError> {
    if change.next.is_some() || change.ask.is_some() || change.polled_at.is_some() {
        update(connection, found, change).await?;
    }
    record::keep(connection, &change.record).await
}

async fn update(connection: &mut AnyConnection, found: &Found, change: &Change<()>) -> Result<(), StoreError> {
    let state = change.next.as_ref().unwrap_or(&found.pending.state);
    let ask = change.ask.as_ref().unwrap_or(&found.pending.ask);
    let (resource_token, upstream) = (resource_token(ask), upstream(ask));
    // INVARIANT: what is gone stays gone, and what moved since it was read is not moved from where it was.
    let stored = sqlx::query(
        "UPDATE pendings SET state = $3, detail = $4, ended_at = $5, ask = $6, resource_jti = $7, upstream_iss = $8,
                             upstream_jti = $9, polled_at = COALESCE($10, polled_at), version = version + 1,
                             code_consumed = CASE WHEN $3 = 'waiting' THEN code_consumed ELSE 1 END
         WHERE id = $1 AND version = $2 AND (state <> 'gone' OR $3 = 'gone')",
    )
    .bind(found.pending.id.as_str())
    .bind(found.version)
    .bind(state.name())
    .bind(to_json(TABLE, state)?)
    .bind(ended_at(state))
    .bind(to_json(TABLE, ask)?)
    .bind(resource_token.as_ref().map(|token| token.jti.as_str()))
    .bind(upstream.as_ref().map(|token| token.iss.as_str()))
    .bind(upstream.as_ref().map(|token| token.jti.as_str()))
    .bind(change.polled_at)
    .execute(connection)
    .await?;
    if stored.rows_affected() == 0 {
        return Err(StoreError::Conflict { what: "the request is over" });
    }
    Ok(())
}

/// Takes what was approved. `false` where it is not there to be taken.
pub(in crate::store) async fn collect(
    connection: &mut AnyConnection,
    id: &PendingId,
    now: Seconds,
) -> Result<bool, StoreError> {
    let gone = State::Gone { at: now };
    let collected = sqlx::query(
        "UPDATE pendings SET state = $2, detail = $3, ended_at = $4, version = version + 1
         WHERE id = $1 AND state IN ('approved', 'federating') AND expires_at > $4",
    )
    .bind(id.as_str())
    .bind(gone.name())
    .bind(to_json(TABLE, &gone)?)
    .bind(now)
    .execute(connection)
    .await?;
    Ok(collected.rows_affected() > 0)
}

pub(in crate::store) async fn end_all(
    connection: &mut AnyConnection,
    touching: &Touching,
    ended: &Ended,
) -> Result<Vec<PendingId>, StoreError> {
    let (sql, first, second) = match touching {
        Touching::Asker(asker) => (ENDS_OF_ASKER, asker_text(asker), String::new()),
        Touching::Mission(mission) => (ENDS_OF_MISSION, mission.clone(), String::new()),
        Touching::ResourceToken(TokenRef { iss, jti }) => (ENDS_OF_RESOURCE_TOKEN, iss.to_string(), jti.clone()),
        Touching::Upstream(TokenRef { iss, jti }) => (ENDS_OF_UPSTREAM, iss.to_string(), jti.clone()),
    };
    let state = State::Ended(ended.clone());
    let rows = sqlx::query(sql)
        .bind(to_json(TABLE, &state)?)
        .bind(ended.at)
        .bind(first)
        .bind(second)
        .fetch_all(connection)
        .await?;
    rows.iter().map(|row| Cells::of(TABLE, "id", row).text("id").map(PendingId::new)).collect()
}

macro_rules! ends {
    ($($name:ident: $touching:literal),* $(,)?) => {
        $(const $name: &str = concat!(
            "UPDATE pendings SET state = 'ended', detail = $1, ended_at = $2, code_consumed = 1, version = version + 1 ",
            "WHERE state IN ('waiting', 'federating', 'approved') AND ", $touching, " RETURNING id"
        );)*
    };
}
ends! {
    ENDS_OF_ASKER: "asker = $3 AND $4 = ''",
    // What the person accepted as done has ended the mission, and is still to be told.
    ENDS_OF_MISSION: "mission = $3 AND $4 = '' AND NOT (kind = 'complete' AND state = 'approved')",
    ENDS_OF_RESOURCE_TOKEN: "resource = $3 AND resource_jti = $4",
    ENDS_OF_UPSTREAM: "upstream_iss = $3 AND upstream_jti = $4",
}

/// When the ask was over, which is what its row is kept by.
fn ended_at(state: &State) -> Option<Seconds> {
    match state {
        State::Waiting(_) | State::Federating(_) | State::Approved(_) => None,
        State::Ended(ended) => Some(ended.at),
        State::Gone { at } => Some(*at),
    }
}
