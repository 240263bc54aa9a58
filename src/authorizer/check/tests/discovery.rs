//! Issuers: whom nobody trusts, who misstate themselves, who cannot be reached. "JWKS Discovery and Caching".

use serde_json::json;

use super::case::Case;
use super::token::Token;
use super::wire::{asking, good};
use crate::aauth::metadata::Dwk;
use crate::authorizer::resource::AccessMode;
use crate::authorizer::testkit::{PERSONS, issuer_key};
use crate::discovery::DiscoveryFault;

pub(super) fn cases() -> Vec<Case> {
    [untrusted(), misstated(), unreachable()].into_iter().flatten().collect()
}

fn untrusted() -> Vec<Case> {
    let by = |token: Token| asking(&token.claim("iss", json!("https://evil.example"))).sign();
    let agent = || Token::agent().claim("sub", json!("aauth:ada@evil.example"));
    vec![
        Case::new("a person server that nobody trusts", by(Token::person())),
        Case::new("an access server that nobody trusts", by(Token::access())),
        Case::new("an auth token of a person server that nobody trusts", {
            by(Token::auth().claim("ps", json!("https://evil.example")))
        }),
        Case::new("an agent provider that nobody trusts", by(agent())).access(AccessMode::AgentToken),
        Case::new("an issuer whose name begins like a trusted one", {
            asking(&Token::person().claim("iss", json!("https://ps.example.evil.example"))).sign()
        }),
        Case::new("a resource that trusts nobody", good())
            .resource(|resource| resource.person_servers = crate::authorizer::resource::Trusted::default()),
    ]
}

fn misstated() -> Vec<Case> {
    let case = |name| Case::new(name, good());
    vec![
        case("metadata without an issuer").issuers(|script| {
            script.metadata(PERSONS, Dwk::Person, &json!({ "jwks_uri": "https://ps.example/jwks" }));
        }),
        case("metadata of another issuer").issuers(|script| {
            let document = json!({ "issuer": "https://evil.example", "jwks_uri": "https://ps.example/jwks" });
            script.metadata(PERSONS, Dwk::Person, &document);
        }),
        case("metadata of the issuer with a slash").issuers(|script| {
            let document = json!({ "issuer": "https://ps.example/", "jwks_uri": "https://ps.example/jwks" });
            script.metadata(PERSONS, Dwk::Person, &document);
        }),
        case("metadata without keys").issuers(|script| {
            script.metadata(PERSONS, Dwk::Person, &json!({ "issuer": PERSONS }));
        }),
        case("metadata that is a list").issuers(|script| script.metadata(PERSONS, Dwk::Person, &json!([]))),
        case("keys at another host").issuers(|script| {
            let document = json!({ "issuer": PERSONS, "jwks_uri": "https://access.example/jwks" });
            script.metadata(PERSONS, Dwk::Person, &document);
        }),
        case("keys at an address of the cloud").issuers(|script| {
            let document = json!({ "issuer": PERSONS, "jwks_uri": "http://169.254.169.254/latest/meta-data" });
            script.metadata(PERSONS, Dwk::Person, &document);
        }),
        case("keys in a file").issuers(|script| {
            script.metadata(PERSONS, Dwk::Person, &json!({ "issuer": PERSONS, "jwks_uri": "file:///etc/passwd" }));
        }),
        case("no keys at all").issuers(|script| script.keys(PERSONS, &[])),
        case("another issuer's keys").issuers(|script| script.keys(PERSONS, &[issuer_key("https://access.example")])),
        case("an issuer without documents").issuers(|script| script.fail(PERSONS, &DiscoveryFault::Status(404))),
        case("an issuer that leads elsewhere").issuers(|script| script.fail(PERSONS, &DiscoveryFault::Status(302))),
        case("an issuer's endless document").issuers(|s| s.fail(PERSONS, &DiscoveryFault::TooLarge(262_144))),
    ]
}

/// An outage denies as one, without a word about where.
fn unreachable() -> Vec<Case> {
    let case = |name| Case::new(name, good());
    vec![
        case("an issuer that cannot be reached")
            .issuers(|script| script.fail(PERSONS, &DiscoveryFault::Unreachable("connection refused"))),
        case("an issuer that does not answer").issuers(|script| script.fail(PERSONS, &DiscoveryFault::TimedOut)),
        case("an issuer that is broken").issuers(|script| script.fail(PERSONS, &DiscoveryFault::Status(503))),
    ]
}
