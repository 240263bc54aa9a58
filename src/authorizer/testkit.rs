//! A small authorizer, the issuers it trusts and an agent, for the tests of this room.
//!
//! There is one resource, `orders` at `https://orders.example`. It trusts the agent provider `https://agents.example`,
//! the person server `https://ps.example` and the access server `https://access.example`. The clock stands at [`NOW`].

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::sync::Semaphore;

use super::check::Authorizer;
use super::inbound::{Body, InboundRequest};
use super::known::KnownTokens;
use super::resource::{AccessMode, Resource, Resources, Trusted};
use super::revocation::{RevocationLimits, Revocations};
use crate::aauth::identifier::{AgentId, IdentifierRules, ServerId};
use crate::aauth::key::{Jwks, SigningKey};
use crate::aauth::message::{Fields, Message};
use crate::aauth::metadata::{Dwk, ResourceMetadata};
use crate::aauth::signature::SignatureRules;
use crate::aauth::signing::{self, Signer};
use crate::aauth::token::agent::AgentToken;
use crate::aauth::token::auth::AuthToken;
use crate::aauth::token::person::PersonToken;
use crate::aauth::token::{Common, MAX_AGENT_LIFETIME};
use crate::aauth::verify::TokenRules;
use crate::clock::{FixedClock, Seconds};
use crate::discovery::{DiscoveryConfig, DiscoveryFault, Document, Fetch, Fetching, Issuers, Target};
use crate::policy::{PolicyStore, ReloadOutcome, StoreConfig};
use crate::replay::ReplayCache;

/// Where the clock starts.
pub(crate) const NOW: Seconds = 1_800_000_000;
/// The resource's host.
pub(crate) const HOST: &str = "orders.example";
/// The resource.
pub(crate) const RESOURCE: &str = "https://orders.example";
/// The agent provider.
pub(crate) const AGENTS: &str = "https://agents.example";
/// The person server.
pub(crate) const PERSONS: &str = "https://ps.example";
/// The access server.
pub(crate) const ACCESS: &str = "https://access.example";
/// A policy that lets everything pass.
pub(crate) const PERMIT_ALL: &str = r#"@id("all") permit (principal, action, resource);"#;

/// An authorizer and what a test moves: its clock and its issuers.
#[derive(Debug)]
pub(crate) struct Kit {
    pub(crate) authorizer: Arc<Authorizer>,
    pub(crate) clock: FixedClock,
    pub(crate) issuers: Arc<ScriptedIssuers>,
    pub(crate) policies: TempDir,
}

impl Kit {
    /// An authorizer under a policy that lets everything pass.
    pub(crate) fn new(access: AccessMode) -> Self {
        Self::with(access, PERMIT_ALL, |_| ())
    }

    /// An authorizer under these policies, whose resource the test may change.
    pub(crate) fn with(access: AccessMode, policies: &str, change: impl FnOnce(&mut Resource)) -> Self {
        let mut resource = orders(access);
        change(&mut resource);
        let directory = TempDir::new().unwrap();
        fs::create_dir(directory.path().join("orders")).unwrap();
        fs::write(directory.path().join("orders/test.cedar"), policies).unwrap();
        let store = PolicyStore::open(StoreConfig {
            policies_dir: directory.path().to_owned(),
            schemas_dir: directory.path().join("no-schemas"),
            resources: vec![resource.id.clone()],
        });
        let clock = FixedClock::at(NOW);
        let issuers = Arc::new(ScriptedIssuers::default());
        let found = Issuers::with_fetch(&DiscoveryConfig::default(), Arc::new(clock.clone()), issuers.clone());
        let authorizer = Authorizer {
            resources: Resources::new([resource]),
            issuers: found.unwrap(),
            policies: Arc::new(store.unwrap()),
            known: KnownTokens::new(100),
            replays: ReplayCache::new(100, 60),
            revocations: Revocations::new(RevocationLimits { per_issuer: 100, per_minute: 100 }),
            clock: Arc::new(clock.clone()),
            fetch_budget: Duration::from_secs(2),
        };
        Self { authorizer: Arc::new(authorizer), clock, issuers, policies: directory }
    }

