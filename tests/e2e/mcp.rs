//! Calls by JSON-RPC through a real Envoy: one tool allowed and another denied, batches, and bodies that do not arrive
//! whole. The policies are the samples of an MCP server.

use aauth_authorizer::aauth::requirement::Requirement;
use serde_json::{Value, json};

use crate::support::client::Response;
use crate::support::gateway::Gateway;
use crate::support::process::eventually;
use crate::support::scene::{Scene, Signed};
use crate::support::upstream::Received;

/// The scene, with the MCP server `files` at `/mcp` and its sample policies live.
fn scene() -> Scene {
    let scopes = "    supported_scopes: [files.read, files.write]\n";
    let scene = Scene::new(true, &format!("    mcp: [{{ path: /mcp, server: files }}]\n{scopes}"));
    let sample = format!("{}/policies/files-mcp/files.cedar", env!("CARGO_MANIFEST_DIR"));
    scene.authorizer.place.write("policies/orders/files.cedar", &std::fs::read_to_string(sample).unwrap());
    let agent = scene.cast.agent_token();
    let list = json!({ "jsonrpc": "2.0", "id": 0, "method": "tools/list" });
    eventually("the policies go live", || post(&scene, &agent, &list).status == 200);
    scene
}

fn post(scene: &Scene, token: &str, body: &Value) -> Response {
    let body = body.to_string();
    scene.send(&scene.cast.signed(Signed { target: "/mcp", token, body: body.as_bytes(), ..Signed::json() }))
}

fn call(id: u32, tool: &str, path: &str) -> Value {
    let params = json!({ "name": tool, "arguments": { "path": path } });
    json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params })
}

#[test]
fn one_tool_is_allowed_and_another_denied() {
    let scene = scene();
    let agent = scene.cast.agent_token();

    let allowed = post(&scene, &agent, &call(1, "read_file", "/public/a"));
    assert_eq!(allowed.status, 200, "{}\n{}", allowed.text(), scene.authorizer.output());
    let body = Received::from(&allowed).body().clone();
    assert_eq!(serde_json::from_slice::<Value>(&body).unwrap(), call(1, "read_file", "/public/a"));
    let served = scene.upstream.served();

    // By tool, and by what the tool is to do.
    let denied = post(&scene, &agent, &call(2, "delete_file", "/public/a"));
    assert_eq!((denied.status, denied.json()["detail"].as_str()), (403, Some("files are not deleted through agents")));
    assert_eq!(post(&scene, &agent, &call(3, "read_file", "/home/ada")).status, 403);
    assert_eq!(post(&scene, &agent, &call(4, "write_file", "/public/a")).status, 403);
    assert_eq!(scene.upstream.served(), served, "nothing of it went on");
    eventually("the calls are logged", || scene.authorizer.output().contains("tools/call files/delete_file"));
}

#[test]
fn a_batch_passes_only_whole() {
    let scene = scene();
    let agent = scene.cast.agent_token();
    let reads = json!([call(1, "read_file", "/public/a"), call(2, "read_file", "/public/b")]);
    assert_eq!(post(&scene, &agent, &reads).status, 200);
    let served = scene.upstream.served();
    let mixed = json!([call(1, "read_file", "/public/a"), call(2, "delete_file", "/public/a")]);
    let denied = post(&scene, &agent, &mixed);
    assert_eq!((denied.status, denied.json()["detail"].as_str()), (403, Some("files are not deleted through agents")));

    // A person's agent is told once what the person has to consent to.
    let both = json!([call(1, "read_file", "/home/ada"), call(2, "write_file", "/home/ada")]);
    let consent = post(&scene, &scene.cast.person_token(), &both);
    assert_eq!(consent.status, 401, "{}", consent.text());
    let requirement = Requirement::parse(consent.header("aauth-requirement").unwrap()).unwrap();
    assert!(matches!(requirement, Requirement::AuthToken { .. }));
    assert_eq!(scene.upstream.served(), served);
    let consented = scene.cast.auth_token(&["files.read", "files.write"]);
    assert_eq!(post(&scene, &consented, &both).status, 200);
}

#[test]
fn a_body_that_is_cut_off_or_no_call_is_denied() {
    let scene = scene();
    let agent = scene.cast.agent_token();
    let served = scene.upstream.served();
    let cut = Gateway::between(scene.authorizer.place.grpc, scene.upstream.address).partial_bodies(true).start();
    let large = call(1, "read_file", &format!("/public/{}", "a".repeat(70_000))).to_string();
    // Not signed, the body could be anybody's; cut off, it cannot be read.
    let upload = Signed { target: "/mcp", token: &agent, body: large.as_bytes(), cover: &[], ..Signed::json() };
    let answer = scene.cast.signed(upload).send(cut.address);
    assert_eq!(answer.status, 413, "{}", answer.text());

    for body in ["path=/public/a", "[]", r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call"}"#] {
        let request = Signed { target: "/mcp", token: &agent, body: body.as_bytes(), ..Signed::json() };
        assert_eq!(scene.send(&scene.cast.signed(request)).status, 400, "{body}");
    }
    let text = [("content-type", "text/plain")];
    let body = call(1, "read_file", "/public/a").to_string();
    let request = Signed { target: "/mcp", token: &agent, body: body.as_bytes(), headers: &text, ..Signed::json() };
    assert_eq!(scene.send(&scene.cast.signed(request)).status, 415);
    assert_eq!(scene.upstream.served(), served);
}
