//! Bodies of calls through a whole check, and what becomes of those that are none.

use serde_json::json;

use super::*;
use crate::aauth::message::Fields;
use crate::aauth::requirement::Requirement;
use crate::aauth::token::Unverified;
use crate::authorizer::check::Checked;
use crate::authorizer::resource::AccessMode;
use crate::authorizer::testkit::{self, Kit, agent_token, auth_token, inbound, person_token, request};

const POLICIES: &str = r#"
@id("list") permit (principal, action in [MCP::Action::"session", MCP::Action::"list"], resource in MCP::Server::"files");
@id("read") @header_X_Read("1")
permit (principal, action in MCP::Action::"tools/call", resource == MCP::Tool::"files/read_file");
@id("write") @scope("orders.write")
permit (principal is AAuth::Person, action in MCP::Action::"tools/call", resource == MCP::Tool::"files/write_file")
when { context.token.scopes.contains("orders.write") };
@id("look") @scope("orders.read")
permit (principal is AAuth::Person, action in MCP::Action::"tools/call", resource == MCP::Tool::"files/look")
when { context.token.scopes.contains("orders.read") };
@id("no-delete") @reason("files are kept")
forbid (principal, action in MCP::Action::"tools/call", resource == MCP::Tool::"files/delete_file");
@id("stream") permit (principal, action in HTTP::Action::"read", resource == HTTP::Path::"/mcp");
@id("send") permit (principal, action == A2A::Action::"message/send", resource == A2A::Agent::"planner");
@id("posts") permit (principal, action in HTTP::Action::"write", resource);
"#;

fn kit() -> Kit {
    let route = |path: &str, protocol, service: &str| RpcRoute { path: path.into(), protocol, service: service.into() };
    Kit::with(AccessMode::AgentToken, POLICIES, |resource| {
        resource.refuse_replays = false;
        resource.rpc = vec![route("/mcp", Protocol::Mcp, "files"), route("/a2a", Protocol::A2a, "planner")];
    })
}

async fn check(kit: &Kit, method: &str, path: &str, token: &str, media: &str, body: Body) -> Checked {
    let lines = [("content-type".to_owned(), media.as_bytes().to_vec())];
    let message = request(method, path).with_fields(Fields::lines(lines));
    kit.authorizer.check(InboundRequest { body, ..inbound(testkit::signed(&message, token)) }).await
}

async fn post(kit: &Kit, path: &str, token: &str, body: impl Into<Vec<u8>>) -> Checked {
    check(kit, "POST", path, token, "application/json", Body::Whole(body.into())).await
}

fn call(tool: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": tool, "arguments": { "path": "/a" } } })
}

fn ids(checked: &Checked) -> Vec<&str> {
    checked.record.policies.iter().map(AsRef::as_ref).collect()
}

#[tokio::test]
async fn a_tool_is_allowed_and_another_is_not() {
    let kit = kit();
    let read = post(&kit, "/mcp", &agent_token(), call("read_file").to_string()).await;
    assert_eq!((read.record.outcome, ids(&read)), ("allow", vec!["read"]));
    assert_eq!(read.record.calls, ["tools/call files/read_file"]);
    let deleted = post(&kit, "/mcp", &agent_token(), call("delete_file").to_string()).await;
    assert_eq!((deleted.record.outcome, deleted.record.detail.as_deref()), ("denied", Some("files are kept")));
    let unknown = post(&kit, "/mcp/", &agent_token(), call("unheard_of").to_string()).await;
    assert_eq!(unknown.record.outcome, "denied", "a slash at the end is the same route");
    let list = json!({ "jsonrpc": "2.0", "id": "a", "method": "tools/list" });
    assert_eq!(post(&kit, "/%6dcp", &agent_token(), list.to_string()).await.record.outcome, "allow");
    // Elsewhere the same body is any body.
    assert_eq!(post(&kit, "/v1", &agent_token(), call("delete_file").to_string()).await.record.outcome, "allow");
    // A stream is a GET, and policies are asked for one.
    let stream = check(&kit, "GET", "/mcp", &agent_token(), "", Body::Whole(Vec::new())).await;
    assert_eq!(ids(&stream), ["stream"]);
    // Whatever else has a body is read as calls.
    let put = check(&kit, "PUT", "/mcp", &agent_token(), "application/json", Body::Whole(b"{}".to_vec())).await;
    assert_eq!(put.record.code, "invalid_request");
}