    /// Puts other policies in force.
    pub(crate) fn replace_policies(&self, policies: &str) {
        fs::write(self.policies.path().join("orders/test.cedar"), policies).unwrap();
        assert!(matches!(self.authorizer.policies.reload(), ReloadOutcome::Replaced(_)));
    }
}

/// The resource `orders`.
pub(crate) fn orders(access: AccessMode) -> Resource {
    let key = key("orders-1");
    let trusting = |issuer| Trusted { any: false, named: BTreeSet::from([server(issuer)]) };
    Resource {
        id: "orders".into(),
        issuer: server(RESOURCE),
        hosts: vec![HOST.into()],
        access,
        anonymous: false,
        signatures: SignatureRules::default(),
        tokens: TokenRules {
            audience: server(RESOURCE),
            identifiers: IdentifierRules::Strict,
            window: 60,
            max_agent_lifetime: MAX_AGENT_LIFETIME,
        },
        token_types: Vec::new(),
        agent_servers: trusting(AGENTS),
        person_servers: trusting(PERSONS),
        auth_servers: trusting(ACCESS),
        access_server: None,
        jwks: Jwks::of([key.public()]),
        signing_key: Some(key),
        scope_descriptions: BTreeMap::from([
            ("orders.read".into(), "Read your orders".into()),
            ("orders.write".into(), "Change your orders".into()),
        ]),
        identity_scopes: BTreeSet::new(),
        default_scopes: vec!["orders.read".into()],
        resource_token_lifetime: 300,
        authority_override: None,
        scheme: None,
        strip_signature_headers: false,
        refuse_replays: true,
        policy_headers: Vec::new(),
        rpc: Vec::new(),
        authorization_path: "/authorize".into(),
        revocation_path: "/revoke".into(),
        metadata: ResourceMetadata {
            issuer: RESOURCE.into(),
            jwks_uri: Some(format!("{RESOURCE}/jwks")),
            access_mode: Some(access.name().into()),
            ..ResourceMetadata::default()
        },
    }
}

/// The issuers' documents, each with the one key named `kid(issuer)`.
#[derive(Debug)]
pub(crate) struct ScriptedIssuers {
    documents: HashMap<String, Value>,
    asked: AtomicUsize,
    gate: Semaphore,
}

impl Default for ScriptedIssuers {
    fn default() -> Self {
        let mut documents = HashMap::new();
        for (issuer, dwk) in [(AGENTS, Dwk::Agent), (PERSONS, Dwk::Person), (ACCESS, Dwk::Access)] {
            let jwks_uri = format!("{issuer}/jwks");
            let metadata = json!({ "issuer": issuer, "jwks_uri": jwks_uri });
            documents.insert(server(issuer).well_known(dwk.name()), metadata);
            documents.insert(jwks_uri, Jwks::of([issuer_key(issuer).public()]).to_json());
        }
        Self { documents, asked: AtomicUsize::new(0), gate: Semaphore::new(Semaphore::MAX_PERMITS) }
    }
}

impl ScriptedIssuers {
    /// How often anything was asked for.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    /// Holds every answer back until [`Self::open`].
    pub(crate) fn close(&self) {
        self.gate.forget_permits(Semaphore::MAX_PERMITS);
    }

    /// Answers again.
    pub(crate) fn open(&self) {
        self.gate.add_permits(Semaphore::MAX_PERMITS);
    }
}

impl Fetch for ScriptedIssuers {
    fn fetch<'a>(&'a self, target: &'a Target) -> Fetching<'a> {
        Box::pin(async {
            self.asked.fetch_add(1, Ordering::Relaxed);
            let _open = self.gate.acquire().await.unwrap();
            let body = self.documents.get(target.url()).ok_or(DiscoveryFault::Status(404))?;
            Ok(Document { body: body.to_string().into_bytes(), ..Document::default() })
        })
    }
}

pub(crate) fn server(id: &str) -> ServerId {
    ServerId::parse(id).unwrap()
}

/// A key made from its name.
pub(crate) fn key(kid: &str) -> SigningKey {
    let mut seed = [7; 32];
    for (byte, letter) in seed.iter_mut().zip(kid.bytes()) {
        *byte = letter;
    }
    SigningKey::ed25519(kid, &seed)
}

/// The key an issuer publishes and signs with.
pub(crate) fn issuer_key(issuer: &str) -> SigningKey {
    key(server(issuer).host())
}

