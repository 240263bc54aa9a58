//! The tools of a real MCP server, asked for over its own transport, as a schema by which policies read their arguments.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::process::installed;

/// Asks the server what it has: `initialize`, then `tools/list`. The server ends when nobody asks any more.
fn listed() -> Value {
    let mut server = Command::new(installed("mcp/bin/python"))
        .args(["-m", "mcp_server_time", "--local-timezone", "UTC"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (mut requests, mut answers) = (server.stdin.take().unwrap(), BufReader::new(server.stdout.take().unwrap()));
    let client = json!({ "name": "tests", "version": "1" });
    let hello = json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client });
    let mut answer = |id: u32| {
        let mut line = String::new();
        answers.read_line(&mut line).unwrap();
        let answer: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(answer["id"], id, "{answer}");
        answer
    };
    writeln!(requests, "{}", json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello })).unwrap();
    assert_eq!(answer(1)["result"]["serverInfo"]["name"], "mcp-time");
    writeln!(requests, "{}", json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })).unwrap();
    writeln!(requests, "{}", json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/list" })).unwrap();
    let listed = answer(2);
    drop(requests);
    assert!(server.wait().unwrap().success());
    listed
}

fn authorizer(folder: &Path, arguments: &[&str]) -> (bool, String) {
    let done = Command::new(env!("CARGO_BIN_EXE_authorizer")).args(arguments).current_dir(folder).output().unwrap();
    let text = [done.stdout, done.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    (done.status.success(), text)
}

const POLICY: &str = r#"@id("european-time")
permit (principal is AAuth::Agent, action == MCP::Action::"time/get_current_time", resource in MCP::Server::"time")
when { context.input.timezone like "Europe/*" };
"#;

#[test]
fn the_tools_of_a_real_server_are_typed_and_decided_about() {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("tools.json", &listed().to_string());
    write("schemas/.keep", "");
    let arguments = ["schema", "from-mcp", "tools.json", "--server", "time", "--out", "schemas/time.cedarschema"];
    let (success, text) = authorizer(folder.path(), &arguments);
    assert!(success, "{text}");
    let schema = fs::read_to_string(folder.path().join("schemas/time.cedarschema")).unwrap();
    for tool in ["get_current_time", "convert_time"] {
        assert!(schema.contains(&format!("action \"time/{tool}\" in [\"tools/call\"]")), "{schema}");
    }

    write("policies/clock/clock.cedar", POLICY);
    let call = |tool: &str, arguments: Value| {
        let params = json!({ "name": tool, "arguments": arguments });
        json!({ "method": "POST", "path": "/mcp", "json": { "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params } })
    };
    let case = |name: &str, request: Value, expect: Value| json!({ "name": name, "as": "robot", "request": request, "expect": expect });
    let hours = json!({ "source_timezone": "Europe/Paris", "target_timezone": "UTC", "time": "12:00" });
    let suite = json!({
        "resource": { "mcp": [{ "path": "/mcp", "server": "time" }] },
        "fixtures": { "robot": { "agent": "aauth:robot@agents.example" } },
        "tests": [
            case("here", call("get_current_time", json!({ "timezone": "Europe/Paris" })), json!({ "decision": "allow", "policies": ["european-time"] })),
            case("there", call("get_current_time", json!({ "timezone": "Asia/Tokyo" })), json!("deny")),
            case("of another type", call("get_current_time", json!({ "timezone": 7 })), json!("deny")),
            case("missing", call("get_current_time", json!({})), json!("deny")),
            case("another tool", call("convert_time", hours), json!("deny")),
        ],
    });
    write("policies/clock/clock.test.yaml", &suite.to_string());
    let (success, text) = authorizer(folder.path(), &["test", "--fail-on-empty"]);
    assert!(success && text.contains("5 tests: 5 passed"), "{text}");

    // An argument that the tool does not have is a mistake of the policy's, with its place.
    write("policies/clock/clock.cedar", &POLICY.replace("input.timezone", "input.time_zone"));
    let (success, text) = authorizer(folder.path(), &["test"]);
    assert!(!success && text.contains("policies/clock/clock.cedar:3:"), "{text}");
}
