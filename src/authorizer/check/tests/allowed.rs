//! Requests that pass, and those that are asked for more: what goes upstream, and what a resource token says.

use serde_json::json;

use super::case::Case;
use super::token::Token;
use super::wire::{Wire, asking, good, signed, unsigned};
use crate::aauth::key::SigningKey;
use crate::aauth::signature::Scheme;
use crate::authorizer::resource::{AccessMode, Resource};
use crate::authorizer::testkit::{NOW, PERSONS, agent_key, issuer_key, key, server};

pub(super) fn cases() -> Vec<Case> {
    [modes(), on_the_edge(), upstream(), challenges(), resource_tokens()].into_iter().flatten().collect()
}

fn with_all(token: Token) -> Token {
    let token = token.claim("tenant", json!("acme")).claim("account", json!("account-7"));
    token.claim("mission_s256", json!("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"))
}

fn modes() -> Vec<Case> {
    let all = |resource: &mut Resource| resource.signatures.schemes = Scheme::ALL.to_vec();
    let open = |name, wire| Case::new(name, wire).access(AccessMode::AgentToken).resource(all);
    vec![
        Case::new("an agent, where one is enough", asking(&Token::agent()).sign()).access(AccessMode::AgentToken),
        Case::new("a person, where one is needed", asking(&Token::person()).sign()).access(AccessMode::PersonToken),
        Case::new("an authorization of the person server, for another key", {
            let own = key("another-agent");
            asking(&Token::auth().bound_to(&own)).with(|asking| asking.key = own).sign()
        }),
        Case::new("an authorization of the access server, with everything", asking(&with_all(Token::access())).sign()),
        Case::new("an authorization, where an agent is enough", good()).access(AccessMode::AgentToken),
        Case::new("an agent by ES256", {
            let own = SigningKey::es256("agent", &[7; 32]).unwrap();
            asking(&Token::auth().bound_to(&own)).with(|asking| asking.key = own).sign()
        }),
        open("a bare key, where one is accepted", bare_key()),
        open("a key that a stable one vouches for", {
            let naming = Token::naming(&key("stable")).sign();
            signed(|asking| asking.conveyed = format!("jkt-jwt;jwt=\"{naming}\""))
        }),
        open("a server by its published key", {
            signed(|asking| {
                asking.conveyed = format!("jwks_uri;id=\"{PERSONS}\";dwk=\"aauth-person.json\";kid=\"ps.example\"");
                asking.key = issuer_key(PERSONS);
            })
        }),
        Case::new("no signature, where policies are asked about those", unsigned())
            .resource(|resource| resource.anonymous = true),
    ]
}

fn bare_key() -> Wire {
    let jwk = agent_key().public().to_jwk();
    let text = |name: &str| jwk.get(name).and_then(|value| value.as_str()).unwrap().to_owned();
    let conveyed = format!("hwk;kty=\"OKP\";crv=\"Ed25519\";x=\"{}\";alg=\"Ed25519\"", text("x"));
    signed(|asking| asking.conveyed = conveyed)
}

/// As far as each rule goes, and not a second further.
fn on_the_edge() -> Vec<Case> {
    let params = |name, params: String| Case::new(name, signed(|asking| asking.params = params));
    let living = |token: Token, iat, exp| asking(&token.claim("iat", json!(iat)).claim("exp", json!(exp))).sign();
    vec![
        params("created 60 s ago", format!(";created={}", NOW - 60)),
        params("created 60 s ahead", format!(";created={}", NOW + 60)),
        params("expires in a second", format!(";created={NOW};expires={}", NOW + 1)),
        Case::new("an auth token in its last second", living(Token::auth(), NOW - 10, NOW + 1)),
        Case::new("an auth token of an hour", living(Token::auth(), NOW, NOW + 3600)),
        Case::new("a token issued 60 s ahead", living(Token::auth(), NOW + 60, NOW + 600)),
        Case::new("the host in upper case, with the default port", {
            let mut wire = good();
            wire.authority = "ORDERS.example:443";
            wire
        }),
        Case::new("a resource that the gateway names", {
            let mut wire = good();
            wire.resource_id = Some("orders".to_owned());
            wire
        }),
        Case::new("a resource without hosts that the gateway names", {
            signed(|asking| {
                asking.wire.authority = "inner.example";
                asking.wire.resource_id = Some("orders".to_owned());
            })
        })
        .resource(|resource| resource.hosts.clear()),
        Case::new("a key set in which a neighbour is unusable", good()).issuers(|script| {
            script.publish_beside(PERSONS, &json!({ "kty": "AKP", "alg": "ML-DSA-44", "kid": "new", "pub": "AAAA" }));
        }),
        Case::new("a GET sent again", good()).after(good()),
    ]
}

