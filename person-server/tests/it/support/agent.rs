//! An agent of a provider that the server trusts.

use aauth_authorizer::aauth::identifier::{AgentId, ServerId};
use aauth_authorizer::aauth::key::SigningKey;
use aauth_authorizer::aauth::metadata::Dwk;
use aauth_authorizer::aauth::token::Common;
use aauth_authorizer::aauth::token::agent::AgentToken;
use aauth_authorizer::clock::Seconds;
use person_server::domain::agent::AgentKey;
use serde_json::Map;

use super::world::{AGENTS, NOW, PS, key};

/// An agent with its key and its agent token.
#[derive(Debug, Clone)]
pub(crate) struct Agent {
    pub(crate) claims: AgentToken,
    pub(crate) key: SigningKey,
    pub(crate) token: String,
}

impl Agent {
    /// An agent called `name`, whose token lasts a day from when the clock of a new world stands.
    pub(crate) fn new(name: &str) -> Self {
        Self::of(name, AGENTS, "agents-1")
    }

    /// An agent of another provider, which signs with the key called `provider_key`.
    pub(crate) fn of(name: &str, provider: &str, provider_key: &str) -> Self {
        let iss = ServerId::parse(provider).unwrap();
        let key = key(&format!("key of {name}"));
        let claims = AgentToken {
            common: Common {
                iss: iss.clone(),
                dwk: Dwk::Agent,
                jti: format!("at-{name}"),
                iat: NOW,
                exp: NOW + 86_400,
            },
            sub: AgentId::parse(&format!("aauth:{name}@{}", iss.host())).unwrap(),
            key: key.public().clone(),
            ps: Some(ServerId::parse(PS).unwrap()),
            parent_agent: None,
            more: Map::new(),
        };
        let token = claims.sign(&super::world::key(provider_key));
        Self { claims, key, token }
    }

    /// The same with other claims.
    pub(crate) fn with(mut self, edit: impl FnOnce(&mut AgentToken)) -> Self {
        edit(&mut self.claims);
        self.token = self.claims.sign(&key("agents-1"));
        self
    }

    /// With a token that ends then.
    pub(crate) fn until(self, exp: Seconds) -> Self {
        self.with(|claims| claims.common.exp = exp)
    }

    /// Which agent it is to the server.
    pub(crate) fn agent_key(&self) -> AgentKey {
        AgentKey { iss: self.claims.common.iss.clone(), sub: self.claims.sub.clone() }
    }
}