#[tokio::test]
async fn a_batch_passes_only_if_each_call_does() {
    let kit = kit();
    let notification = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    let response = json!({ "jsonrpc": "2.0", "id": 4, "result": {} });
    let passing = json!([call("read_file"), notification, response]);
    let passed = post(&kit, "/mcp", &agent_token(), passing.to_string()).await;
    assert_eq!((passed.record.outcome, ids(&passed)), ("allow", vec!["list", "read"]));
    let Answer::Permit(permit) = &passed.answer else { panic!("{passed:?}") };
    assert!(!permit.headers.iter().any(|(name, _)| name == "x-read"), "it speaks of one call, and would for all");
    let failing = json!([call("read_file"), call("delete_file"), call("read_file")]);
    let failed = post(&kit, "/mcp", &agent_token(), failing.to_string()).await;
    assert_eq!((failed.record.outcome, ids(&failed)), ("denied", vec!["no-delete"]));
    assert_eq!(failed.record.detail.as_deref(), Some("files are kept"));
}

#[tokio::test]
async fn consent_is_asked_for_every_call_at_once() {
    let kit = kit();
    let scopes = |checked: &Checked| {
        let Answer::Challenge(challenge) = &checked.answer else { panic!("{checked:?}") };
        let Requirement::AuthToken { resource_token } = &challenge.requirement else { panic!("{challenge:?}") };
        let payload = Unverified::parse(resource_token, crate::aauth::identifier::IdentifierRules::Strict);
        assert!(payload.is_ok());
        let claims = resource_token.split('.').nth(1).unwrap();
        let claims = base64::Engine::decode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, claims).unwrap();
        serde_json::from_slice::<Value>(&claims).unwrap()["scope"].as_str().unwrap().to_owned()
    };
    let both = json!([call("write_file"), call("read_file"), call("look")]).to_string();
    assert_eq!(scopes(&post(&kit, "/mcp", &person_token(), both.clone()).await), "orders.read orders.write");
    let reader = auth_token(&["orders.read"]);
    assert_eq!(scopes(&post(&kit, "/mcp", &reader, both.clone()).await), "orders.read orders.write");
    let writer = auth_token(&["orders.read", "orders.write"]);
    assert_eq!(post(&kit, "/mcp", &writer, both).await.record.outcome, "allow");
    // Consent would be in vain.
    let vain = json!([call("write_file"), call("delete_file")]).to_string();
    assert_eq!(post(&kit, "/mcp", &person_token(), vain).await.record.outcome, "denied");
}

#[tokio::test]
async fn a_body_that_is_no_call_is_refused() {
    let kit = kit();
    let many: Value = vec![call("read_file"); MOST_CALLS + 1].into();
    let deep = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"read_file","arguments":{{"a":{}1{}}}}}}}"#,
        "[".repeat(40),
        "]".repeat(40)
    );
    for (body, code) in [
        (String::new(), "invalid_request"),
        ("path=/etc".into(), "invalid_request"),
        ("[]".into(), "invalid_request"),
        ("3".into(), "invalid_request"),
        (json!([[call("read_file")]]).to_string(), "invalid_request"),
        (json!({ "method": "tools/list" }).to_string(), "invalid_request"),
        (json!({ "jsonrpc": "2.0", "id": 1 }).to_string(), "invalid_request"),
        (json!({ "jsonrpc": "2.0", "method": ["tools/list"] }).to_string(), "invalid_request"),
        (json!({ "jsonrpc": "2.0", "method": "tools/list", "result": {} }).to_string(), "invalid_request"),
        (json!({ "jsonrpc": "2.0", "method": "tools/list", "params": [] }).to_string(), "invalid_request"),
        (json!({ "jsonrpc": "2.0", "method": "tools/call", "params": {} }).to_string(), "invalid_request"),
        (json!({ "jsonrpc": "2.0", "method": "tools/call", "params": { "name": 3 } }).to_string(), "invalid_request"),
        (json!({ "jsonrpc": "2.0", "method": "x".repeat(300) }).to_string(), "invalid_request"),
        (r#"{"jsonrpc":"2.0","method":"tools/list","method":"tools/call"}"#.into(), "invalid_request"),
        (r#"{"jsonrpc":"2.0","method":"tools/list","Method":"tools/call"}"#.into(), "invalid_request"),
        (r#"{"jsonrpc":"2.0","method":"tools/list","param\u017f":{}}"#.into(), "invalid_request"),
        (
            r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"read_file","Name":"delete_file"}}"#.into(),
            "invalid_request",
        ),
        (deep, "invalid_request"),
        (many.to_string(), "content_too_large"),
    ] {
        let refused = post(&kit, "/mcp", &agent_token(), body.clone()).await;
        assert_eq!((refused.record.outcome, refused.record.code), ("denied", code), "{body}");
        assert!(refused.record.calls.is_empty() && refused.record.policies.is_empty(), "policies are not asked");
    }
}

