//! What happened, for the person to read and search.

use aauth_authorizer::clock::Seconds;
use serde_json::{Map, Value};

use super::person::PersonKey;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEvent {
    /// When.
    pub at: Seconds,
    /// Whose record it belongs to. `None` for the server's own.
    pub person: Option<PersonKey>,
    /// What: `agent.bound`, `consent.given`, `token.issued`, `tampering`, ...
    pub kind: String,
    /// The agent, as text.
    pub agent: Option<String>,
    /// The resource, as text.
    pub resource: Option<String>,
    /// The mission.
    pub mission: Option<String>,
    /// More, by kind. Never a token, a key, a signature or a code.
    pub detail: Map<String, Value>,
}

impl AuditEvent {
    /// An event without particulars.
    pub fn new(at: Seconds, person: Option<PersonKey>, kind: &str) -> Self {
        Self { at, person, kind: kind.to_owned(), agent: None, resource: None, mission: None, detail: Map::new() }
    }
}
