//! What was issued, so that it can be withdrawn: "Revocation Cascade", records.
//!
//! A token is recorded before it is sent, in the transaction that checks that nothing it rests on was withdrawn
//! meanwhile. So a withdrawal either stops the token or finds it.

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::error::StoreError;
use super::record::{self, Record};
use super::rows::{Cells, to_json};
use super::{Store, agents, directed, missions, pendings, revocations};
use crate::domain::agent::{AgentKey, Binding};
use crate::domain::issued::{Issued, IssuedKind, SeenAgentToken, TokenRef};
use crate::domain::mission::Termination;
use crate::domain::pending::PendingId;
use crate::domain::person::PersonKey;

const TABLE: &str = "issued";

/// How many calls one call may lead to, each on the last.
const LONGEST_CHAIN: usize = 16;

/// A token about to be sent, and what it rests on.
#[derive(Debug, Clone)]
pub struct Issuance {
    /// The token's record.
    pub issued: Issued,
    /// The agent token it was asked for with.
    pub agent_token: SeenAgentToken,
    /// Further tokens it rests on: the presented one, the resource's, an upstream, a sub-agent's.
    pub rests_on: Vec<TokenRef>,
    /// The pending request it answers, which is gone once this is recorded.
    pub collects: Option<PendingId>,
    /// What is kept with it.
    pub record: Record,
}

/// Whether the token may be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IssueOutcome {
    /// It is recorded.
    Recorded,
    /// The agent is not, or no longer, the person's, and no upstream token is.
    NotBound,
    /// This token was withdrawn.
    Revoked(TokenRef),
    /// The mission it was asked for under is over.
    MissionOver(Termination),
    /// The pending request was collected already, or is over.
    NotPending,
}

impl Store {
    /// Records a token, unless something it rests on is withdrawn. Only then may it be sent.
    pub async fn issue(&self, issuance: Issuance) -> Result<IssueOutcome, StoreError> {
        self.write("issue token", issuance, |connection, issuance| Box::pin(issue(connection, issuance))).await
    }

    /// Notes an agent token that was accepted, where nothing is issued for it.
    pub async fn see_agent_token(&self, token: SeenAgentToken) -> Result<(), StoreError> {
        self.write("see agent token", token, |connection, token| Box::pin(see(connection, token))).await
    }

    /// Whose agent token this is, if one was seen.
    pub async fn agent_of_token(&self, token: &TokenRef) -> Result<Option<AgentKey>, StoreError> {
        self.read(token.clone(), |connection, token| Box::pin(agent_of(connection, token))).await
    }

    /// The record of a token.
    pub async fn issued(&self, token: &TokenRef) -> Result<Option<Issued>, StoreError> {
        self.read(token.clone(), |connection, token| Box::pin(find(connection, token))).await
    }

    /// The record of the token that a call chain began with: the token itself, where it was issued on no other.
    pub async fn chain_began_with(&self, token: &TokenRef) -> Result<Option<Issued>, StoreError> {
        self.read(token.clone(), |connection, token| Box::pin(began_with(connection, token))).await
    }

    /// What was issued for a person, the latest first, up to `limit`.
    pub async fn issued_for(&self, person: &PersonKey, limit: u32) -> Result<Vec<Issued>, StoreError> {
        self.read((person.clone(), limit), |connection, (person, limit)| {
            Box::pin(async move {
                let theirs =
                    sqlx::query("SELECT * FROM issued WHERE person = $1 ORDER BY issued_at DESC, jti LIMIT $2");
                let rows = theirs.bind(person.as_str()).bind(i64::from(*limit)).fetch_all(connection).await?;
                rows.iter().map(read).collect()
            })
        })
        .await
    }
}

async fn issue(connection: &mut AnyConnection, issuance: &Issuance) -> Result<IssueOutcome, StoreError> {
    let Issuance { issued, agent_token, rests_on, collects, record } = issuance;
    let mut foundation = vec![TokenRef { iss: agent_token.agent.iss.clone(), jti: agent_token.jti.clone() }];
    foundation.extend(rests_on.iter().chain(&issued.upstream).cloned());
    if let Some(revoked) = revocations::revoked_of(connection, &foundation).await?.into_iter().next() {
        return Ok(IssueOutcome::Revoked(revoked));
    }
    let behind = binding_behind(connection, issued).await?;
    let Some(binding) = behind.filter(|binding| binding.person == issued.person && binding.is_active()) else {
        return Ok(IssueOutcome::NotBound);
    };
    if let Some(mission) = &issued.mission
        && let Some(termination) = missions::over(connection, mission, issued.issued_at).await?
    {
        return Ok(IssueOutcome::MissionOver(termination));
    }
    if let Some(pending) = collects
        && !pendings::collect(connection, pending, issued.issued_at).await?
    {
        return Ok(IssueOutcome::NotPending);
    }
    see(connection, agent_token).await?;
    if issued.upstream.is_none() {
        agents::seen(connection, &binding, issued.issued_at).await?;
    }
    directed::keep(connection, &issued.person, &issued.resource, &issued.sub).await?;
    add(connection, issued).await?;
    record::keep(connection, record).await?;
    Ok(IssueOutcome::Recorded)
}

