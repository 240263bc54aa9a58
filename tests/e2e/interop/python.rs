//! The Python agents' library, `aauth`: its agents against our resource, and its resource against our agents.

use serde_json::{Value, json};

use super::{agent_key, is_refused, passes, person_server_key, provider_key, requirement, revocation, revocation_path};
use super::{revokes, signed, stray_key};
use crate::support::client::Request;
use crate::support::peer::Peer;
use crate::support::scene::{AGENTS, HOST, ORDERS, PERSONS, Scene, now};

const ADA: &str = "aauth:ada@agents.example";

/// An agent of that library.
struct Agent(Peer);

impl Agent {
    fn new() -> Self {
        Self(Peer::aauth())
    }

    /// An agent token that the library mints.
    fn agent_token(&mut self, provider: &Value) -> String {
        self.text(&json!({
            "op": "agent_token", "iss": AGENTS, "sub": ADA, "private_jwk": provider, "kid": "ap-1",
            "agent_jwk": agent_key(), "ps": PERSONS,
        }))
    }

    /// A person token that the library mints.
    fn person_token(&mut self, person_server: &Value) -> String {
        self.text(&json!({
            "op": "person_token", "iss": PERSONS, "aud": ORDERS, "sub": "ada", "private_jwk": person_server,
            "kid": "ps-1", "agent_jwk": agent_key(), "agent_exp": now() + 3600, "tenant": "acme",
        }))
    }

    fn get(&mut self, target: &str, token: &str) -> Request {
        self.get_with(target, token, &agent_key())
    }

    fn get_with(&mut self, target: &str, token: &str, key: &Value) -> Request {
        let headers = self.0.call(&json!({
            "op": "sign", "method": "GET", "url": format!("{ORDERS}{target}"), "private_jwk": key, "jwt": token,
        }));
        signed("GET", target, &headers, "")
    }

    fn text(&mut self, request: &Value) -> String {
        self.0.call(request).as_str().unwrap().to_owned()
    }
}

/// `{ISSUER: JWKS}`, as the library takes keys.
fn jwks(scene: &Scene) -> Value {
    let documents = scene.documents();
    let keys = |url: String| documents.get(&url).cloned().unwrap();
    json!({
        AGENTS: keys(format!("{AGENTS}/jwks")),
        PERSONS: keys(format!("{PERSONS}/jwks")),
        ORDERS: keys(format!("{ORDERS}/.well-known/jwks.json")),
    })
}

/// Whether the signature is written in the alphabet of URLs.
fn is_base64url(request: &Request) -> bool {
    let headers = request.header_object();
    let mut signatures = headers.as_object().unwrap().iter().filter(|(name, _)| name.eq_ignore_ascii_case("signature"));
    signatures.any(|(_, value)| value.as_str().unwrap().contains(['-', '_']))
}

#[test]
fn its_agent_passes_with_queries_and_bodies() {
    let scene = Scene::new(false, "");
    let mut agent = Agent::new();
    let token = agent.agent_token(&provider_key());

    let query = agent.get("/public/catalog?page=2&q=a%20b", &token);
    let input = query.header_object();
    assert!(input.to_string().contains("@query"), "{input}");
    let received = passes(&scene, &query);
    assert_eq!(received.values("x-aauth-agent"), [ADA]);
    assert_eq!(received.values("x-aauth-agent-server"), [AGENTS]);
    is_refused(&scene, &query.retargeted("/public/catalog?page=3&q=a%20b"), "invalid_signature");

    let writer = scene.cast.auth_token(&["orders.write"]);
    let headers = agent.0.call(&json!({
        "op": "sign", "method": "POST", "url": format!("{ORDERS}/v1/orders"), "body": "{\"item\":1}",
        "headers": { "content-type": "application/json" }, "cover": ["content-digest", "content-type"],
        "private_jwk": agent_key(), "jwt": writer,
    }));
    let write = signed("POST", "/v1/orders", &headers, "{\"item\":1}");
    is_refused(&scene, &write.clone().with_body_replaced(b"{\"item\":2}"), "invalid_signature");
    assert_eq!(passes(&scene, &write).body(), b"{\"item\":1}");
}

#[test]
fn its_way_to_write_a_signature_is_for_the_operator_to_accept() {
    let strict = Scene::new(true, "    allow_base64url_signatures: false");
    let mut agent = Agent::new();
    let token = agent.agent_token(&provider_key());

    // Without padding alone, it might be standard base64 still: some signatures have neither `-` nor `_`.
    let request = (0..50).map(|n| agent.get(&format!("/public/catalog?n={n}"), &token)).find(is_base64url).unwrap();
    is_refused(&strict, &request, "invalid_signature");
    passes(&strict, &strict.cast.get("/public/catalog", &token));
}

