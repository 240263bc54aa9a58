//! `authorizer test` as a program: what it prints, its exit codes, and its watch.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

const POLICIES: &str = r#"@id("read") permit (principal is AAuth::Agent, action == HTTP::Action::"GET", resource);"#;

const SUITE: &str = r"
fixtures: { robot: { agent: aauth:robot@agents.example } }
tests:
  - { name: reads, as: robot, request: { path: /v1 }, expect: { decision: allow, policies: [read] } }
  - { name: writes, as: robot, request: { method: POST, path: /v1 }, expect: deny }
";

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("policies/orders/orders.cedar", POLICIES);
        folder.write("policies/orders/orders.test.yaml", SUITE);
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_authorizer"));
        command.arg("test").args(arguments).current_dir(&self.0);
        command
    }

    fn run(&self, arguments: &[&str]) -> (i32, String) {
        let Output { status, stdout, stderr } = self.command(arguments).output().unwrap();
        let text = String::from_utf8(stdout).unwrap() + &String::from_utf8(stderr).unwrap();
        (status.code().unwrap(), text)
    }
}

#[test]
fn the_exit_code_says_how_it_went() {
    let folder = Folder::new();
    let (code, text) = folder.run(&[]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("2 tests: 2 passed, 0 failed"), "{text}");

    assert_eq!(folder.run(&["policies/orders/orders.test.yaml", "--filter", "reads"]).0, 0);
    assert_eq!(folder.run(&["--filter", "no such test"]).0, 0);
    assert_eq!(folder.run(&["--filter", "no such test", "--fail-on-empty"]).0, 1);
    assert!(folder.run(&["--filter", "/^orders.*(reads|rides)$/"]).1.contains("1 tests: 1 passed"));
    let (code, text) = folder.run(&["--filter", "/(/"]);
    assert!(code == 2 && text.contains("`(` is not a regular expression: unclosed group"), "{text}");
    assert_eq!(folder.run(&["--no-such-switch"]).0, 2);
    assert_eq!(folder.run(&["--jobs", "0"]).0, 2);
    let (code, text) = folder.run(&["nowhere"]);
    assert_eq!((code, text.as_str()), (2, "error: `nowhere`: no such file or folder\n"));

    folder.write("policies/orders/orders.test.yaml", &SUITE.replace("expect: deny", "expect: allow"));
    let (code, text) = folder.run(&["--fail-fast", "--jobs", "1"]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("decision  expected  allow"), "{text}");
    assert!(text.contains("|   permit read: false  policies/orders/orders.cedar:1\n"), "it is explained:\n{text}");

    // A file that is wrong outweighs a test that fails, and keeps no other from being run.
    folder.write("policies/orders/more.test.yaml", "tests: 1");
    let (code, text) = folder.run(&[]);
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("more.test.yaml:1:8: tests: expected a list"), "{text}");
    assert!(text.contains("2 tests: 1 passed, 1 failed"), "{text}");
}

#[test]
fn the_samples_pass_from_the_root_of_the_repository() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_authorizer"));
    let output = command.args(["test", "policies", "--format", "json"]).current_dir(root).output().unwrap();
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{document:#}");
    assert!(document["summary"]["passed"].as_u64().unwrap() > 90);
}

/// Ends with the test, however that ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
fn a_watch_runs_again_after_each_save_and_outlives_broken_files() {
    let folder = Folder::new();
    let mut child = Running(folder.command(&["--watch"]).stdout(Stdio::piped()).spawn().unwrap());
    let (sender, summaries) = mpsc::channel();
    let stdout = BufReader::new(child.0.stdout.take().unwrap());
    thread::spawn(move || {
        for line in stdout.lines().map_while(Result::ok).filter(|line| line.contains(" tests: ")) {
            let _ = sender.send(line);
        }
    });
    let next = || summaries.recv_timeout(Duration::from_secs(20)).unwrap();
    let save = |name: &str, text: &str, awaited: &str| {
        folder.write(name, text);
        loop {
            // A save may be seen half done; what counts is the last run.
            let summary = next();
            if summary.contains(awaited) {
                return;
            }
        }
    };
    assert!(next().contains("2 tests: 2 passed"));
    let suite = "policies/orders/orders.test.yaml";
    save(suite, &SUITE.replace("expect: deny", "expect: allow"), "1 failed");
    save(suite, "tests: [", "0 tests: 0 passed, 0 failed, 1 mistakes");
    save(suite, SUITE, "2 passed");
    save("policies/orders/orders.cedar", "permit (", "mistakes");
    save("policies/orders/orders.cedar", &POLICIES.replace("GET", "POST"), "2 failed");
    save("policies/orders/orders.cedar", POLICIES, "2 passed");
    save("schemas/mine.cedarschema", "entity", "mistakes");
    // What is written beside what is watched is no change, or results kept there would lead to others without end.
    let quiet = || summaries.recv_timeout(Duration::from_millis(500)).is_err();
    while !quiet() {}
    folder.write("results.xml", "<x/>");
    assert!(quiet());
}
