//! Calls by JSON-RPC: what the body of a request to an MCP server, or to an agent that speaks A2A, asks for.
//!
//! A body is read once, whole, and strictly: whatever the upstream could read otherwise than policies do is refused, be
//! it a member given twice, one whose name differs from a known one in case alone (some servers take both), or a
//! message that is both a call and an answer.

mod media;
mod message;
mod strict_json;

pub use message::written;

use serde_json::Value;

use super::answer::{Answer, Denied, Fault};
use super::inbound::{Body, InboundRequest};
use super::resource::Resource;
use crate::policy::{self, Call};

/// The most calls of one body.
const MOST_CALLS: usize = 64;

/// Where a resource is served by JSON-RPC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RpcRoute {
    /// The path, as policies know it.
    pub path: String,
    /// What is spoken there.
    pub protocol: Protocol,
    /// The name of the server, or of the agent, in policies.
    pub service: String,
}

/// What is spoken over JSON-RPC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// The Model Context Protocol.
    Mcp,
    /// The Agent2Agent protocol.
    A2a,
}

impl Protocol {
    fn name(self) -> &'static str {
        match self {
            Self::Mcp => "MCP",
            Self::A2a => "A2A",
        }
    }
}

/// The call that a text asks for at this route: for those who ask about a call without sending it.
pub fn call(route: &RpcRoute, text: &str) -> Result<Call, String> {
    let message = strict_json::parse(text.as_bytes()).map_err(|error| format!("it cannot be read as JSON: {error}"))?;
    message::read(route, message)
}

/// The calls of a request, each a question of its own; none where the request itself is the question.
///
/// What has no body to speak of is asked as any request: `GET` opens a stream of events, `DELETE` ends a session.
pub(super) fn calls(resource: &Resource, request: &InboundRequest) -> Result<Vec<Call>, Box<Answer>> {
    match route(resource, request.message.path()) {
        Some(route) if has_body(request.message.method()) => read(route, request),
        Some(_) | None => Ok(Vec::new()),
    }
}

/// Whether requests of this method are read as calls.
pub fn has_body(method: &str) -> bool {
    !["GET", "HEAD", "OPTIONS", "DELETE"].contains(&method)
}

fn route<'r>(resource: &'r Resource, path: &str) -> Option<&'r RpcRoute> {
    if resource.rpc.is_empty() {
        return None;
    }
    // A path that admits two readings is refused when it is asked about.
    let path = policy::canonical_path(path).ok()?;
    resource.rpc.iter().find(|route| route.path == path)
}

fn read(route: &RpcRoute, request: &InboundRequest) -> Result<Vec<Call>, Box<Answer>> {
    let denied = |status, code, detail| Box::new(Answer::Forbidden(Denied { status, code, detail }));
    let name = route.protocol.name();
    let body = match &request.body {
        Body::Whole(body) => body,
        Body::Partial => {
            let detail = format!("the body is larger than the gateway forwards, so its {name} calls cannot be read");
            return Err(denied(413, "content_too_large", detail));
        }
        // Here it is the operator who names the route and does not forward what is sent to it.
        Body::NotForwarded => {
            let detail = format!("{name} is served at `{}`, but the gateway does not forward bodies", route.path);
            return Err(Box::new(Answer::Unavailable(Fault { code: "body_not_forwarded", detail })));
        }
    };
    if !media::is_json(request.message.fields()) {
        let detail = format!("{name} takes `content-type: application/json` in UTF-8, without a `content-encoding`");
        return Err(denied(415, "unsupported_media_type", detail));
    }
    let messages = match strict_json::parse(body) {
        Ok(Value::Array(messages)) => messages,
        Ok(single) => vec![single],
        Err(error) => return Err(denied(400, "invalid_request", format!("the body cannot be read as JSON: {error}"))),
    };
    if messages.len() > MOST_CALLS {
        return Err(denied(413, "content_too_large", format!("a batch holds at most {MOST_CALLS} calls")));
    }
    if messages.is_empty() {
        return Err(denied(400, "invalid_request", "the batch is empty".to_owned()));
    }
    let read = messages.into_iter().map(|message| message::read(route, message));
    read.collect::<Result<_, _>>().map_err(|fault| {
        denied(400, "invalid_request", format!("the body is not what {name} sends over JSON-RPC: {fault}"))
    })
}

#[cfg(test)]
mod tests;
