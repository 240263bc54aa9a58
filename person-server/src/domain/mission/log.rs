//! What happened under a mission, in order: "Mission Log".
//!
//! An entry is JSON text that is kept as it was written. It holds what was asked and what came of it; never a token, a
//! key or a code.

use aauth_authorizer::clock::Seconds;
use serde_json::{Map, Value, json};

use super::iso8601;
use crate::domain::ask::{Ask, Hints};

/// What an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogKind {
    /// The mission was approved.
    Approved,
    /// A person token or an auth token was asked for.
    TokenRequest,
    /// Permission was asked for.
    Permission,
    /// The agent says what it did.
    Audit,
    /// The person was to go somewhere, or to answer a question of the agent's.
    Interaction,
    /// The person asked, the agent answered.
    Clarification,
    /// The work changed, or was to.
    Update,
    /// The agent took the mission for done.
    Completion,
    /// The mission ended.
    Terminated,
}

impl LogKind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Approved,
        Self::TokenRequest,
        Self::Permission,
        Self::Audit,
        Self::Interaction,
        Self::Clarification,
        Self::Update,
        Self::Completion,
        Self::Terminated,
    ];

    /// Its name in the store and in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::TokenRequest => "token_request",
            Self::Permission => "permission",
            Self::Audit => "audit",
            Self::Interaction => "interaction",
            Self::Clarification => "clarification",
            Self::Update => "update",
            Self::Completion => "completion",
            Self::Terminated => "terminated",
        }
    }

    /// The kind of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The kind of an ask.
    pub fn of(ask: &Ask) -> Self {
        match ask {
            Ask::Identify(_) | Ask::Authorize(_) => Self::TokenRequest,
            Ask::Permit(_) => Self::Permission,
            Ask::Relay(_) | Ask::Question(_) => Self::Interaction,
            Ask::Update(_) => Self::Update,
            Ask::Complete(_) => Self::Completion,
            // Neither is made under a mission; a proposal is what a mission begins with.
            Ask::Mission(_) | Ask::Enroll(_) => Self::Approved,
        }
    }
}

/// An entry of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// Its place: 1, 2, 3, ...
    pub number: i64,
    /// When.
    pub at: Seconds,
    /// What it is about.
    pub kind: LogKind,
    /// The digest of `text`, for an accepted update.
    pub s256: Option<String>,
    /// What happened, in JSON, byte for byte as it was kept.
    pub text: String,
}

impl LogEntry {
    /// What happened.
    pub fn detail(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }
}

/// An entry to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// To the log of which mission.
    pub mission: String,
    /// When.
    pub at: Seconds,
    /// What it is about.
    pub kind: LogKind,
    /// What happened, in JSON.
    pub text: String,
}

impl NewEntry {
    /// What came of an ask: `asked`, `granted`, `approved`, `refused`, `denied`. `None` where it is on no mission.
    pub fn about(ask: &Ask, outcome: &str, more: Map<String, Value>, at: Seconds) -> Option<Self> {
        let mut detail = Map::new();
        detail.insert("outcome".into(), outcome.into());
        detail.extend(more);
        detail.insert("request".into(), request(ask));
        Some(Self { kind: LogKind::of(ask), ..Self::new(ask.mission()?, LogKind::of(ask), detail, at) })
    }

    /// An entry with this detail.
    pub fn new(mission: &str, kind: LogKind, detail: Map<String, Value>, at: Seconds) -> Self {
        Self { mission: mission.to_owned(), at, kind, text: Value::Object(detail).to_string() }
    }
}

/// The bytes of an accepted update. Each names what it came after, the mission or the update before, so that the
/// sequence can be verified and not only its parts.
pub fn update_text(description: &str, after: &str, accepted_at: Seconds) -> String {
    json!({ "description": description, "accepted_at": iso8601::text(accepted_at), "after": after }).to_string()
}

/// An ask's facts and the agent's words, as far as they are the log's.
fn request(ask: &Ask) -> Value {
    let facts = match ask {
        Ask::Identify(ask) => json!({
            "token": "person",
            "resource": ask.resource.as_str(),
            "subagent": ask.subagent.as_ref().map(|subagent| subagent.id.as_str()),
            "chained": ask.upstream.is_some(),
            "justification": justification(&ask.hints),
        }),
        Ask::Authorize(ask) => json!({
            "token": "auth",
            "resource": ask.resource.as_str(),
            "scope": ask.scopes.join(" "),
            "account": ask.account,
            "subagent": ask.subagent.as_ref().map(|subagent| subagent.id.as_str()),
            "chained": ask.upstream.is_some(),
            "justification": justification(&ask.hints),
        }),
        Ask::Permit(ask) => {
            json!({ "action": ask.action, "description": ask.description, "parameters": ask.parameters })
        }
        Ask::Relay(ask) => json!({
            "type": if ask.payment { "payment" } else { "interaction" },
            "url": ask.url,
            "description": ask.description,
        }),
        Ask::Question(ask) => {
            json!({ "type": "question", "question": ask.question, "description": ask.description })
        }
        Ask::Update(ask) => json!({ "description": ask.description }),
        Ask::Complete(ask) => json!({ "summary": ask.summary }),
        Ask::Mission(_) | Ask::Enroll(_) => json!({}),
    };
    said(facts)
}

/// What an agent says of something it did, or asks to do: the members that there are.
fn said(facts: Value) -> Value {
    match facts {
        Value::Object(members) => {
            let there = |(_, value): &(String, Value)| !value.is_null() && *value != Value::Bool(false);
            Value::Object(members.into_iter().filter(there).collect())
        }
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => other,
    }
}

fn justification(hints: &Hints) -> Option<&str> {
    hints.justification.as_deref()
}
