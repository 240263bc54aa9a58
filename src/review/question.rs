//! A question that can be put to any set of policies.

use crate::authorizer::consulted::Consulted;
use crate::authorizer::kept::{Asked, Request};
use crate::clock::Seconds;
use crate::policy::{Decision, Explanation, Principal, Snapshot, Subject, TokenFacts};

/// Who asks what, of which resource, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The id of the resource.
    pub resource: String,
    /// Who asks.
    pub principal: Principal,
    /// What they prove it with.
    pub token: Option<TokenFacts>,
    /// What for.
    pub request: Request,
    /// When.
    pub now: Seconds,
}

impl Question {
    /// A question of a line of the decision log.
    pub fn of_log(resource: &str, asked: &Asked) -> Self {
        Self {
            resource: resource.to_owned(),
            principal: asked.principal.clone(),
            token: asked.token.clone(),
            request: asked.request.clone(),
            now: asked.now,
        }
    }

    /// A question that was put in the course of a check.
    pub fn of_check(consulted: &Consulted) -> Self {
        Self::of_log(&consulted.resource, &Asked::from(consulted))
    }

    /// What these policies say to it.
    pub fn decide(&self, policies: &Snapshot) -> Decision {
        self.request.as_facts(|facts| policies.decide(&self.resource, &self.subject(), facts, self.now))
    }

    /// What each of these policies says to it.
    pub fn explain(&self, policies: &Snapshot) -> Explanation {
        self.request.as_facts(|facts| policies.explain(&self.resource, &self.subject(), facts, self.now))
    }

    /// The request in one line, as in `GET orders.example/v1/orders?id=7`.
    pub fn line(&self) -> String {
        let Request { method, host, path, query, .. } = &self.request;
        let query = query.as_ref().map_or_else(String::new, |query| format!("?{query}"));
        let call = self.request.call.as_ref().map_or_else(String::new, |call| format!(" {}", call.label()));
        printable(&format!("{method} {host}{path}{query}{call}"))
    }

    /// Who asks, in one line.
    pub fn who(&self) -> String {
        printable(&match &self.principal {
            Principal::Agent { id, .. } => id.clone(),
            Principal::Person { ps, sub, .. } => format!("{ps}#{sub}"),
            Principal::Key { thumbprint } => format!("key {thumbprint}"),
            Principal::Anonymous => "anonymous".to_owned(),
        })
    }

    fn subject(&self) -> Subject {
        Subject::new(self.principal.clone(), self.token.clone())
    }
}

/// What a caller sent, as it may be shown in a terminal.
pub(super) fn printable(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect::<Vec<_>>() } else { vec![c] }).collect()
}
