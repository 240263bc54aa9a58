//! How an answer stands in a snapshot.

use std::fmt::Write as _;

use serde_json::Value;

use super::case::Outcome;
use crate::aauth::identifier::{IdentifierRules, ServerId};
use crate::aauth::key::Jwks;
use crate::aauth::requirement::Requirement;
use crate::aauth::token::Unverified;
use crate::aauth::token::resource::ResourceToken;
use crate::aauth::verify::{self, TokenRules};
use crate::authorizer::answer::{Answer, Permit};
use crate::authorizer::testkit::{NOW, key};

/// One row: the name, then the whole of the answer. A permit that says what the good request's does is not spelt out.
pub(super) fn row(name: &str, outcome: &Outcome, usual: &Permit) -> String {
    let mut row = format!("## {name}\n");
    let fetched = outcome.fetched.len();
    match &outcome.response {
        Err(permit) if permit == usual => row.push_str("allow, like the good request\n"),
        Err(permit) => permitted(&mut row, permit),
        Ok(response) => {
            let mut headers = response.headers.clone();
            headers.sort();
            writeln!(row, "{}, {fetched} fetched", response.status).unwrap();
            for (name, value) in headers {
                writeln!(row, "{name}: {}", without_resource_token(&value, outcome)).unwrap();
            }
            writeln!(row, "{}", response.body).unwrap();
        }
    }
    if let Some(token) = resource_token(outcome) {
        let mut claims = Value::Object(token.to_claims());
        claims["jti"] = "<jti>".into();
        writeln!(row, "asks for: {claims}").unwrap();
    }
    row + "\n"
}

fn permitted(row: &mut String, permit: &Permit) {
    writeln!(row, "allow").unwrap();
    let mut headers = permit.headers.clone();
    headers.sort();
    for (name, value) in headers {
        writeln!(row, "+ {name}: {value}").unwrap();
    }
    writeln!(row, "- {}", permit.remove.join(", ")).unwrap();
    writeln!(row, "metadata: {}", Value::Object(permit.metadata.clone())).unwrap();
}

fn without_resource_token(value: &str, outcome: &Outcome) -> String {
    match presented(outcome) {
        Some(compact) => value.replace(&compact, "<resource token>"),
        None => value.to_owned(),
    }
}

/// The resource token of an answer, as it is written.
pub(super) fn presented(outcome: &Outcome) -> Option<String> {
    match &outcome.answer {
        Answer::Challenge(challenge) => match &challenge.requirement {
            Requirement::AuthToken { resource_token } => Some(resource_token.clone()),
            Requirement::AgentToken
            | Requirement::PersonToken
            | Requirement::Interaction { .. }
            | Requirement::Approval
            | Requirement::Clarification
            | Requirement::Claims => None,
        },
        Answer::Permit(_) | Answer::Unauthenticated(_) | Answer::Forbidden(_) | Answer::Unavailable(_) => None,
    }
}

/// The resource token of an answer, verified as whoever it is addressed to would.
pub(super) fn resource_token(outcome: &Outcome) -> Option<ResourceToken> {
    let compact = presented(outcome)?;
    let unverified = Unverified::parse(&compact, IdentifierRules::Strict).unwrap();
    let keys = Jwks::of([key("orders-1").public()]);
    let verified = ["https://ps.example", "https://access.example"].into_iter().find_map(|audience| {
        let audience = ServerId::parse(audience).unwrap();
        let rules = TokenRules { audience, identifiers: IdentifierRules::Strict, window: 60, max_agent_lifetime: 60 };
        verify::resource_token(&unverified, &keys, &rules, NOW).ok()
    });
    Some((*verified.expect("a resource token that verifies")).clone())
}
