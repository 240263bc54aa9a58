//! How a key is conveyed. "Verification (Server)", step 4, and "Signature-Key Scheme Rejection".

use serde_json::{Value, json};

use super::case::Case;
use super::token::{Token, jwk, set};
use super::wire::{Wire, signed};
use crate::aauth::signature::Scheme;
use crate::authorizer::resource::{AccessMode, Resource};
use crate::authorizer::testkit::{PERSONS, RESOURCE, agent_key, issuer_key, key};

pub(super) fn cases() -> Vec<Case> {
    [not_accepted(), bare_keys(), delegated(), servers()].into_iter().flatten().collect()
}

fn conveying(conveyed: &str) -> Wire {
    signed(|asking| asking.conveyed = conveyed.to_owned())
}

/// The agent's key, as `hwk` writes one, with a member set; `null` takes it away.
fn hwk(member: &str, value: Value) -> Wire {
    let mut jwk = jwk(&agent_key());
    set(&mut jwk, member, value);
    conveying(&inline(&jwk))
}

/// A key as `hwk` writes it.
fn inline(jwk: &Value) -> String {
    let members = jwk.as_object().unwrap().iter().map(|(name, value)| format!(";{name}={value}"));
    format!("hwk{}", members.collect::<Vec<_>>().concat())
}

fn server(id: &str, dwk: &str, kid: &str) -> Wire {
    signed(|asking| {
        asking.conveyed = format!("jwks_uri;id=\"{id}\";dwk=\"{dwk}\";kid=\"{kid}\"");
        asking.key = issuer_key(PERSONS);
    })
}

fn delegating(token: &Token) -> Wire {
    conveying(&format!("jkt-jwt;jwt=\"{}\"", token.sign()))
}

/// Every scheme, on a resource that an agent's identity is enough for.
fn open(name: &'static str, wire: Wire) -> Case {
    let all = |resource: &mut Resource| resource.signatures.schemes = Scheme::ALL.to_vec();
    Case::new(name, wire).access(AccessMode::AgentToken).resource(all)
}

fn not_accepted() -> Vec<Case> {
    vec![
        Case::new("hwk, not accepted", hwk("kid", Value::Null)),
        Case::new("jkt-jwt, not accepted", delegating(&Token::naming(&key("stable")))),
        Case::new("jwks_uri, not accepted", server(PERSONS, "aauth-person.json", "ps.example")),
        Case::new("x509", conveying("x509;x5u=\"https://evil.example/cert\";x5t=:AAAA:")),
        Case::new("a scheme that nobody knows", conveying("teleport;to=\"us\"")),
        Case::new("jwt in upper case", conveying(&format!("JWT;jwt=\"{}\"", Token::auth().sign()))),
        Case::new("a scheme that is markup", conveying("<script>;jwt=\"x\"")),
        open("a scheme that nobody knows, where all are accepted", conveying("teleport;to=\"us\"")),
    ]
}

fn bare_keys() -> Vec<Case> {
    vec![
        open("a bare key with a kid", hwk("kid", json!("k"))),
        open("a bare key without alg", hwk("alg", Value::Null)),
        open("a bare key of a polymorphic alg", hwk("alg", json!("EdDSA"))),
        open("a bare key with its private part", hwk("d", json!("AAAA"))),
        open("a bare key without x", hwk("x", Value::Null)),
        open("a bare key that is no point", hwk("x", json!("AAAA"))),
        open("another's bare key", conveying(&inline(&jwk(&key("stranger"))))),
        open("a bare key, where a person is needed", hwk("kid", Value::Null)).access(AccessMode::PersonToken),
    ]
}

fn delegated() -> Vec<Case> {
    let naming = || Token::naming(&key("stable"));
    vec![
        open("a naming token by another key than it says", delegating(&naming().by(key("other")))),
        open("a naming token that names another's key", delegating(&naming().bound_to(&key("other")))),
        open("a naming token that speaks for another", {
            let iss = format!("urn:jkt:sha-256:{}", key("other").public().thumbprint());
            delegating(&naming().claim("iss", json!(iss)))
        }),
        open("a naming token that has ended", delegating(&naming().claim("exp", json!(1_800_000_000)))),
        open("an agent token as a naming token", delegating(&Token::agent())),
        open("a naming token as an agent token", conveying(&format!("jwt;jwt=\"{}\"", naming().sign()))),
    ]
}

fn servers() -> Vec<Case> {
    vec![
        open("a server that nobody trusts", server("https://evil.example", "aauth-person.json", "k")),
        open("a server by a document of another kind", server(PERSONS, "aauth-agent.json", "ps.example")),
        open("a server by a document outside AAuth", server(PERSONS, "openid-configuration", "ps.example")),
        open("a server by a path", server(PERSONS, "../../admin", "ps.example")),
        open("the resource itself", server(RESOURCE, "aauth-resource.json", "orders-1")),
        open("a server by a key it does not have", server(PERSONS, "aauth-person.json", "other")),
        open("a server by an address", server("https://169.254.169.254", "aauth-person.json", "k")),
        open("a server with a path of its own", server("https://ps.example/x", "aauth-person.json", "ps.example")),
        open("a server that did not sign", {
            signed(|asking| {
                asking.conveyed = format!("jwks_uri;id=\"{PERSONS}\";dwk=\"aauth-person.json\";kid=\"ps.example\"");
            })
        }),
    ]
}
