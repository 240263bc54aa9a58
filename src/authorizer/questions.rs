//! What policies are asked about a request: the request itself, or each call in its body.

use super::answer::Answer;
use super::inbound::InboundRequest;
use super::resource::Resource;
use super::rpc;
use crate::aauth::message::Message;
use crate::policy::{Call, RequestFacts};

/// One question, or as many as there are calls; never none.
#[derive(Debug)]
pub(super) struct Questions<'a> {
    request: &'a InboundRequest,
    /// The headers that the operator lets policies see.
    headers: Vec<(&'a str, &'a str)>,
    calls: Vec<Call>,
}

impl<'a> Questions<'a> {
    /// Reads what a request asks for; a body that should hold calls and does not is a refusal.
    pub(super) fn of(resource: &'a Resource, request: &'a InboundRequest) -> Result<Self, Box<Answer>> {
        let calls = rpc::calls(resource, request)?;
        Ok(Self { request, headers: visible_headers(resource, &request.message), calls })
    }

    /// Each question, in the order of the calls.
    pub(super) fn facts(&self) -> impl Iterator<Item = RequestFacts<'_>> {
        let alone = self.calls.is_empty().then(|| self.about(None));
        alone.into_iter().chain(self.calls.iter().map(|call| self.about(Some(call))))
    }

    /// The calls; none where the request itself is the question.
    pub(super) fn calls(&self) -> &[Call] {
        &self.calls
    }

    /// The request's head.
    pub(super) fn message(&self) -> &'a Message {
        &self.request.message
    }

    fn about<'s>(&'s self, call: Option<&'s Call>) -> RequestFacts<'s> {
        let message = &self.request.message;
        RequestFacts {
            method: message.method(),
            host: message.authority(),
            path: message.path(),
            query: message.query(),
            headers: &self.headers,
            source_ip: self.request.source_ip,
            peer: self.request.peer.as_deref(),
            call,
        }
    }
}

fn visible_headers<'a>(resource: &'a Resource, message: &'a Message) -> Vec<(&'a str, &'a str)> {
    let names = resource.policy_headers.iter();
    names.filter_map(|name| Some((name.as_str(), message.fields().single(name)?))).collect()
}
