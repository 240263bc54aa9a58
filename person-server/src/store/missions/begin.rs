//! A mission begins: its blob, the tokens that come with it, and the end of the ask that it answers, or none of them.

use sqlx::AnyConnection;

use super::log::append;
use super::rows::insert;
use crate::domain::agent::Binding;
use crate::domain::issued::{Issued, SeenAgentToken, TokenRef};
use crate::domain::mission::{Mission, NewEntry};
use crate::domain::pending::PendingId;
use crate::store::error::StoreError;
use crate::store::issued::{IssueOutcome, add, see};
use crate::store::record::{self, Record};
use crate::store::{Store, agents, directed, pendings, revocations};

/// A mission about to be told of.
#[derive(Debug, Clone)]
pub struct MissionStart {
    /// The mission.
    pub mission: Mission,
    /// The person tokens that come with it.
    pub issued: Vec<Issued>,
    /// The agent token it was asked for with.
    pub agent_token: SeenAgentToken,
    /// The pending request it answers.
    pub collects: Option<PendingId>,
    /// The log's first entry.
    pub entry: NewEntry,
    /// What is kept with it.
    pub record: Record,
}

impl Store {
    /// Keeps a mission and the records of its tokens, unless the agent is withdrawn. Only then may they be sent.
    pub async fn begin_mission(&self, start: MissionStart) -> Result<IssueOutcome, StoreError> {
        self.write("begin mission", start, |connection, start| Box::pin(begin(connection, start))).await
    }
}

async fn begin(connection: &mut AnyConnection, start: &MissionStart) -> Result<IssueOutcome, StoreError> {
    let MissionStart { mission, issued, agent_token, collects, entry, record } = start;
    let binding = agents::find(connection, &mission.agent).await?;
    let theirs = |binding: &Binding| binding.person == mission.person && binding.is_active();
    let Some(binding) = binding.filter(theirs) else { return Ok(IssueOutcome::NotBound) };
    let own = TokenRef { iss: agent_token.agent.iss.clone(), jti: agent_token.jti.clone() };
    if let Some(revoked) = revocations::revoked_of(connection, &[own]).await?.into_iter().next() {
        return Ok(IssueOutcome::Revoked(revoked));
    }
    if let Some(pending) = collects
        && !pendings::collect(connection, pending, entry.at).await?
    {
        return Ok(IssueOutcome::NotPending);
    }
    see(connection, agent_token).await?;
    agents::seen(connection, &binding, entry.at).await?;
    insert(connection, mission).await?;
    append(connection, entry, None).await?;
    for token in issued {
        directed::keep(connection, &token.person, &token.resource, &token.sub).await?;
        add(connection, token).await?;
    }
    record::keep(connection, record).await?;
    Ok(IssueOutcome::Recorded)
}