/// What goes on with the request: ours, and nothing that looks like ours.
fn upstream() -> Vec<Case> {
    let spoofed = || {
        let mut wire = good();
        for name in ["X-AAuth-Person", "x-aauth-scope", "x-aauth-admin", "x_aauth_agent", "X-AAuth_Level"] {
            wire.add(name, "root");
        }
        wire
    };
    vec![
        Case::new("spoofed identity headers", spoofed()),
        Case::new("spoofed identity headers without a signature", {
            let mut wire = unsigned();
            wire.add("x-aauth-person", "root");
            wire.add("x_aauth_person", "root");
            wire
        })
        .resource(|resource| resource.anonymous = true),
        Case::new("a person of other letters", {
            asking(&Token::auth().claim("sub", json!("adä, x-aauth-scope: all"))).sign()
        }),
        Case::new("signature headers kept from the upstream", good())
            .resource(|resource| resource.strip_signature_headers = true),
        Case::new("headers and metadata of a policy", good()).policies(
            r#"@id("all") @header_x_tier("gold") @metadata_tier("gold") permit (principal, action, resource);"#,
        ),
    ]
}

const SCOPED: &str = r#"
    @id("reads") @scope("orders.read") permit (principal is AAuth::Person, action in HTTP::Action::"read", resource)
        when { context.token.scopes.contains("orders.read") };
    @id("writes") @scope("orders.write") permit (principal is AAuth::Person, action in HTTP::Action::"write", resource)
        when { context.token.scopes.contains("orders.write") };
"#;

fn challenges() -> Vec<Case> {
    let posting = |token: &Token| asking(token).with(|asking| asking.wire.method = "POST").sign();
    vec![
        Case::new("an agent, where a person is needed", asking(&Token::agent()).sign()).access(AccessMode::PersonToken),
        Case::new("an agent, where an authorization is needed", asking(&Token::agent()).sign()),
        Case::new("a person, where an authorization is needed", asking(&Token::person()).sign()),
        Case::new("a person who wants to write", posting(&Token::person())).policies(SCOPED),
        Case::new("an authorization to read, of a person who wants to write", posting(&Token::auth())).policies(SCOPED),
        Case::new("a policy that wants a person", asking(&Token::agent()).sign())
            .access(AccessMode::AgentToken)
            .policies(
                r#"@id("who") @require("person-token") @reason("Who is it?")
                   forbid (principal is AAuth::Agent, action, resource);"#,
            ),
        Case::new("a policy that hides the path", good()).policies(
            r#"@id("hide") @status("404") @reason("There is nothing here") forbid (principal, action, resource);"#,
        ),
        Case::new("nothing permits, and nothing would", good())
            .policies(r#"@id("no") permit (principal is AAuth::Anonymous, action, resource);"#),
        Case::new("a policy that fails", good()).policies(
            r#"@id("all") permit (principal, action, resource);
               @id("bad") forbid (principal, action, resource) when { context.request.path == "/v1/orders" && 9223372036854775807 + 1 == 0 };"#,
        ),
        Case::new("an authorization that cannot be asked for", asking(&Token::person()).sign())
            .resource(|resource| resource.signing_key = None),
    ]
}

/// "Resource Token Structure": who it is for, and what is copied from the token that was presented.
fn resource_tokens() -> Vec<Case> {
    let whole_person = Token::person().claim("tenant", json!("acme"));
    let whole_person = whole_person.claim("mission_s256", json!("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
    let posting = |token: &Token| asking(token).with(|asking| asking.wire.method = "POST").sign();
    vec![
        Case::new("a person with a tenant, on a mission", asking(&whole_person).sign()),
        Case::new("a step up that keeps the account", posting(&with_all(Token::access()))).policies(SCOPED),
        Case::new("four parties: the access server redeems it", asking(&Token::person()).sign())
            .resource(|resource| resource.access_server = Some(server("https://access.example"))),
    ]
}
