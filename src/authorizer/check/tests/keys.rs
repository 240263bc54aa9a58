//! Keys put in the place of others. "Security Considerations", and "Verification (Server)", steps 5 and 7.

use serde_json::json;

use super::case::Case;
use super::token::{Token, jwk};
use super::wire::{asking, presenting, signed};
use crate::authorizer::testkit::{ACCESS, AGENTS, PERSONS, agent_key, issuer_key, key};

pub(super) fn cases() -> Vec<Case> {
    [of_the_agent(), of_the_issuer(), keyid()].into_iter().flatten().collect()
}

fn of_the_agent() -> Vec<Case> {
    let thief = key("thief");
    vec![
        Case::new("a stolen token, signed with another key", signed(|asking| asking.key = key("thief"))),
        Case::new("another key in cnf, under the issuer's signature", {
            let swapped = Token::auth().bound_to(&thief).under_the_signature_of(&Token::auth());
            presenting(&swapped).with(|asking| asking.key = key("thief")).sign()
        }),
        Case::new("another key in cnf, without a signature", {
            let swapped = Token::auth().bound_to(&thief).unsigned();
            presenting(&swapped).with(|asking| asking.key = key("thief")).sign()
        }),
        Case::new("a second token after it was signed", {
            let mut wire = signed(|_| ());
            let other = Token::auth().claim("scope", json!("orders.write")).sign();
            wire.set("signature-key", &format!("sig=jwt;jwt=\"{other}\""));
            wire
        }),
        Case::new("the request signed with the issuer's key", signed(|asking| asking.key = issuer_key(PERSONS))),
    ]
}

fn of_the_issuer() -> Vec<Case> {
    let thief = || key("thief");
    let forged = |token: Token| asking(&token.bound_to(&thief())).with(|a| a.key = thief()).sign();
    vec![
        Case::new("a token that the agent signed itself", asking(&Token::auth().by(agent_key())).sign()),
        Case::new("a token with its key in the header", {
            forged(Token::auth().by(thief()).header("jwk", jwk(&thief())))
        }),
        Case::new("a token with the address of its keys", {
            forged(Token::auth().by(thief()).header("jku", json!("https://evil.example/jwks")))
        }),
        Case::new("a token with the address of its certificate", {
            forged(Token::auth().by(thief()).header("x5u", json!("https://evil.example/cert")))
        }),
        Case::new("a person server's token by the access server's key", {
            asking(&Token::auth().by(issuer_key(ACCESS))).sign()
        }),
        Case::new("a person server's token by the access server's key and kid", {
            asking(&Token::auth().by(issuer_key(ACCESS)).header("kid", json!("access.example"))).sign()
        }),
        Case::new("an access token by the agent provider's key", {
            asking(&Token::access().by(issuer_key(AGENTS)).header("kid", json!("agents.example"))).sign()
        }),
        Case::new("a kid that the issuer does not have", asking(&Token::auth().header("kid", json!("other"))).sign()),
        Case::new("a kid that is a path", asking(&Token::auth().header("kid", json!("../../dev/null"))).sign()),
        Case::new("no kid", asking(&Token::auth().header("kid", json!(null))).sign()),
        Case::new("an issuer that lists another's key under its own name", asking(&Token::auth()).sign())
            .issuers(|script| script.keys(PERSONS, &[thief_named("ps.example")])),
    ]
}

fn thief_named(kid: &str) -> crate::aauth::key::SigningKey {
    crate::aauth::key::SigningKey::ed25519(kid, &[66; 32])
}

/// "Signature Parameters": the two MUST identify the same key.
fn keyid() -> Vec<Case> {
    let keyid = |name, keyid: &str| Case::new(name, signed(|asking| asking.parameter(&format!(";keyid={keyid}"))));
    let own = agent_key().public().thumbprint().as_str().to_owned();
    let other = key("other").public().thumbprint().as_str().to_owned();
    vec![
        keyid("keyid is the thumbprint of the key", &format!("\"{own}\"")),
        keyid("keyid is another key's thumbprint", &format!("\"{other}\"")),
        keyid("keyid is the issuer's kid", "\"ps.example\""),
        keyid("keyid is empty", "\"\""),
        keyid("keyid is no string", "agent"),
    ]
}
