//! What an agent does: sign a request, call, and follow whatever requirement the answer states.
//!
//! Implements the agent's side of draft-hardt-oauth-aauth-protocol-11: "Resource Access", "Resource Challenge
//! Verification", the two token endpoints of "Person Server" and the polling of "Deferred Responses". How an agent keeps
//! its key is not decided here, nor how a person is shown an interaction.
//!
//! | file | what it does |
//! |---|---|
//! | `enroll` | coming by an agent token, and by the next one |
//! | `call` | a call, round by round, until nothing more is required |
//! | `challenge` | whether a resource's challenge is to be believed |
//! | `person_server` | asking for tokens, and waiting for them |
//! | `tokens` | the tokens held, by resource |
//! | `signed` | signing and sending one request |
//! | `endpoint` | where a URL leads, and how it is reached on a development machine |
//! | `http` | one bounded exchange |

mod call;
mod challenge;
mod endpoint;
pub mod enroll;
mod error;
mod http;
mod person_server;
mod signed;
mod tokens;

use std::sync::Arc;
use std::time::Duration;

use crate::aauth::identifier::{IdentifierRules, ServerId};
use crate::aauth::key::SigningKey;
use crate::clock::SharedClock;
use crate::discovery::{Development, Issuers};

use endpoint::Reach;
use http::Http;
use person_server::PersonServer;
use tokens::{Own, Tokens};

pub use call::{Call, Reply, Step};
pub use endpoint::Endpoint;
pub use error::{AgentError, ChallengeFault, HttpFault, PersonServerFault, ResourceFault};
pub use http::{Request, Response, Sending, Transport};

/// What an agent is made of.
#[derive(Debug, Clone)]
pub struct AgentConfig {
    /// The key it signs with, to which its tokens are bound.
    pub key: SigningKey,
    /// The token its provider gave it.
    pub agent_token: String,
    /// Its person server; without one it gets no further than its own identity does.
    pub person_server: Option<ServerId>,
    /// What is relaxed on a developer's machine, and where public names are reached there.
    pub reach: Development,
    /// The keys of resources and person servers.
    pub issuers: Issuers,
    /// The time.
    pub clock: SharedClock,
    /// How long it waits for a person server that has to ask somebody.
    pub patience: Duration,
}

/// An agent. It holds tokens, so that a second call to a resource needs no second exchange.
#[derive(Debug)]
pub struct Agent {
    key: SigningKey,
    own: Own,
    person_server: Option<PersonServer>,
    identifiers: IdentifierRules,
    reach: Reach,
    transport: Arc<dyn Transport>,
    issuers: Issuers,
    clock: SharedClock,
    patience: Duration,
    tokens: Tokens,
}

impl Agent {
    /// An agent that calls over HTTP.
    pub fn new(config: AgentConfig) -> Result<Self, AgentError> {
        let transport = Arc::new(Http::new()?);
        Self::with_transport(config, transport)
    }

    /// An agent that calls by other means, a script in tests for one.
    pub fn with_transport(config: AgentConfig, transport: Arc<dyn Transport>) -> Result<Self, AgentError> {
        let AgentConfig { key, agent_token, person_server, reach, issuers, clock, patience } = config;
        Ok(Self {
            own: Own::read(agent_token, key.public())?,
            identifiers: reach.identifier_rules(),
            reach: Reach::new(&reach)?,
            person_server: person_server.map(PersonServer::new),
            tokens: Tokens::default(),
            key,
            transport,
            issuers,
            clock,
            patience,
        })
    }
}

#[cfg(test)]
mod tests;
