//! One row: a world, what happened in it before, and the request whose answer is shown.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::wire::Wire;
use crate::aauth::key::{Jwks, SigningKey};
use crate::aauth::metadata::Dwk;
use crate::authorizer::answer::{Answer, Permit, Response};
use crate::authorizer::record::Record;
use crate::authorizer::resource::{AccessMode, Resource};
use crate::authorizer::testkit::{ACCESS, AGENTS, Kit, NOW, PERMIT_ALL, PERSONS, issuer_key, server};
use crate::clock::Seconds;
use crate::discovery::{DiscoveryConfig, DiscoveryFault, Document, Fetch, Fetching, Issuers, Target};

/// A request and the world it comes to.
pub(super) struct Case {
    pub(super) name: &'static str,
    access: AccessMode,
    policies: &'static str,
    resource: fn(&mut Resource),
    issuers: fn(&mut Script),
    revoked: Vec<(&'static str, &'static str)>,
    before: Vec<Wire>,
    later: Seconds,
    request: Wire,
}

/// What became of the request.
pub(super) struct Outcome {
    pub(super) request: Wire,
    pub(super) answer: Answer,
    pub(super) response: Result<Response, Permit>,
    pub(super) record: Record,
    /// The documents that were fetched.
    pub(super) fetched: Vec<String>,
}

impl Case {
    /// A request to a resource that wants an auth token, under a policy that lets everything pass.
    pub(super) fn new(name: &'static str, request: Wire) -> Self {
        Self {
            name,
            access: AccessMode::AuthToken,
            policies: PERMIT_ALL,
            resource: |_| (),
            issuers: |_| (),
            revoked: Vec::new(),
            before: Vec::new(),
            later: 0,
            request,
        }
    }

    pub(super) fn access(self, access: AccessMode) -> Self {
        Self { access, ..self }
    }

    pub(super) fn policies(self, policies: &'static str) -> Self {
        Self { policies, ..self }
    }

    pub(super) fn resource(self, resource: fn(&mut Resource)) -> Self {
        Self { resource, ..self }
    }

    pub(super) fn issuers(self, issuers: fn(&mut Script)) -> Self {
        Self { issuers, ..self }
    }

    /// After this issuer withdrew its token of this `jti`.
    pub(super) fn revoked(mut self, issuer: &'static str, jti: &'static str) -> Self {
        self.revoked.push((issuer, jti));
        self
    }

    /// After this request, which passes.
    pub(super) fn after(mut self, request: Wire) -> Self {
        self.before.push(request);
        self
    }

    /// So many seconds after what came before.
    pub(super) fn later(self, later: Seconds) -> Self {
        Self { later, ..self }
    }

    pub(super) async fn run(self) -> Outcome {
        let mut kit = Kit::with(self.access, self.policies, self.resource);
        let mut script = Script::default();
        (self.issuers)(&mut script);
        let script = Arc::new(script);
        let clock = Arc::new(kit.clock.clone());
        let authorizer = Arc::get_mut(&mut kit.authorizer).unwrap();
        authorizer.issuers = Issuers::with_fetch(&DiscoveryConfig::default(), clock, script.clone()).unwrap();
        for (issuer, jti) in self.revoked {
            kit.authorizer.revocations.record(&server(issuer), jti, NOW + 600, NOW).unwrap();
        }
        for request in self.before {
            let before = kit.authorizer.check(request.inbound()).await;
            assert_eq!(before.record.outcome, "allow", "{}: {:?}", self.name, before.record);
        }
        kit.clock.advance(self.later);
        let checked = kit.authorizer.check(self.request.inbound()).await;
        let fetched = script.asked.lock().unwrap().clone();
        let (answer, record) = (checked.answer, checked.record);
        Outcome { request: self.request, response: answer.clone().into_response(), answer, record, fetched }
    }
}

/// The issuers' documents, and which of them were asked for.
#[derive(Debug)]
pub(super) struct Script {
    documents: HashMap<String, Result<Value, DiscoveryFault>>,
    asked: Mutex<Vec<String>>,
}

impl Default for Script {
    fn default() -> Self {
        let mut script = Self { documents: HashMap::new(), asked: Mutex::default() };
        for (issuer, dwk) in [(AGENTS, Dwk::Agent), (PERSONS, Dwk::Person), (ACCESS, Dwk::Access)] {
            script.metadata(issuer, dwk, &json!({ "issuer": issuer, "jwks_uri": format!("{issuer}/jwks") }));
            script.keys(issuer, &[issuer_key(issuer)]);
        }
        script
    }
}

impl Script {
    pub(super) fn metadata(&mut self, issuer: &str, dwk: Dwk, document: &Value) {
        self.documents.insert(server(issuer).well_known(dwk.name()), Ok(document.clone()));
    }

    pub(super) fn keys(&mut self, issuer: &str, keys: &[SigningKey]) {
        let jwks = Jwks::of(keys.iter().map(SigningKey::public)).to_json();
        self.documents.insert(format!("{issuer}/jwks"), Ok(jwks));
    }

    /// A member of the issuer's published key set; `null` takes it away.
    pub(super) fn publish(&mut self, issuer: &str, member: &str, value: Value) {
        let mut jwk = Value::Object(issuer_key(issuer).public().to_jwk());
        super::token::set(&mut jwk, member, value);
        self.documents.insert(format!("{issuer}/jwks"), Ok(json!({ "keys": [jwk] })));
    }

    /// Another member before the issuer's own key.
    pub(super) fn publish_beside(&mut self, issuer: &str, neighbour: &Value) {
        let own = Value::Object(issuer_key(issuer).public().to_jwk());
        self.documents.insert(format!("{issuer}/jwks"), Ok(json!({ "keys": [neighbour, own] })));
    }

    /// Every document of this issuer fails.
    pub(super) fn fail(&mut self, issuer: &str, fault: &DiscoveryFault) {
        for (_, document) in self.documents.iter_mut().filter(|(url, _)| url.starts_with(issuer)) {
            *document = Err(fault.clone());
        }
    }
}

impl Fetch for Script {
    fn fetch<'a>(&'a self, target: &'a Target) -> Fetching<'a> {
        Box::pin(async {
            self.asked.lock().unwrap().push(target.url().to_owned());
            let document = self.documents.get(target.url()).cloned().unwrap_or(Err(DiscoveryFault::Status(404)))?;
            Ok(Document { body: document.to_string().into_bytes(), ..Document::default() })
        })
    }
}
