//! The server and its surroundings.

use std::sync::Arc;

use aauth_authorizer::aauth::digest;
use aauth_authorizer::aauth::identifier::{IdentifierRules, ServerId};
use aauth_authorizer::aauth::key::SigningKey;
use aauth_authorizer::aauth::message::{Fields, Message};
use aauth_authorizer::aauth::signing::{self, Signer};
use aauth_authorizer::clock::{Clock as _, FixedClock, Seconds};
use aauth_authorizer::discovery::{DiscoveryConfig, Documents, Issuers, Outgoing};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use person_server::app::{Keys, Parts, PersonServer};
use person_server::config::{Limits, Providers, Settings};
use person_server::domain::decision::{Approval, Decision, Remember};
use person_server::domain::directed::SubjectKey;
use person_server::domain::pending::PendingId;
use person_server::domain::person::{Person, PersonKey};
use person_server::governance::{Governance, GovernanceConfig};
use person_server::store::{Store, StoreConfig};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use tower::ServiceExt as _;

use super::network::Network;
use super::others::Others;
use super::{Agent, Reply};

/// When it is in a new world.
pub(crate) const NOW: Seconds = 1_790_000_000;
/// The server.
pub(crate) const PS: &str = "https://ps.example";
/// The agent provider it trusts beside itself.
pub(crate) const AGENTS: &str = "https://agents.example";

/// The server and its surroundings.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) server: Arc<PersonServer>,
    pub(crate) store: Store,
    pub(crate) network: Arc<Network>,
    pub(crate) others: Arc<Others>,
    pub(crate) clock: FixedClock,
    pub(crate) ada: PersonKey,
    router: Router,
    _folder: TempDir,
}

impl World {
    /// A server with one person, Ada.
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// The same under other settings.
    pub(crate) async fn with(edit: impl FnOnce(&mut Settings)) -> Self {
        Self::made_of(edit, usual_keys(), usual_policies()).await
    }

    /// The same with other keys.
    pub(crate) async fn with_keys(keys: Keys) -> Self {
        Self::made_of(|_| {}, keys, usual_policies()).await
    }

