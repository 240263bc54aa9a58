//! An agent that makes one request at a time, and waits for nothing: what happens between two of them is the test's.

use std::net::SocketAddr;

use aauth_authorizer::aauth::digest::sha256_field;
use aauth_authorizer::aauth::key::SigningKey;
use aauth_authorizer::aauth::message::{Fields, Message};
use aauth_authorizer::aauth::requirement::Requirement;
use aauth_authorizer::aauth::signing::{Signer, sign};
use aauth_authorizer::clock::{Clock as _, SystemClock};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::Person;
use super::client::{Request, Response};

/// An agent with one key, before and after it has its token.
#[derive(Debug)]
pub(crate) struct Caller {
    at: SocketAddr,
    key: SigningKey,
    pub(crate) token: Option<String>,
}

impl Caller {
    /// An agent with a key made of one byte.
    pub(crate) fn new(at: SocketAddr, seed: u8) -> Self {
        Self { at, key: SigningKey::ed25519("", &[seed; 32]), token: None }
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Response {
        self.send("POST", path, body.to_string().as_bytes())
    }

    /// Looks at what an answer said waits.
    pub(crate) fn poll(&self, asked: &Response) -> Response {
        self.send("GET", asked.header("location").unwrap(), &[])
    }

    /// The same, waiting for the answer as long as the server lets it.
    pub(crate) fn wait(&self, asked: &Response) -> Response {
        let request = self.signed("GET", asked.header("location").unwrap(), &[], &[]);
        request.header("prefer", "wait=30").send(self.at)
    }

    /// Asks to be enrolled.
    pub(crate) fn register(&self) -> Response {
        self.post("/register", &json!({ "agent_name": "Research assistant" }))
    }

    /// Enrols, with the person's approval.
    pub(crate) fn enrolled(mut self, person: &Person) -> Self {
        let asked = self.register();
        person.approve(&person.arrive(&code(&asked)));
        self.take(&self.poll(&asked));
        self
    }

    /// Keeps the agent token in an answer.
    pub(crate) fn take(&mut self, answer: &Response) {
        assert_eq!(answer.status, 200, "{}", answer.text());
        self.token = Some(answer.json()["agent_token"].as_str().unwrap().to_owned());
    }

    fn send(&self, method: &str, path: &str, body: &[u8]) -> Response {
        let cover: &[&str] = if body.is_empty() { &[] } else { &["content-digest", "content-type"] };
        self.signed(method, path, body, cover).send(self.at)
    }

    /// A request whose signature covers these, beside what each has to cover.
    pub(crate) fn signed(&self, method: &str, path: &str, body: &[u8], cover: &[&str]) -> Request {
        let mut headers = Vec::new();
        if !body.is_empty() {
            headers = vec![("content-type", "application/json".to_owned()), ("content-digest", sha256_field(body))];
        }
        let lines = headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone().into_bytes()));
        let message = Message::request(method, "https", "ps.example", path, Fields::lines(lines));
        let signer = self.token.as_deref().map_or(Signer::Pseudonymous, |token| Signer::Agent { token });
        let signature = sign(&message, cover, signer, &self.key, SystemClock.now()).unwrap();
        let request = Request::new(method, "ps.example", path);
        let all = headers.into_iter().chain(signature.into_pairs());
        let request = all.fold(request, |request, (name, value)| request.header(name, &value));
        if body.is_empty() { request } else { request.body(body) }
    }
}

/// The code of the interaction that an answer requires.
pub(crate) fn code(answer: &Response) -> String {
    let required = answer.header("aauth-requirement").unwrap_or_else(|| panic!("{}: {}", answer.status, answer.text()));
    let requirement = Requirement::parse(required).unwrap();
    let Requirement::Interaction { code, .. } = requirement else { panic!("{requirement:?} has no code") };
    code
}

/// The claims of a token, unverified.
pub(crate) fn claims(token: &str) -> Value {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}
