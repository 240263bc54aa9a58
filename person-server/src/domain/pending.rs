//! An ask that waits for the person, and what becomes of it.
//!
//! Implements the server's side of "Deferred Responses", "Clarification Chat" and the rules of interaction codes in
//! draft-hardt-oauth-aauth-protocol-11, as values. A pending ask is decided once; what is granted is made when the
//! agent collects it, so that nothing is issued that nobody fetches. After that its URL is gone.

use std::fmt;

use aauth_authorizer::aauth::identifier::ServerId;
use aauth_authorizer::clock::Seconds;
use serde::{Deserialize, Serialize};

use super::agent::AgentKey;
use super::ask::Ask;
use super::decision::Approval;
use super::person::PersonKey;
use super::stored;

/// How many questions a person may ask about one request: "Clarification Limits".
pub const MAX_ROUNDS: usize = 5;
/// After how many wrong codes an interaction has failed.
pub const MAX_CODE_FAILURES: i64 = 5;

/// The unguessable last segment of a pending URL.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PendingId(String);

impl PendingId {
    /// The id with this text, as stored or as made from random bytes.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PendingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who asked, and so who may poll.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Asker {
    /// An agent by its agent token.
    Agent(AgentKey),
    /// The holder of a key that is no agent's yet, by the key's thumbprint.
    Key {
        /// The thumbprint.
        thumbprint: String,
    },
    /// A server in its own right.
    Server {
        /// Which.
        #[serde(with = "stored::server")]
        id: ServerId,
    },
}

/// What links the person's browser to the pending ask. It authorizes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeState {
    /// The code, without hyphens. Its first four symbols find the ask, the others prove that the code is known.
    pub code: String,
    /// Whether the person has arrived with it, or decided without it.
    pub consumed: bool,
    /// How often it was given wrongly.
    pub failures: i64,
}

/// An ask that waits, or waited.
#[derive(Debug, Clone)]
pub struct Pending {
    /// Its id.
    pub id: PendingId,
    /// Who asked.
    pub asker: Asker,
    /// Whom it waits for. `None` until somebody arrives with the code of an agent that is nobody's yet.
    pub person: Option<PersonKey>,
    /// The code.
    pub code: CodeState,
    /// What is asked.
    pub ask: Ask,
    /// Where it stands.
    pub state: State,
    /// Where the person's browser is sent afterwards.
    pub callback: Option<String>,
    /// Since when.
    pub created_at: Seconds,
    /// Until when.
    pub expires_at: Seconds,
    /// When it was polled last.
    pub polled_at: Option<Seconds>,
}

impl Pending {
    /// Whether the person still has to decide.
    pub fn is_open(&self, now: Seconds) -> bool {
        matches!(self.state, State::Waiting(_)) && now < self.expires_at
    }
}

/// Where a pending ask stands.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum State {
    /// For the person.
    Waiting(Waiting),
    /// For an access server, the person having said yes.
    Federating(Federating),
    /// Approved, and to be collected.
    Approved(Approved),
    /// Over, and to be told.
    Ended(Ended),
    /// Collected or told: the URL is gone.
    Gone {
        /// Since when.
        at: Seconds,
    },
}

impl State {
    /// Its name in the store.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Waiting(_) => "waiting",
            Self::Federating(_) => "federating",
            Self::Approved(_) => "approved",
            Self::Ended(_) => "ended",
            Self::Gone { .. } => "gone",
        }
    }
}

/// The person has not decided.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Whether the person has seen it: `status: interacting`.
    pub arrived: bool,
    /// What was asked and answered so far.
    pub chat: Vec<Exchange>,
    /// A question the agent has not answered.
    pub question: Option<Clarification>,
}

impl Waiting {
    /// Whether the person may ask another question.
    pub fn may_ask(&self) -> bool {
        self.question.is_none() && self.chat.len() < MAX_ROUNDS
    }
}

/// A question of the person's to the agent: "Clarification Required".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clarification {
    /// The question, in Markdown.
    pub question: String,
    /// The choices, where there are some.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// When it was asked.
    pub asked_at: Seconds,
}

/// A question and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// The person's question.
    pub question: String,
    /// The agent's answer, in the agent's words. Empty where it changed its request instead.
    pub answer: String,
    /// When it came.
    pub at: Seconds,
}

/// The person has approved, and an access server is being asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Federating {
    /// What the person approved.
    pub approved: Approved,
    /// What the access server wants, as far as it is to be shown to the agent.
    pub wants: Option<Wanted>,
    /// Whether the person has arrived at the access server.
    pub arrived: bool,
    /// How the yes came about, as it is recorded.
    pub decided_by: String,
    /// How many questions of the access server's the agent has answered.
    pub rounds: usize,
}

/// What an access server wants before it issues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "requirement", rename_all = "snake_case")]
pub enum Wanted {
    /// The person, at its own page.
    Interaction {
        /// Where.
        url: String,
        /// With which code.
        code: String,
    },
    /// Somebody's approval, which it gets by itself.
    Approval,
    /// To be paid. This server pays nothing by itself: whoever runs it, or the person, settles that.
    Payment {
        /// How, in the access server's words: its `WWW-Authenticate`.
        challenge: Option<String>,
    },
    /// An answer of the agent's.
    Clarification(Clarification),
}

/// Approved by the person, or by a policy in their name.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Approved {
    /// What exactly.
    pub approval: Approval,
    /// Who said so.
    pub by: PersonKey,
    /// When.
    pub at: Seconds,
}

/// Over without a grant, or with an answer that is told rather than made. The response is what the agent gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// The HTTP status.
    pub status: u16,
    /// The error code.
    pub error: String,
    /// For whoever reads it.
    pub detail: Option<String>,
    /// When.
    pub at: Seconds,
}

impl Ended {
    /// An end with this response.
    pub fn new(status: u16, error: &str, detail: impl Into<String>, at: Seconds) -> Self {
        Self { status, error: error.to_owned(), detail: Some(detail.into()), at }
    }
}
