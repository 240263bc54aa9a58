//! `authorizer schema`, as an author of policies runs it.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

const MINE: &str = "namespace HTTP {\n  action \"PROPFIND\" in [\"read\"] appliesTo {\n    principal: [AAuth::Agent],\n    \
                    resource: Path,\n    context: Context,\n  };\n}\n";

fn run(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_authorizer"));
    command.args(arguments).current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // One that does not read its input has said why by then.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn tools() -> Value {
    json!({ "tools": [{ "name": "write_file", "inputSchema": {
        "type": "object",
        "properties": { "path": { "type": "string" }, "size": { "type": "integer" } },
        "required": ["path"],
    } }] })
}

#[test]
fn everything_is_exported_as_one_file_that_the_editor_finds() {
    let folder = TempDir::new().unwrap();
    fs::create_dir_all(folder.path().join("schemas/more")).unwrap();
    fs::create_dir(folder.path().join("policies")).unwrap();
    fs::write(folder.path().join("schemas/more/mine.cedarschema"), MINE).unwrap();
    let done = run(folder.path(), &["schema", "export", "--out", "policies/all.cedarschema", "--vscode"], "");
    assert!(done.status.success(), "{}", text(&done.stderr));
    let merged = fs::read_to_string(folder.path().join("policies/all.cedarschema")).unwrap();
    assert_eq!((merged.matches("namespace HTTP {").count(), merged.matches("PROPFIND").count()), (1, 1));
    let settings = fs::read_to_string(folder.path().join(".vscode/settings.json")).unwrap();
    let settings: Value = serde_json::from_str(&settings).unwrap();
    assert_eq!(settings["cedar.schemaFile"], "policies/all.cedarschema");

    // Settings that are there are not replaced; a file among the extensions would be one.
    let again = run(folder.path(), &["schema", "export", "--out", "policies/all.cedarschema", "--vscode"], "");
    assert!(again.status.success() && text(&again.stdout).contains("is there already"));
    let among = run(folder.path(), &["schema", "export", "--out", "schemas/all.cedarschema"], "");
    assert_eq!(among.status.code(), Some(1));
    assert!(text(&among.stderr).contains("would become one itself"));
    assert_eq!(text(&run(folder.path(), &["schema", "export"], "").stdout), merged);
}

/// There are no extensions here, so the schema that is shipped is all of it.
#[test]
fn the_repository_is_set_up_for_editors() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let settings = fs::read_to_string(root.join(".vscode/settings.json")).unwrap();
    let settings: Value = serde_json::from_str(&settings).unwrap();
    let schema = fs::read_to_string(root.join(settings["cedar.schemaFile"].as_str().unwrap())).unwrap();
    let exported = text(&run(root, &["schema", "export"], "").stdout);
    let plain = |text: &str| text.split_whitespace().filter(|word| !word.starts_with("//")).count();
    assert_eq!(plain(&schema), plain(&exported));
    assert_eq!(settings["cedar.autodetectSchemaFile"], false);
    let suites = settings["yaml.schemas"].as_object().unwrap().keys().next().unwrap();
    assert!(root.join(suites).is_file());
}

#[test]
fn tools_become_a_schema_that_policies_are_tested_with() {
    let folder = TempDir::new().unwrap();
    for name in ["schemas", "policies/files"] {
        fs::create_dir_all(folder.path().join(name)).unwrap();
    }
    let arguments = ["schema", "from-mcp", "-", "--server", "files", "--out", "schemas/files.cedarschema"];
    let made = run(folder.path(), &arguments, &tools().to_string());
    assert!(made.status.success(), "{}", text(&made.stderr));
    let policy = "@id(\"drafts\")\npermit (principal is AAuth::Agent, action == MCP::Action::\"files/write_file\", resource)\n\
                  when { context.input.path like \"/drafts/*\" && context.input has size && context.input.size < 10 };";
    fs::write(folder.path().join("policies/files/files.cedar"), policy).unwrap();
    let call = |size: &Value| {
        let params = json!({ "name": "write_file", "arguments": { "path": "/drafts/a", "size": size } });
        let json = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
        json!({ "method": "POST", "path": "/mcp", "json": json })
    };
    // JSON is YAML.
    let suite = json!({
        "resource": { "mcp": [{ "path": "/mcp", "server": "files" }] },
        "fixtures": { "robot": { "agent": "aauth:robot@agents.example" } },
        "tests": [
            { "name": "small", "as": "robot", "request": call(&json!(3)), "expect": { "decision": "allow", "policies": ["drafts"] } },
            { "name": "large", "as": "robot", "request": call(&json!(10)), "expect": { "decision": "deny" } },
            { "name": "no number", "as": "robot", "request": call(&json!("3")), "expect": { "decision": "deny" } },
        ],
    });
    fs::write(folder.path().join("policies/files/files.test.yaml"), suite.to_string()).unwrap();
    let tested = run(folder.path(), &["test", "policies"], "");
    assert!(tested.status.success(), "{}{}", text(&tested.stdout), text(&tested.stderr));
    assert!(text(&tested.stdout).contains("3 passed"), "{}", text(&tested.stdout));
}

