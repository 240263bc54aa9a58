//! Which tokens a withdrawal reaches: those it starts with, what was issued on them, and so on down the chain.

use std::collections::HashSet;

use aauth_authorizer::aauth::identifier::ServerId;
use aauth_authorizer::clock::Seconds;
use sqlx::AnyConnection;

use super::super::error::StoreError;
use super::super::issued;
use crate::domain::agent::AgentKey;
use crate::domain::issued::{Issued, IssuedKind, SKEW, TokenRef};

/// Tokens, each once.
#[derive(Debug, Default)]
pub(super) struct Reached {
    tokens: Vec<Issued>,
    known: HashSet<TokenRef>,
}

impl Reached {
    /// Everything that goes with `start`.
    pub(super) async fn from(
        connection: &mut AnyConnection,
        start: Vec<Issued>,
        issuer: &ServerId,
        now: Seconds,
    ) -> Result<Self, StoreError> {
        let mut reached = Self::default();
        let mut next = start;
        while let Some(token) = next.pop() {
            if !reached.known.insert(token.token.clone()) {
                continue;
            }
            next.extend(resting_on(connection, &token, now).await?);
            if token.kind == IssuedKind::Federated {
                // "PS terminates access it federated": by the person token that the access server was shown.
                let root = TokenRef { iss: issuer.clone(), jti: token.root.clone() };
                next.extend(issued::find(connection, &root).await?);
            }
            reached.tokens.push(token);
        }
        Ok(reached)
    }

    pub(super) fn into_tokens(self) -> Vec<Issued> {
        self.tokens
    }
}

/// What an agent holds, with its sub-agents, or what a sub-agent holds.
pub(super) async fn held_by(
    connection: &mut AnyConnection,
    agent: &AgentKey,
    now: Seconds,
) -> Result<Vec<Issued>, StoreError> {
    let mut held = Vec::new();
    for sql in [
        "SELECT * FROM issued WHERE agent_iss = $1 AND agent_sub = $2 AND exp > $3",
        "SELECT * FROM issued WHERE agent_iss = $1 AND subagent = $2 AND subagent IS NOT NULL AND exp > $3",
    ] {
        let rows = sqlx::query(sql)
            .bind(agent.iss.as_str())
            .bind(agent.sub.as_str())
            .bind(now.saturating_sub(SKEW))
            .fetch_all(&mut *connection)
            .await?;
        held.extend(rows.iter().map(issued::read).collect::<Result<Vec<_>, _>>()?);
    }
    Ok(held)
}

/// What was issued on a mission.
pub(super) async fn held_under(
    connection: &mut AnyConnection,
    mission: &str,
    now: Seconds,
) -> Result<Vec<Issued>, StoreError> {
    let rows = sqlx::query("SELECT * FROM issued WHERE mission = $1 AND exp > $2")
        .bind(mission)
        .bind(now.saturating_sub(SKEW))
        .fetch_all(connection)
        .await?;
    rows.iter().map(issued::read).collect()
}

/// What goes back to a token, or was issued on it as an upstream token.
async fn resting_on(connection: &mut AnyConnection, issued: &Issued, now: Seconds) -> Result<Vec<Issued>, StoreError> {
    let unexpired = now.saturating_sub(SKEW);
    let on_it = sqlx::query("SELECT * FROM issued WHERE upstream_iss = $1 AND upstream_jti = $2 AND exp > $3")
        .bind(issued.token.iss.as_str())
        .bind(issued.token.jti.as_str())
        .bind(unexpired)
        .fetch_all(&mut *connection)
        .await?;
    let mut resting: Vec<Issued> = on_it.iter().map(issued::read).collect::<Result<_, _>>()?;
    // Only a person token of ours is a root. An access server is free to call its own tokens as it likes.
    if issued.kind == IssuedKind::Person {
        let of_root = sqlx::query("SELECT * FROM issued WHERE root = $1 AND jti <> $1 AND exp > $2")
            .bind(issued.token.jti.as_str())
            .bind(unexpired)
            .fetch_all(connection)
            .await?;
        for row in &of_root {
            resting.push(issued::read(row)?);
        }
    }
    Ok(resting)
}
