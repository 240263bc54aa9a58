//! Results and findings in formats for machines, each read by somebody else's reader of it.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::process::installed;

/// With a policy that no test tries, and what needs escaping in each format.
const POLICIES: &str = r#"@id("read")
permit (
  principal is AAuth::Agent,
  action == HTTP::Action::"GET",
  resource in HTTP::Path::"/v1"
);

@id("never")
forbid (principal, action, resource in HTTP::Path::"/v2");
"#;

const SUITE: &str = r#"
suite: "a <suite> & more"
fixtures: { robot: { agent: aauth:robot@agents.example } }
tests:
  - { name: reads, as: robot, request: { path: /v1 }, expect: { decision: allow, policies: [read] } }
  - { name: 'fails "here" # for a reason', as: robot, request: { path: /v1 }, expect: { decision: deny, reason: "a: b" } }
  - { name: waits, skip: "not <yet> # so", as: robot, request: { path: /v1 }, expect: allow }
"#;

const CONFIG: &str = "\
policies: { dir: policies, schemas: schemas }
resources:
  - { id: orders, hosts: [orders.example], agent_servers: [{ issuer: https://other.example }] }
";

struct Scene(TempDir);

impl Scene {
    fn new() -> Self {
        let scene = Self(TempDir::new().unwrap());
        fs::create_dir_all(scene.0.path().join("policies/orders")).unwrap();
        fs::create_dir_all(scene.0.path().join("schemas")).unwrap();
        for (name, text) in [
            ("policies/orders/orders.cedar", POLICIES),
            ("policies/orders/orders.test.yaml", SUITE),
            ("authorizer.yaml", CONFIG),
        ] {
            fs::write(scene.0.path().join(name), text).unwrap();
        }
        scene
    }

    /// What the reader of this format makes of what a command prints.
    fn read(&self, format: &str, arguments: &[&str]) -> Value {
        let command = Command::new(env!("CARGO_BIN_EXE_authorizer")).args(arguments).current_dir(&self.0).output();
        let printed = command.unwrap().stdout;
        self.read_file(format, "results", &printed)
    }

    /// What it makes of the coverage.
    fn read_coverage(&self, format: &str) -> Value {
        let arguments = ["test", "--coverage", "--coverage-format", format, "--coverage-out", "coverage"];
        let done = Command::new(env!("CARGO_BIN_EXE_authorizer")).args(arguments).current_dir(&self.0).output();
        assert_eq!(done.unwrap().status.code(), Some(1), "a test fails");
        let written = fs::read(self.0.path().join("coverage")).unwrap();
        self.read_file(format, "coverage", &written)
    }

    fn read_file(&self, format: &str, name: &str, bytes: &[u8]) -> Value {
        fs::write(self.0.path().join(name), bytes).unwrap();
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/readers.py");
        let mut reader = Command::new(installed("readers/bin/python"));
        let read = reader.arg("-B").arg(program).args([format, name]).current_dir(&self.0).output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&read.stdout), String::from_utf8_lossy(&read.stderr));
        assert!(read.status.success(), "{err}\n{}", String::from_utf8_lossy(bytes));
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{err}"))
    }
}

#[test]
fn junit_is_read_by_a_reader_of_it() {
    let read = Scene::new().read("junit", &["test", "--format", "junit"]);
    let cases = json!([["reads", []], [r#"fails "here" # for a reason"#, ["failure"]], ["waits", ["skipped"]]]);
    let suites = json!(["a <suite> & more"]);
    let expected = json!({ "tests": 3, "failures": 1, "errors": 0, "skipped": 1, "suites": suites, "cases": cases });
    assert_eq!(read, expected);
}

#[test]
fn tap_is_read_by_a_reader_of_it() {
    let read = Scene::new().read("tap", &["test", "--format", "tap"]);
    assert_eq!((&read["plan"], &read["unknown"]), (&json!([3]), &json!([])), "{read:#}");
    let points: Vec<_> = read["points"].as_array().unwrap().iter().map(|point| json!([point[0], point[1]])).collect();
    assert_eq!(points, [json!([true, false]), json!([false, false]), json!([true, true])]);
    let failure = &read["points"][1];
    assert!(failure[2].as_str().unwrap().starts_with("a <suite> & more/fails"), "{failure}");
    assert_eq!(failure[3]["message"][0], "decision: expected deny, got allow");
    assert!(failure[3]["explain"].as_array().unwrap().iter().any(|line| line == "policies whose heads match"));
}

#[test]
fn coverage_is_read_by_readers_of_it() {
    let scene = Scene::new();
    let [cobertura, lcov] = ["cobertura", "lcov"].map(|format| scene.read_coverage(format));
    let file = "policies/orders/orders.cedar";
    for read in [&cobertura, &lcov] {
        assert!((read["rate"].as_f64().unwrap() - 6.0 / 8.0).abs() < 0.01, "{read:#}");
        // No test in which the one does not match, none that tries the other.
        let missed = read["missed"][file].as_array().unwrap();
        assert_eq!(missed.iter().map(|line| &line[0]).collect::<Vec<_>>(), [1, 8, 9], "{read:#}");
    }
    assert_eq!(lcov["functions"], json!({ "read": "1.0", "never": "0.0" }));
}

#[test]
fn sarif_is_read_by_a_reader_of_it() {
    let scene = Scene::new();
    let suite = SUITE.replace("policies: [read]", "policies: { contains: [read] }");
    fs::write(scene.0.path().join("policies/orders/orders.test.yaml"), suite).unwrap();
    let read = scene.read("sarif", &["check", "--config", "authorizer.yaml", "--format", "sarif"]);
    assert_eq!((&read["version"], &read["tool"]), (&json!("2.1.0"), &json!(["authorizer"])));
    assert_eq!(read["results"], json!([["untested", "warning", 8]]));
    // A fault is an error, of the whole file or of a place.
    fs::write(scene.0.path().join("policies/orders/more.cedar"), "permit (principal, action resource);").unwrap();
    let read = scene.read("sarif", &["check", "--config", "authorizer.yaml", "--format", "sarif"]);
    assert_eq!(read["results"][0], json!(["policy", "error", 1]), "{read:#}");
}
