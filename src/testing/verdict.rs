//! How what came differs from what was expected.

use std::collections::BTreeSet;
use std::fmt::Display;

use super::seen::Seen;
use super::suite::{Decision, Expect, Field, Ids};

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// What differs, as a suite names it.
    pub what: String,
    /// What was expected.
    pub expected: String,
    /// What came.
    pub got: String,
}

/// Every difference.
pub(super) fn mismatches(expect: &Expect, seen: &Seen) -> Vec<Mismatch> {
    let mut found = Compare(Vec::new());
    let errors: Vec<String> = seen.errors.iter().map(|error| error.policy.to_string()).collect();
    found.equal("decision", expect.decision.map(Decision::name), seen.decision.name());
    found.maybe("requirement", expect.requirement.as_deref(), seen.requirement);
    if let Some(scope) = &expect.scope {
        let got: Option<BTreeSet<String>> = seen.scope.as_ref().map(|scopes| scopes.iter().cloned().collect());
        let (expected, got) = (list(scope), got.as_ref().map(list));
        found.maybe("scope", Some(expected), got);
    }
    found.ids("policies", expect.policies.as_ref(), &seen.policies);
    found.ids("errors", expect.errors.as_ref(), &errors);
    found.equal("number of errors", expect.error_count, seen.errors.len());
    found.ids("shadow", expect.shadow.as_ref(), &seen.shadow);
    found.maybe("status", expect.status, seen.status);
    for (name, field) in &expect.headers {
        found.header(name, field, seen);
    }
    for (name, value) in &expect.metadata {
        let got = seen.metadata.get(name);
        if got != Some(value) {
            found.add(format!("metadata `{name}`"), value, got.map_or_else(nothing, ToString::to_string));
        }
    }
    found.maybe("reason", expect.reason.as_deref(), seen.reason.as_deref());
    found.equal("code", expect.code.as_deref(), seen.code.as_str());
    found.0
}

struct Compare(Vec<Mismatch>);

impl Compare {
    fn add(&mut self, what: impl Into<String>, expected: impl Display, got: impl Display) {
        self.0.push(Mismatch { what: what.into(), expected: expected.to_string(), got: got.to_string() });
    }

    fn equal<T: PartialEq + Display>(&mut self, what: &str, expected: Option<T>, got: T) {
        self.maybe(what, expected, Some(got));
    }

    fn maybe<T: PartialEq + Display>(&mut self, what: &str, expected: Option<T>, got: Option<T>) {
        if let Some(expected) = expected
            && got.as_ref() != Some(&expected)
        {
            self.add(what, expected, got.map_or_else(nothing, |got| got.to_string()));
        }
    }

    fn ids(&mut self, what: &str, expected: Option<&Ids>, got: &[String]) {
        let got: BTreeSet<String> = got.iter().cloned().collect();
        match expected {
            Some(Ids::Exactly(expected)) if *expected != got => self.add(what, list(expected), list(&got)),
            Some(Ids::Contains(expected)) if !expected.is_subset(&got) => {
                self.add(what, format!("at least {}", list(expected)), list(&got));
            }
            Some(Ids::Exactly(_) | Ids::Contains(_)) | None => {}
        }
    }

    fn header(&mut self, name: &str, field: &Field, seen: &Seen) {
        let got = seen.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let (holds, expected) = match field {
            Field::Is(value) => (got == Some(value), value.clone()),
            Field::Contains(part) => (got.is_some_and(|got| got.contains(part)), format!("something with {part}")),
            Field::Present(true) => (got.is_some(), "anything".to_owned()),
            Field::Present(false) => (got.is_none(), nothing()),
        };
        if !holds {
            self.add(format!("header `{name}`"), expected, got.map_or_else(nothing, str::to_owned));
        }
    }
}

fn nothing() -> String {
    "nothing".to_owned()
}

fn list(items: &BTreeSet<String>) -> String {
    format!("[{}]", items.iter().map(String::as_str).collect::<Vec<_>>().join(", "))
}
