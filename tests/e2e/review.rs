//! What a gateway's requests leave behind, and what authors make of it: the log with inputs explained, recorded as tests
//! that pass, and replayed; and a candidate set beside the one in force, whose differences are counted.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::process::eventually;
use crate::support::scene::{Scene, Signed};

const CANDIDATE: &str = r#"
@id("no-orders-today")
@reason("stocktaking")
forbid (principal, action, resource in HTTP::Path::"/v1/orders");
"#;

fn authorizer(dir: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let command = Command::new(env!("CARGO_BIN_EXE_authorizer")).args(arguments).current_dir(dir).output();
    let Output { status, stdout, stderr } = command.unwrap();
    (status.code(), format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr)))
}

#[test]
fn what_passed_is_explained_recorded_and_replayed() {
    // The candidate is the sample set, and one forbid more.
    let next = TempDir::new().unwrap();
    for file in ["orders/orders.cedar", "orders/public.cedar", "_all/guard-rails.cedar"] {
        let target = next.path().join(file);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(format!("{}/policies/{file}", env!("CARGO_MANIFEST_DIR")), target).unwrap();
    }
    fs::write(next.path().join("orders/more.cedar"), CANDIDATE).unwrap();
    let candidate = next.path().display().to_string();
    let more = format!(
        "decision_log: {{ path: log.jsonl, inputs: true }}\npolicies: {{ dir: policies, shadow_dir: '{candidate}' }}"
    );
    let scene = Scene::new(true, &more);
    let cast = &scene.cast;

    let reader = cast.auth_token(&["orders.read"]);
    assert_eq!(scene.send(&cast.get("/v1/orders/42?full=yes", &reader)).status, 200, "{}", scene.authorizer.output());
    assert_eq!(scene.send(&cast.get("/v1/users", &reader)).status, 200);
    assert_eq!(
        scene
            .send(&cast.signed(Signed { method: "DELETE", target: "/v2", token: &reader, ..Signed::default() }))
            .status,
        403
    );
    assert_eq!(scene.send(&cast.get("/v1/orders/42", &cast.person_token())).status, 401);

    // One of each that the candidate would have answered otherwise is counted, by the policy that differs.
    let counted = r#"aauth_shadow_divergence_total{policy="no-orders-today",resource="orders"} 2"#;
    let metrics = || String::from_utf8_lossy(&scene.authorizer.get("/metrics").body).into_owned();
    eventually("the divergences", || metrics().contains(counted));

    let dir = scene.authorizer.place.dir();
    let log = || fs::read_to_string(dir.join("log.jsonl")).unwrap_or_default();
    eventually("four lines", || log().lines().count() == 4);
    let lines: Vec<Value> = log().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let first = lines.first().unwrap();
    assert_eq!(first.pointer("/shadow/outcome").unwrap(), "deny");
    assert_eq!(first.pointer("/shadow/policies/0").unwrap(), "no-orders-today");
    assert_eq!(first.pointer("/input/asked/0/request/query").unwrap(), "full=yes");
    assert!(lines.iter().skip(1).take(2).all(|line| line.get("shadow").is_none()), "{lines:?}");
    let signature = reader.rsplit('.').next().unwrap();
    assert!(!log().contains(signature), "no token is kept");

    let (code, said) = authorizer(dir, &["explain", "--policies", "policies", "--log", "log.jsonl:1"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("permit orders-read: true") && said.contains("decision   allow, by orders-read"), "{said}");

    let (code, said) = authorizer(dir, &["replay", "--log", "log.jsonl", "--policies", "policies"]);
    assert_eq!(code, Some(0), "the same policies say the same:\n{said}");
    let (code, said) = authorizer(dir, &["replay", "--log", "log.jsonl", "--policies", &candidate]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("no-orders-today: changes 2"), "{said}");

    let suite = "policies/orders/recorded.test.yaml";
    let (code, said) = authorizer(dir, &["record", "--log", "log.jsonl", "--out", suite]);
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = authorizer(dir, &["test", "--config", "authorizer.yaml", "policies", "--fail-on-empty"]);
    let recorded = fs::read_to_string(dir.join(suite)).unwrap();
    assert_eq!(code, Some(0), "{said}\n{recorded}");
    scene.authorizer.place.write("policies/orders/more.cedar", CANDIDATE);
    assert_eq!(authorizer(dir, &["test", "--config", "authorizer.yaml", "policies"]).0, Some(1));
}