#[test]
fn its_agent_reads_what_we_refuse_and_believes_our_challenge() {
    let scene = Scene::new(true, "");
    let mut agent = Agent::new();
    let token = agent.agent_token(&provider_key());

    let unsigned = scene.send(&Request::new("GET", HOST, "/v1/orders/42"));
    let error = agent.0.call(&json!({ "op": "parse_error", "header": unsigned.header("signature-error") }));
    assert_eq!(error.get("error"), Some(&json!("invalid_signature")));
    let mut told = |header: &str| {
        let parsed = agent.0.call(&json!({ "op": "parse_requirement", "header": header }));
        parsed.get("requirement").cloned().unwrap()
    };
    assert_eq!(told(requirement(&unsigned)), json!("agent-token"));
    let personal = scene.send(&scene.cast.get("/v1/orders/42", &token));
    assert_eq!(told(requirement(&personal)), json!("person-token"));

    let person = agent.person_token(&person_server_key());
    let consent = scene.send(&agent.get("/v1/orders/42", &person));
    let jkt = agent.text(&json!({ "op": "thumbprint", "jwk": agent_key() }));
    let mut challenge = json!({
        "op": "challenge", "header": requirement(&consent), "jwks": jwks(&scene), "presented_token": person,
        "resource": ORDERS, "person_server": PERSONS, "agent_jkt": jkt,
    });
    let believed = agent.0.call(&challenge);
    assert_eq!(believed.get("requirement"), Some(&json!("auth-token")));
    assert_eq!(believed.pointer("/claims/scope"), Some(&json!("orders.read")));
    assert_eq!(believed.pointer("/claims/tenant"), Some(&json!("acme")));

    // For another agent, or with another's keys, it believes nothing.
    challenge["agent_jkt"] = json!("0".repeat(43));
    agent.0.refuse(&challenge);
    challenge["agent_jkt"] = json!(jkt);
    challenge["jwks"][ORDERS] = json!({ "keys": [] });
    agent.0.refuse(&challenge);
}

#[test]
fn its_resource_accepts_what_our_agent_signs() {
    let scene = Scene::new(true, "");
    let mut resource = Peer::aauth();
    let mut judge = |request: &Request, target: &str, token: &str| {
        let ask = json!({
            "op": "verify", "method": "GET", "url": format!("{ORDERS}{target}"), "headers": request.header_object(),
            "jwks": jwks(&scene), "resource": ORDERS, "person_servers": [PERSONS],
            "auth_servers": [PERSONS],
        });
        if token.is_empty() { resource.refuse(&ask) } else { resource.call(&ask) }
    };
    let agent = scene.cast.agent_token();
    let by_agent = judge(&scene.cast.get("/public/catalog", &agent), "/public/catalog", &agent);
    assert_eq!(by_agent.get("agent_id"), Some(&json!(ADA)), "{by_agent}");
    for token in [scene.cast.person_token(), scene.cast.auth_token(&["orders.read"])] {
        judge(&scene.cast.get("/v1/orders/42", &token), "/v1/orders/42", &token);
    }
    judge(&scene.cast.get("/v1/orders/42", &agent), "/v1/orders/43", "");
}

#[test]
fn its_forgeries_are_refused() {
    let scene = Scene::new(true, "");
    let mut agent = Agent::new();
    let forged = agent.agent_token(&stray_key("ap-1"));
    is_refused(&scene, &agent.get("/public/catalog", &forged), "invalid_jwt");
    let forged = agent.person_token(&stray_key("ps-1"));
    is_refused(&scene, &agent.get("/v1/orders/42", &forged), "invalid_jwt");
    let stolen = scene.cast.agent_token();
    let by_thief = agent.get_with("/public/catalog", &stolen, &stray_key("agent-1"));
    is_refused(&scene, &by_thief, "invalid_signature");
}

#[test]
fn its_server_revokes_here() {
    let scene = Scene::new(true, "");
    let (mut server, token) = (Peer::aauth(), scene.cast.auth_token(&["orders.read"]));
    let (path, body) = (revocation_path(&scene), revocation(&token).to_string());
    let headers = server.call(&json!({
        "op": "sign_server", "method": "POST", "url": format!("{ORDERS}{path}"), "body": body, "id": PERSONS,
        "headers": { "content-type": "application/json" }, "cover": ["content-digest", "content-type"],
        "dwk": "aauth-person.json", "kid": "ps-1", "private_jwk": person_server_key(),
    }));
    revokes(&scene, &token, &signed("POST", &path, &headers, &body));
    // And nothing else with it.
    passes(&scene, &scene.cast.get("/v1/orders/42", &scene.cast.auth_token(&["orders.read", "orders.write"])));
}
