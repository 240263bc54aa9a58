//! Calls as policies see them: which action, of what, with which arguments.

use serde_json::json;

use super::super::decision::Cause;
use super::super::testkit::{Folder, NOW, ada_with, anonymous, facts, robot, store};
use super::super::{Decision, Outcome, PolicyStore, RequestFacts, Subject};
use super::*;

fn mcp(method: &str) -> Call {
    Call::Mcp(McpCall { server: "files".into(), method: Some(method.into()), ..McpCall::default() })
}

fn tool(name: &str, arguments: &Value) -> Call {
    let arguments = arguments.as_object().unwrap().clone();
    let (method, tool) = (Some("tools/call".into()), Some(name.into()));
    Call::Mcp(McpCall { server: "files".into(), method, tool, arguments, ..McpCall::default() })
}

fn a2a(method: &str) -> Call {
    Call::A2a(A2aCall { agent: "planner".into(), method: method.into(), ..A2aCall::default() })
}

fn decide(store: &PolicyStore, subject: &Subject, call: &Call) -> Decision {
    let facts = RequestFacts { call: Some(call), ..facts("POST", "/mcp") };
    store.current().decide("orders", subject, &facts, NOW)
}

/// Whether a robot's call matches a head and a condition.
fn matches(head: &str, condition: &str, call: &Call) -> bool {
    let policy = format!("@id(\"p\") permit (principal, {head}) when {{ {condition} }};");
    decide(&store(&policy), &robot(), call).is_permit()
}

#[test]
fn a_method_asks_for_its_action_and_an_unknown_one_for_other() {
    for (method, action) in [
        ("tools/list", "tools/list"),
        ("initialize", "initialize"),
        ("notifications/initialized", "notification"),
        ("resources/read", "resources/read"),
        ("sampling/createMessage", "other"),
        // Names that only stand for something cannot be sent.
        ("notification", "other"),
        ("response", "other"),
        ("other", "other"),
        ("any", "other"),
        ("session", "other"),
        ("files/read_file", "other"),
        ("Tools/List", "other"),
    ] {
        let head = format!("action == MCP::Action::\"{action}\", resource == MCP::Server::\"files\"");
        assert!(matches(&head, "true", &mcp(method)), "{method}");
    }
    let response = Call::Mcp(McpCall { server: "files".into(), ..McpCall::default() });
    assert!(matches(
        r#"action == MCP::Action::"response", resource"#,
        r#"context.mcp.method == "response""#,
        &response
    ));
    for (method, action) in [
        ("message/send", "message/send"),
        ("SendMessage", "message/send"),
        ("GetTask", "tasks/get"),
        ("DeleteTaskPushNotificationConfig", "tasks/pushNotificationConfig/delete"),
        ("tasks/unheard", "other"),
        ("write", "other"),
    ] {
        let head = format!("action == A2A::Action::\"{action}\", resource == A2A::Agent::\"planner\"");
        assert!(matches(&head, &format!("context.a2a.method == \"{method}\""), &a2a(method)), "{method}");
    }
}

#[test]
fn a_tool_is_below_its_server_and_its_path_and_its_resource() {
    let call = tool("read_file", &json!({}));
    for resource in [
        r#"resource == MCP::Tool::"files/read_file""#,
        r#"resource in MCP::Server::"files""#,
        r#"resource in HTTP::Path::"/mcp""#,
        r#"resource in HTTP::Path::"/""#,
        r#"resource in AAuth::Resource::"orders""#,
        "resource is MCP::Tool",
    ] {
        assert!(matches(&format!("action in MCP::Action::\"tools/call\", {resource}"), "true", &call), "{resource}");
    }
    for resource in [
        r#"resource == MCP::Tool::"files/write_file""#,
        r#"resource == MCP::Tool::"other/read_file""#,
        r#"resource in MCP::Server::"other""#,
        r#"resource in HTTP::Path::"/v1""#,
    ] {
        assert!(!matches(&format!("action, {resource}"), "true", &call), "{resource}");
    }
}

