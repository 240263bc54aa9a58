//! The agent provider: publishes its key and gives agents their tokens.

use axum::Router;
use serde_json::{Map, json};

use super::names::{AGENT, AGENTS, PERSONS, server};
use super::person_server;
use crate::aauth::identifier::AgentId;
use crate::aauth::key::{PublicKey, SigningKey};
use crate::aauth::metadata::Dwk;
use crate::aauth::token::Common;
use crate::aauth::token::agent::AgentToken;
use crate::authorizer::random;
use crate::clock::Seconds;

/// How long an agent token lasts.
const LIFETIME: Seconds = 3600;

/// An agent provider with one key.
#[derive(Debug)]
pub(super) struct AgentProvider {
    key: SigningKey,
}

impl AgentProvider {
    pub(super) fn new() -> Self {
        Self { key: SigningKey::ed25519("agents-1", &random::seed()) }
    }

    /// Its metadata document and its key.
    pub(super) fn router(&self) -> Router {
        let metadata = json!({ "issuer": AGENTS, "jwks_uri": format!("{AGENTS}/jwks.json"), "name": "Agents" });
        person_server::documents(Dwk::Agent, metadata, &self.key)
    }

    /// A token for the demo's agent, bound to its key. How an agent enrolls is not shown.
    pub(super) fn agent_token(&self, key: &PublicKey, now: Seconds) -> anyhow::Result<String> {
        let jti = random::token_id();
        let token = AgentToken {
            common: Common { iss: server(AGENTS)?, dwk: Dwk::Agent, jti, iat: now, exp: now + LIFETIME },
            sub: AgentId::parse(AGENT)?,
            key: key.clone(),
            ps: Some(server(PERSONS)?),
            parent_agent: None,
            more: Map::new(),
        };
        Ok(token.sign(&self.key))
    }
}
