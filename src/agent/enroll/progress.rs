//! Where an enrolment stands, and how it may fail.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::aauth::deferred::Polling;
use crate::aauth::identifier::{AgentId, ServerId};
use crate::aauth::url::PublicUrl;

use super::super::endpoint::Endpoint;
use super::super::error::{AgentError, PersonServerFault as Fault};

/// What an agent says of itself when it enrols. The person reads it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Introduction {
    /// Its name.
    pub agent_name: String,
    /// The kind of platform it runs on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// The device, as the person knows it; at most 64 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
}

/// An agent token, and how long it lasts.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Who the agent is.
    pub agent: AgentId,
    /// Its token.
    pub agent_token: String,
    /// Seconds until it ends.
    pub expires_in: u64,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({}, for {} s, token redacted)", self.agent, self.expires_in)
    }
}

/// Where an enrolment stands.
#[derive(Debug)]
pub enum Progress {
    /// The person has to be asked.
    Waiting(Waiting),
    /// The agent is enrolled.
    Enrolled(Credentials),
}

/// An enrolment that waits for the person.
#[derive(Debug)]
pub struct Waiting {
    /// Where the person is to go; `None` where the provider reaches them by itself.
    pub interaction: Option<Interaction>,
    /// When to poll next.
    pub after: Duration,
    pub(super) location: Endpoint,
    pub(super) polling: Polling,
}

/// Where the person is to go, and with what.
#[derive(Clone, PartialEq, Eq)]
pub struct Interaction {
    /// The page.
    pub url: PublicUrl,
    /// The code to bring, or to compare with the one shown there.
    pub code: String,
}

impl Interaction {
    /// The page, with the code in its query: to be opened, or shown as a QR code.
    pub fn link(&self) -> String {
        format!("{}?code={}", self.url, self.code)
    }
}

impl fmt::Debug for Interaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Interaction({}, code redacted)", self.url)
    }
}

/// Why an enrolment or a refresh failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnrollError {
    /// The agent's own fault.
    #[error(transparent)]
    Agent(#[from] AgentError),
    /// The provider's fault, or its refusal.
    #[error("the agent provider `{provider}` {fault}")]
    Provider {
        /// Which.
        provider: ServerId,
        /// What is wrong.
        fault: Fault,
    },
}