#[test]
fn a_call_is_no_method_of_http() {
    let write = r#"action in HTTP::Action::"write", resource"#;
    assert!(!matches(write, "true", &tool("read_file", &json!({}))));
    assert!(matches("action, resource", r#"context.request.method == "POST""#, &tool("read_file", &json!({}))));
    let http = r#"@id("p") permit (principal, action in MCP::Action::"any", resource);"#;
    let decision = store(http).current().decide("orders", &robot(), &facts("POST", "/mcp"), NOW);
    assert!(!decision.is_permit());
}

#[test]
fn arguments_are_text_or_json_by_name() {
    let arguments = json!({ "path": "/home/a", "lines": 3, "deep": { "b": [1] }, "none": null });
    let call = tool("read_file", &arguments);
    for condition in [
        r#"context.mcp.tool == "read_file""#,
        r#"context.mcp.arguments.getTag("path") like "/home/*""#,
        r#"context.mcp.arguments.getTag("lines") == "3""#,
        r#"context.mcp.arguments.getTag("deep") == "{\"b\":[1]}""#,
        r#"context.mcp.arguments.getTag("none") == "null""#,
        r#"!context.mcp.arguments.hasTag("other")"#,
    ] {
        // Strict validation wants to see that what is read is there.
        let guard = condition.split_once("getTag(").map(|(_, rest)| rest.split(')').next().unwrap());
        let guard = guard.map(|name| format!("context.mcp.arguments.hasTag({name}) && ")).unwrap_or_default();
        let guard = if condition.contains("mcp.tool") { "context.mcp has tool && ".to_owned() } else { guard };
        let head = r#"action == MCP::Action::"tools/call", resource"#;
        assert!(matches(head, &format!("{guard}{condition}"), &call), "{condition}");
    }
}

const TYPED: &str = r#"
namespace MCP {
  action "files/write_file" in ["tools/call"] appliesTo {
    principal: [AAuth::Agent, AAuth::Person],
    resource: Tool,
    context: {
      token: AAuth::Token, request: HTTP::Request, now: datetime, mcp: Call,
      input: { path: String, size?: Long },
    },
  };
}"#;

fn typed(policies: &str) -> Folder {
    let folder = Folder::with(policies);
    folder.write("schemas/files.cedarschema", TYPED);
    folder
}

#[test]
fn a_tool_with_a_schema_has_typed_arguments() {
    let store = typed(
        r#"@id("small") permit (principal, action == MCP::Action::"files/write_file", resource)
           when { context.input.path like "/home/*" && context.input has size && context.input.size < 10 };
           @id("rest") permit (principal is AAuth::Person, action in MCP::Action::"tools/call", resource);"#,
    )
    .open()
    .unwrap();
    let ask = |subject: &Subject, name: &str, arguments: Value| decide(&store, subject, &tool(name, &arguments));
    assert!(ask(&robot(), "write_file", json!({ "path": "/home/a", "size": 3, "more": [] })).is_permit());
    assert!(!ask(&robot(), "write_file", json!({ "path": "/etc/a", "size": 3 })).is_permit());
    assert!(!ask(&robot(), "read_file", json!({ "path": "/home/a", "size": 3 })).is_permit());
    assert!(ask(&ada_with(&[]), "write_file", json!({ "path": "/etc/a" })).is_permit(), "the group holds its members");
    assert!(ask(&ada_with(&[]), "read_file", json!({})).is_permit());

    // An argument of another type leaves nothing to decide about.
    for arguments in [json!({ "path": 1 }), json!({}), json!({ "path": "/home/a", "size": "3" })] {
        let decision = ask(&robot(), "write_file", arguments);
        assert!(matches!(&decision.outcome, Outcome::Deny(denial) if denial.cause == Cause::Unreadable));
        assert!(decision.errors[0].message.contains("arguments."), "{decision:?}");
    }
    // Who may not ask by that schema is refused.
    let decision = ask(&anonymous(), "write_file", json!({ "path": "/home/a" }));
    assert!(matches!(&decision.outcome, Outcome::Deny(denial) if denial.cause == Cause::NotInSchema));
}

#[test]
fn every_tool_is_said_with_in_once_one_has_an_action_of_its_own() {
    let policy = r#"@id("no") forbid (principal, action == MCP::Action::"tools/call", resource);"#;
    assert!(Folder::with(policy).open().is_ok());
    let faults = typed(policy).faults();
    assert!(faults[0].contains(r#"(hint: write `action in MCP::Action::"tools/call"`)"#), "{faults:?}");
}

#[test]
fn an_action_that_nothing_asks_for_is_a_fault() {
    for (from, to) in [
        (r#""files/write_file""#, r#""write_file""#),
        ("resource: Tool", "resource: Server"),
        ("mcp: Call,", ""),
        ("size?: Long", "size?: ipaddr"),
    ] {
        let folder = Folder::with("");
        folder.write("schemas/files.cedarschema", &TYPED.replace(from, to));
        assert!(!folder.faults().is_empty(), "{to}");
    }
}

#[test]
fn a_tool_is_named_with_its_server() {
    let folder = Folder::with(r#"@id("p") permit (principal, action, resource == MCP::Tool::"read_file");"#);
    assert!(folder.faults()[0].contains("name the server too"), "{:?}", folder.faults());
}