#[tokio::test]
async fn a_body_that_is_not_all_there_or_in_another_format_is_refused() {
    let kit = kit();
    let (token, json) = (agent_token(), "application/json");
    let cut = check(&kit, "POST", "/mcp", &token, json, Body::Partial).await;
    assert!(matches!(&cut.answer, Answer::Forbidden(Denied { status: 413, .. })), "{cut:?}");
    let missing = check(&kit, "POST", "/mcp", &token, json, Body::NotForwarded).await;
    assert_eq!((missing.record.outcome, missing.record.code), ("unavailable", "body_not_forwarded"));
    let body = || Body::Whole(call("read_file").to_string().into_bytes());
    let other = check(&kit, "POST", "/mcp", &token, "application/json; charset=ibm037", body()).await;
    assert!(matches!(&other.answer, Answer::Forbidden(Denied { status: 415, .. })), "{other:?}");
    // Without a signature nothing is read at all.
    let unsigned =
        kit.authorizer.check(InboundRequest { body: Body::Partial, ..inbound(request("POST", "/mcp")) }).await;
    assert_eq!(unsigned.record.outcome, "unauthenticated");
}

#[tokio::test]
async fn an_agent_is_asked_by_either_version_of_its_protocol() {
    let kit = kit();
    for (method, outcome) in [("message/send", "allow"), ("SendMessage", "allow"), ("tasks/cancel", "denied")] {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": { "message": { "taskId": "t" } } });
        assert_eq!(post(&kit, "/a2a", &agent_token(), body.to_string()).await.record.outcome, outcome, "{method}");
    }
    for body in [
        json!({ "jsonrpc": "2.0", "id": 1, "result": {} }),
        json!({ "jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": { "message": { "task_id": "t" } } }),
        json!({ "jsonrpc": "2.0", "id": 1, "method": "GetTask", "params": { "id": 3 } }),
    ] {
        let refused = post(&kit, "/a2a", &agent_token(), body.to_string()).await;
        assert_eq!(refused.record.code, "invalid_request", "{body}");
    }
}

#[test]
fn the_task_of_a_call_is_where_its_method_has_it() {
    let route = RpcRoute { path: "/".into(), protocol: Protocol::A2a, service: "planner".into() };
    let params =
        json!({ "id": "one", "taskId": "two", "contextId": "six", "message": { "taskId": "three", "contextId": "c" } });
    for (method, task, context) in [
        ("message/stream", Some("three"), Some("c")),
        ("tasks/get", Some("one"), None),
        ("CancelTask", Some("one"), None),
        ("SubscribeToTask", Some("one"), None),
        ("tasks/pushNotificationConfig/set", Some("two"), None),
        ("tasks/pushNotificationConfig/delete", Some("one"), None),
        ("DeleteTaskPushNotificationConfig", Some("two"), None),
        ("ListTasks", None, Some("six")),
    ] {
        let read = message::read(&route, json!({ "jsonrpc": "2.0", "method": method, "params": params }));
        let Ok(Call::A2a(call)) = read else { panic!("{read:?}") };
        assert_eq!((call.task_id.as_deref(), call.context_id.as_deref()), (task, context), "{method}");
    }
}

#[test]
fn a_call_that_is_written_is_read_again() {
    for (protocol, method, params) in [
        (Protocol::Mcp, "tools/call", json!({ "name": "a", "arguments": { "b": [1, null] } })),
        (Protocol::Mcp, "prompts/get", json!({ "name": "a" })),
        (Protocol::Mcp, "resources/read", json!({ "uri": "file:///a" })),
        (Protocol::Mcp, "ping", json!({})),
        (Protocol::A2a, "message/send", json!({ "message": { "taskId": "t", "contextId": "c" } })),
        (Protocol::A2a, "tasks/get", json!({ "id": "t" })),
        (Protocol::A2a, "ListTasks", json!({ "contextId": "c" })),
        (Protocol::A2a, "DeleteTaskPushNotificationConfig", json!({ "taskId": "t", "id": "config" })),
    ] {
        let route = RpcRoute { path: "/".into(), protocol, service: "service".into() };
        let sent = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let read = super::call(&route, &sent.to_string()).unwrap();
        assert_eq!(super::call(&route, &written(&read).to_string()), Ok(read), "{method}");
    }
}
