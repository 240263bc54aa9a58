//! The product in its place: issuers that publish keys, the authorizer as its users run it, a real Envoy, an upstream,
//! and an agent that signs with our own library.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use aauth_authorizer::aauth::digest::sha256_field;
use aauth_authorizer::aauth::identifier::{AgentId, ServerId};
use aauth_authorizer::aauth::key::{Jwks, PublicKey, SigningKey};
use aauth_authorizer::aauth::message::{Fields, Message};
use aauth_authorizer::aauth::metadata::Dwk;
use aauth_authorizer::aauth::signing::{Signer, sign};
use aauth_authorizer::aauth::token::Common;
use aauth_authorizer::aauth::token::agent::AgentToken;
use aauth_authorizer::aauth::token::auth::AuthToken;
use aauth_authorizer::aauth::token::person::PersonToken;
use aauth_authorizer::clock::{Clock as _, Seconds, SystemClock};
use serde_json::{Map, Value, json};

use super::authorizer::{Authorizer, Place};
use super::client::{Request, Response};
use super::documents::Documents;
use super::gateway::{Envoy, Gateway};
use super::upstream::Upstream;

pub(crate) const AGENTS: &str = "https://agents.example";
pub(crate) const PERSONS: &str = "https://ps.example";
pub(crate) const ORDERS: &str = "https://orders.example";
pub(crate) const HOST: &str = "orders.example";

/// How many tokens were minted: each has a `jti` of its own.
static MINTED: AtomicUsize = AtomicUsize::new(0);

/// Everything that has to run for one request to be answered.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) authorizer: Authorizer,
    pub(crate) gateway: Envoy,
    pub(crate) upstream: Upstream,
    pub(crate) cast: Cast,
    /// What the agent provider publishes.
    pub(crate) agents: Documents,
    /// What the person server publishes, where it is no program.
    pub(crate) persons: Documents,
}

impl Scene {
    /// One resource, `orders`, under the repository's own sample policies. `more` is YAML for the end of the
    /// configuration.
    pub(crate) fn new(raw_headers: bool, more: &str) -> Self {
        Self::with_person_server(raw_headers, more, None)
    }

    /// The same with another's person server, reached at an address of its own.
    pub(crate) fn with_person_server(raw_headers: bool, more: &str, at: Option<SocketAddr>) -> Self {
        let cast = Cast::new();
        let [agents, persons] = cast.publish();
        let place = Place::new();
        for file in ["orders/orders.cedar", "orders/public.cedar", "_all/guard-rails.cedar"] {
            let source = format!("{}/policies/{file}", env!("CARGO_MANIFEST_DIR"));
            place.write(&format!("policies/{file}"), &std::fs::read_to_string(source).unwrap());
        }
        place.write("orders.pem", &cast.resource.to_pkcs8_pem().unwrap());
        let configuration = format!(
            "listen: {{ grpc: '{}', http: '{}' }}\n\
             development:\n  connect: {{ '{AGENTS}': 'http://{}', '{PERSONS}': 'http://{}' }}\n\
             resources:\n\
             \x20 - id: orders\n\
             \x20   issuer: {ORDERS}\n\
             \x20   hosts: [{HOST}]\n\
             \x20   access: {{ require: agent-token }}\n\
             \x20   signing_key: {{ kid: rs-1, alg: Ed25519, private_key_file: orders.pem }}\n\
             \x20   scope_descriptions: {{ orders.read: Read your orders, orders.write: Change your orders }}\n\
             \x20   agent_servers: [{{ issuer: {AGENTS} }}]\n\
             \x20   person_servers: [{{ issuer: {PERSONS} }}]\n{more}\n",
            place.grpc,
            place.http,
            agents.address,
            at.unwrap_or(persons.address),
        );
        let authorizer = Authorizer::start(place, &configuration);
        let upstream = Upstream::start();
        let gateway = Gateway::between(authorizer.place.grpc, upstream.address).raw_headers(raw_headers).start();
        Self { authorizer, gateway, upstream, cast, agents, persons }
    }

    /// Sends a request through the gateway.
    pub(crate) fn send(&self, request: &Request) -> Response {
        request.send(self.gateway.address)
    }

    /// The keys that the resource publishes.
    pub(crate) fn resource_keys(&self) -> Jwks {
        Jwks::parse(&self.at_the_resource("/.well-known/jwks.json").body).unwrap()
    }

    /// A document of the resource.
    pub(crate) fn at_the_resource(&self, path: &str) -> Response {
        Request::new("GET", HOST, path).send(self.authorizer.place.http)
    }

    /// What everybody publishes, as `{URL: JSON}`: the form in which the peers take it.
    pub(crate) fn documents(&self) -> Value {
        let issuers = [
            (AGENTS, self.agents.address, "aauth-agent.json", "/jwks"),
            (PERSONS, self.persons.address, "aauth-person.json", "/jwks"),
            (ORDERS, self.authorizer.place.http, "aauth-resource.json", "/.well-known/jwks.json"),
        ];
        let mut documents = Map::new();
        for (issuer, address, name, keys) in issuers {
            for path in [&format!("/.well-known/{name}"), keys] {
                let host = issuer.strip_prefix("https://").unwrap();
                documents.insert(format!("{issuer}{path}"), Request::new("GET", host, path).send(address).json());
            }
        }
        documents.into()
    }
}

/// Who plays: an agent provider, a person server, a resource, an agent. Keys are made of one repeated byte.
#[derive(Debug)]
pub(crate) struct Cast {
    pub(crate) provider: SigningKey,
    pub(crate) person_server: SigningKey,
    pub(crate) resource: SigningKey,
    pub(crate) agent: SigningKey,
}

