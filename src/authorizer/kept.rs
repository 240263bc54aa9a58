//! What a decision was made from, as it is kept in the decision log and read back: everything it takes to decide again.
//!
//! It holds what an operator may not want in a log: who the person is, their claims, the query, header values. So it
//! is written only where the configuration asks for it. It never holds a token, a signature or a body; of a
//! body that holds calls, it holds what policies see of them, arguments included.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::consulted::Consulted;
use crate::clock::Seconds;
use crate::policy::{Call, Principal, RequestFacts, Ruling, Subject, TokenFacts};

/// The format that is written, and the only one that is read.
pub const VERSION: u32 = 1;

/// The questions that one check put to the policies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// The format.
    pub v: u32,
    /// The questions. Never empty.
    pub asked: Vec<Asked>,
}

/// One question, and what the policies said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// Who asked.
    pub principal: Principal,
    /// What they proved it with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<TokenFacts>,
    /// What for.
    pub request: Request,
    /// When, in seconds since the epoch.
    pub now: Seconds,
    /// What the policies said.
    pub answer: Ruling,
}

/// A request as policies see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The host.
    pub host: String,
    /// The path, as sent.
    pub path: String,
    /// The query, as sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// The headers policies may see.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// Where the request came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_ip: Option<IpAddr>,
    /// The identity of the gateway's peer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// The call, where one was asked about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Call>,
}

impl Kept {
    /// The questions of a check; none if the policies were asked nothing.
    pub fn of(consulted: &[Consulted]) -> Option<Self> {
        if consulted.is_empty() {
            return None;
        }
        Some(Self { v: VERSION, asked: consulted.iter().map(Asked::from).collect() })
    }
}

impl From<&Consulted> for Asked {
    fn from(consulted: &Consulted) -> Self {
        Self {
            principal: consulted.subject.principal().clone(),
            token: consulted.subject.token().cloned(),
            request: Request {
                method: consulted.method.clone(),
                host: consulted.host.clone(),
                path: consulted.path.clone(),
                query: consulted.query.clone(),
                headers: consulted.headers.clone(),
                source_ip: consulted.source_ip,
                peer: consulted.peer.clone(),
                call: consulted.call.clone(),
            },
            now: consulted.now,
            answer: Ruling::from(&consulted.decision),
        }
    }
}

impl Asked {
    /// Who asked, ready to ask again.
    pub fn subject(&self) -> Subject {
        Subject::new(self.principal.clone(), self.token.clone())
    }

    /// Hands over the request as policies take it.
    pub fn again<T>(&self, ask: impl FnOnce(&RequestFacts<'_>) -> T) -> T {
        self.request.as_facts(ask)
    }
}

impl Request {
    /// Hands over the request as policies take it.
    pub fn as_facts<T>(&self, ask: impl FnOnce(&RequestFacts<'_>) -> T) -> T {
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
