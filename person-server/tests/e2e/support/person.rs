//! A person at their API, over HTTP: logged in by the setup link, told what waits, deciding.

use std::net::SocketAddr;
use std::sync::Mutex;
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

use super::client::{Request, Response};
use super::{PS, PersonServer};

/// A person with a session.
#[derive(Debug)]
pub(crate) struct Person {
    at: SocketAddr,
    cookie: Mutex<String>,
}

impl Person {
    /// The first person of a new server.
    pub(crate) fn set_up(server: &PersonServer) -> Self {
        let person = Self::nobody(server);
        let session = person.post("/api/session", &json!({ "setup_token": server.setup }));
        assert_eq!(session.status, 201, "{}", session.text());
        person
    }

    /// Somebody who has not logged in.
    pub(crate) fn nobody(server: &PersonServer) -> Self {
        Self { at: server.address, cookie: Mutex::default() }
    }

    /// A request as a page of the server's own makes it.
    pub(crate) fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Response {
        let request = Request::new(method, "ps.example", path).header("origin", PS).header("x-requested-with", "page");
        let cookie = self.cookie.lock().unwrap().clone();
        let request = if cookie.is_empty() { request } else { request.header("cookie", &cookie) };
        let request = match body {
            Some(body) => request.header("content-type", "application/json").body(body.to_string()),
            None => request,
        };
        let response = request.send(self.at);
        if let Some(line) = response.header("set-cookie") {
            line.split(';').next().unwrap().clone_into(&mut self.cookie.lock().unwrap());
        }
        response
    }

    /// What is there; it has to be.
    pub(crate) fn get(&self, path: &str) -> Value {
        let response = self.send("GET", path, None);
        assert_eq!(response.status, 200, "{path}: {}", response.text());
        response.json()
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Response {
        self.send("POST", path, Some(body))
    }

    /// Arrives with the code that an agent showed; sees what is asked.
    pub(crate) fn arrive(&self, code: &str) -> Value {
        let response = self.post("/api/arrivals", &json!({ "code": code }));
        assert_eq!(response.status, 200, "{}", response.text());
        response.json()
    }

    /// Decides on what is shown; the server has to take it.
    pub(crate) fn decide(&self, approval: &Value, mut decision: Value) {
        decision["version"] = approval["version"].clone();
        let path = format!("/api/approvals/{}/decision", approval["id"].as_str().unwrap());
        let response = self.post(&path, &decision);
        assert_eq!(response.status, 200, "{decision}: {}", response.text());
    }

    /// Yes: until it is taken back, where it is about access to a resource.
    pub(crate) fn approve(&self, approval: &Value) {
        let remember = if approval["resource"].is_null() { "once" } else { "always" };
        self.decide(approval, json!({ "decision": "approve", "remember": remember }));
    }

    /// The same request, once the agent has answered what it was asked.
    pub(crate) fn answered(&self, approval: &Value) -> Value {
        let path = format!("/api/approvals/{}", approval["id"].as_str().unwrap());
        for _ in 0..200 {
            let now = self.get(&path);
            if now["question"].is_null() && now["chat"].as_array().is_some_and(|chat| !chat.is_empty()) {
                return now;
            }
            sleep(Duration::from_millis(50));
        }
        panic!("the agent does not answer: {}", self.get(&path));
    }

    /// What waits, as soon as something does.
    pub(crate) fn asked(&self) -> Value {
        for _ in 0..200 {
            if let Some(asked) = self.waiting().into_iter().next() {
                return asked;
            }
            sleep(Duration::from_millis(50));
        }
        panic!("nobody asks for anything");
    }

    /// All that waits.
    pub(crate) fn waiting(&self) -> Vec<Value> {
        self.get("/api/approvals")["items"].as_array().unwrap().clone()
    }
}