impl Cast {
    fn new() -> Self {
        let key = |kid: &str, byte: u8| SigningKey::ed25519(kid, &[byte; 32]);
        Self {
            provider: key("ap-1", 11),
            person_server: key("ps-1", 12),
            resource: key("rs-1", 13),
            agent: key("", 14),
        }
    }

    fn publish(&self) -> [Documents; 2] {
        let documents = |issuer: &str, dwk: Dwk, key: &PublicKey| {
            let metadata = json!({ "issuer": issuer, "jwks_uri": format!("{issuer}/jwks") });
            let path = format!("/.well-known/{}", dwk.name());
            Documents::serve([(path.as_str(), metadata), ("/jwks", Jwks::of([key]).to_json())])
        };
        [
            documents(AGENTS, Dwk::Agent, self.provider.public()),
            documents(PERSONS, Dwk::Person, self.person_server.public()),
        ]
    }

    fn common(issuer: &str, dwk: Dwk, life: Seconds) -> Common {
        let now = now();
        let jti = format!("{}-{}", dwk.name(), MINTED.fetch_add(1, Ordering::Relaxed));
        Common { iss: ServerId::parse(issuer).unwrap(), dwk, jti, iat: now, exp: now + life }
    }

    /// Which agent.
    pub(crate) fn agent_token(&self) -> String {
        let token = AgentToken {
            common: Self::common(AGENTS, Dwk::Agent, 3600),
            sub: AgentId::parse("aauth:ada@agents.example").unwrap(),
            key: self.agent.public().clone(),
            ps: Some(ServerId::parse(PERSONS).unwrap()),
            parent_agent: None,
            more: Map::new(),
        };
        token.sign(&self.provider)
    }

    /// Which person.
    pub(crate) fn person_token(&self) -> String {
        let token = PersonToken {
            common: Self::common(PERSONS, Dwk::Person, 600),
            aud: ServerId::parse(ORDERS).unwrap(),
            sub: "ada".into(),
            key: self.agent.public().clone(),
            mission_s256: None,
            tenant: Some("acme".into()),
            more: Map::new(),
        };
        token.sign(&self.person_server)
    }

    /// What is authorized.
    pub(crate) fn auth_token(&self, scopes: &[&str]) -> String {
        let token = AuthToken {
            common: Self::common(PERSONS, Dwk::Person, 500),
            aud: ServerId::parse(ORDERS).unwrap(),
            ps: ServerId::parse(PERSONS).unwrap(),
            sub: "ada".into(),
            key: self.agent.public().clone(),
            scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
            account: None,
            mission_s256: None,
            tenant: Some("acme".into()),
            more: Map::new(),
        };
        token.sign(&self.person_server)
    }

    /// A request signed with a token, covering these components too. `headers` are sent as they are given.
    pub(crate) fn signed(&self, request: Signed<'_>) -> Request {
        signed_as(Signer::Agent { token: request.token }, &self.agent, request)
    }

    /// A POST of JSON that the person server signs in its own right.
    pub(crate) fn signed_by_the_person_server(&self, target: &str, body: &Value) -> Request {
        let id = ServerId::parse(PERSONS).unwrap();
        let signer = Signer::Server { id: &id, dwk: Dwk::Person };
        signed_as(signer, &self.person_server, Signed { target, body: body.to_string().as_bytes(), ..Signed::json() })
    }

    /// A GET signed with a token.
    pub(crate) fn get(&self, target: &str, token: &str) -> Request {
        self.signed(Signed { target, token, ..Signed::default() })
    }
}

/// What to sign.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signed<'a> {
    pub(crate) method: &'a str,
    pub(crate) host: &'a str,
    pub(crate) target: &'a str,
    pub(crate) token: &'a str,
    pub(crate) cover: &'a [&'a str],
    pub(crate) headers: &'a [(&'a str, &'a str)],
    pub(crate) body: &'a [u8],
}

impl Signed<'_> {
    /// A POST of JSON whose body is signed.
    pub(crate) fn json() -> Self {
        let headers = &[("content-type", "application/json")];
        Self { method: "POST", cover: &["content-digest", "content-type"], headers, ..Self::default() }
    }
}

impl Default for Signed<'_> {
    fn default() -> Self {
        Self { method: "GET", host: HOST, target: "/", token: "", cover: &[], headers: &[], body: b"" }
    }
}

fn signed_as(signer: Signer<'_>, key: &SigningKey, request: Signed<'_>) -> Request {
    let mut headers: Vec<(String, String)> =
        request.headers.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
    if !request.body.is_empty() && request.cover.contains(&"content-digest") {
        headers.push(("content-digest".to_owned(), sha256_field(request.body)));
    }
    let lines = headers.iter().map(|(name, value)| (name.clone(), value.clone().into_bytes()));
    let message = Message::request(request.method, "https", request.host, request.target, Fields::lines(lines));
    let signature = sign(&message, request.cover, signer, key, now()).unwrap().into_pairs();
    let mut sent = Request::new(request.method, request.host, request.target).body(request.body);
    for (name, value) in headers.iter().map(|(n, v)| (n.as_str(), v)).chain(signature.iter().map(|(n, v)| (*n, v))) {
        sent = sent.header(name, value);
    }
    sent
}

pub(crate) fn now() -> Seconds {
    SystemClock.now()
}

/// One member of the dynamic metadata that the gateway shows the upstream.
pub(crate) fn metadata(received: &super::upstream::Received, name: &str) -> Value {
    let text = received.values(super::gateway::METADATA_HEADER).join("");
    serde_json::from_str::<Value>(&text).unwrap().get(name).cloned().unwrap_or_default()
}
