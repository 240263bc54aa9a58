//! `authorizer explain`, `record` and `replay`, as an author of policies runs them.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

/// A folder with policies and a decision log.
struct Scene(TempDir);

const POLICIES: &str = r#"@id("orders-read")
@scope("orders.read")
permit (principal is AAuth::Person, action in HTTP::Action::"read", resource in HTTP::Path::"/v1")
when { context.token.scopes.contains("orders.read") };
"#;

const NO_ORDERS: &str = r#"
@id("no-orders")
@reason("not today")
forbid (principal, action, resource in HTTP::Path::"/v1/orders");
"#;

impl Scene {
    fn new() -> Self {
        let scene = Self(TempDir::new().unwrap());
        scene.write("policies/orders/orders.cedar", POLICIES);
        scene.write("next/orders/orders.cedar", &format!("{POLICIES}{NO_ORDERS}"));
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), text).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_authorizer"));
        let Output { status, stdout, stderr } =
            command.current_dir(self.0.path()).env_remove("AAUTH_CONFIG").args(arguments).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (status.code().unwrap(), text(stdout), text(stderr))
    }
}

/// A line of Ada's, with her scopes, and what came of it.
fn line(path: &str, scopes: &[&str], outcome: &str, code: &str, answer: &Value) -> String {
    json!({
        "time": "2026-01-01T12:00:00Z", "resource": "orders", "outcome": outcome, "code": code, "level": "authorized",
        "method": "GET", "host": "orders.example", "path": path, "policies": answer["policies"], "generation": 1,
        "verify_us": 1, "decide_us": 1, "total_us": 2,
        "input": { "v": 1, "asked": [{
            "principal": { "kind": "person", "iss": "https://ps.example", "sub": "ada", "ps": "https://ps.example" },
            "token": {
                "typ": "auth", "issuer": "https://ps.example", "jti": "j", "scopes": scopes, "issued_at": 1_767_268_790,
                "expires_at": 1_767_269_000, "key": "k", "claims": { "plan": "gold" },
            },
            "request": { "method": "GET", "host": "orders.example", "path": path },
            "now": 1_767_268_800,
            "answer": answer,
        }] },
    })
    .to_string()
}

fn allowed(path: &str) -> String {
    line(path, &["orders.read"], "allow", "ok", &json!({ "decision": "allow", "policies": ["orders-read"] }))
}

fn challenged() -> String {
    let answer = json!({
        "decision": "challenge", "cause": "nothing_permits", "requirement": "auth-token", "scope": ["orders.read"],
        "policies": [],
    });
    line("/v1/users", &["other"], "challenged", "auth-token", &answer)
}

const PLAIN: &str = r#"{"resource":"orders","outcome":"unauthenticated","code":"invalid_signature","policies":[]}"#;

#[test]
fn a_request_on_the_command_line_is_explained() {
    let scene = Scene::new();
    let ada = ["explain", "--as", "person:https://ps.example#ada", "GET", "https://orders.example/v1/orders/42"];
    let (code, out, _) = scene.run(&ada);
    assert_eq!(code, 0);
    for said in [
        r#"principal  AAuth::Person::"https://ps.example#ada""#,
        "permit orders-read: false  policies/orders/orders.cedar:1",
        r#"when { context.token.scopes.contains("orders.read") }: false"#,
        "decision   challenge auth-token [orders.read]",
    ] {
        assert!(out.contains(said), "`{said}` is not in:\n{out}");
    }
    let (_, out, _) = scene.run(&[&ada[..], &["--scope", "orders.read", "--format", "json"]].concat());
    let explained: Value = serde_json::from_str(&out).unwrap();
    let question = &explained["questions"][0];
    assert_eq!(question["decision"]["decision"], "allow");
    assert_eq!(question["policies"][0]["verdict"], "true");
    assert_eq!(question["policies"][0]["line"], 1);
}