    /// The same under these policies and no others.
    pub(crate) async fn governed(policies: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("all.cedar"), policies).unwrap();
        let config = GovernanceConfig { policies_dir: Some(folder.path().to_owned()), schemas_dir: None };
        Self::made_of(|_| {}, usual_keys(), Governance::open(&config).unwrap()).await
    }

    /// One that calls a real server: what is `origin` to others is at `address`.
    pub(crate) async fn calling(origin: &str, address: &str) -> Self {
        let mut discovery = DiscoveryConfig::default();
        discovery.development.connect.insert(origin.to_owned(), address.to_owned());
        let clock = FixedClock::at(NOW);
        let outgoing = Outgoing::new(&discovery, Arc::new(clock.clone())).unwrap();
        Self::made_with(|_| {}, (usual_keys(), usual_policies()), clock, Arc::default(), outgoing).await
    }

    async fn made_of(edit: impl FnOnce(&mut Settings), keys: Keys, governance: Governance) -> Self {
        let (clock, others) = (FixedClock::at(NOW), Arc::<Others>::default());
        let outgoing = scripted(&others, &clock);
        Self::made_with(edit, (keys, governance), clock, others, outgoing).await
    }

    async fn made_with(
        edit: impl FnOnce(&mut Settings),
        parts: (Keys, Governance),
        clock: FixedClock,
        others: Arc<Others>,
        outgoing: Outgoing,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("person-server.db").display());
        let store = Store::open(&StoreConfig::at(url)).await.unwrap();
        let network = Arc::new(Network::default());
        network.publish(AGENTS, &key("agents-1"), &json!({ "name": "Agents" }));
        let mut settings = settings();
        edit(&mut settings);
        let server = server(settings, parts, &store, &network, outgoing, &clock);
        let router = person_server::routes::router(server.clone());
        let world = Self { server, store, network, others, clock, ada: PersonKey::new("ada"), router, _folder: folder };
        world.person("ada").await;
        world
    }

    /// Another process of the same server, over the same store.
    pub(crate) fn another(&self) -> Arc<PersonServer> {
        let parts = (self.server.keys().clone(), usual_policies());
        let outgoing = scripted(&self.others, &self.clock);
        server(self.server.settings().clone(), parts, &self.store, &self.network, outgoing, &self.clock)
    }

    /// One more person.
    pub(crate) async fn person(&self, name: &str) -> PersonKey {
        let person = Person {
            key: PersonKey::new(name),
            name: name.to_owned(),
            tenant: None,
            claims: Map::new(),
            created_at: NOW,
        };
        self.store.keep_person(person).await.unwrap();
        PersonKey::new(name)
    }

    /// What time it is.
    pub(crate) fn now(&self) -> Seconds {
        self.clock.now()
    }

    /// An agent's signed request.
    pub(crate) async fn send(&self, agent: &Agent, method: &str, path: &str, body: Option<Value>) -> Reply {
        let signer = Signer::Agent { token: &agent.token };
        self.signed((signer, &agent.key), method, path, body, &[]).await
    }

    /// `POST` of an agent's.
    pub(crate) async fn post(&self, agent: &Agent, path: &str, body: Value) -> Reply {
        self.send(agent, "POST", path, Some(body)).await
    }

    /// `GET` of an agent's, of what a `Location` said.
    pub(crate) async fn poll(&self, agent: &Agent, pending: &Reply) -> Reply {
        self.send(agent, "GET", pending.header("location"), None).await
    }

    /// A signed request of anybody's.
    pub(crate) async fn signed(
        &self,
        (signer, key): (Signer<'_>, &SigningKey),
        method: &str,
        path: &str,
        body: Option<Value>,
        more: &[(&str, &str)],
    ) -> Reply {
        let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let headers = self.headers((signer, key), method, path, &body, more);
        self.raw(method, path, &headers, body).await
    }

    /// The headers of such a request.
    pub(crate) fn headers(
        &self,
        (signer, key): (Signer<'_>, &SigningKey),
        method: &str,
        path: &str,
        body: &[u8],
        more: &[(&str, &str)],
    ) -> Vec<(String, String)> {
        let mut headers: Vec<(String, String)> =
            more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut covered = Vec::new();
        if !body.is_empty() {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
            headers.push(("content-digest".to_owned(), digest::sha256_field(body)));
            covered = vec!["content-digest", "content-type"];
        }
        let lines = headers.iter().map(|(name, value)| (name.clone(), value.clone().into_bytes()));
        let message = Message::request(method, "https", "ps.example", path, Fields::lines(lines));
        let signature = signing::sign(&message, &covered, signer, key, self.now()).unwrap();
        headers.extend(signature.into_pairs().map(|(name, value)| (name.to_owned(), value)));
        headers
    }

    /// A request as it is.
    pub(crate) async fn raw(&self, method: &str, path: &str, headers: &[(String, String)], body: Vec<u8>) -> Reply {
        let mut request = Request::builder().method(method).uri(path).header("host", "ps.example");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let response = self.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 1024 * 1024).await.unwrap();
        let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
        Reply { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    /// What the person says to what waits at a `Location`.
    pub(crate) async fn decide(&self, person: &PersonKey, pending: &Reply, decision: Decision) {
        self.server.decide(person, &pending_id(pending), decision).await.unwrap();
    }

    /// Yes, for as long as it is not taken back.
    pub(crate) async fn approve(&self, person: &PersonKey, pending: &Reply) {
        let approval = Approval { remember: Remember::Always { until: None }, ..Approval::default() };
        self.decide(person, pending, Decision::Approve(Box::new(approval))).await;
    }

    /// A person token that Ada approved.
    pub(crate) async fn person_token(&self, agent: &Agent, resource: &str) -> String {
        let body = json!({ "resource": resource, "capabilities": ["interaction", "clarification"] });
        let answer = self.post(agent, "/person", body).await;
        if answer.status == 200 {
            return answer.text("person_token");
        }
        assert_eq!(answer.status, 202, "{answer:?}");
        self.approve(&self.ada, &answer).await;
        self.poll(agent, &answer).await.text("person_token")
    }
}

/// The id in a `Location`.
pub(crate) fn pending_id(pending: &Reply) -> PendingId {
    PendingId::new(pending.header("location").rsplit('/').next().unwrap())
}

fn usual_keys() -> Keys {
    Keys::new(key("ps-1"), &[])
}

fn usual_policies() -> Governance {
    Governance::open(&GovernanceConfig::default()).unwrap()
}

/// A key made from its name.
pub(crate) fn key(name: &str) -> SigningKey {
    SigningKey::ed25519(name, &Sha256::digest(name.as_bytes()).into())
}

fn server(
    settings: Settings,
    (keys, governance): (Keys, Governance),
    store: &Store,
    network: &Arc<Network>,
    outgoing: Outgoing,
    clock: &FixedClock,
) -> Arc<PersonServer> {
    let clock = Arc::new(clock.clone());
    let discovery = DiscoveryConfig::default();
    Arc::new(PersonServer::new(Parts {
        settings,
        keys,
        subjects: SubjectKey::new([9; 32]),
        store: store.clone(),
        issuers: Issuers::with_fetch(&discovery, clock.clone(), network.clone()).unwrap(),
        documents: Documents::with_fetch(&discovery, clock.clone(), network.clone()).unwrap(),
        outgoing,
        governance,
        clock,
    }))
}

/// Calls that a script answers.
fn scripted(others: &Arc<Others>, clock: &FixedClock) -> Outgoing {
    Outgoing::with_exchange(&DiscoveryConfig::default(), Arc::new(clock.clone()), others.clone()).unwrap()
}

fn settings() -> Settings {
    Settings {
        issuer: ServerId::parse(PS).unwrap(),
        name: "Ada's person server".to_owned(),
        identifiers: IdentifierRules::Strict,
        agent_providers: Providers { any: false, listed: [ServerId::parse(AGENTS).unwrap()].into() },
        signature_window: 60,
        pending_ttl: 600,
        poll_interval: 5,
        agent_token_lifetime: 86_400,
        limits: Limits::default(),
    }
}
