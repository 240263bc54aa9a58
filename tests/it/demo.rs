//! `authorizer demo`, as a newcomer runs it: every expectation of its walk holds, and a policy that says otherwise shows.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

/// Longer than any walk takes.
const WITHIN: Duration = Duration::from_mins(1);

fn demo(arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_authorizer"));
    command.arg("demo").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
}

/// Kills a process that is not done in time, so that a test fails rather than hangs. What is returned is held till then.
fn within(child: &Child) -> mpsc::Sender<()> {
    let (ended, waiting) = mpsc::channel();
    let pid = child.id().to_string();
    thread::spawn(move || {
        if waiting.recv_timeout(WITHIN) == Err(mpsc::RecvTimeoutError::Timeout) {
            // It may still take with it what it started.
            let _ = Command::new("kill").arg(&pid).status();
            thread::sleep(Duration::from_secs(10));
            let _ = Command::new("kill").args(["-9", &pid]).status();
        }
    });
    ended
}

fn walk_once(arguments: &[&str]) -> (bool, String) {
    let mut child = demo(&[&["--once"], arguments].concat());
    let _in_time = within(&child);
    let mut output = String::new();
    child.stdout.take().unwrap().read_to_string(&mut output).unwrap();
    (child.wait().unwrap().success(), output)
}

#[test]
fn the_walk_comes_out_as_expected_with_the_samples_it_brings() {
    let (success, output) = walk_once(&[]);
    assert!(success, "{output}");
    for line in [
        "All 24 expectations held.",
        "asks for person-token     [orders-are-personal]",
        "is asked: is \"Helper\" on \"her laptop\" her agent? She says yes.",
        "is asked: may Helper at Orders: Read your orders (orders.read)? She says yes.",
        "is asked: may Helper at Orders: Give refunds in your name (refunds.make)? She says no.",
        "scope=orders.write",
        "[internal-is-hidden]",
    ] {
        assert!(output.contains(line), "`{line}` is not in:\n{output}");
    }
    assert!(!output.contains("mallory"), "{output}");
}

#[test]
fn without_a_person_server_it_says_how_to_build_one() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_authorizer"));
    let output = command.args(["demo", "--once", "--person-server", "/nowhere/person-server"]).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && told.contains("cargo build --workspace --bins"), "{told}");
}

/// Wherever it is when it is stopped: in the midst of a walk, for one.
#[test]
fn nothing_is_left_behind() {
    let folder = TempDir::new().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_authorizer"));
    command.arg("demo").env("TMPDIR", folder.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let _in_time = within(&child);
    let mut output = BufReader::new(child.stdout.take().unwrap());
    until(&mut output, "A key becomes Ada's agent");
    assert_eq!(processes_naming(folder.path()).len(), 1, "the person server runs");
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert!(child.wait().unwrap().success(), "it does not end well when told to stop");
    assert_eq!(processes_naming(folder.path()), Vec::<String>::new());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "files are left");
}

/// The processes whose command line names a folder.
fn processes_naming(folder: &Path) -> Vec<String> {
    let lines = fs::read_dir("/proc").unwrap().filter_map(|entry| fs::read(entry.unwrap().path().join("cmdline")).ok());
    let lines = lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " "));
    lines.filter(|line| line.contains(folder.to_str().unwrap())).collect()
}

/// A copy of the repository's policies and schemas.
fn copies() -> TempDir {
    let folder = TempDir::new().unwrap();
    for name in ["policies/_all", "policies/orders", "schemas"] {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        let to = folder.path().join(name);
        fs::create_dir_all(&to).unwrap();
        for file in fs::read_dir(from).unwrap().map(|entry| entry.unwrap()).filter(|entry| entry.path().is_file()) {
            fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
    }
    folder
}

#[test]
fn a_policy_that_says_otherwise_fails_the_walk() {
    let folder = copies();
    fs::remove_file(folder.path().join("policies/orders/public.cedar")).unwrap();
    let paths = ["policies", "schemas"].map(|name| folder.path().join(name).to_str().unwrap().to_owned());
    let (success, output) = walk_once(&["--policies", &paths[0], "--schemas", &paths[1]]);
    assert!(!success && output.contains("✘ NOT SO: the catalogue is for every identified agent"), "{output}");
}

/// The heart of it: edit a policy, press Enter, and see the agent's way change.
#[test]
fn an_edit_shows_at_the_next_walk() {
    let folder = copies();
    let paths = ["policies", "schemas"].map(|name| folder.path().join(name).to_str().unwrap().to_owned());
    let mut child = demo(&["--policies", &paths[0], "--schemas", &paths[1]]);
    let _in_time = within(&child);
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let first = until(&mut output, "press Enter");
    assert!(first.contains("All 24 expectations held."), "{first}");

    let file = folder.path().join("policies/orders/orders.cedar");
    let closed =
        "\n@id(\"closed\") @reason(\"we are closed\") forbid (principal, action, resource in HTTP::Path::\"/v1\");\n";
    fs::write(&file, fs::read_to_string(&file).unwrap() + closed).unwrap();
    // The watch has a second, as everywhere.
    thread::sleep(Duration::from_secs(1));
    child.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
    let second = until(&mut output, "press Enter");
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    assert!(child.wait().unwrap().success(), "it does not end well when told to stop");
    assert!(second.contains("✘ NOT SO: with the person's consent, the order is served"), "{second}");
}

fn until(output: &mut BufReader<ChildStdout>, marker: &str) -> String {
    let mut read = String::new();
    while !read.contains(marker) {
        assert_ne!(output.read_line(&mut read).unwrap(), 0, "ended before `{marker}`:\n{read}");
    }
    read
}