const CONFIG: &str = "\
policies: { dir: policies, schemas: schemas }
resources:
  - id: orders
    issuer: https://orders.example
    hosts: [orders.example]
    access: { require: auth-token }
    signing_key: { kid: k, alg: Ed25519, private_key_file: not-opened.pem }
    scope_descriptions: { orders.read: Read, orders.write: Write }
    agent_servers: [{ issuer: https://agents.example }]
    person_servers: [{ issuer: https://ps.example }]
";

#[test]
fn what_is_answered_before_the_policies_is_explained_too() {
    let scene = Scene::new();
    scene.write("authorizer.yaml", CONFIG);
    let explain = |more: &[&str]| {
        let (code, out, err) = scene.run(&[&["explain", "-c", "authorizer.yaml"], more].concat());
        assert_eq!(code, 0, "{err}");
        out
    };
    let request = ["GET", "https://orders.example/v1/orders"];
    let ada = ["--as", "person:https://ps.example#ada"];
    for (caller, said) in [
        (
            &["--as", "anonymous"][..],
            ["access     auth-token: answered before", "requires   person-token", "status     401"],
        ),
        (&["--as", "agent:aauth:a@agents.example"], ["answered before", "requires   person-token", "status     401"]),
        (&["--as", "agent:aauth:a@elsewhere.example"], ["answered before", "code       invalid_key", "status     401"]),
        (&ada, ["answered before", "requires   auth-token", "scope      orders.read\n"]),
        (
            &[&ada[..], &["--scope", "orders.read"]].concat(),
            ["access     auth-token: the policies are asked", "status     200", "decision   allow, by orders-read"],
        ),
    ] {
        let out = explain(&[caller, &request].concat());
        for said in said {
            assert!(out.contains(said), "{caller:?}: `{said}` is not in:\n{out}");
        }
    }
    let out = explain(&[&ada[..], &request, &["--format", "json"]].concat());
    let explained: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(explained["response"]["requires"], "auth-token");
    let (_, out, _) = scene.run(&[&["explain"], &ada[..], &request].concat());
    assert!(out.contains("access     not looked at: no configuration is named"), "{out}");
}

#[test]
fn what_is_asked_wrongly_is_told_in_one_line() {
    let scene = Scene::new();
    for (arguments, said) in [
        (&["explain"][..], "nothing to explain"),
        (&["explain", "GET", "/v1"], "`--as` says who asks"),
        (&["explain", "--as", "ada", "GET", "/v1"], "`ada` is no caller"),
        (&["explain", "--as", "agent:robot", "GET", "/v1"], "`robot` is no agent"),
        (&["explain", "--as", "anonymous", "--policies", "none", "GET", "/v1"], "none: the folder cannot be read"),
        (&["explain", "--log", "none.jsonl"], "`none.jsonl` cannot be read"),
    ] {
        let (code, _, err) = scene.run(arguments);
        assert_eq!(code, 1, "{arguments:?}: {err}");
        assert!(err.starts_with("error: ") && err.contains(said), "{arguments:?}: {err}");
    }
}

#[test]
fn a_line_of_the_log_is_explained() {
    let scene = Scene::new();
    scene.write("log.jsonl", &format!("{}\n{PLAIN}\n{}\nnonsense\n", allowed("/v1/orders"), challenged()));
    let (code, out, _) = scene.run(&["explain", "--log", "log.jsonl"]);
    assert_eq!(code, 0);
    assert!(out.starts_with("GET orders.example/v1/users of `orders`\n"), "the last one with an input:\n{out}");
    let (_, out, _) = scene.run(&["explain", "--log", "log.jsonl:1"]);
    assert!(out.contains("decision   allow, by orders-read"), "{out}");
    for (place, said) in [
        ("log.jsonl:2", "log.jsonl:2: the line holds no input; set `decision_log.inputs: true`"),
        ("log.jsonl:4", "log.jsonl:4:2: is no line of a decision log"),
        ("log.jsonl:9", "log.jsonl:9: there is no such line"),
    ] {
        let (code, _, err) = scene.run(&["explain", "--log", place]);
        assert!(code == 1 && err.contains(said), "{place}: {err}");
    }
}

#[test]
fn a_replay_tells_what_changes_and_which_policy_changes_it() {
    let scene = Scene::new();
    scene.write("log.jsonl", &format!("{}\n{PLAIN}\n{}\n", allowed("/v1/orders"), challenged()));
    let (code, out, err) = scene.run(&["replay", "--log", "log.jsonl", "--policies", "policies"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert_eq!(out, "2 decisions: 0 change, 2 stay (0 by other policies); 1 lines without input\n");

    let (code, out, _) = scene.run(&["replay", "--log", "log.jsonl", "--policies", "next"]);
    assert_eq!(code, 1);
    let row = "line 1  GET orders.example/v1/orders  https://ps.example#ada  allow -> deny 403  by no-orders";
    assert_eq!(out.lines().next().unwrap(), row);
    assert!(out.contains("\nno-orders: changes 1\n"), "{out}");

    let (code, out, _) = scene.run(&["replay", "--log", "log.jsonl", "--policies", "next", "--format", "json"]);
    let replay: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(code, 1);
    assert_eq!(replay["by_policy"], json!({ "no-orders": 1 }));
    assert_eq!(replay["changes"][0]["after"]["reason"], "not today");
}

#[test]
fn a_replay_goes_on_past_lines_that_cannot_be_read() {
    let scene = Scene::new();
    scene.write("log.jsonl", &format!("nonsense\n{}\n", allowed("/v1/orders")));
    let (code, out, err) = scene.run(&["replay", "--log", "log.jsonl", "--policies", "next"]);
    assert_eq!(code, 2);
    assert!(err.contains("error: log.jsonl:1:2: is no line of a decision log"), "{err}");
    assert!(out.contains("by no-orders"), "{out}");

    scene.write("plain.jsonl", PLAIN);
    let (code, _, err) = scene.run(&["replay", "--log", "plain.jsonl", "--policies", "next"]);
    assert!(code == 2 && err.contains("no line holds an input"), "{err}");
    scene.write("broken/orders/x.cedar", "permit");
    let (code, _, err) = scene.run(&["replay", "--log", "log.jsonl", "--policies", "broken"]);
    assert!(code == 2 && err.contains("broken/orders/x.cedar:1:"), "{err}");
}

#[test]
fn what_is_recorded_passes_as_tests() {
    let scene = Scene::new();
    let lines = [allowed("/v1/orders"), allowed("/v1/orders"), allowed("/v1/users"), challenged(), PLAIN.to_owned()];
    scene.write("log.jsonl", &lines.join("\n"));
    let suite = "policies/orders/recorded.test.yaml";
    let (code, out, err) = scene.run(&["record", "--log", "log.jsonl", "--out", suite]);
    assert_eq!((code, out.as_str()), (0, ""), "{err}");
    assert!(err.contains("orders: 1 lines left out: without input"), "{err}");
    assert!(err.contains("orders: 3 tests, of lines that came up 4 times"), "{err}");
    let text = fs::read_to_string(scene.path(suite)).unwrap();
    assert!(text.contains("as: ada\n") && text.contains("as: ada-2\n"), "{text}");

    let (code, out, err) = scene.run(&["test", "policies"]);
    assert_eq!(code, 0, "{out}{err}\n{text}");
    assert!(out.contains('3'), "{out}");
    // And fail where the policies are others.
    scene.write("policies/orders/more.cedar", NO_ORDERS);
    assert_eq!(scene.run(&["test", "policies"]).0, 1);

    let (code, _, err) = scene.run(&["record", "--log", "log.jsonl", "--out", suite]);
    assert!(code == 1 && err.contains("cannot write"), "an existing file is never replaced: {err}");
}

/// A line about these questions of one caller's, each with its answer.
fn line_of(principal: &Value, asked: &[(Value, Value)], outcome: &str, code: &str, policies: &[&str]) -> String {
    let token = (principal["kind"] == "person").then(|| {
        json!({ "typ": "auth", "issuer": "https://ps.example", "jti": "j", "scopes": ["files.read"],
                "issued_at": 1_767_268_790, "expires_at": 1_767_269_000, "key": "k" })
    });
    let asked = asked.iter().map(|(request, answer)| {
        let mut asked = json!({ "principal": principal, "request": request, "now": 1_767_268_800, "answer": answer });
        if let Some(token) = &token {
            asked["token"] = token.clone();
        }
        asked
    });
    let asked: Vec<Value> = asked.collect();
    json!({ "resource": "orders", "outcome": outcome, "code": code, "policies": policies, "input": { "v": 1, "asked": asked } })
        .to_string()
}

const FILES: &str = r#"
@id("reading")
@scope("files.read")
permit (principal is AAuth::Person, action in MCP::Action::"tools/call", resource == MCP::Tool::"files/read")
when { context.token.scopes.contains("files.read") };

@id("writing")
@scope("files.write")
permit (principal is AAuth::Person, action in MCP::Action::"tools/call", resource == MCP::Tool::"files/write")
when { context.token.scopes.contains("files.write") };
"#;

#[test]
fn a_batch_is_recorded_as_one() {
    let scene = Scene::new();
    scene.write("policies/orders/files.cedar", FILES);
    let config = CONFIG.replace("    access: { require: auth-token }", "    mcp: [{ path: /mcp, server: files }]");
    scene.write("authorizer.yaml", &config.replace("orders.write: Write", "files.read: Read, files.write: Write"));
    let ada = json!({ "kind": "person", "iss": "https://ps.example", "sub": "ada", "ps": "https://ps.example" });
    let call = |tool: &str| {
        json!({ "method": "POST", "host": "orders.example", "path": "/mcp", "call": {
            "protocol": "mcp", "server": "files", "method": "tools/call", "tool": tool, "arguments": { "path": "/a" },
        } })
    };
    let allowed = json!({ "decision": "allow", "policies": ["reading"] });
    let lacking = json!({ "decision": "challenge", "cause": "nothing_permits", "requirement": "auth-token",
                          "scope": ["files.write"], "policies": [] });
    let lines = [
        line_of(&ada, &[(call("read"), allowed.clone()), (call("read"), allowed.clone())], "allow", "ok", &["reading"]),
        line_of(&ada, &[(call("read"), allowed), (call("write"), lacking)], "challenged", "auth-token", &[]),
    ];
    scene.write("log.jsonl", &lines.join("\n"));
    let suite = "policies/orders/recorded.test.yaml";
    let (code, _, err) = scene.run(&["record", "--log", "log.jsonl", "--out", suite]);
    assert_eq!(code, 0, "{err}");
    let text = fs::read_to_string(scene.path(suite)).unwrap();
    assert!(text.contains("POST /mcp tools/call files/read, tools/call files/write as ada: challenge"), "{text}");
    assert!(text.contains("scope: [files.read, files.write]"), "{text}");
    let (code, out, err) = scene.run(&["test", "--config", "authorizer.yaml"]);
    assert!(code == 0 && out.contains("2 tests: 2 passed"), "{out}{err}\n{text}");
}

#[test]
fn a_bare_key_is_recorded_in_cedars_terms() {
    let scene = Scene::new();
    let key = json!({ "kind": "key", "thumbprint": "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs" });
    let robot = r#"@id("robot") permit (
        principal == AAuth::Key::"NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", action, resource in HTTP::Path::"/builds");"#;
    scene.write("policies/orders/robot.cedar", robot);
    let get = |path: &str| json!({ "method": "GET", "host": "orders.example", "path": path });
    let allowed = json!({ "decision": "allow", "policies": ["robot"] });
    let denied = json!({ "decision": "deny", "cause": "nothing_permits", "status": 403, "policies": [] });
    let lines = [
        line_of(&key, &[(get("/builds/1"), allowed.clone())], "allow", "ok", &["robot"]),
        line_of(&key, &[(get("/builds/1"), allowed)], "allow", "ok", &["robot"]).replace("1767268800", "1767268900"),
        line_of(&key, &[(get("/v1"), denied)], "denied", "forbidden", &[]),
    ];
    scene.write("log.jsonl", &lines.join("\n"));
    let suite = "policies/orders/recorded.test.yaml";
    let (code, _, err) = scene.run(&["record", "--log", "log.jsonl", "--out", suite]);
    assert!(code == 0 && err.contains("2 tests, of lines that came up 3 times"), "{err}");
    let (code, out, err) = scene.run(&["test"]);
    let text = fs::read_to_string(scene.path(suite)).unwrap();
    assert!(code == 0 && out.contains("2 tests: 2 passed"), "{out}{err}\n{text}");
    scene.write("policies/orders/robot.cedar", &robot.replace("Nzb", "Mzb"));
    assert_eq!(scene.run(&["test"]).0, 1, "another key is another caller");

    // Without policies there is no schema to put the question by.
    let (code, _, err) = scene.run(&["record", "--log", "log.jsonl", "--policies", "none"]);
    assert!(code == 1 && err.contains("none: the folder cannot be read"), "{err}");
    let elsewhere = scene.path("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_authorizer"));
    let done = command.current_dir(elsewhere).args(["record", "--log", "../log.jsonl"]).output().unwrap();
    let err = String::from_utf8(done.stderr).unwrap();
    assert!(
        err.contains("3 lines left out: of a caller that is known by a key alone, which takes `--policies`"),
        "{err}"
    );
}

#[test]
fn a_log_about_several_resources_is_recorded_one_by_one() {
    let scene = Scene::new();
    let other = allowed("/v1").replace(r#""resource":"orders""#, r#""resource":"billing""#);
    scene.write("log.jsonl", &format!("{}\n{other}\nbad\n", allowed("/v1")));
    let (code, _, err) = scene.run(&["record", "--log", "log.jsonl"]);
    assert!(code == 1 && err.contains("name one of `billing`, `orders`"), "{err}");
    let (code, out, _) = scene.run(&["record", "--log", "log.jsonl", "--resource", "billing"]);
    assert_eq!(code, 2, "a line that cannot be read shows in the exit code");
    assert!(out.contains("suite: billing\n"), "{out}");
}
