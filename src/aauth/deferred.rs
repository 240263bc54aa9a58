//! Requests that wait: the body of a 202, how long either side is ready to wait, and when to ask again.
//!
//! Implements "Deferred Responses" of draft-hardt-oauth-aauth-protocol-11, with the bodies of "Clarification Required"
//! and "Claims Required". What is required stands in the header, [`super::requirement`]; what ended a request stands in
//! [`super::error::PollErrorCode`].

mod polling;
mod prefer;

use serde_json::{Map, Value};

pub use polling::{Next, Polling, retry_after};
pub use prefer::prefer_wait;

use super::requirement::Requirement;

/// Bytes of a question.
const MAX_QUESTION: usize = 4096;
/// Answers to choose from, or claims.
const MAX_ENTRIES: usize = 50;
/// Bytes of one of them.
const MAX_ENTRY: usize = 256;
/// Seconds to answer in; a day.
const MAX_TIMEOUT: u64 = 24 * 3600;

/// Whether the person has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum PendingStatus {
    /// Not yet.
    #[default]
    Pending,
    /// They are at the interaction URL: whoever prompts them may stop.
    Interacting,
}

impl PendingStatus {
    /// The value on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Interacting => "interacting",
        }
    }

    /// What a value means; one that is not known is `pending`.
    pub fn from_name(name: &str) -> Self {
        if name == Self::Interacting.name() { Self::Interacting } else { Self::Pending }
    }
}

/// A question that has to be answered first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clarification {
    /// Markdown, of the asker's making: sanitise before rendering.
    pub question: String,
    /// Seconds to answer in.
    pub timeout: Option<u32>,
    /// The answers to choose from; empty for a free answer.
    pub options: Vec<String>,
}

/// What the body asks of its reader.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Wanted {
    /// Patience alone, or what stands in the header.
    #[default]
    Nothing,
    /// An answer: `requirement=clarification`.
    Clarification(Clarification),
    /// Identity claims of these names, never `sub`: `requirement=claims`.
    Claims(Vec<String>),
}

/// The body of a 202.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pending {
    /// Whether the person has come.
    pub status: PendingStatus,
    /// What the body asks.
    pub wanted: Wanted,
}

/// A 202 whose body does not hold what it must: the server's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PendingFault {
    /// No JSON object.
    #[error("the pending response is not a JSON object")]
    NotJson,
    /// A member is missing, or is not what it must be.
    #[error("the pending response's `{0}` is missing or is not what it must be")]
    Member(&'static str),
}

impl Pending {
    /// A body that asks nothing.
    pub const fn of(status: PendingStatus) -> Self {
        Self { status, wanted: Wanted::Nothing }
    }

    /// A body that asks a question.
    pub const fn clarification(clarification: Clarification) -> Self {
        Self { status: PendingStatus::Pending, wanted: Wanted::Clarification(clarification) }
    }

    /// The body to send.
    pub fn to_json(&self) -> Value {
        let mut body = Map::new();
        body.insert("status".into(), self.status.name().into());
        match &self.wanted {
            Wanted::Nothing => {}
            Wanted::Clarification(asked) => {
                body.insert("clarification".into(), asked.question.as_str().into());
                if let Some(timeout) = asked.timeout {
                    body.insert("timeout".into(), timeout.into());
                }
                if !asked.options.is_empty() {
                    body.insert("options".into(), asked.options.clone().into());
                }
            }
            Wanted::Claims(claims) => {
                body.insert("required_claims".into(), claims.clone().into());
            }
        }
        Value::Object(body)
    }

    /// Reads a body that came with this requirement. Members that belong to another are ignored.
    pub fn parse(body: &[u8], requirement: Option<&Requirement>) -> Result<Self, PendingFault> {
        let body: Map<String, Value> = serde_json::from_slice(body).map_err(|_| PendingFault::NotJson)?;
        let status =
            body.get("status").and_then(Value::as_str).map_or_else(PendingStatus::default, PendingStatus::from_name);
        let wanted = match requirement {
            Some(Requirement::Clarification) => Wanted::Clarification(clarification(&body)?),
            // The person is named by the token that was presented: `sub` is never asked for, and never given.
            Some(Requirement::Claims) => {
                let claims = list(&body, "required_claims")?.ok_or(PendingFault::Member("required_claims"))?;
                Wanted::Claims(claims.into_iter().filter(|claim| claim != "sub").collect())
            }
            Some(
                Requirement::AgentToken
                | Requirement::PersonToken
                | Requirement::AuthToken { .. }
                | Requirement::Interaction { .. }
                | Requirement::Approval,
            )
            | None => Wanted::Nothing,
        };
        Ok(Self { status, wanted })
    }
}

fn clarification(body: &Map<String, Value>) -> Result<Clarification, PendingFault> {
    let question = body.get("clarification").and_then(Value::as_str).filter(|text| is_text(text, MAX_QUESTION));
    let timeout = match body.get("timeout") {
        None | Some(Value::Null) => None,
        Some(value) => {
            let seconds = value.as_u64().ok_or(PendingFault::Member("timeout"))?.min(MAX_TIMEOUT);
            u32::try_from(seconds).ok()
        }
    };
    Ok(Clarification {
        question: question.ok_or(PendingFault::Member("clarification"))?.to_owned(),
        timeout,
        options: list(body, "options")?.unwrap_or_default(),
    })
}

fn list(body: &Map<String, Value>, name: &'static str) -> Result<Option<Vec<String>>, PendingFault> {
    let entries = match body.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Array(entries)) if entries.len() <= MAX_ENTRIES => entries,
        Some(_) => return Err(PendingFault::Member(name)),
    };
    let entry = |value: &Value| value.as_str().filter(|text| is_text(text, MAX_ENTRY)).map(str::to_owned);
    entries.iter().map(entry).collect::<Option<_>>().map(Some).ok_or(PendingFault::Member(name))
}

/// Something to read, of a bounded size and without control characters but line breaks and tabs.
fn is_text(text: &str, max: usize) -> bool {
    let unprintable = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    !text.is_empty() && text.len() <= max && !text.chars().any(unprintable)
}

#[cfg(test)]
mod tests;
