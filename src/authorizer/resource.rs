//! The resources this process answers for: what each accepts, whom it trusts, how it signs.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::inbound::InboundRequest;
use super::rpc::RpcRoute;
use crate::aauth::identifier::{ServerId, split_port};
use crate::aauth::key::{Jwks, SigningKey};
use crate::aauth::message::normalize_authority;
use crate::aauth::metadata::{Dwk, ResourceMetadata};
use crate::aauth::signature::SignatureRules;
use crate::aauth::token::TokenType;
use crate::aauth::verify::TokenRules;
use crate::clock::Seconds;

/// The weakest token a resource serves on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AccessMode {
    /// An agent's identity.
    AgentToken,
    /// A person's identity.
    PersonToken,
    /// An authorization.
    AuthToken,
}

impl AccessMode {
    /// The registered value of `access_mode`.
    pub fn name(self) -> &'static str {
        match self {
            Self::AgentToken => "agent-token",
            Self::PersonToken => "person-token",
            Self::AuthToken => "auth-token",
        }
    }

    /// The mode that a token of this type satisfies.
    pub fn satisfied_by(typ: TokenType) -> Option<Self> {
        match typ {
            TokenType::Agent => Some(Self::AgentToken),
            TokenType::Person => Some(Self::PersonToken),
            TokenType::Auth => Some(Self::AuthToken),
            TokenType::Resource => None,
        }
    }
}

/// Whose tokens a resource accepts. Nobody's, until somebody is named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trusted {
    /// Every issuer: an open federation, which an operator has to ask for.
    pub any: bool,
    /// These issuers.
    pub named: BTreeSet<ServerId>,
}

impl Trusted {
    /// Whether an issuer's tokens are accepted.
    pub fn accepts(&self, issuer: &ServerId) -> bool {
        self.any || self.named.contains(issuer)
    }

    /// Whether there is anybody at all.
    pub fn is_nobody(&self) -> bool {
        !self.any && self.named.is_empty()
    }
}

/// One resource.
#[derive(Debug)]
pub struct Resource {
    /// Its name in configuration, policies and logs.
    pub id: String,
    /// Its public identity: `iss` of what it mints, `aud` of what it accepts.
    pub issuer: ServerId,
    /// The hosts it is served under.
    pub hosts: Vec<String>,
    /// The weakest token it serves on.
    pub access: AccessMode,
    /// Whether policies are asked about requests without any signature.
    pub anonymous: bool,
    /// What a signature has to be like.
    pub signatures: SignatureRules,
    /// What a token has to be like.
    pub tokens: TokenRules,
    /// The types of token it accepts; empty for all.
    pub token_types: Vec<TokenType>,
    /// Agent providers.
    pub agent_servers: Trusted,
    /// Person servers.
    pub person_servers: Trusted,
    /// Access servers.
    pub auth_servers: Trusted,
    /// Who redeems its resource tokens, where that is not the person's own server.
    pub access_server: Option<ServerId>,
    /// The key it signs with, and older ones still published.
    pub signing_key: Option<SigningKey>,
    /// Published keys.
    pub jwks: Jwks,
    /// The scopes it defines, with their descriptions.
    pub scope_descriptions: BTreeMap<String, String>,
    /// The person server's scopes it may ask for.
    pub identity_scopes: BTreeSet<String>,
    /// What it asks for when no policy says.
    pub default_scopes: Vec<String>,
    /// Seconds a resource token lives.
    pub resource_token_lifetime: Seconds,
    /// The authority to verify signatures against, where the gateway forwards another.
    pub authority_override: Option<String>,
    /// The scheme the outside world uses, where the gateway forwards another.
    pub scheme: Option<String>,
    /// Whether signature headers are kept from the upstream.
    pub strip_signature_headers: bool,
    /// Whether a repeated unsafe request is refused.
    pub refuse_replays: bool,
    /// The headers policies may see, lower case.
    pub policy_headers: Vec<String>,
    /// Where it is served by JSON-RPC.
    pub rpc: Vec<RpcRoute>,
    /// Path of the authorization endpoint.
    pub authorization_path: String,
    /// Path of the revocation endpoint.
    pub revocation_path: String,
    /// `aauth-resource.json`.
    pub metadata: ResourceMetadata,
}

