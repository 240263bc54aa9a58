//! What a request comes to: an answer, or an ask that waits.

use aauth_authorizer::aauth::requirement::Requirement;
use aauth_authorizer::clock::Seconds;
use serde_json::{Value, json};

use crate::domain::pending::{Clarification, PendingId};

/// What a request comes to.
#[derive(Debug, Clone)]
pub enum Answer {
    /// It is settled.
    Done(Reply),
    /// Somebody has to be asked: 202.
    Pending(PendingView),
}

/// A settled request's response.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Option<Value>,
}

impl Reply {
    /// 200 with a body.
    pub fn ok(body: Value) -> Self {
        Self { status: 200, body: Some(body) }
    }

    /// A status without a body.
    pub fn empty(status: u16) -> Self {
        Self { status, body: None }
    }
}

/// A pending ask as its asker sees it: "Pending Response".
#[derive(Debug, Clone)]
pub struct PendingView {
    /// Where to poll.
    pub id: PendingId,
    /// Which path that is under.
    pub path: PendingPath,
    /// Whether the person has arrived.
    pub interacting: bool,
    /// What the asker has to see to.
    pub requirement: Option<Requirement>,
    /// The person's question.
    pub clarification: Option<Clarification>,
    /// Seconds until the question is given up.
    pub timeout: Option<Seconds>,
    /// Seconds between two polls.
    pub retry_after: Seconds,
}

/// The places of pending URLs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PendingPath {
    /// `/pending/{id}`
    Request,
    /// `/register/pending/{id}`
    Registration,
    /// `/revocations/{id}`
    Revocation,
}

impl PendingPath {
    /// The path, up to the id.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Request => "/pending/",
            Self::Registration => "/register/pending/",
            Self::Revocation => "/revocations/",
        }
    }
}

impl PendingView {
    /// The body.
    pub fn body(&self) -> Value {
        let mut body = json!({ "status": if self.interacting { "interacting" } else { "pending" } });
        if let (Some(asked), Some(body)) = (&self.clarification, body.as_object_mut()) {
            body.insert("clarification".into(), asked.question.as_str().into());
            if !asked.options.is_empty() {
                body.insert("options".into(), asked.options.clone().into());
            }
            if let Some(timeout) = self.timeout {
                body.insert("timeout".into(), timeout.into());
            }
        }
        body
    }
}
