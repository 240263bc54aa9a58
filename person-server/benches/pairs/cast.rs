//! Who plays: an agent provider, a resource, and agents, each of a person of its own.

use aauth_authorizer::aauth::identifier::{AgentId, ServerId};
use aauth_authorizer::aauth::key::SigningKey;
use aauth_authorizer::aauth::metadata::Dwk;
use aauth_authorizer::aauth::token::Common;
use aauth_authorizer::aauth::token::agent::AgentToken;
use aauth_authorizer::clock::{Clock as _, SystemClock};
use person_server::domain::agent::AgentKey;
use person_server::domain::person::PersonKey;
use serde_json::Map;

/// The person server.
pub(crate) const PERSONS: &str = "https://ps.example";
/// The agent provider.
pub(crate) const AGENTS: &str = "https://agents.example";
/// The resource.
pub(crate) const ORDERS: &str = "https://orders.example";

/// How many agents ask at once.
pub(crate) const AT_ONCE: usize = 16;

/// A server's identifier.
pub(crate) fn server(id: &str) -> ServerId {
    ServerId::parse(id).unwrap()
}

/// An agent of the provider's.
pub(crate) fn agent_key(name: &str) -> AgentKey {
    let iss = server(AGENTS);
    AgentKey { sub: AgentId::parse(&format!("aauth:{name}@{}", iss.host())).unwrap(), iss }
}

/// One of the persons.
pub(crate) fn person(number: usize) -> PersonKey {
    PersonKey::new(format!("person-{number:02}"))
}

/// An agent that asks, with its key and its agent token.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) id: AgentKey,
    pub(crate) key: SigningKey,
    pub(crate) token: String,
}

/// Keys are made of one repeated byte.
#[derive(Debug)]
pub(crate) struct Cast {
    pub(crate) provider: SigningKey,
    pub(crate) resource: SigningKey,
    pub(crate) workers: Vec<Worker>,
}

impl Cast {
    pub(crate) fn new() -> Self {
        let key = |kid: &str, byte: u8| SigningKey::ed25519(kid, &[byte; 32]);
        let provider = key("agents-1", 21);
        let workers = (0..).take(AT_ONCE).map(|number| Worker::new(number, &provider)).collect();
        Self { provider, resource: key("orders-1", 22), workers }
    }
}

impl Worker {
    fn new(number: u8, provider: &SigningKey) -> Self {
        let id = agent_key(&format!("worker-{number:02}"));
        let key = SigningKey::ed25519("", &[100 + number; 32]);
        let now = SystemClock.now();
        let token = AgentToken {
            common: Common {
                iss: id.iss.clone(),
                dwk: Dwk::Agent,
                jti: format!("agent-token-{number:02}"),
                iat: now,
                exp: now + 86_000,
            },
            sub: id.sub.clone(),
            key: key.public().clone(),
            ps: Some(server(PERSONS)),
            parent_agent: None,
            more: Map::new(),
        };
        Self { token: token.sign(provider), id, key }
    }
}
