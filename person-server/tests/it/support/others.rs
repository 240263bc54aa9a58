//! The servers that this one calls: their endpoints, by URL, and what was asked of them.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;
use std::time::Duration;

use aauth_authorizer::discovery::{DiscoveryFault, Exchange, Exchanging, ServerResponse, Signed};
use serde_json::Value;

/// What was asked of a server.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Value,
}

impl Asked {
    /// A header's value; empty where it is absent.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
}

/// Answers as it was told to, in order; the last answer stays.
#[derive(Debug, Default)]
pub(crate) struct Others {
    answers: Mutex<HashMap<String, VecDeque<Result<ServerResponse, DiscoveryFault>>>>,
    asked: Mutex<Vec<Asked>>,
}

impl Others {
    /// Answers requests like `POST https://as.example/token` so; after those before, if it was told of any.
    pub(crate) fn answers(&self, request: &str, answer: ServerResponse) {
        self.answers.lock().unwrap().entry(request.to_owned()).or_default().push_back(Ok(answer));
    }

    /// Breaks such requests off.
    pub(crate) fn fails(&self, request: &str, fault: DiscoveryFault) {
        self.answers.lock().unwrap().entry(request.to_owned()).or_default().push_back(Err(fault));
    }

    /// Forgets what such requests were to be answered.
    pub(crate) fn forget(&self, request: &str) {
        self.answers.lock().unwrap().remove(request);
    }

    /// What was asked so far with this method and URL.
    pub(crate) fn asked(&self, request: &str) -> Vec<Asked> {
        let all = self.asked.lock().unwrap();
        all.iter().filter(|one| format!("{} {}", one.method, one.url) == request).cloned().collect()
    }

    /// How much was asked of anybody.
    pub(crate) fn count(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

impl Exchange for Others {
    fn exchange(&self, request: Signed, _: Duration) -> Exchanging<'_> {
        let asked = Asked {
            method: request.method,
            url: request.target.url().to_owned(),
            headers: request.headers,
            body: serde_json::from_slice(&request.body).unwrap_or_default(),
        };
        let name = format!("{} {}", asked.method, asked.url);
        self.asked.lock().unwrap().push(asked);
        let mut answers = self.answers.lock().unwrap();
        let answer = answers.get_mut(&name).and_then(|queue| match queue.len() {
            0 | 1 => queue.front().cloned(),
            _ => queue.pop_front(),
        });
        Box::pin(async { answer.unwrap_or(Err(DiscoveryFault::Unreachable("nobody is there"))) })
    }
}

/// A JSON answer; none where the body is null.
pub(crate) fn answer(status: u16, body: &Value) -> ServerResponse {
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    ServerResponse { status, body, ..ServerResponse::default() }
}

/// An answer that is not the last: with a location, and what is required.
pub(crate) fn deferred(location: &str, requirement: Option<&str>, body: &Value) -> ServerResponse {
    let mut headers = vec![("location".to_owned(), location.to_owned()), ("retry-after".to_owned(), "1".to_owned())];
    headers.extend(requirement.map(|requirement| ("aauth-requirement".to_owned(), requirement.to_owned())));
    ServerResponse { headers, ..answer(202, body) }
}
