//! The stage of a walk: an agent, those it calls, and who is asked about it.

use std::time::Duration;

use anyhow::Context as _;
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use serde_json::Value;

use super::screen;
use super::tally::Tally;
use crate::aauth::error::SignatureError;
use crate::aauth::requirement::Requirement;
use crate::aauth::token::TokenType;
use crate::agent::{Agent, AgentError, Call, PersonServerFault, Reply, Step};
use crate::demo::names::{ORDERS, ORDERS_HOST, PERSON, PERSONS};
use crate::demo::world::World;

/// The `x-aauth-` headers that tell the most.
const TELLING: [&str; 4] = ["level", "agent", "person", "scope"];

/// Where scenes are played.
#[derive(Debug)]
pub(super) struct Stage<'a> {
    pub(super) world: &'a World,
    pub(super) agent: Agent,
    pub(super) tally: Tally,
    /// How often the person was asked.
    pub(super) asked: usize,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    headers: Vec<(String, String)>,
    body: Value,
}

/// What the API was told under a header's name.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told<'a> {
    Is(&'a str),
    Nothing,
}

impl<'a> Stage<'a> {
    pub(super) fn new(world: &'a World, agent: Agent, tally: Tally) -> Self {
        Self { world, agent, tally, asked: 0 }
    }

    /// The agent calls, and follows whatever it is asked for.
    pub(super) async fn call(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> anyhow::Result<Answer> {
        let reply = self.meanwhile(call(method, path, headers, body)).await??;
        Ok(self.show(method, path, reply))
    }

    /// The same, and the error code where the person server refused what the resource asked for.
    pub(super) async fn refusal(&mut self, method: &str, path: &str, body: &[u8]) -> anyhow::Result<Option<String>> {
        match self.meanwhile(call(method, path, &[], body)).await? {
            Ok(reply) => {
                self.show(method, path, reply);
                Ok(None)
            }
            Err(AgentError::PersonServer { fault: PersonServerFault::Refused { code, detail, .. }, .. }) => {
                for policies in self.world.decided.take() {
                    screen::exchange((method, path), "", 401, "asks for more", &policies);
                }
                self.heard().iter().for_each(|line| screen::aside(PERSON, line));
                screen::aside("person server", &format!("refuses: {code}, {detail}"));
                Ok(Some(code))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Asks the person server for something that no resource governs, and waits until it is decided.
    pub(super) async fn ask(&mut self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        let url = format!("{PERSONS}{path}");
        let mut request = Call { method: "POST".to_owned(), url, headers, body: body.to_string().into_bytes() };
        loop {
            let reply = self.meanwhile(request).await??;
            if reply.status != 202 {
                self.heard().iter().for_each(|line| screen::aside(PERSON, line));
                screen::exchange(("POST", path), "agent token", reply.status, "", &[]);
                return Ok(json(&reply.body));
            }
            let location = reply.headers.iter().find(|(name, _)| name == "location");
            let (_, location) = location.context("the person server does not say where to wait")?;
            let url = if location.starts_with('/') { format!("{PERSONS}{location}") } else { location.clone() };
            let headers = vec![("prefer".to_owned(), "wait=20".to_owned())];
            tokio::time::sleep(Duration::from_secs(1)).await;
            request = Call { method: "GET".to_owned(), url, headers, body: Vec::new() };
        }
    }

    /// The agent calls, and the person decides what she is asked meanwhile.
    async fn meanwhile(&self, call: Call) -> anyhow::Result<Result<Reply, AgentError>> {
        tokio::select! {
            reply = self.agent.call(call) => Ok(reply),
            never = self.world.ada.attend() => match never? {},
        }
    }

    /// What the person was asked, and said.
    fn heard(&mut self) -> Vec<String> {
        let said = self.world.ada.said();
        self.asked += said.len();
        said
    }

    /// A call, step by step.
    fn show(&mut self, method: &str, path: &str, reply: Reply) -> Answer {
        let mut said = self.heard().into_iter();
        let mut decided = self.world.decided.take().into_iter();
        for step in &reply.steps {
            match step {
                Step::Called { presented, status, requirement } => {
                    let note = requirement.map(|asked| format!("asks for {asked}"));
                    let note = note.unwrap_or_else(|| if *status < 400 { String::new() } else { error(&reply.body) });
                    let policies = decided.next().unwrap_or_default();
                    screen::exchange((method, path), name_of(*presented), *status, &note, &policies);
                }
                Step::GotPersonToken { .. } | Step::GotAuthToken { .. } => {
                    said.by_ref().take(1).for_each(|line| screen::aside(PERSON, &line));
                }
            }
        }
        let answer = Answer { status: reply.status, headers: reply.headers, body: json(&reply.body) };
        answer.show();
        answer
    }

    /// A request as anybody may send it.
    pub(super) async fn send_unsigned(&self, method: &str, path: &str) -> anyhow::Result<Answer> {
        self.send_signed(method, path, &[], b"", "unsigned").await
    }

    /// Headers by which the agent would call.
    pub(super) fn sign(&self, method: &str, path: &str, body: &[u8]) -> anyhow::Result<Vec<(String, String)>> {
        Ok(self.agent.signed_headers(&call(method, path, &[], body))?)
    }

    /// Sends a request with headers that may have been made for another one.
    pub(super) async fn send_signed(
        &self,
        method: &str,
        path: &str,
        signed: &[(String, String)],
        body: &'static [u8],
        what: &str,
    ) -> anyhow::Result<Answer> {
        let mut headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static(ORDERS_HOST))]);
        for (name, value) in signed {
            headers.append(HeaderName::try_from(name)?, HeaderValue::try_from(value)?);
        }
        let verb = Method::from_bytes(method.as_bytes())?;
        let sending = self.world.client.send(self.world.gateway(), (&verb, path), headers, Bytes::from_static(body));
        let response = sending.await.context("the gateway does not answer")?;
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = response.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        let answer = Answer { status: response.status().as_u16(), headers, body: json(response.body()) };
        let policies = self.world.decided.take().pop().unwrap_or_default();
        screen::exchange((method, path), what, answer.status, &error(response.body()), &policies);
        Ok(answer)
    }
}

impl Answer {
    /// Whether it states this requirement.
    pub(super) fn requires(&self, value: &str) -> bool {
        let stated = self.header("aauth-requirement").map(Requirement::parse);
        matches!(stated, Some(Ok(requirement)) if requirement.value() == value)
    }

