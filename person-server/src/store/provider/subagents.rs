//! The sub-agents an agent has: so many at once. "Sub-Agent Identity".

use sqlx::AnyConnection;

use crate::domain::agent::AgentKey;
use crate::domain::issued::{SeenAgentToken, TokenRef};
use crate::store::error::StoreError;
use crate::store::issued::see;
use crate::store::record::{self, Record};
use crate::store::{Store, agents, revocations};

/// A sub-agent's agent token about to be sent to its parent.
#[derive(Debug, Clone)]
pub struct SubAgency {
    /// The parent.
    pub parent: AgentKey,
    /// The parent's agent token, which it was asked for with.
    pub parent_token: SeenAgentToken,
    /// The sub-agent's token.
    pub token: SeenAgentToken,
    /// How many sub-agents one agent may have at once.
    pub limit: u32,
    /// When.
    pub at: i64,
    /// What is kept with it, where the sub-agent is new.
    pub record: Record,
}

/// Whether a sub-agent's token may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubAgencyOutcome {
    /// It is recorded.
    Recorded,
    /// The person has ended the parent, or its token was withdrawn.
    Ended,
    /// The parent has as many sub-agents as it may have.
    TooMany,
}

impl Store {
    /// Records a sub-agent's token, unless its parent was ended or has too many. Only then may it be sent.
    pub async fn grant_subagent_token(&self, agency: SubAgency) -> Result<SubAgencyOutcome, StoreError> {
        self.write("grant sub-agent token", agency, |connection, agency| Box::pin(grant(connection, agency))).await
    }
}

async fn grant(connection: &mut AnyConnection, agency: &SubAgency) -> Result<SubAgencyOutcome, StoreError> {
    let SubAgency { parent, parent_token, token, limit, at, record } = agency;
    let active = agents::find(connection, parent).await?.is_some_and(|binding| binding.is_active());
    let own = TokenRef { iss: parent.iss.clone(), jti: parent_token.jti.clone() };
    if !active || !revocations::revoked_of(connection, std::slice::from_ref(&own)).await?.is_empty() {
        return Ok(SubAgencyOutcome::Ended);
    }
    // A sub-agent is one as long as it has a token.
    sqlx::query("DELETE FROM subagents WHERE iss = $1 AND parent_sub = $2 AND exp <= $3")
        .bind(parent.iss.as_str())
        .bind(parent.sub.as_str())
        .bind(*at)
        .execute(&mut *connection)
        .await?;
    let known = is_known(connection, token).await?;
    if !known && has_as_many(connection, parent, *limit).await? {
        return Ok(SubAgencyOutcome::TooMany);
    }
    sqlx::query(
        "INSERT INTO subagents (iss, sub, parent_sub, created_at, exp) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (iss, sub) DO UPDATE SET
             exp = CASE WHEN excluded.exp > subagents.exp THEN excluded.exp ELSE subagents.exp END",
    )
    .bind(parent.iss.as_str())
    .bind(token.agent.sub.as_str())
    .bind(parent.sub.as_str())
    .bind(*at)
    .bind(token.exp)
    .execute(&mut *connection)
    .await?;
    see(connection, token).await?;
    if !known {
        record::keep(connection, record).await?;
    }
    Ok(SubAgencyOutcome::Recorded)
}

async fn is_known(connection: &mut AnyConnection, token: &SeenAgentToken) -> Result<bool, StoreError> {
    let row = sqlx::query("SELECT 1 FROM subagents WHERE iss = $1 AND sub = $2")
        .bind(token.agent.iss.as_str())
        .bind(token.agent.sub.as_str())
        .fetch_optional(connection)
        .await?;
    Ok(row.is_some())
}

async fn has_as_many(connection: &mut AnyConnection, parent: &AgentKey, limit: u32) -> Result<bool, StoreError> {
    let row = sqlx::query("SELECT 1 FROM subagents WHERE iss = $1 AND parent_sub = $2 LIMIT 1 OFFSET $3")
        .bind(parent.iss.as_str())
        .bind(parent.sub.as_str())
        .bind(i64::from(limit.saturating_sub(1)))
        .fetch_optional(connection)
        .await?;
    Ok(row.is_some())
}
