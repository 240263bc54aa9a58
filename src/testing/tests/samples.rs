//! The sample policies and their suites, as they are shipped.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::super::{Measures, Options, RunOptions, Session};
use crate::authorizer::config::yaml;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_samples_pass() {
    let options = Options {
        paths: vec![root().join("policies")],
        config: None,
        policies: None,
        schemas: None,
        filter: None,
        run: RunOptions { jobs: 2, fail_fast: false },
        measures: Measures::default(),
    };
    let report = Session::new(options).run().unwrap();
    assert!(report.troubles.is_empty() && report.counts().failed == 0, "{report:#?}");
    assert!(report.counts().passed > 90);
}

fn suites(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            suites(&path, found);
        } else if path.to_str().unwrap().ends_with(".test.yaml") {
            found.push(path);
        }
    }
}

#[test]
fn the_schema_for_editors_takes_what_the_reader_takes() {
    let schema = std::fs::read_to_string(root().join("schemas/test-suite.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let mut files = Vec::new();
    suites(&root().join("policies"), &mut files);
    assert!(files.len() >= 3);
    let texts = files.iter().map(|file| std::fs::read_to_string(file).unwrap());
    for text in texts {
        let suite = yaml::read(&text).unwrap().unwrap().to_json();
        assert_eq!(fault(&schema, &schema, &suite), None);
    }
    for wrong in [
        "tests: [{ name: x }]",
        "tests: [{ name: x, as: a, request: { path: / }, expect: { decison: allow } }]",
        "tests: [{ name: x, as: a, request: { path: / }, expect: maybe }]",
        "tests: [{ name: x, as: a, request: { paht: / }, expect: allow }]",
        "fixtures: { a: { agent: 1 } }\ntests: []",
        "fixture: {}\ntests: []",
    ] {
        let suite = yaml::read(wrong).unwrap().unwrap().to_json();
        assert!(fault(&schema, &schema, &suite).is_some(), "{wrong}");
    }
}

/// The first thing that a value has against a schema, of the keywords that ours is written in.
fn fault(root: &Value, schema: &Value, value: &Value) -> Option<String> {
    let Value::Object(keywords) = schema else { panic!("no schema: {schema}") };
    let fits = |schema: &Value| fault(root, schema, value).is_none();
    let count = |schemas: &Value| schemas.as_array().unwrap().iter().filter(|schema| fits(schema)).count();
    let members = value.as_object();
    keywords.iter().find_map(|(keyword, wanted)| {
        let complaint = || Some(format!("{keyword} of {wanted}: {value}"));
        match keyword.as_str() {
            "$schema" | "$defs" | "title" | "description" => None,
            "$ref" => fault(root, root.pointer(wanted.as_str().unwrap().trim_start_matches('#')).unwrap(), value),
            "type" => {
                let kinds = wanted.as_array().cloned().unwrap_or_else(|| vec![wanted.clone()]);
                let is = |kind: &Value| match kind.as_str().unwrap() {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "boolean" => value.is_boolean(),
                    "integer" => value.is_i64(),
                    "number" => value.is_number(),
                    other => panic!("{other}"),
                };
                if kinds.iter().any(is) { None } else { complaint() }
            }
            "enum" => {
                if wanted.as_array().unwrap().contains(value) {
                    None
                } else {
                    complaint()
                }
            }
            "const" => {
                if wanted == value {
                    None
                } else {
                    complaint()
                }
            }
            "oneOf" => {
                if count(wanted) == 1 {
                    None
                } else {
                    complaint()
                }
            }
            "anyOf" => {
                if count(wanted) > 0 {
                    None
                } else {
                    complaint()
                }
            }
            "properties" => members
                .and_then(|members| members.iter().find_map(|(name, value)| fault(root, wanted.get(name)?, value))),
            "additionalProperties" => members.and_then(|members| {
                let known =
                    |name: &str| keywords.get("properties").is_some_and(|properties| properties.get(name).is_some());
                let mut others = members.iter().filter(|(name, _)| !known(name));
                if *wanted == Value::Bool(false) {
                    others.next().map(|(name, _)| format!("unknown key `{name}`"))
                } else {
                    others.find_map(|(_, value)| fault(root, wanted, value))
                }
            }),
            "propertyNames" => members
                .and_then(|members| members.keys().find_map(|name| fault(root, wanted, &Value::from(name.as_str())))),
            "required" => members.and_then(|members| {
                let names = wanted.as_array().unwrap();
                names.iter().find(|name| !members.contains_key(name.as_str().unwrap())).map(|name| format!("no {name}"))
            }),
            "items" => value.as_array().and_then(|items| items.iter().find_map(|item| fault(root, wanted, item))),
            "minProperties" => members.and_then(|m| if m.is_empty() { complaint() } else { None }),
            "maxProperties" => members.and_then(|m| if m.len() <= 1 { None } else { complaint() }),
            "minimum" => value.as_i64().and_then(|n| if Some(n) >= wanted.as_i64() { None } else { complaint() }),
            "maximum" => value.as_i64().and_then(|n| if Some(n) <= wanted.as_i64() { None } else { complaint() }),
            // The one that tells a row of a table from an expectation; the others only help editors.
            "pattern" => {
                let row = wanted.as_str().unwrap().starts_with("^(\\*");
                let key =
                    |text: &str| text == "*" || text.contains('/') || text.chars().all(|c| c.is_ascii_uppercase());
                if row && !value.as_str().is_some_and(key) { complaint() } else { None }
            }
            other => panic!("the keyword `{other}` is not known to this test"),
        }
    })
}