/// The agent's own key, to which every token made here is bound.
pub(crate) fn agent_key() -> SigningKey {
    key("agent")
}

fn common(issuer: &str, dwk: Dwk, jti: &str) -> Common {
    Common { iss: server(issuer), dwk, jti: jti.into(), iat: NOW - 10, exp: NOW + 600 }
}

/// An agent token for `aauth:ada@agents.example`.
pub(crate) fn agent_token() -> String {
    let token = AgentToken {
        common: common(AGENTS, Dwk::Agent, "agent-1"),
        sub: AgentId::parse("aauth:ada@agents.example").unwrap(),
        key: agent_key().public().clone(),
        ps: Some(server(PERSONS)),
        parent_agent: None,
        more: Map::new(),
    };
    token.sign(&issuer_key(AGENTS))
}

/// A person token for `ada`.
pub(crate) fn person_token() -> String {
    let token = PersonToken {
        common: common(PERSONS, Dwk::Person, "person-1"),
        aud: server(RESOURCE),
        sub: "ada".into(),
        key: agent_key().public().clone(),
        mission_s256: None,
        tenant: None,
        more: Map::new(),
    };
    token.sign(&issuer_key(PERSONS))
}

/// An auth token of the person server, for `ada` and these scopes.
pub(crate) fn auth_token(scopes: &[&str]) -> String {
    let token = AuthToken {
        common: common(PERSONS, Dwk::Person, "auth-1"),
        aud: server(RESOURCE),
        ps: server(PERSONS),
        sub: "ada".into(),
        key: agent_key().public().clone(),
        scopes: scopes.iter().copied().map(str::to_owned).collect(),
        account: None,
        mission_s256: None,
        tenant: None,
        more: Map::new(),
    };
    token.sign(&issuer_key(PERSONS))
}

/// An unsigned request to the resource.
pub(crate) fn request(method: &str, target: &str) -> Message {
    Message::request(method, "https", HOST, target, Fields::default())
}

/// The message with the agent's signature, presenting a token.
pub(crate) fn signed(message: &Message, token: &str) -> Message {
    signed_at(message, token, NOW)
}

/// The same, signed at another time.
pub(crate) fn signed_at(message: &Message, token: &str, created: Seconds) -> Message {
    let headers = signing::sign(message, &[], Signer::Agent { token }, &agent_key(), created).unwrap();
    let mut lines: Vec<_> = message.fields().iter().map(|(name, value)| (name.to_owned(), value.to_vec())).collect();
    lines.extend(headers.into_pairs().map(|(name, value)| (name.to_owned(), value.into_bytes())));
    message.clone().with_fields(Fields::lines(lines))
}

/// The request as a gateway forwards it, without a body.
pub(crate) fn inbound(message: Message) -> InboundRequest {
    InboundRequest { resource_id: None, message, body: Body::Whole(Vec::new()), source_ip: None, peer: None }
}

/// The kit itself works: a signed request passes, an unsigned one does not.
#[tokio::test]
async fn the_kit_works() {
    let kit = Kit::new(AccessMode::AuthToken);
    let token = auth_token(&["orders.read"]);
    let passing = kit.authorizer.check(inbound(signed(&request("GET", "/v1/orders"), &token))).await;
    assert_eq!(passing.record.outcome, "allow", "{passing:?}");
    let unsigned = kit.authorizer.check(inbound(request("GET", "/v1/orders"))).await;
    assert_eq!(unsigned.record.outcome, "unauthenticated");
    for (token, outcome) in [(agent_token(), "challenged"), (person_token(), "challenged")] {
        let challenged = kit.authorizer.check(inbound(signed(&request("GET", "/v1/orders"), &token))).await;
        assert_eq!(challenged.record.outcome, outcome, "{challenged:?}");
    }
    kit.replace_policies(r#"@id("none") forbid (principal, action, resource);"#);
    let refused = kit.authorizer.check(inbound(signed(&request("GET", "/v1/orders"), &token))).await;
    assert_eq!(refused.record.outcome, "denied");
    kit.clock.advance(61);
    let stale = kit.authorizer.check(inbound(signed(&request("GET", "/v1/orders"), &token))).await;
    assert_eq!(stale.record.outcome, "unauthenticated");
}
