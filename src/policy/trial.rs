//! Tries a set of policies before it is taken: every method and call, by every kind of caller, at every resource.
//!
//! Validation proves that policies fit the schema. The trial proves that requests do, so that they need not be
//! validated one by one, and finds the policies that fail on an ordinary request, which validation cannot see (an
//! overflow).

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use cedar_policy::Schema;
use serde_json::json;

use super::call::{A2aCall, Call, McpCall};
use super::engine::Snapshot;
use super::error::LoadFault;
use super::input::Type;
use super::inquiry::Inquiry;
use super::load::Loaded;
use super::names::names;
use super::question::Question;
use super::request::{ClaimValue, Principal, RequestFacts, TokenFacts, TokenKind};
use super::schema::{Action, TOOLS_CALL};
use super::source::Source;
use super::store::StoreConfig;
use super::subject::Subject;

/// A time in the middle of the sample tokens' lives.
const NOW: i64 = 1_767_225_600;

/// Every fault the trial finds.
pub(super) fn run(
    snapshot: &Snapshot,
    loaded: &[Loaded],
    sources: &[Source],
    config: &StoreConfig,
    schema: &Schema,
    inquiries: &[Inquiry],
) -> Vec<LoadFault> {
    let subjects = subjects();
    let mut faults = conformance(snapshot, &subjects, config, schema);
    faults.extend(inquiries.iter().filter_map(|inquiry| misfit(inquiry, config, schema)));
    let mut failed = BTreeMap::new();
    for resource in &config.resources {
        for action in snapshot.actions().of_requests() {
            for subject in &subjects {
                let call = call(action);
                let facts = facts(action, call.as_ref());
                let question = Question { resource, facts: &facts, now: NOW };
                let enforced = snapshot.weigh(question, subject).map(|verdict| verdict.errors).unwrap_or_default();
                let errors = enforced.into_iter().chain(snapshot.weigh_shadow(question, subject).errors);
                failed.extend(errors.map(|error| (error.policy, error.message)));
            }
        }
    }
    for resource in &config.resources {
        for inquiry in inquiries {
            failed.extend(snapshot.inquire(resource, inquiry).failures());
        }
    }
    for policy in loaded {
        if let Some(message) = failed.get(&policy.obligations.id) {
            faults.push(policy.fault(sources, format!("the policy fails to evaluate: {message}")));
        }
    }
    faults
}

/// Whether an inquiry is what the schema declares.
fn misfit(inquiry: &Inquiry, config: &StoreConfig, schema: &Schema) -> Option<LoadFault> {
    let why = inquiry.conforms(schema).err()?;
    let message = format!("questions for `{}` do not fit its declaration: {why}", inquiry.action);
    Some(LoadFault::whole(&config.schemas_dir, message).hint("declare what is yours in a namespace of your own"))
}

/// Whether full requests are what the schema declares, which an author's own actions may have changed.
fn conformance(snapshot: &Snapshot, subjects: &[Subject], config: &StoreConfig, schema: &Schema) -> Vec<LoadFault> {
    let mut faults = Vec::new();
    // One resource is like the other; without any, nothing can be asked.
    let Some(resource) = config.resources.first() else {
        return faults;
    };
    for action in snapshot.actions().of_requests() {
        for subject in subjects {
            let call = call(action);
            let facts = facts(action, call.as_ref());
            let question = Question { resource, facts: &facts, now: NOW };
            let Ok(asked) = snapshot.read(question, subject) else { continue };
            let (message, hint) = if asked.action().uid != action.uid {
                let hint = "a tool's action is `server/tool`, in `MCP::Action::\"tools/call\"`, on `MCP::Tool`";
                (format!("nothing that is sent asks for `{}`", action.uid), hint)
            } else if asked.conforms(schema).is_err() {
                (format!("requests for `{}` do not fit its declaration", action.uid), declaration(action))
            } else {
                continue;
            };
            faults.push(LoadFault::whole(&config.schemas_dir, message).hint(hint));
        }
    }
    faults
}

