//! Who plays, and what they sign.

use aauth_authorizer::aauth::identifier::ServerId;
use aauth_authorizer::aauth::key::SigningKey;
use aauth_authorizer::aauth::message::{Fields, Message};
use aauth_authorizer::aauth::metadata::Dwk;
use aauth_authorizer::aauth::signing::{Signer, sign};
use aauth_authorizer::aauth::token::Common;
use aauth_authorizer::aauth::token::auth::AuthToken;
use aauth_authorizer::clock::{Clock as _, SystemClock};
use serde_json::Map;

use super::{HOST, PERSONS, RESOURCE};

/// What a browser-like client behind a gateway sends besides the signature's own three fields.
const FIELDS: [(&str, &str); 17] = [
    ("accept", "application/json"),
    ("accept-encoding", "gzip, br"),
    ("accept-language", "en-GB,en;q=0.8"),
    ("cache-control", "no-cache"),
    ("content-type", "application/json"),
    ("user-agent", "example-agent/1.4 (linux; x86_64)"),
    ("origin", "https://agent.example"),
    ("referer", "https://agent.example/tasks/1729"),
    ("x-forwarded-for", "203.0.113.7"),
    ("x-forwarded-proto", "https"),
    ("x-forwarded-client-cert", "By=spiffe://cluster.local/ns/edge/sa/gateway;Subject=\"CN=edge\""),
    ("x-envoy-external-address", "203.0.113.7"),
    ("x-envoy-expected-rq-timeout-ms", "15000"),
    ("x-request-id", "0b8a3a9e-6f5c-4c0e-9c0a-0d3a3f0e7a11"),
    ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    ("tracestate", "vendor=00f067aa0ba902b7"),
    ("priority", "u=3"),
];

/// A person server, a resource and an agent. Keys are made of one repeated byte.
#[derive(Debug)]
pub(crate) struct Cast {
    pub(crate) person_server: SigningKey,
    pub(crate) resource: SigningKey,
    pub(crate) agent: SigningKey,
}

impl Cast {
    pub(crate) fn new() -> Self {
        let key = |kid: &str, byte: u8| SigningKey::ed25519(kid, &[byte; 32]);
        Self { person_server: key("ps-1", 21), resource: key("rs-1", 22), agent: key("", 23) }
    }

    /// An auth token of its own for each number.
    pub(crate) fn token(&self, number: usize) -> String {
        let now = SystemClock.now();
        let server = |id| ServerId::parse(id).unwrap();
        let token = AuthToken {
            common: Common {
                iss: server(PERSONS),
                dwk: Dwk::Person,
                jti: format!("0192f3a4-5b6c-7d8e-9f00-{number:012}"),
                iat: now,
                exp: now + 590,
            },
            aud: server(RESOURCE),
            ps: server(PERSONS),
            sub: format!("person-{number:08}"),
            key: self.agent.public().clone(),
            scopes: vec!["orders.read".into(), "orders.write".into()],
            account: None,
            mission_s256: None,
            tenant: Some("acme".into()),
            more: Map::new(),
        };
        token.sign(&self.person_server)
    }

    /// A GET with a signature of its own for each target.
    pub(crate) fn signed(&self, target: &str, token: &str) -> Message {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.as_bytes().to_vec());
        let mut lines: Vec<_> = FIELDS.into_iter().map(owned).collect();
        let bare = Message::request("GET", "https", HOST, target, Fields::default());
        let signature = sign(&bare, &[], Signer::Agent { token }, &self.agent, SystemClock.now()).unwrap();
        lines.extend(signature.into_pairs().map(|(name, value)| (name.to_owned(), value.into_bytes())));
        Message::request("GET", "https", HOST, target, Fields::lines(lines))
    }
}
