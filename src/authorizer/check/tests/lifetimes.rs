//! Times: of the signature ("Verification (Server)", step 3), and of tokens ("Common JWT Verification").

use serde_json::json;

use super::case::Case;
use super::token::Token;
use super::wire::{asking, good, signed};
use crate::authorizer::resource::AccessMode;
use crate::authorizer::testkit::{AGENTS, NOW, PERSONS};
use crate::clock::Seconds;

pub(super) fn cases() -> Vec<Case> {
    [of_signatures(), of_tokens(), revoked()].into_iter().flatten().collect()
}

fn with_params(name: &'static str, params: &str) -> Case {
    Case::new(name, signed(|asking| asking.params = params.to_owned()))
}

fn of_signatures() -> Vec<Case> {
    vec![
        with_params("no created", ""),
        with_params("created is a string", &format!(";created=\"{NOW}\"")),
        with_params("created is a decimal", &format!(";created={NOW}.5")),
        with_params("created is a date", &format!(";created=@{NOW}")),
        with_params("created is true", ";created"),
        with_params("created before the epoch", ";created=-1"),
        with_params("created in milliseconds", &format!(";created={NOW}000")),
        with_params("created is larger than any integer", ";created=9999999999999999"),
        with_params("created 61 s ago", &format!(";created={}", NOW - 61)),
        with_params("created 61 s ahead", &format!(";created={}", NOW + 61)),
        with_params("expires now", &format!(";created={NOW};expires={NOW}")),
        with_params("expires before it was created", &format!(";created={NOW};expires={}", NOW - 1)),
        with_params("expires is a string", &format!(";created={NOW};expires=\"never\"")),
        Case::new("a signature captured a minute ago", good()).later(61),
    ]
}

fn living(token: &Token, iat: Seconds, exp: Seconds) -> super::wire::Wire {
    asking(&token.clone().claim("iat", json!(iat)).claim("exp", json!(exp))).sign()
}

fn of_tokens() -> Vec<Case> {
    let still_signed_anew =
        |later| asking(&Token::auth()).with(|a| a.params = format!(";created={}", NOW + later)).sign();
    vec![
        Case::new("a person token that ends now", living(&Token::person(), NOW - 10, NOW)),
        Case::new("an auth token that ended a second ago", living(&Token::auth(), NOW - 10, NOW - 1)),
        Case::new("an agent token that ended yesterday", living(&Token::agent(), NOW - 172_800, NOW - 86_400)),
        Case::new("a token known from before, at the second it ends", still_signed_anew(600)).after(good()).later(600),
        Case::new("a person token of an hour and a second", living(&Token::person(), NOW, NOW + 3601)),
        Case::new("an auth token of an hour and a second", living(&Token::auth(), NOW, NOW + 3601)),
        Case::new("an auth token of a year", living(&Token::access(), NOW, NOW + 31_536_000)),
        Case::new("an agent token of a day and a second", living(&Token::agent(), NOW, NOW + 86_401)),
        Case::new("a token issued 61 s ahead", living(&Token::auth(), NOW + 61, NOW + 600)),
        Case::new("a token that ends before it was issued", living(&Token::auth(), NOW + 50, NOW + 40)),
        Case::new("a token without exp", asking(&Token::auth().claim("exp", json!(null))).sign()),
        Case::new("a token without iat", asking(&Token::auth().claim("iat", json!(null))).sign()),
        Case::new("a token whose exp is a string", asking(&Token::auth().claim("exp", json!("never"))).sign()),
        Case::new(
            "a token whose exp is no number of this world",
            asking(&Token::auth().claim("exp", json!(1e300))).sign(),
        ),
    ]
}

/// "Presenting a Revoked Token".
fn revoked() -> Vec<Case> {
    vec![
        Case::new("a revoked person token", asking(&Token::person()).sign()).revoked(PERSONS, "person-1"),
        Case::new("a revoked auth token", good()).revoked(PERSONS, "auth-1"),
        Case::new("a revoked agent token", asking(&Token::agent()).sign())
            .access(AccessMode::AgentToken)
            .revoked(AGENTS, "agent-1"),
        Case::new("a revoked person token, where it would be enough", asking(&Token::person()).sign())
            .access(AccessMode::PersonToken)
            .revoked(PERSONS, "person-1"),
        Case::new("a revoked token whose signature fails", {
            signed(|asking| asking.key = crate::authorizer::testkit::key("thief"))
        })
        .revoked(PERSONS, "auth-1"),
        Case::new("a revoked token that has ended", living(&Token::auth(), NOW - 10, NOW)).revoked(PERSONS, "auth-1"),
        Case::new("a token of the name that another issuer revoked", asking(&Token::auth()).sign())
            .revoked(AGENTS, "auth-1"),
    ]
}