    /// Whether it names this signature error.
    pub(super) fn has_error(&self, code: &str) -> bool {
        let named = self.header("signature-error").and_then(SignatureError::code_of_header);
        named.is_some_and(|named| named.code() == code)
    }

    /// What the API says that it was told.
    pub(super) fn told(&self, name: &str) -> Told<'_> {
        self.body.get("told").and_then(|told| told.get(name)).and_then(Value::as_str).map_or(Told::Nothing, Told::Is)
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// What of the caller the API was told, in a line.
    fn show(&self) {
        let told = TELLING.iter().filter_map(|name| match self.told(&format!("x-aauth-{name}")) {
            Told::Is(value) => Some(format!("{name}={value}")),
            Told::Nothing => None,
        });
        let told: Vec<_> = told.collect();
        if !told.is_empty() {
            screen::aside("API is told", &told.join("  "));
        }
    }
}

fn call(method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Call {
    let mut headers: Vec<_> = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    if !body.is_empty() {
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
    }
    Call { method: method.to_owned(), url: format!("{ORDERS}{path}"), headers, body: body.to_vec() }
}

/// Why a request was refused, in the words of the problem body.
fn error(body: &[u8]) -> String {
    json(body).get("detail").and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn json(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_default()
}

fn name_of(token: TokenType) -> &'static str {
    match token {
        TokenType::Agent => "agent token",
        TokenType::Person => "person token",
        TokenType::Resource => "resource token",
        TokenType::Auth => "auth token",
    }
}