/// How an action of this kind has to be declared.
fn declaration(action: &Action) -> &'static str {
    if *action.uid.type_name() == names().mcp_action {
        if action.is_of_tool() {
            return "declare the action with `resource: MCP::Tool` and the members of `MCP::Context`, beside `input`";
        }
        return "declare the action with `resource: MCP::Server` and `context: MCP::Context`";
    }
    if *action.uid.type_name() == names().a2a_action {
        return "declare the action with `resource: A2A::Agent` and `context: A2A::Context`";
    }
    "declare the action with `resource: HTTP::Path` and `context: HTTP::Context`"
}

/// A call that asks for this action; none where it is a method of HTTP.
fn call(action: &Action) -> Option<Call> {
    let (id, text) = (action.uid.id().unescaped(), |text: &str| Some(text.to_owned()));
    if *action.uid.type_name() == names().a2a_action {
        let (method, agent) = (id.to_owned(), "agent".to_owned());
        return Some(Call::A2a(A2aCall { agent, method, task_id: text("task"), context_id: text("context") }));
    }
    if *action.uid.type_name() != names().mcp_action {
        return None;
    }
    let arguments = action.input.as_ref().map_or_else(|| json!({ "argument": "value" }), Type::sample);
    let arguments = arguments.as_object().cloned().unwrap_or_default();
    let (prompt, uri) = (text("prompt"), text("file:///resource"));
    let call = McpCall { server: "server".to_owned(), method: text(id), tool: None, prompt, uri, arguments };
    Some(Call::Mcp(match id {
        TOOLS_CALL => McpCall { tool: text("tool"), ..call },
        "notification" => McpCall { method: text("notifications/initialized"), ..call },
        "response" => McpCall { method: None, ..call },
        _ if action.is_of_tool() => {
            let (server, tool) = id.split_once('/').unwrap_or((id, ""));
            McpCall { server: server.to_owned(), method: text(TOOLS_CALL), tool: text(tool), ..call }
        }
        _ => call,
    }))
}

fn facts<'a>(action: &'a Action, call: Option<&'a Call>) -> RequestFacts<'a> {
    RequestFacts {
        method: if call.is_some() { "POST" } else { action.uid.id().unescaped() },
        call,
        host: "resource.example",
        path: "/a/b",
        query: Some("a=1&b=2"),
        headers: &[("accept", "application/json")],
        source_ip: Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        peer: Some("spiffe://cluster.example/gateway"),
    }
}

fn subjects() -> [Subject; 4] {
    let text = str::to_owned;
    let token = |kind| TokenFacts {
        kind,
        issuer: text("https://issuer.example"),
        jti: text("jti"),
        scopes: vec![text("scope")],
        issued_at: NOW - 60,
        expires_at: NOW + 60,
        mission: Some(text("mission")),
        account: Some(text("account")),
        tenant: Some(text("tenant")),
        key: text("thumbprint"),
        claims: BTreeMap::from([(text("claim"), ClaimValue::One(text("value")))]),
    };
    let agent = Principal::Agent {
        id: text("aauth:agent@agents.example"),
        provider: text("https://agents.example"),
        parent: Some(text("aauth:parent@agents.example")),
        ps: Some(text("https://ps.example")),
    };
    let person = Principal::Person {
        iss: text("https://ps.example"),
        sub: text("person"),
        ps: text("https://ps.example"),
        tenant: Some(text("tenant")),
        groups: vec![text("group")],
        roles: vec![text("role")],
    };
    [
        Subject::new(agent, Some(token(TokenKind::Agent))),
        Subject::new(person, Some(token(TokenKind::Auth))),
        Subject::new(Principal::Key { thumbprint: text("thumbprint") }, None),
        Subject::new(Principal::Anonymous, None),
    ]
}
