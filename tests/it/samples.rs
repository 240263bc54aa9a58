//! The sample policies are tested to the last policy: each is covered, and no change of one goes unnoticed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Runs `authorizer test` in a folder.
fn test(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_authorizer"));
    let output = command.arg("test").args(arguments).current_dir(folder).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), text)
}

#[test]
fn the_samples_are_covered_and_no_mutant_survives() {
    let (code, text) = test(&root(), &["policies", "--coverage", "--coverage-min", "100", "--mutate"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("covered (100.0 %)") && text.contains(" survived: 0"), "{text}");
    let resources = text.lines().find(|line| line.starts_with("resources: ")).unwrap();
    assert!(!resources.contains("; not"), "{resources}");
    let actions: Vec<&str> = text.lines().filter(|line| line.starts_with("actions of ")).collect();
    assert_eq!(actions.len(), 3, "HTTP, MCP and A2A: {actions:?}");
    assert!(actions.iter().all(|line| !line.contains("HTTP") || !line.contains("; not")), "{actions:?}");
}

#[test]
fn the_defaults_of_the_person_server_are_covered_and_no_change_goes_unnoticed() {
    let (_, text) = test(&root(), &["person-server/policies", "--coverage", "--mutate"]);
    assert!(text.contains(" 0 failed") && text.contains("covered (100.0 %)"), "{text}");
    // Nothing but a tool is among the tools of a mission, so this change is none.
    let survived: Vec<&str> = text.lines().filter(|line| line.starts_with("survived ")).collect();
    assert_eq!(survived.len(), 1, "{text}");
    assert!(survived[0].ends_with("`mission-tools`: widen the scope to any action"), "{text}");
}

#[test]
fn the_samples_of_the_person_server_are_covered() {
    let (code, text) = test(&root(), &["person-server/samples", "--coverage", "--coverage-min", "100"]);
    assert_eq!(code, 0, "{text}");
}

#[test]
fn each_default_of_the_person_server_has_a_test_that_fails_without_it() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["policies", "schemas"] {
        copy(&root().join("person-server").join(name), &folder.path().join(name));
    }
    let mut files = Vec::new();
    policy_files(&folder.path().join("policies"), &mut files);
    let mut tried = 0;
    for file in files {
        let whole = fs::read_to_string(&file).unwrap();
        for text in broken(&whole, r#"context.person.id == "nobody""#) {
            fs::write(&file, &text).unwrap();
            let (code, printed) = test(folder.path(), &["policies", "--fail-fast"]);
            assert!(code == 1 && !printed.contains(" 0 failed"), "{} may say this:\n{text}\n{printed}", file.display());
            tried += 1;
        }
        fs::write(&file, whole).unwrap();
    }
    assert_eq!(tried, 4);
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn policy_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            policy_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "cedar") {
            found.push(path);
        }
    }
}

/// The text once for each of its policies, with that one made never to match, by a condition that never holds.
fn broken(text: &str, never: &str) -> Vec<String> {
    let heads = text.match_indices("\npermit (").chain(text.match_indices("\nforbid (")).map(|(at, _)| at);
    heads
        .map(|at| {
            let (before, policy) = text.split_at(at);
            let end = policy.find(";\n").unwrap();
            let (policy, rest) = policy.split_at(end);
            format!("{before}{policy}\nwhen {{ {never} }}{rest}")
        })
        .collect()
}

#[test]
fn breaking_any_sample_policy_makes_a_test_fail() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["policies", "schemas"] {
        copy(&root().join(name), &folder.path().join(name));
    }
    assert_eq!(test(folder.path(), &["policies"]).0, 0);
    let (mut files, mut tried, mut there) = (Vec::new(), 0, 0);
    policy_files(&folder.path().join("policies"), &mut files);
    for file in files {
        let whole = fs::read_to_string(&file).unwrap();
        there += whole.matches("@id(").count();
        for text in broken(&whole, r#"context.request.host == "of-nobody.example""#) {
            fs::write(&file, &text).unwrap();
            let (code, printed) = test(folder.path(), &["policies", "--fail-fast"]);
            assert_eq!(code, 1, "{} may say this:\n{text}\n{printed}", file.display());
            tried += 1;
        }
        fs::write(&file, whole).unwrap();
    }
    assert_eq!(tried, there, "every policy was broken once");
    assert!(tried >= 28, "{tried}");
}
