//! What the documents say, held against the product: their policies load, and what they list is what there is.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use aauth_authorizer::policy::{PolicyStore, StoreConfig};
use aauth_authorizer::testing::report::Format;
use aauth_authorizer::testing::{Measures, Options, RunOptions, Session};

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The fenced blocks of a language, each with the line it starts at.
fn blocks<'a>(document: &'a str, language: &str) -> Vec<(usize, &'a str)> {
    let fence = format!("```{language}\n");
    let starts = document.match_indices(&fence).map(|(at, _)| at + fence.len());
    starts
        .map(|at| {
            let (before, rest) = document.split_at(at);
            (before.lines().count() + 1, rest.split_once("\n```").unwrap().0)
        })
        .collect()
}

/// Loads a policy as an author's only file, beside an author's schema.
fn load(policy: &str, schema: &str) -> Result<PolicyStore, String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("policies/orders/x.cedar", policy), ("schemas/mine.cedarschema", schema)] {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let config = StoreConfig {
        policies_dir: folder.path().join("policies"),
        schemas_dir: folder.path().join("schemas"),
        resources: vec!["orders".to_owned()],
    };
    PolicyStore::open(config).map_err(|faults| faults.to_string())
}

#[test]
fn every_policy_of_the_documents_loads() {
    for (document, at_least) in [("docs/policies.md", 10), ("docs/operations.md", 1), ("README.md", 1)] {
        let text = read(document);
        let found = blocks(&text, "cedar");
        assert!(found.len() >= at_least, "{document} has {} policies", found.len());
        for (line, policy) in found {
            if let Err(faults) = load(policy, "") {
                panic!("{document}:{line}: {faults}");
            }
        }
    }
}

#[test]
fn every_schema_of_the_documents_extends_ours() {
    let text = read("docs/policies.md");
    for (line, schema) in blocks(&text, "cedarschema") {
        let policy = r#"@id("x") permit (principal, action == HTTP::Action::"PROPFIND", resource);"#;
        assert!(load(policy, "").is_err(), "the method is none of ours");
        if let Err(faults) = load(policy, schema) {
            panic!("docs/policies.md:{line}: {faults}");
        }
    }
}

/// The first cells of the table rows that begin with this, without their backticks.
fn first_cells<'a>(document: &'a str, start: &str) -> BTreeSet<&'a str> {
    let rows = document.lines().filter(|line| line.starts_with(start));
    rows.map(|row| row.trim_start_matches("| ").split('|').next().unwrap().trim().trim_matches('`')).collect()
}