impl Resource {
    /// Whether tokens of this type may be presented. A resource token is a question, and nobody's credential.
    pub fn takes(&self, typ: TokenType) -> bool {
        typ != TokenType::Resource && (self.token_types.is_empty() || self.token_types.contains(&typ))
    }

    /// Whether tokens of this type by this issuer are accepted.
    pub fn trusts(&self, typ: TokenType, dwk: Dwk, issuer: &ServerId) -> bool {
        match (typ, dwk) {
            (TokenType::Agent, _) => self.agent_servers.accepts(issuer),
            (TokenType::Person, _) | (TokenType::Auth, Dwk::Person) => self.person_servers.accepts(issuer),
            (TokenType::Auth, _) => self.auth_servers.accepts(issuer),
            (TokenType::Resource, _) => false,
        }
    }

    /// Whether a server may sign in its own right here.
    pub fn trusts_server(&self, dwk: Dwk, id: &ServerId) -> bool {
        match dwk {
            Dwk::Agent => self.agent_servers.accepts(id),
            Dwk::Person => self.person_servers.accepts(id),
            Dwk::Access => self.auth_servers.accepts(id),
            Dwk::Resource => false,
        }
    }

    /// Whether requests for this authority may be this resource's. One without hosts takes what the gateway sends it;
    /// under an override, signatures are held against that instead.
    pub fn answers_to(&self, authority: &str) -> bool {
        let exact = normalize_authority(authority, "https");
        let portless = split_port(&exact).0;
        let unbound = self.hosts.is_empty() || self.authority_override.is_some();
        unbound || self.hosts.iter().any(|host| *host == exact || host == portless)
    }

    /// The scopes of `wanted` that a resource token of this resource may name.
    pub fn askable(&self, wanted: &[String]) -> Vec<String> {
        let known = |scope: &&String| {
            self.scope_descriptions.contains_key(*scope) || self.identity_scopes.contains(scope.as_str())
        };
        wanted.iter().filter(known).cloned().collect()
    }
}

/// Every resource, found by name or by host.
#[derive(Debug, Clone, Default)]
pub struct Resources {
    all: Vec<Arc<Resource>>,
    by_id: HashMap<String, usize>,
    by_host: HashMap<String, usize>,
}

impl Resources {
    /// An index of resources; ids and hosts are distinct, as configuration has checked.
    pub fn new(resources: impl IntoIterator<Item = Resource>) -> Self {
        let mut index = Self::default();
        for resource in resources {
            let position = index.all.len();
            index.by_id.insert(resource.id.clone(), position);
            for host in &resource.hosts {
                index.by_host.insert(host.clone(), position);
            }
            index.all.push(Arc::new(resource));
        }
        index
    }

    /// Every resource, in the order of configuration.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Resource>> {
        self.all.iter()
    }

    /// The resource a request is for: the one the gateway names, else the one of its host.
    pub fn locate(&self, request: &InboundRequest) -> Option<&Arc<Resource>> {
        match &request.resource_id {
            // A name that is not ours is a mistake in the gateway; the host must not decide instead.
            Some(id) => self.by_id(id),
            None => self.by_host(request.message.authority()),
        }
    }

    /// By its name.
    pub fn by_id(&self, id: &str) -> Option<&Arc<Resource>> {
        self.all.get(*self.by_id.get(id)?)
    }

    /// By its host, with the port or, failing that, without it.
    pub fn by_host(&self, authority: &str) -> Option<&Arc<Resource>> {
        let exact = normalize_authority(authority, "https");
        let found = self.by_host.get(&exact).or_else(|| self.by_host.get(split_port(&exact).0))?;
        self.all.get(*found)
    }
}
