//! An agent as the person server knows it, and the one person it acts for.
//!
//! Implements "Agent-Person Binding" of draft-hardt-oauth-aauth-protocol-11: an agent is recognized by the issuer of
//! its agent token and its identifier, and is bound to exactly one person.

use aauth_authorizer::aauth::identifier::{AgentId, ServerId};
use aauth_authorizer::clock::Seconds;
use serde::{Deserialize, Serialize};

use super::person::PersonKey;
use super::stored;

/// Which agent: its provider and its identifier.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AgentKey {
    /// The agent provider.
    #[serde(with = "stored::server")]
    pub iss: ServerId,
    /// The agent.
    #[serde(with = "stored::agent")]
    pub sub: AgentId,
}

/// An agent bound to its person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The agent.
    pub agent: AgentKey,
    /// The person.
    pub person: PersonKey,
    /// What the person calls it.
    pub name: Option<String>,
    /// Where it runs, by its own account.
    pub platform: Option<String>,
    /// On what, by its own account.
    pub device: Option<String>,
    /// Since when.
    pub bound_at: Seconds,
    /// When it last asked for anything.
    pub seen_at: Seconds,
    /// When the person ended it.
    pub revoked_at: Option<Seconds>,
}

impl Binding {
    /// Whether the agent still acts for the person.
    pub fn is_active(&self) -> bool {
        self.revoked_at.is_none()
    }
}
