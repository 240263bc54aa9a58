//! A question that was put to the policies in the course of a check, with their decision: for those who explain a
//! check afterwards. The server keeps none of them.

use std::net::IpAddr;

use crate::clock::Seconds;
use crate::policy::{Call, Decision, RequestFacts, Subject};

/// One question and its decision. It can be put again, to these policies or to others.
#[derive(Debug, Clone)]
pub struct Consulted {
    /// The id of the resource.
    pub resource: String,
    /// Who asked.
    pub subject: Subject,
    /// The method.
    pub method: String,
    /// The host.
    pub host: String,
    /// The path, without its query.
    pub path: String,
    /// The query.
    pub query: Option<String>,
    /// The headers that policies may see.
    pub headers: Vec<(String, String)>,
    /// Where the request came from.
    pub source_ip: Option<IpAddr>,
    /// The identity of the gateway's peer.
    pub peer: Option<String>,
    /// The call, where one was asked about.
    pub call: Option<Call>,
    /// When.
    pub now: Seconds,
    /// What the policies said.
    pub decision: Decision,
}

impl Consulted {
    pub(super) fn new(
        resource: &str,
        subject: &Subject,
        facts: &RequestFacts<'_>,
        now: Seconds,
        decision: &Decision,
    ) -> Self {
        let owned = |text: &str| text.to_owned();
        Self {
            resource: owned(resource),
            subject: subject.clone(),
            method: owned(facts.method),
            host: owned(facts.host),
            path: owned(facts.path),
            query: facts.query.map(owned),
            headers: facts.headers.iter().map(|(name, value)| (owned(name), owned(value))).collect(),
            source_ip: facts.source_ip,
            peer: facts.peer.map(owned),
            call: facts.call.cloned(),
            now,
            decision: decision.clone(),
        }
    }

    /// Puts the question again: `ask` gets what it was asked with, but for the resource, the subject and the time.
    pub fn again<T>(&self, ask: impl FnOnce(&RequestFacts<'_>) -> T) -> T {
        let headers: Vec<_> = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        ask(&RequestFacts {
            method: &self.method,
            host: &self.host,
            path: &self.path,
            query: self.query.as_deref(),
            headers: &headers,
            source_ip: self.source_ip,
            peer: self.peer.as_deref(),
            call: self.call.as_ref(),
        })
    }
}
