//! An agent of the Python library `aauth`, a program of its own: `tests/peers/aauth_walker.py`.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use super::process::installed;
use super::{ORDERS, PS};

/// The running agent. It ends when its stdin closes, so that a failed test leaves none behind.
#[derive(Debug)]
pub(crate) struct Python {
    program: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Python {
    /// An agent with its key, or with its two: `stable` is the one that stays. Resources are called at the gateway;
    /// what they publish is elsewhere.
    pub(crate) fn new(
        server: SocketAddr,
        gateway: SocketAddr,
        published: SocketAddr,
        key: &Value,
        stable: Option<&Value>,
    ) -> Self {
        let at = |address: SocketAddr| format!("http://{address}");
        let mut agent = Self::start();
        agent.call(&json!({
            "op": "be", "person_server": PS, "key": key, "stable": stable,
            "connect": { PS: at(server), ORDERS: at(gateway) },
            "documents": { PS: at(server), ORDERS: at(published) },
        }));
        agent
    }

    fn start() -> Self {
        let mut program = Command::new(installed("aauth/bin/python"))
            .arg("-B")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/peers/aauth_walker.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let requests = program.stdin.take().unwrap();
        let answers = BufReader::new(program.stdout.take().unwrap());
        Self { program, requests, answers }
    }

    /// Does one operation that waits for nobody.
    pub(crate) fn call(&mut self, request: &Value) -> Value {
        self.call_while(request, |event| panic!("{request} waits: {event}"))
    }

    /// Does one operation; what it tells while it waits is given to `told`.
    pub(crate) fn call_while(&mut self, request: &Value, told: impl FnMut(&Value)) -> Value {
        self.try_call(request, told).unwrap_or_else(|refusal| panic!("{request}: {refusal}"))
    }

    /// Does one operation that has to fail: `{"error", "code", "kind"}`.
    pub(crate) fn fails(&mut self, request: &Value, told: impl FnMut(&Value)) -> Value {
        match self.try_call(request, told) {
            Ok(value) => panic!("{request} succeeds: {value}"),
            Err(refusal) => refusal,
        }
    }

    fn try_call(&mut self, request: &Value, mut told: impl FnMut(&Value)) -> Result<Value, Value> {
        writeln!(self.requests, "{request}").unwrap();
        loop {
            let mut line = String::new();
            self.answers.read_line(&mut line).unwrap();
            let mut answer: Value =
                serde_json::from_str(&line).unwrap_or_else(|error| panic!("{request}: `{line}`: {error}"));
            match answer.get("ok") {
                None => told(&answer),
                Some(Value::Bool(true)) => return Ok(answer["value"].take()),
                Some(_) => return Err(answer),
            }
        }
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        self.program.kill().ok();
        self.program.wait().ok();
    }
}