#[test]
fn operations_become_policies_that_decide_as_the_document_says() {
    let folder = TempDir::new().unwrap();
    for name in ["schemas", "policies/shop"] {
        fs::create_dir_all(folder.path().join(name)).unwrap();
    }
    let document = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/cli/openapi/bookshop.yaml")).unwrap();
    let file = "policies/shop/openapi.cedar";
    let arguments = ["schema", "from-openapi", "-", "--resource", "shop", "--out", file];
    let made = run(folder.path(), &arguments, &document);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let suite = r#"
fixtures:
  nobody: anonymous
  robot: { agent: aauth:robot@agents.example }
  ada: { person: { server: https://ps.example, sub: ada } }
  reader: { person: { server: https://ps.example, sub: ada }, token: { scopes: [orders.read] } }
  writer: { person: { server: https://ps.example, sub: ada }, token: { scopes: [orders.write] } }
  keeper: { person: { server: https://ps.example, sub: ada }, token: { scopes: [orders.read, stock.write] } }
resource: { access: { allow_anonymous: true } }
tests:
  - name: reading
    as: [nobody, robot, ada, reader, writer]
    request: { path: [/v2/books, /v2/books/1, /v2/books/1/2, /v2/status, /v2/orders/7, /v2/orders/mine, /v2/orders/7/8] }
    table:
      nobody: { /v2/books: allow, /v2/books/1: allow, "*": deny }
      robot: { /v2/books: allow, /v2/books/1: allow, /v2/status: allow, "*": deny }
      reader: { /v2/books/1/2: deny, /v2/orders/7/8: deny, "*": allow }
      "*":
        /v2/books: allow
        /v2/books/1: { decision: allow, policies: [shop/readBook] }
        /v2/status: allow
        /v2/orders/7: { decision: challenge, scope: orders.read }
        /v2/orders/mine: { decision: challenge, scope: orders.read }
        "*": deny
  - name: changing
    as: [robot, ada, writer]
    request: { method: [DELETE, PATCH], path: [/v2/orders/7, /v2/orders/mine, /v2/orders/7/lines/1, /v2/orders/7/8/lines/1] }
    table:
      robot: deny
      ada:
        DELETE /v2/orders/7: { decision: challenge, scope: orders.write }
        PATCH /v2/orders/7/lines/1: { decision: challenge, scope: orders.write }
        "*": deny
      writer: { DELETE /v2/orders/7: allow, PATCH /v2/orders/7/lines/1: allow, "*": deny }
  - name: adding
    as: [ada, keeper]
    request: { method: POST, path: /v2/books }
    table: { ada: { decision: challenge, scope: orders.read stock.write }, keeper: allow }
"#;
    fs::write(folder.path().join("policies/shop/openapi.test.yaml"), suite).unwrap();
    let tested = run(folder.path(), &["test", "--coverage", "--coverage-min", "100"], "");
    assert!(tested.status.success(), "{}{}", text(&tested.stdout), text(&tested.stderr));
    assert!(run(folder.path(), &["fmt", "--check"], "").status.success(), "it is laid out");

    // What has been made an author's own is not written over.
    let again = run(folder.path(), &arguments, &document);
    assert!(again.status.code() == Some(1) && text(&again.stderr).contains("is there already"));
    for (arguments, complaint) in [
        (&["a/b", "--base", "/"][..], "`a/b` is not a resource's id"),
        (&["shop", "--base", "v1"], "`v1` is not a path"),
        (&["shop"], "-:1:10: openapi: `9` is not a version that is read"),
    ] {
        let done =
            run(folder.path(), &[&["schema", "from-openapi", "-", "--resource"], arguments].concat(), "openapi: 9");
        assert_eq!(done.status.code(), Some(1));
        assert!(text(&done.stderr).contains(complaint), "{}", text(&done.stderr));
    }
}

#[test]
fn what_is_no_list_of_tools_is_told() {
    let folder = TempDir::new().unwrap();
    for (server, input, complaint) in
        [("files", "{", "is not JSON"), ("files", "{}", "no list of `tools`"), ("a/b", "[]", "is not a server's name")]
    {
        let done = run(folder.path(), &["schema", "from-mcp", "-", "--server", server], input);
        assert_eq!(done.status.code(), Some(1));
        assert!(text(&done.stderr).contains(complaint), "{}", text(&done.stderr));
    }
    let done = run(folder.path(), &["schema", "from-mcp", "absent.json", "--server", "files"], "");
    assert!(text(&done.stderr).contains("absent.json"));
}