#[test]
fn every_annotation_is_documented_and_known() {
    let (document, source) = (read("docs/policies.md"), read("src/policy/annotations.rs"));
    let names = |cells: BTreeSet<&str>| -> BTreeSet<String> {
        let words = cells.iter().flat_map(|cell| cell.split('@').skip(1));
        words.map(|word| word.split(['(', '`', ' ']).next().unwrap().to_owned()).collect()
    };
    let documented = names(first_cells(&document, "| `@"));
    let declared = source.lines().filter_map(|line| line.strip_prefix("//! "));
    let mut known = BTreeSet::new();
    for row in declared.filter(|row| row.starts_with("| `@")) {
        known.extend(row.split("`@").skip(1).map(|word| word.split(['(', '`']).next().unwrap().to_owned()));
    }
    assert_eq!(documented, known);

    for (effect, annotation) in [
        ("permit", r#"@scope("a b")"#),
        ("permit", r#"@reason("why")"#),
        ("permit", r#"@header_X_A("1")"#),
        ("permit", r#"@metadata_a("1")"#),
        ("permit", "@shadow"),
        ("forbid", r#"@require("agent-token")"#),
        ("forbid", r#"@require("interaction")"#),
        ("forbid", r#"@require("auth-token") @scope("a")"#),
        ("forbid", r#"@reason("why")"#),
        ("forbid", r#"@status("429")"#),
        ("forbid", "@shadow"),
    ] {
        let policy = format!(r#"@id("x") {annotation} {effect} (principal, action, resource);"#);
        if let Err(faults) = load(&policy, "") {
            panic!("{annotation} on {effect}: {faults}");
        }
    }
    for wrong in [r#"@require("auth-token") permit"#, r#"@header_A("1") forbid"#, r#"@note("x") permit"#] {
        assert!(load(&format!(r#"@id("x") {wrong} (principal, action, resource);"#), "").is_err(), "{wrong}");
    }
}

#[test]
fn every_metric_is_documented_and_known() {
    let (document, source) = (read("docs/operations.md"), read("src/authorizer/metrics.rs"));
    let documented = first_cells(&document, "| `aauth_");
    let known = source.split('"').filter(|text| text.starts_with("aauth_")).collect();
    assert_eq!(documented, known);
}

#[test]
fn every_field_of_the_decision_log_is_documented_and_known() {
    let (document, source) = (read("docs/operations.md"), read("src/authorizer/decision_log.rs"));
    let line = source.split_once("struct Line<'a> {").unwrap().1.split_once("\n}").unwrap().0;
    let known = line.lines().filter_map(|line| line.trim().split_once(": ")).map(|(name, _)| name).collect();
    let section = document.split_once("## Decision log").unwrap().1.split_once("\n## ").unwrap().0;
    let documented: BTreeSet<&str> = first_cells(section, "| `")
        .iter()
        .flat_map(|cell| cell.split("`, `"))
        .map(|name| name.trim_matches('`'))
        .collect();
    assert_eq!(documented, known);
}

#[test]
fn every_attribute_of_a_span_is_documented_and_known() {
    let (document, source) = (read("docs/operations.md"), read("src/authorizer/trace.rs"));
    let declared = source.lines().filter_map(|line| line.trim().strip_suffix(" = Empty,"));
    let listed = document.split_once("Attributes: ").unwrap().1.split_once("No token").unwrap().0;
    let documented: BTreeSet<&str> = listed.split('`').skip(1).step_by(2).collect();
    assert_eq!(documented, declared.collect());
}

/// The rows of the tables whose header begins with this cell, as cells.
fn rows<'a>(document: &'a str, start: &str) -> Vec<Vec<&'a str>> {
    let mut found = Vec::new();
    let mut inside = false;
    for line in document.lines() {
        if !line.starts_with('|') {
            inside = false;
        } else if line.starts_with(start) {
            inside = true;
        } else if inside && !line.starts_with("|---") {
            let cells = line.strip_prefix('|').and_then(|line| line.strip_suffix('|')).unwrap();
            found.push(cells.split('|').map(str::trim).collect());
        }
    }
    found
}

/// What stands in backticks.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// Where the files are that the table of requirements names, and the tests.
const SOURCES: [&str; 3] = ["src", "person-server/src", "person-server"];
const TESTS: [&str; 4] = ["src", "tests", "person-server/src", "person-server/tests"];

/// The ids of the checklists: a prefix, and the numbers that there are.
const CHECKLISTS: [(&str, &[std::ops::RangeInclusive<u32>]); 3] = [
    ("RS", &[1..=4, 10..=13, 20..=21, 30..=36, 40..=43, 50..=52, 60..=62, 70..=75]),
    (
        "PS",
        &[1..=5, 10..=13, 20..=20, 30..=36, 40..=40, 50..=55, 60..=64, 70..=71, 80..=90, 95..=96, 100..=104, 110..=115],
    ),
    ("AP", &[1..=7]),
];

#[test]
fn every_requirement_is_accounted_for_by_files_and_tests_that_exist() {
    let document = read("docs/conformance.md");
    let (ids, sections) = (rows(&document, "| id |"), rows(&document, "| section |"));
    let told: BTreeSet<&str> = ids.iter().map(|row| *row.first().unwrap()).collect();
    for (prefix, numbers) in CHECKLISTS {
        for id in numbers.iter().cloned().flatten().map(|number| format!("{prefix}-{number:02}")) {
            assert!(told.contains(id.as_str()), "{id} is not accounted for");
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for row in ids.iter().chain(&sections) {
        let [name, _, status, places, tests] = row.as_slice() else { panic!("{row:?} has other columns") };
        let claims_much = status.starts_with("done");
        let words = ["done", "partial", "not done", "n/a", "operator"];
        assert!(words.iter().any(|word| status.starts_with(word)), "{name}: `{status}` is no status");
        assert!(
            !claims_much || !tests.is_empty() || places.is_empty(),
            "{name} is said to be done and shown by nothing"
        );
        for place in quoted(places) {
            let found = SOURCES.map(|dir| root.join(dir).join(place)).into_iter().any(|path| path.exists());
            assert!(found, "{name}: there is no `{place}`");
        }
        for test in quoted(tests) {
            let (file, function) = test.split_once("::").unwrap();
            let files = [format!("{file}.rs"), format!("{file}/mod.rs")];
            let candidates = TESTS.iter().flat_map(|dir| files.iter().map(move |file| root.join(dir).join(file)));
            let read: Vec<_> = candidates.filter_map(|path| fs::read_to_string(path).ok()).collect();
            assert!(!read.is_empty(), "{name}: there is no file for `{test}`");
            let there = read.iter().any(|text| text.contains(&format!("fn {function}(")));
            assert!(there, "{name}: there is no `{test}`");
        }
    }
}

#[test]
fn links_of_the_documents_lead_somewhere() {
    for document in [
        "README.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "docs/policies.md",
        "docs/configuration.md",
        "docs/deployment.md",
        "docs/operations.md",
        "docs/security.md",
        "docs/person-server.md",
        "docs/conformance.md",
    ] {
        let text = read(document);
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(document).parent().unwrap().to_owned();
        for target in text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            let (path, heading) = target.split_once('#').unwrap_or((target, ""));
            if target.starts_with("https://") {
                continue;
            }
            let file = if path.is_empty() { document.to_owned() } else { folder.join(path).display().to_string() };
            assert!(path.is_empty() || Path::new(&file).exists(), "{document}: `{target}` is not there");
            if !heading.is_empty() {
                let anchors: BTreeSet<String> =
                    read(&file).lines().filter(|l| l.starts_with('#')).map(anchor).collect();
                assert!(anchors.contains(heading), "{document}: `{target}` names no heading of {anchors:?}");
            }
        }
    }
}

/// A heading as it is linked to.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    text.chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-'))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

#[test]
fn every_suite_of_the_documents_passes_on_the_sample_policies() {
    let text = read("docs/policies.md");
    let suites: Vec<_> = blocks(&text, "yaml").into_iter().filter(|(_, block)| block.starts_with("suite:")).collect();
    assert!(suites.len() >= 4);
    for (line, suite) in suites {
        let folder = tempfile::tempdir().unwrap();
        for sample in ["_all/guard-rails.cedar", "orders/orders.cedar", "orders/public.cedar"] {
            let path = folder.path().join("policies").join(sample);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, read(&format!("policies/{sample}"))).unwrap();
        }
        fs::write(folder.path().join("policies/orders/x.test.yaml"), suite).unwrap();
        let session = Session::new(Options {
            paths: vec![folder.path().join("policies")],
            config: None,
            policies: None,
            schemas: None,
            filter: None,
            run: RunOptions { jobs: 1, fail_fast: false },
            measures: Measures::default(),
        });
        let report = session.run().unwrap();
        let passed = report.counts().passed;
        let whole = passed == report.outcomes.len() && passed > 0 && report.troubles.is_empty();
        assert!(whole, "docs/policies.md:{line}:\n{}", report.render(Format::Pretty));
    }
}

#[test]
fn every_key_of_an_expectation_is_documented_and_known() {
    let document = read("docs/policies.md");
    let section = document.split_once("| `expect` | |").unwrap().1.split_once("\n\n").unwrap().0;
    let source = read("src/testing/read/expect.rs");
    let known = source.split_once("KEYS").unwrap().1.split_once("];").unwrap().0;
    let known = known.split('"').skip(1).step_by(2).collect();
    assert_eq!(first_cells(section, "| `"), known);
}
