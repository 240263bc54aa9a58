//! Algorithms, and keys that lie about theirs. "Signature Algorithms", and "Verification (Server)", step 6.

use serde_json::{Value, json};

use super::case::Case;
use super::token::Token;
use super::wire::{asking, presenting, signed};
use crate::authorizer::testkit::{PERSONS, agent_key};

pub(super) fn cases() -> Vec<Case> {
    [of_the_request(), of_the_token(), of_the_agents_key(), of_the_issuers_key()].into_iter().flatten().collect()
}

/// "Signature Parameters": `alg` is ignored; the key decides.
fn of_the_request() -> Vec<Case> {
    let params = |name, params: &str| Case::new(name, signed(|asking| asking.parameter(params)));
    vec![
        params("alg=none, which means nothing", ";alg=\"none\""),
        params("alg=hmac-sha256, which means nothing", ";alg=\"hmac-sha256\""),
        params("alg is a number, which means nothing", ";alg=7"),
    ]
}

fn with_header(name: &'static str, member: &str, value: Value) -> Case {
    Case::new(name, asking(&Token::auth().header(member, value)).sign())
}

fn of_the_token() -> Vec<Case> {
    vec![
        with_header("a token without alg", "alg", Value::Null),
        with_header("a token of alg none", "alg", json!("none")),
        Case::new("a token of alg none without a signature", {
            presenting(&Token::auth().header("alg", json!("none")).unsigned()).sign()
        }),
        Case::new("a token without a signature", presenting(&Token::auth().unsigned()).sign()),
        with_header("a token of the polymorphic EdDSA", "alg", json!("EdDSA")),
        with_header("a token of HS256", "alg", json!("HS256")),
        with_header("a token of RS256", "alg", json!("RS256")),
        with_header("a token of ES256 by an Ed25519 key", "alg", json!("ES256")),
        with_header("a token of ed25519 in lower case", "alg", json!("ed25519")),
        with_header("a token with a critical extension", "crit", json!(["exp"])),
        with_header("a token with an unencoded payload", "crit", json!(["b64"])),
    ]
}

fn confirming(name: &'static str, member: &str, value: Value) -> Case {
    Case::new(name, asking(&Token::auth().confirming(member, value)).sign())
}

fn of_the_agents_key() -> Vec<Case> {
    vec![
        Case::new("a token without cnf", asking(&Token::auth().claim("cnf", Value::Null)).sign()),
        Case::new("a cnf by thumbprint alone", {
            let jkt = agent_key().public().thumbprint().as_str().to_owned();
            asking(&Token::auth().claim("cnf", json!({ "jkt": jkt }))).sign()
        }),
        Case::new("a cnf by address", {
            asking(&Token::auth().claim("cnf", json!({ "jku": "https://evil.example/jwks" }))).sign()
        }),
        confirming("a cnf key without alg", "alg", Value::Null),
        confirming("a cnf key of alg none", "alg", json!("none")),
        confirming("a cnf key of the polymorphic EdDSA", "alg", json!("EdDSA")),
        confirming("a cnf key of HS256", "alg", json!("HS256")),
        confirming("a cnf key whose alg disagrees with its kty", "alg", json!("ES256")),
        confirming("a cnf key whose crv disagrees with its alg", "crv", json!("X25519")),
        confirming("a symmetric cnf key", "kty", json!("oct")),
        confirming("a cnf key of RSA without its parts", "kty", json!("RSA")),
        confirming("a cnf key without x", "x", Value::Null),
        confirming("a cnf key that is no point", "x", json!("AAAA")),
        confirming("a cnf key of small order", "x", json!(SMALL_ORDER)),
        confirming("a cnf key with its private part", "d", json!("AAAA")),
    ]
}

/// The neutral element of the curve: under it, one signature verifies for many messages.
const SMALL_ORDER: &str = "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn of_the_issuers_key() -> Vec<Case> {
    let case = |name| Case::new(name, asking(&Token::auth()).sign());
    vec![
        case("an issuer's key without alg").issuers(|script| script.publish(PERSONS, "alg", Value::Null)),
        case("an issuer's key of the polymorphic EdDSA").issuers(|s| s.publish(PERSONS, "alg", json!("EdDSA"))),
        case("an issuer's key of none").issuers(|script| script.publish(PERSONS, "alg", json!("none"))),
        case("an issuer's key whose alg disagrees with its kty").issuers(|s| s.publish(PERSONS, "alg", json!("ES256"))),
        case("an issuer's symmetric key").issuers(|script| script.publish(PERSONS, "kty", json!("oct"))),
        case("an issuer's private key, published").issuers(|script| script.publish(PERSONS, "d", json!("AAAA"))),
        case("an issuer's key that is no point").issuers(|script| script.publish(PERSONS, "x", json!("AAAA"))),
    ]
}
