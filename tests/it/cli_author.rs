//! `authorizer check`, `fmt` and `new policy`, as an author of policies runs them.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

const CONFIG: &str = "\
listen: { grpc: 127.0.0.1:0, http: 127.0.0.1:0 }
policies: { dir: policies, schemas: schemas }
resources:
  - id: orders
    issuer: https://orders.example
    hosts: [orders.example]
    access: { require: agent-token }
    agent_servers: [{ issuer: https://agents.example }]
";

const GOOD: &str = "\
@id(\"read\")
permit (
  principal is AAuth::Agent in AAuth::AgentProvider::\"https://agents.example\",
  action,
  resource
);
";

struct Scene(TempDir);

impl Scene {
    /// A configuration and one policy.
    fn new(policy: &str) -> Self {
        let scene = Self(TempDir::new().unwrap());
        scene.write("authorizer.yaml", CONFIG);
        scene.write("schemas/.keep", "");
        scene.write("policies/orders/a.cedar", policy);
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
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

    fn check(&self, more: &[&str]) -> (i32, String, String) {
        self.run(&[&["check", "--config", "authorizer.yaml"], more].concat())
    }
}

#[test]
fn a_good_set_is_ok() {
    let (code, out, err) = Scene::new(GOOD).check(&[]);
    assert_eq!((code, out.as_str(), err.as_str()), (0, "authorizer.yaml: ok: 1 resources, 1 policies\n", ""));
}

#[test]
fn an_error_is_shown_where_it_is_with_a_mend() {
    let scene = Scene::new("@id(\"a\")\n\t@reqire(\"auth-token\")\nforbid (principal, action, resource);\n");
    let (code, out, err) = scene.check(&[]);
    assert_eq!((code, out.as_str()), (1, ""));
    let expected = "policies/orders/a.cedar:2:2: error[policy]: `@reqire` is not an annotation of this program
  |
2 | \t@reqire(\"auth-token\")
  | \t^
  hint: did you mean `require`?
";
    assert_eq!(err, expected);
}

#[test]
fn every_mistake_of_the_configuration_is_shown_where_it_is() {
    let scene = Scene::new(GOOD);
    scene.write("authorizer.yaml", &CONFIG.replace("agent-token", "agent-tokn").replace("policies:", "policys:"));
    let (code, _, err) = scene.check(&[]);
    assert_eq!(code, 1);
    assert_eq!(err.lines().filter(|line| line.contains(": error[configuration]: ")).count(), 2, "{err}");
    assert!(
        err.contains("authorizer.yaml:2:1: error[configuration]: policys: ") && err.contains("hint: did you mean"),
        "{err}"
    );
}

/// Two warnings: one for everybody may do everything, one for a stranger.
const LOOSE: &str = "\
@id(\"all\")
permit (principal, action, resource);

@id(\"stranger\")
permit (
  principal in AAuth::AgentProvider::\"https://agent.example\",
  action in HTTP::Action::\"read\",
  resource
);
";

#[test]
fn a_warning_is_an_error_where_that_is_asked_for() {
    let scene = Scene::new(LOOSE);
    let (code, out, err) = scene.check(&[]);
    assert_eq!(code, 0);
    assert!(out.contains(": ok: "), "{out}");
    for line in [
        "policies/orders/a.cedar:1:1: warning[unscoped-permit]: the permit lets everybody do everything",
        "policies/orders/a.cedar:6:39: warning[unknown-issuer]: ",
        "  hint: did you mean `https://agents.example`?",
    ] {
        assert!(err.contains(line), "`{line}` is not in:\n{err}");
    }
    let (code, out, err) = scene.check(&["--deny-warnings"]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.contains("error[unscoped-permit]"), "{err}");
}

#[test]
fn a_policy_without_a_test_is_told_where_there_are_tests() {
    let scene = Scene::new(GOOD);
    scene.write("policies/orders/x.test.yaml", "policies: [other]");
    assert!(scene.check(&[]).2.contains("warning[untested]: no test names the policy `read`"));
    scene.write("policies/orders/x.test.yaml", "policies: [read]");
    assert_eq!(scene.check(&[]).2, "");
}

#[test]
fn findings_are_read_by_machines() {
    let scene = Scene::new(LOOSE);
    let (code, out, _) = scene.check(&["--format", "json"]);
    let found: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &found["warnings"], &found["errors"]), (0, &2.into(), &0.into()));
    assert_eq!(found["findings"][1]["line"], 6);

    let (_, out, _) = scene.check(&["--format", "sarif"]);
    let sarif: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    let run = &sarif["runs"][0];
    let rules: Vec<_> = run["tool"]["driver"]["rules"].as_array().unwrap().iter().map(|rule| &rule["id"]).collect();
    for result in run["results"].as_array().unwrap() {
        assert!(rules.contains(&&result["ruleId"]), "{result}");
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "policies/orders/a.cedar");
        assert!(place["region"]["startLine"].as_u64().unwrap() >= 1);
        assert_eq!(result["level"], "warning");
    }
    assert_eq!(run["results"].as_array().unwrap().len(), 2);

    let (code, out, _) = scene.check(&["--format", "github", "--deny-warnings"]);
    assert_eq!(code, 1);
    let first = "::error file=policies/orders/a.cedar,line=1,col=1,title=unscoped-permit::the permit lets everybody";
    assert!(out.starts_with(first), "{out}");
    assert_eq!(out.lines().count(), 2);
}

#[test]
fn a_candidate_set_is_checked_too() {
    let scene = Scene::new(GOOD);
    scene.write("next/orders/b.cedar", "permit (principal, action, resource);");
    scene.write("authorizer.yaml", &CONFIG.replace("policies: {", "policies: { shadow_dir: next,"));
    let (code, _, err) = scene.check(&[]);
    assert!(code == 1 && err.contains("next/orders/b.cedar:1:1: error[policy]: the policy has no `@id`"), "{err}");
}

#[test]
fn policies_are_laid_out_and_say_the_same() {
    let scene = Scene::new("// why\n@id(\"a\") permit(principal,action,resource)when{context.request.host==\"x\"};\n");
    let file = "policies/orders/a.cedar";
    let before = scene.read(file);
    let (code, out, _) = scene.run(&["fmt", "--check"]);
    assert_eq!((code, out.as_str()), (1, "policies/orders/a.cedar: would be laid out otherwise\n"));
    assert_eq!(scene.read(file), before, "--check changes nothing");
    assert_eq!(scene.run(&["fmt"]).0, 0);
    let after = scene.read(file);
    assert!(after.starts_with("// why\n@id(\"a\")\npermit (principal, action, resource)\nwhen { "), "{after}");
    assert_eq!(scene.run(&["fmt", "--check"]), (0, String::new(), String::new()));

    scene.write("policies/orders/b.cedar", "permit (principal,\n  action resource);");
    scene.write(file, &before);
    let (code, _, err) = scene.run(&["fmt", "policies"]);
    assert!(code == 2 && err.contains("policies/orders/b.cedar:2:10: "), "{err}");
    assert_eq!(scene.read(file), after, "the rest is laid out all the same");
}

#[test]
fn the_samples_are_laid_out() {
    let policies = concat!(env!("CARGO_MANIFEST_DIR"), "/policies");
    let (code, out, err) = Scene::new(GOOD).run(&["fmt", "--check", policies]);
    assert_eq!(code, 0, "{out}{err}");
}

#[test]
fn a_new_policy_loads_and_its_test_passes() {
    for effect in ["permit", "forbid"] {
        let scene = Scene::new("");
        let new = ["new", "policy", "--id", "reports", "--resource", "orders", "--effect", effect];
        let (code, out, _) = scene.run(&[&new[..], &["--print"]].concat());
        assert!(code == 0 && out.contains("@id(\"reports\")"), "{out}");
        assert!(!scene.path("policies/orders/reports.cedar").exists());
        assert_eq!(scene.run(&new).0, 0);
        let (code, out, err) = scene.run(&["test", "policies", "--fail-on-empty"]);
        assert_eq!(code, 0, "{out}{err}");
        assert_eq!(scene.run(&["fmt", "--check"]).0, 0, "it is laid out");
        let (code, _, err) = scene.run(&new);
        assert!(code == 1 && err.contains("cannot write"), "an existing file is never replaced: {err}");
    }
    let (code, _, err) = Scene::new("").run(&["new", "policy", "--id", "../x", "--resource", "orders"]);
    assert!(code == 1 && err.contains("`../x` is no id"), "{err}");
}
