//! A key becomes an agent's: once, with the approval that is collected by it.

use aauth_authorizer::clock::Seconds;
use sqlx::AnyConnection;

use super::{add, find};
use crate::domain::agent::{AgentKey, Binding};
use crate::domain::enrollment::Device;
use crate::domain::issued::SeenAgentToken;
use crate::domain::pending::{Pending, PendingId};
use crate::domain::person::PersonKey;
use crate::store::error::StoreError;
use crate::store::issued::see;
use crate::store::record::{self, Record};
use crate::store::{Added, Store, agents, pendings};

/// An approved enrolment about to be told.
#[derive(Debug, Clone)]
pub struct Enrollment {
    /// The key, and the agent it is from now on.
    pub device: Device,
    /// The person that agent is of.
    pub person: PersonKey,
    /// The binding of an agent that is new. `None` where the key is another device of an agent that is known.
    pub binding: Option<Binding>,
    /// Its first agent token.
    pub token: SeenAgentToken,
    /// The approval.
    pub collects: PendingId,
    /// What is kept with it.
    pub record: Record,
}

/// What became of an enrolment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnrollOutcome {
    /// It is recorded, and the token may be sent.
    Enrolled,
    /// The approval was collected already, or is over.
    NotPending,
    /// The key is a device already.
    KnownKey,
    /// The agent it was to be a device of is no longer the person's.
    NotTheirs,
}

impl Store {
    /// Keeps an enrolment that waits: one a key, and `total` of those that nobody has taken up.
    pub async fn add_enrollment(&self, pending: Pending, total: u32, now: Seconds) -> Result<Added, StoreError> {
        self.write("add enrollment", (pending, total, now), |connection, (pending, total, now)| {
            Box::pin(async move {
                if waiting(connection, *total, *now).await? {
                    return Ok(Added::TooManyForPerson);
                }
                pendings::add(connection, pending, pendings::Limits { of_asker: 1, for_person: u32::MAX }, *now).await
            })
        })
        .await
    }

    /// Records an enrolment: key, agent, token and approval, or nothing of it.
    pub async fn enroll(&self, enrollment: Enrollment) -> Result<EnrollOutcome, StoreError> {
        self.write("enroll", enrollment, |connection, enrollment| Box::pin(enroll(connection, enrollment))).await
    }
}

/// Whether as many as `total` enrolments wait that nobody has taken up.
async fn waiting(connection: &mut AnyConnection, total: u32, now: Seconds) -> Result<bool, StoreError> {
    let row = sqlx::query(
        "SELECT 1 FROM pendings
         WHERE person IS NULL AND state = 'waiting' AND kind = 'enroll' AND expires_at > $1 LIMIT 1 OFFSET $2",
    )
    .bind(now)
    .bind(i64::from(total.saturating_sub(1)))
    .fetch_optional(connection)
    .await?;
    Ok(row.is_some())
}

async fn enroll(connection: &mut AnyConnection, enrollment: &Enrollment) -> Result<EnrollOutcome, StoreError> {
    let Enrollment { device, person, binding, token, collects, record } = enrollment;
    if find(connection, &device.stable).await?.is_some() {
        return Ok(EnrollOutcome::KnownKey);
    }
    if binding.is_none() && !is_theirs(connection, &device.agent, person).await? {
        return Ok(EnrollOutcome::NotTheirs);
    }
    if !pendings::collect(connection, collects, device.enrolled_at).await? {
        return Ok(EnrollOutcome::NotPending);
    }
    if let Some(binding) = binding {
        agents::add(connection, binding).await?;
    }
    add(connection, device).await?;
    see(connection, token).await?;
    record::keep(connection, record).await?;
    Ok(EnrollOutcome::Enrolled)
}

async fn is_theirs(connection: &mut AnyConnection, agent: &AgentKey, person: &PersonKey) -> Result<bool, StoreError> {
    let binding = agents::find(connection, agent).await?;
    Ok(binding.is_some_and(|binding| binding.person == *person && binding.is_active()))
}
