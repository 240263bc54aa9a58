//! The person arrives with a code: "Interaction Codes".
//!
//! A code is found by its first symbols and compared whole, in constant time; a wrong one counts against the ask it
//! found, and after a few of them the ask has failed. The first that is right uses the code up.

use aauth_authorizer::clock::Seconds;
use sqlx::AnyConnection;
use subtle::ConstantTimeEq as _;

use super::rows::{TABLE, handle, read};
use crate::domain::pending::{Ended, MAX_CODE_FAILURES, Pending, State, Waiting};
use crate::domain::person::PersonKey;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::rows::to_json;

/// What a code led to.
#[derive(Debug)]
pub enum Arrival {
    /// The person sees the ask, and it is theirs to decide.
    Here(Box<Pending>),
    /// No ask that waits has this code.
    Unknown,
    /// The code is another than the ask's.
    Wrong,
    /// The code is another than the ask's, once too often: the ask has failed.
    Failed(Box<Pending>),
    /// The code was used before.
    Used,
    /// The ask waited too long.
    Expired,
    /// The ask is for another person, whose it stays.
    NotTheirs,
}

impl Store {
    /// Takes a person to the ask that the code is for. An ask that was nobody's is theirs from then on.
    ///
    /// `code` is without hyphens and in the alphabet's own spelling; `callback` is where their browser goes afterwards.
    pub async fn arrive(
        &self,
        person: &PersonKey,
        code: &str,
        callback: Option<&str>,
        now: Seconds,
    ) -> Result<Arrival, StoreError> {
        let arguments = (person.clone(), code.to_owned(), callback.map(str::to_owned), now);
        self.write("arrive", arguments, |connection, (person, code, callback, now)| {
            Box::pin(async move {
                let found = sqlx::query("SELECT * FROM pendings WHERE handle = $1 AND state = 'waiting'")
                    .bind(handle(code))
                    .fetch_optional(&mut *connection)
                    .await?;
                let Some(pending) = found.as_ref().map(read).transpose()? else { return Ok(Arrival::Unknown) };
                if pending.expires_at <= *now {
                    return Ok(Arrival::Expired);
                }
                if !bool::from(pending.code.code.as_bytes().ct_eq(code.as_bytes())) {
                    return count_failure(connection, pending, *now).await;
                }
                if pending.person.as_ref().is_some_and(|theirs| theirs != person) {
                    return Ok(Arrival::NotTheirs);
                }
                enter(connection, pending, person, callback.as_deref()).await
            })
        })
        .await
    }
}

async fn enter(
    connection: &mut AnyConnection,
    pending: Pending,
    person: &PersonKey,
    callback: Option<&str>,
) -> Result<Arrival, StoreError> {
    let State::Waiting(waiting) = pending.state else { return Ok(Arrival::Unknown) };
    let arrived = State::Waiting(Waiting { arrived: true, ..waiting });
    let entered = sqlx::query(
        "UPDATE pendings SET code_consumed = 1, person = $2, callback = COALESCE($3, callback), detail = $4,
                             version = version + 1
         WHERE id = $1 AND code_consumed = 0 AND state = 'waiting' AND (person IS NULL OR person = $2) RETURNING *",
    )
    .bind(pending.id.as_str())
    .bind(person.as_str())
    .bind(callback)
    .bind(to_json(TABLE, &arrived)?)
    .fetch_optional(connection)
    .await?;
    Ok(match entered.as_ref().map(read).transpose()? {
        Some(pending) => Arrival::Here(Box::new(pending)),
        None => Arrival::Used,
    })
}

async fn count_failure(connection: &mut AnyConnection, pending: Pending, now: Seconds) -> Result<Arrival, StoreError> {
    let failures = pending.code.failures.saturating_add(1);
    let failed = failures >= MAX_CODE_FAILURES;
    let state = if failed {
        State::Ended(Ended::new(410, "invalid_code", "a wrong code was entered too often", now))
    } else {
        pending.state
    };
    let row = sqlx::query(
        "UPDATE pendings SET code_failures = $2, state = $3, detail = $4, ended_at = $5, version = version + 1
         WHERE id = $1 AND state = 'waiting' RETURNING *",
    )
    .bind(pending.id.as_str())
    .bind(failures)
    .bind(state.name())
    .bind(to_json(TABLE, &state)?)
    .bind(failed.then_some(now))
    .fetch_one(connection)
    .await?;
    Ok(if failed { Arrival::Failed(Box::new(read(&row)?)) } else { Arrival::Wrong })
}
