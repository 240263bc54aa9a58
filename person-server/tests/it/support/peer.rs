//! Another implementation of the protocol, put there by `make peers`: a program of `tests/peers`, spoken to in JSON lines.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

/// A running peer. It ends with its stdin, and so with the test.
#[derive(Debug)]
pub(crate) struct Peer {
    program: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    /// The access server of `introspection-aauth`, and what it says of itself once it listens.
    pub(crate) fn access_server(configuration: &Value) -> (Self, Value) {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let python = root.join("target/peers/introspection/bin/python");
        assert!(python.exists(), "`target/peers/introspection` is not there: run `make peers`");
        let mut program = Command::new(python)
            .arg("-B")
            .arg(root.join("tests/peers/introspection_as.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let requests = program.stdin.take();
        let answers = BufReader::new(program.stdout.take().unwrap());
        let mut peer = Self { program, requests, answers };
        let ready = peer.call(configuration);
        (peer, ready)
    }

    /// Does one operation.
    pub(crate) fn call(&mut self, request: &Value) -> Value {
        writeln!(self.requests.as_mut().unwrap(), "{request}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        let answer: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("the peer said `{line}`"));
        assert_eq!(answer["ok"], true, "{request}: {answer}");
        answer["value"].clone()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.requests = None;
        let _ = self.program.wait();
    }
}