/// The binding of the agent that is behind a token. An intermediary is nobody's: what counts is the agent that its call
/// chain began with.
async fn binding_behind(connection: &mut AnyConnection, issued: &Issued) -> Result<Option<Binding>, StoreError> {
    let Some(upstream) = &issued.upstream else { return agents::find(connection, &issued.agent).await };
    match began_with(connection, upstream).await? {
        Some(first) => agents::find(connection, &first.agent).await,
        None => Ok(None),
    }
}

async fn began_with(connection: &mut AnyConnection, token: &TokenRef) -> Result<Option<Issued>, StoreError> {
    let mut found = find(connection, token).await?;
    for _ in 0..LONGEST_CHAIN {
        match found.as_ref().and_then(|issued| issued.upstream.clone()) {
            None => return Ok(found),
            Some(earlier) => found = find(connection, &earlier).await?,
        }
    }
    Ok(None)
}

pub(super) async fn find(connection: &mut AnyConnection, token: &TokenRef) -> Result<Option<Issued>, StoreError> {
    let row = sqlx::query("SELECT * FROM issued WHERE iss = $1 AND jti = $2")
        .bind(token.iss.as_str())
        .bind(token.jti.as_str())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(read).transpose()
}

pub(super) async fn agent_of(connection: &mut AnyConnection, token: &TokenRef) -> Result<Option<AgentKey>, StoreError> {
    let row = sqlx::query("SELECT iss, sub FROM seen_agent_tokens WHERE iss = $1 AND jti = $2")
        .bind(token.iss.as_str())
        .bind(token.jti.as_str())
        .fetch_optional(connection)
        .await?;
    row.map(|row| Cells::of("seen_agent_tokens", "iss", &row).agent("iss", "sub")).transpose()
}

pub(super) async fn see(connection: &mut AnyConnection, token: &SeenAgentToken) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO seen_agent_tokens (iss, jti, sub, exp) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING")
        .bind(token.agent.iss.as_str())
        .bind(token.jti.as_str())
        .bind(token.agent.sub.as_str())
        .bind(token.exp)
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn add(connection: &mut AnyConnection, issued: &Issued) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO issued (iss, jti, kind, resource, agent_iss, agent_sub, subagent, person, sub, scopes, mission,
                             root, upstream_iss, upstream_jti, decided_by, issued_at, exp)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
    )
    .bind(issued.token.iss.as_str())
    .bind(issued.token.jti.as_str())
    .bind(issued.kind.name())
    .bind(issued.resource.as_str())
    .bind(issued.agent.iss.as_str())
    .bind(issued.agent.sub.as_str())
    .bind(issued.subagent.as_deref())
    .bind(issued.person.as_str())
    .bind(issued.sub.as_str())
    .bind(to_json(TABLE, &issued.scopes)?)
    .bind(issued.mission.as_deref())
    .bind(issued.root.as_str())
    .bind(issued.upstream.as_ref().map(|token| token.iss.as_str()))
    .bind(issued.upstream.as_ref().map(|token| token.jti.as_str()))
    .bind(issued.decided_by.as_str())
    .bind(issued.issued_at)
    .bind(issued.exp)
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) fn read(row: &AnyRow) -> Result<Issued, StoreError> {
    let cells = Cells::of(TABLE, "jti", row);
    let kind = cells.text("kind")?;
    let kind = IssuedKind::ALL.into_iter().find(|one| one.name() == kind).ok_or_else(|| cells.corrupt("kind"))?;
    let upstream = match cells.optional_text("upstream_jti")? {
        Some(jti) => Some(TokenRef { iss: cells.server("upstream_iss")?, jti }),
        None => None,
    };
    Ok(Issued {
        kind,
        token: TokenRef { iss: cells.server("iss")?, jti: cells.text("jti")? },
        resource: cells.server("resource")?,
        agent: cells.agent("agent_iss", "agent_sub")?,
        subagent: cells.optional_text("subagent")?,
        person: cells.person("person")?,
        sub: cells.text("sub")?,
        scopes: cells.json("scopes")?,
        mission: cells.optional_text("mission")?,
        root: cells.text("root")?,
        upstream,
        decided_by: cells.text("decided_by")?,
        issued_at: cells.seconds("issued_at")?,
        exp: cells.seconds("exp")?,
    })
}
