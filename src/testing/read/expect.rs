//! What a test expects of the answer.

use super::super::suite::{Decision, Expect, Field, Ids};
use super::words::{any, field_name, scopes};
use crate::authorizer::config::error::Fault;
use crate::authorizer::config::item::Item;
use crate::authorizer::config::reader::Section;
use crate::authorizer::config::values::{count, flag, text, word};

/// The keys of an expectation, by which it is told from a row of a table.
pub(super) const KEYS: [&str; 11] = [
    "decision",
    "requirement",
    "scope",
    "policies",
    "errors",
    "shadow",
    "status",
    "headers",
    "metadata",
    "reason",
    "code",
];

const REQUIREMENTS: &[(&str, &str)] =
    &[("agent-token", "agent-token"), ("person-token", "person-token"), ("auth-token", "auth-token")];

/// Reads an expectation: a mapping, or the decision alone.
pub(super) fn expect(item: &Item<'_>) -> Expect {
    let decision = word("a decision", Decision::WORDS);
    if item.is_scalar() {
        return Expect { decision: item.value(decision), ..Expect::default() };
    }
    let section = item.section();
    let expect = Expect {
        decision: section.value("decision", decision),
        requirement: section.value("requirement", word("a requirement", REQUIREMENTS)).map(str::to_owned),
        scope: section.item("scope").map(|item| item.one_or_more(scopes).into_iter().flatten().collect()),
        policies: section.item("policies").map(|item| ids(&item)),
        errors: section.item("errors").map(|item| ids(&item)),
        error_count: None,
        shadow: section.item("shadow").map(|item| ids(&item)),
        status: section.value("status", count(100..=599)).and_then(|status| u16::try_from(status).ok()),
        headers: headers(&section),
        metadata: metadata(&section),
        reason: section.value("reason", any),
        code: section.value("code", text),
    };
    if item.is_mapping() && item.keys().next().is_none() {
        item.wrong(Fault::new("expects nothing, so the test could not fail").hint("such as `{ decision: allow }`"));
    }
    expect
}

fn ids(item: &Item<'_>) -> Ids {
    if item.is_mapping() {
        return Ids::Contains(item.section().list("contains", text).into_iter().collect());
    }
    Ids::Exactly(item.one_or_more(text).into_iter().collect())
}

fn headers(section: &Section<'_>) -> Vec<(String, Field)> {
    let members = section.optional_section("headers").map(Section::members).unwrap_or_default();
    let mut fields = Vec::new();
    for member in members {
        match field_name(member.name) {
            Ok(name) => fields.extend(field(&member).map(|field| (name, field))),
            Err(fault) => member.wrong(fault),
        }
    }
    fields
}

fn field(item: &Item<'_>) -> Option<Field> {
    if item.is_scalar() {
        return item.value(any).map(Field::Is);
    }
    let section = item.section();
    let contains = section.value("contains", any).map(Field::Contains);
    let present = section.value("present", flag).map(Field::Present);
    let found = contains.or(present);
    if found.is_none() && item.is_mapping() {
        item.expected("a value, `{ contains: ... }` or `{ present: true }`");
    }
    found
}

fn metadata(section: &Section<'_>) -> Vec<(String, serde_json::Value)> {
    let members = section.optional_section("metadata").map(Section::members).unwrap_or_default();
    members.iter().map(|member| (member.name.to_owned(), member.json())).collect()
}
