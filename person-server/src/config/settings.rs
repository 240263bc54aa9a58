//! What a person server is told to be, once its configuration has been read.

use std::collections::BTreeSet;

use aauth_authorizer::aauth::identifier::{IdentifierRules, ServerId};
use aauth_authorizer::clock::Seconds;

/// The settings the use cases go by.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Who this server is: person server and agent provider.
    pub issuer: ServerId,
    /// What it is called.
    pub name: String,
    /// Which identifiers are admitted.
    pub identifiers: IdentifierRules,
    /// The other agent providers whose agents are served.
    pub agent_providers: Providers,
    /// Seconds around `created`.
    pub signature_window: Seconds,
    /// How long an ask waits for the person.
    pub pending_ttl: Seconds,
    /// `Retry-After` of a pending response.
    pub poll_interval: Seconds,
    /// How long an agent token lasts.
    pub agent_token_lifetime: Seconds,
    /// What bounds callers.
    pub limits: Limits,
}

/// Whose agents are served beside our own provider's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Providers {
    /// Every provider there is: `issuer: "*"`, which an operator has to write.
    pub any: bool,
    /// These.
    pub listed: BTreeSet<ServerId>,
}

impl Providers {
    /// Whether this provider's agents are served.
    pub fn accepts(&self, provider: &ServerId) -> bool {
        self.any || self.listed.contains(provider)
    }
}

/// What bounds callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Asks that one agent may have waiting.
    pub pending_per_asker: u32,
    /// Asks that may wait for one person, or for nobody yet.
    pub pending_per_person: u32,
    /// Resources that one agent may name anew within an hour.
    pub resources_per_hour: u32,
    /// Keys that may wait to be enrolled as agents, and that nobody has taken up yet.
    pub enrollments_waiting: u32,
    /// Keys that may ask to be enrolled, from one address within a minute.
    pub enrollments_per_minute: u32,
    /// Sub-agents that one agent may have at once.
    pub subagents_per_agent: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            pending_per_asker: 20,
            pending_per_person: 500,
            resources_per_hour: 100,
            enrollments_waiting: 100,
            enrollments_per_minute: 30,
            subagents_per_agent: 50,
        }
    }
}
