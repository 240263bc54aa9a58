//! The walls between the rooms, kept by reading what each file names.
//!
//! A room may be read, replaced and reasoned about alone only as long as these hold: the protocol names nothing but
//! itself, one foreign crate is named in one room, and the edges know neither each other nor Cedar.

#![expect(clippy::unwrap_used, clippy::string_slice, reason = "a test stops at the first surprise")]

use std::fs;
use std::path::{Path, PathBuf};

/// A source file, without its unit tests and comments.
struct Source {
    path: String,
    code: String,
}

fn sources() -> Vec<Source> {
    sources_below("src")
}

fn sources_below(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files = Vec::new();
    collect(&root, &mut files);
    let read = |file: &PathBuf| {
        let path = file.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
        Source { code: code_of(&fs::read_to_string(file).unwrap()), path }
    };
    files.iter().map(read).filter(|source| !is_test(&source.path)).collect()
}

/// Whether a file is for unit tests alone. The room `testing` is not.
fn is_test(path: &str) -> bool {
    ["tests.rs", "testkit.rs", "discovery/testing.rs", "oracle.rs"].iter().any(|end| path.ends_with(end))
        || path.contains("/tests/")
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn code_of(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Whether code names a path that begins with this word.
fn names(code: &str, word: &str) -> bool {
    code.match_indices(word).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = &code[at + word.len()..];
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') && after.starts_with("::")
    })
}

/// A foreign crate, and the only places that may name it.
const ROOMS: [(&str, &[&str]); 14] = [
    ("regex", &["testing/filter.rs"]),
    ("josekit", &["aauth/key"]),
    ("ed25519_dalek", &["aauth/key"]),
    ("p256", &["aauth/key"]),
    ("sfv", &["aauth/"]),
    ("cedar_policy", &["policy/"]),
    ("cedar_policy_formatter", &["policy/format.rs"]),
    ("notify", &["policy/watch.rs", "testing/watch.rs"]),
    ("tonic", &["authorizer/envoy/", "demo/"]),
    ("envoy_types", &["authorizer/envoy/", "demo/"]),
    ("axum", &["authorizer/http/", "serving/", "demo/"]),
    ("moka", &["discovery/", "replay.rs", "authorizer/known.rs"]),
    ("reqwest", &["discovery/", "agent/", "demo/"]),
    ("prometheus", &["authorizer/metrics.rs"]),
];

#[test]
fn one_foreign_crate_is_named_in_one_room() {
    for source in sources() {
        for (krate, rooms) in ROOMS {
            let at_home = rooms.iter().any(|room| source.path.starts_with(room));
            assert!(
                at_home || !names(&source.code, krate),
                "src/{} names `{krate}`, which belongs to {rooms:?}",
                source.path
            );
        }
    }
}

#[test]
fn the_protocol_names_nothing_but_itself_and_the_clock() {
    for source in sources().iter().filter(|source| source.path.starts_with("aauth/")) {
        for foreign in ["tokio", "tracing", "reqwest", "rand", "moka", "arc_swap"] {
            assert!(!names(&source.code, foreign), "src/{} names `{foreign}`", source.path);
        }
        for room in ["discovery", "policy", "authorizer", "agent", "demo", "cli"] {
            assert!(!source.code.contains(&format!("crate::{room}")), "src/{} names `crate::{room}`", source.path);
        }
        assert!(!source.code.contains("async fn"), "src/{} is async", source.path);
        assert!(
            !names(&source.code, "SystemClock") && !source.code.contains("dyn Clock"),
            "src/{} reads a clock: take `now` as a parameter",
            source.path
        );
    }
}

#[test]
fn the_rooms_depend_in_one_direction() {
    let never: [(&str, &[&str]); 7] = [
        ("discovery/", &["crate::policy", "crate::authorizer", "crate::agent"]),
        ("serving/", &["crate::aauth", "crate::discovery", "crate::policy", "crate::authorizer"]),
        ("policy/", &["crate::discovery", "crate::authorizer", "crate::aauth"]),
        ("agent/", &["crate::policy", "crate::authorizer"]),
        ("authorizer/", &["crate::testing", "crate::cli", "crate::demo"]),
        ("authorizer/envoy/", &["::http::", "crate::policy"]),
        ("authorizer/http/", &["super::super::envoy", "authorizer::envoy"]),
    ];
    for source in sources() {
        for (room, forbidden) in never {
            let broken = forbidden.iter().find(|name| source.path.starts_with(room) && source.code.contains(*name));
            assert_eq!(broken, None, "src/{}", source.path);
        }
    }
}

#[test]
fn the_pipeline_names_no_foreign_crate() {
    let check = sources().into_iter().find(|source| source.path == "authorizer/check.rs").unwrap();
    for line in check.code.lines().filter(|line| line.starts_with("use ")) {
        let ours = ["use std::", "use super::", "use crate::"].iter().any(|start| line.starts_with(start));
        assert!(ours, "check.rs: {line}");
    }
}

#[test]
fn only_the_verifier_makes_a_verified_value() {
    // The fields of both are private to their module, so the compiler keeps this within it; here it is kept to the file.
    let makers: Vec<_> = sources().into_iter().filter(|source| source.code.contains("Verified(Arc::new(")).collect();
    assert_eq!(makers.iter().map(|source| source.path.as_str()).collect::<Vec<_>>(), ["aauth/verify.rs"]);
}

#[test]
fn every_module_says_what_it_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    collect(&root.join("src"), &mut files);
    collect(&root.join("person-server/src"), &mut files);
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        assert!(
            is_test(file.to_str().unwrap()) || text.starts_with("//!"),
            "{} does not open with `//!`",
            file.display()
        );
    }
}

#[test]
fn main_decides_nothing() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for main in ["src/main.rs", "person-server/src/main.rs"] {
        assert!(fs::read_to_string(root.join(main)).unwrap().lines().count() <= 60, "{main}");
    }
}

/// The same of the person server: a foreign crate, and the only rooms that may name it.
const PERSON_SERVER_ROOMS: [(&str, &[&str]); 8] = [
    ("axum", &["routes/"]),
    ("utoipa", &["routes/"]),
    ("prometheus", &["routes/metrics.rs"]),
    ("sqlx", &["store/"]),
    ("moka", &["app/"]),
    ("rand", &["app/", "store/"]),
    ("hmac", &["domain/directed.rs"]),
    ("tracing_subscriber", &["cli/"]),
];

#[test]
fn the_person_servers_rooms_depend_in_one_direction() {
    let never: [(&str, &[&str]); 4] = [
        ("domain/", &["crate::app", "crate::store", "crate::routes", "crate::config", "async fn", "tokio", "tracing"]),
        ("routes/", &["crate::store", "sqlx"]),
        ("store/", &["crate::app", "crate::routes", "crate::config", "crate::governance"]),
        ("governance/", &["crate::app", "crate::routes", "crate::store"]),
    ];
    for source in sources_below("person-server/src") {
        for (room, forbidden) in never {
            let broken = forbidden.iter().find(|name| source.path.starts_with(room) && source.code.contains(*name));
            assert_eq!(broken, None, "person-server/src/{}", source.path);
        }
        for (krate, rooms) in PERSON_SERVER_ROOMS {
            let at_home = rooms.iter().any(|room| source.path.starts_with(room));
            assert!(
                at_home || !names(&source.code, krate),
                "person-server/src/{} names `{krate}`, which belongs to {rooms:?}",
                source.path
            );
        }
    }
}
