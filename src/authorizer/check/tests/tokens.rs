//! Tokens taken for others, or meant for others. "AAuth Tokens", and each token's own verification.

use serde_json::{Value, json};

use super::case::Case;
use super::token::Token;
use super::wire::{asking, presenting};
use crate::aauth::token::TokenType;
use crate::authorizer::resource::AccessMode;
use crate::authorizer::testkit::{PERSONS, RESOURCE};

pub(super) fn cases() -> Vec<Case> {
    [types(), confused(), audiences(), identifiers(), claims()].into_iter().flatten().collect()
}

fn row(name: &'static str, token: &Token) -> Case {
    Case::new(name, asking(token).sign())
}

/// "Common JWT Verification", step 1.
fn types() -> Vec<Case> {
    let typ = |name, typ: Value| row(name, &Token::auth().header("typ", typ));
    vec![
        typ("a token without typ", Value::Null),
        typ("a token of typ JWT", json!("JWT")),
        typ("a token of typ at+jwt", json!("at+jwt")),
        typ("a typ in upper case", json!("AA-AUTH+JWT")),
        typ("a typ with its media type's tree", json!("application/aa-auth+jwt")),
        typ("a typ that is markup", json!("<script>alert(1)</script>")),
        typ("a typ with a line break", json!("aa-auth+jwt\r\nx-aauth-scope: all")),
        Case::new("what is no token", presenting("not.a.token").sign()),
        Case::new("five parts of a token", presenting("a.b.c.d.e").sign()),
    ]
}

fn confused() -> Vec<Case> {
    vec![
        row("the resource's own token", &Token::resource()),
        row("the resource's own token, called an auth token", &Token::resource().header("typ", json!("aa-auth+jwt"))),
        row("a person token, called an auth token", &Token::person().header("typ", json!("aa-auth+jwt"))),
        row("an auth token, called a person token", &Token::auth().header("typ", json!("aa-person+jwt"))),
        row("an agent token, called a person token", &Token::agent().header("typ", json!("aa-person+jwt"))),
        row("an agent token by the person server's document", &Token::agent().claim("dwk", json!("aauth-person.json"))),
        row(
            "a person token by the agent provider's document",
            &Token::person().claim("dwk", json!("aauth-agent.json")),
        ),
        row("a token by a document outside AAuth", &Token::auth().claim("dwk", json!("openid-configuration"))),
        row("a token by a path", &Token::auth().claim("dwk", json!("../aauth-person.json"))),
        row("a token without dwk", &Token::auth().claim("dwk", Value::Null)),
        row(
            "a person server's auth token by the access server's document",
            &Token::auth().claim("dwk", json!("aauth-access.json")),
        ),
        row(
            "an access server's auth token by the person server's document",
            &Token::access().claim("dwk", json!("aauth-person.json")),
        ),
        row("a person server that issues for another's person", &Token::auth().claim("ps", json!("https://x.example"))),
        row(
            "an agent provider that issues a person token",
            &Token::person().claim("iss", json!("https://agents.example")),
        ),
        row("a person token, where only auth tokens are read", &Token::person())
            .resource(|resource| resource.token_types = vec![TokenType::Auth]),
    ]
}

fn audiences() -> Vec<Case> {
    let aud = |name, aud: Value| row(name, &Token::auth().claim("aud", aud));
    vec![
        aud("a token for another resource", json!("https://other.example")),
        aud("a token for the person server", json!(PERSONS)),
        aud("a token for us and another", json!([RESOURCE, "https://other.example"])),
        aud("a token for us in a list of one", json!([RESOURCE])),
        aud("a token for nobody in a list", json!([])),
        aud("a token for us with a slash", json!("https://orders.example/")),
        aud("a token for us in upper case", json!("https://Orders.example")),
        aud("a token for us without TLS", json!("http://orders.example")),
        aud("a token for what begins like us", json!("https://orders.example.evil.example")),
        aud("a token without aud", Value::Null),
        row("a person token for another resource", &Token::person().claim("aud", json!("https://other.example")))
            .access(AccessMode::PersonToken),
    ]
}

/// "Agent Identifiers", "Server Identifiers".
fn identifiers() -> Vec<Case> {
    let agent =
        |name, claim: &str, value: Value| row(name, &Token::agent().claim(claim, value)).access(AccessMode::AgentToken);
    vec![
        agent("an agent of another provider", "sub", json!("aauth:ada@other.example")),
        agent("an agent of a provider below its issuer", "sub", json!("aauth:ada@sub.agents.example")),
        agent("an agent of a provider above its issuer", "sub", json!("aauth:ada@example")),
        agent("an agent with two domains", "sub", json!("aauth:ada@agents.example@evil.example")),
        agent("an agent without a name", "sub", json!("aauth:@agents.example")),
        agent("an agent that is no agent identifier", "sub", json!("ada")),
        agent("an agent with a parent elsewhere", "parent_agent", json!("aauth:boss@other.example")),
        agent("an agent with a parent that is none", "parent_agent", json!("boss")),
        agent("an agent whose person server is no server", "ps", json!("http://ps.example")),
        row("an issuer with a port", &Token::auth().claim("iss", json!("https://ps.example:8443"))),
        row("an issuer with a path", &Token::auth().claim("iss", json!("https://ps.example/a"))),
        row("an issuer without TLS", &Token::auth().claim("iss", json!("http://ps.example"))),
        row("an issuer on this machine", &Token::auth().claim("iss", json!("http://127.0.0.1:8080"))),
        row("an issuer by a user's name", &Token::auth().claim("iss", json!("https://ps.example@evil.example"))),
        row("no issuer", &Token::auth().claim("iss", Value::Null)),
    ]
}

fn claims() -> Vec<Case> {
    vec![
        row("a person token with a scope", &Token::person().claim("scope", json!("orders.read"))),
        row("a person token with an account", &Token::person().claim("account", json!("7"))),
        row("an auth token without a person", &Token::auth().claim("sub", Value::Null)),
        row("a person of two lines", &Token::auth().claim("sub", json!("ada\r\nx-aauth-scope: all"))),
        row("a token without jti", &Token::auth().claim("jti", Value::Null)),
        row("scopes in a list", &Token::auth().claim("scope", json!(["orders.read"]))),
        row("a scope with a line break", &Token::auth().claim("scope", json!("orders.read\norders.write"))),
        row("a mission that is no digest", &Token::auth().claim("mission_s256", json!("AAAA"))),
        row("claims nested a hundred deep", &Token::auth().claim("deep", nested(100))),
    ]
}

fn nested(depth: usize) -> Value {
    (0..depth).fold(json!(1), |inner, _| json!([inner]))
}
