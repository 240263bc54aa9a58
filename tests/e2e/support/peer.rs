//! The programs of `tests/peers`, each another implementation of the protocol, spoken to in JSON lines.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

use super::process::installed;

/// A running peer. It ends by itself when its stdin closes, so that a failed test leaves none behind.
#[derive(Debug)]
pub(crate) struct Peer {
    name: &'static str,
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    /// The agents' library `aauth`: signs, verifies, issues tokens, reads challenges.
    pub(crate) fn aauth() -> Self {
        Self::start("aauth_agent.py", "aauth")
    }

    /// `regent-httpsig`: signs and verifies.
    pub(crate) fn regent() -> Self {
        Self::start("regent.py", "regent")
    }

    /// An agent with the signer of `introspection-aauth`.
    pub(crate) fn introspection_agent() -> Self {
        Self::start("introspection_agent.py", "introspection")
    }

    /// The Person Server of `introspection-aauth`, and what it says of itself once it listens.
    pub(crate) fn person_server(configuration: &Value) -> (Self, Value) {
        let mut peer = Self::start("introspection_ps.py", "introspection");
        let ready = peer.send(configuration).unwrap_or_else(|refusal| panic!("no Person Server: {refusal}"));
        (peer, ready)
    }

    fn start(name: &'static str, environment: &str) -> Self {
        let python = installed(&format!("{environment}/bin/python"));
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers").join(name);
        let mut child = Command::new(python)
            .arg("-B")
            .arg(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {name}: {error}"));
        let requests = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Self { name, child, requests, answers }
    }

    /// Does one operation and expects it to succeed: `peer.call(json!({"op": "sign", ...}))`.
    pub(crate) fn call(&mut self, request: &Value) -> Value {
        let name = self.name;
        self.send(request).unwrap_or_else(|refusal| panic!("{name} refused {request}: {refusal}"))
    }

    /// Does one operation and expects a refusal: `{"error", "code", "kind"}`.
    pub(crate) fn refuse(&mut self, request: &Value) -> Value {
        match self.send(request) {
            Ok(value) => panic!("{} accepted {request}: {value}", self.name),
            Err(refusal) => refusal,
        }
    }

    fn send(&mut self, request: &Value) -> Result<Value, Value> {
        writeln!(self.requests, "{request}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        let mut answer: Value =
            serde_json::from_str(&line).unwrap_or_else(|error| panic!("{} said `{line}`: {error}", self.name));
        match answer.get("ok") {
            Some(Value::Bool(true)) => Ok(answer.get_mut("value").map(Value::take).unwrap_or_default()),
            Some(_) | None => Err(answer),
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
