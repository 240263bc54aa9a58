//! The Person Server of `introspection-aauth`, a program of its own: an agent walks from a mission to the order.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};

use super::{agent_key, claims, is_refused, passes, provider_key, requirement, stray_key};
use crate::support::peer::Peer;
use crate::support::scene::{AGENTS, ORDERS, PERSONS, Scene, metadata};
use crate::support::world::key;

/// A Person Server with a key that no other test knows, trusted by the scene, and where it is reached.
fn trusted() -> (Scene, Peer, String) {
    let (mut server, ready) = Peer::person_server(&json!({
        "issuer": PERSONS, "private_jwk": key(41, "ps-1"), "agent_providers": [AGENTS],
    }));
    let port = ready.get("port").and_then(Value::as_u64).unwrap();
    let address = format!("127.0.0.1:{port}").parse().unwrap();
    let scene = Scene::with_person_server(true, "", Some(address));
    let (agents, resource) = (scene.agents.address, scene.authorizer.place.http);
    let connect = json!({ AGENTS: format!("http://{agents}"), ORDERS: format!("http://{resource}") });
    server.call(&json!({ "op": "set", "connect": connect }));
    (scene, server, format!("http://{address}"))
}

/// A token signed with a key that is nobody's, under the name of the key that signed it.
fn resigned(token: &str) -> String {
    let (signed, _) = token.rsplit_once('.').unwrap();
    let signature = SigningKey::from_bytes(&[99; 32]).sign(signed.as_bytes()).to_bytes();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[test]
fn an_agent_walks_from_a_mission_to_what_it_was_after() {
    let (scene, _server, origin) = trusted();
    let mut agent = Peer::introspection_agent();
    let who = json!({
        "issuer": PERSONS, "origin": origin, "private_jwk": agent_key(), "jwt": scene.cast.agent_token(),
    });
    let mission = agent.call(&json!({ "op": "mission", "agent": who, "resources": [ORDERS] }));
    let person = mission.get("person_tokens").and_then(|tokens| tokens.get(ORDERS)).and_then(Value::as_str).unwrap();

    let consent = scene.send(&scene.cast.get("/v1/orders/42", person));
    let told = requirement(&consent);
    let resource_token = told.split('"').nth(1).unwrap();
    let (asked, known) = (claims(resource_token), claims(person));
    for copied in ["sub", "tenant", "mission_s256"] {
        assert!(known.get(copied).is_some(), "{known}");
        assert_eq!(asked.get(copied), known.get(copied));
    }
    assert_eq!(asked.get("presented_jti"), known.get("jti"));

    let granted = agent.call(&json!({
        "op": "auth_token", "agent": who, "resource_token": resource_token, "presented_token": person,
    }));
    let auth = granted.get("auth_token").and_then(Value::as_str).unwrap();
    let sub = known.get("sub").and_then(Value::as_str).unwrap();
    // Signed by our agent, then by theirs.
    let received = passes(&scene, &scene.cast.get("/v1/orders/42", auth));
    assert_eq!(received.values("x-aauth-person"), [sub]);
    assert_eq!(received.values("x-aauth-person-server"), [PERSONS]);
    assert_eq!(received.values("x-aauth-scope"), ["orders.read"]);
    assert_eq!(received.values("x-aauth-tenant"), ["acme"]);
    assert_eq!(Some(&metadata(&received, "mission_s256")), known.get("mission_s256"));
    let headers = agent.call(&json!({
        "op": "sign", "method": "GET", "url": format!("{ORDERS}/v1/orders/42?lines=all"), "private_jwk": agent_key(),
        "jwt": auth,
    }));
    let theirs = super::signed("GET", "/v1/orders/42?lines=all", &headers, "");
    assert_eq!(passes(&scene, &theirs).values("x-aauth-person"), [sub]);
    is_refused(&scene, &theirs.retargeted("/v1/orders/42?lines=1"), "invalid_signature");

    for token in [person, auth] {
        is_refused(&scene, &scene.cast.get("/v1/orders/42", &resigned(token)), "invalid_jwt");
    }
}

#[test]
fn what_the_person_denies_stays_unauthorized() {
    let (scene, mut server, origin) = trusted();
    let (mut agent, mut library) = (Peer::introspection_agent(), Peer::aauth());
    let mut token = |provider: Value| {
        library.call(&json!({
            "op": "agent_token", "iss": AGENTS, "sub": "aauth:ada@agents.example", "private_jwk": provider,
            "kid": "ap-1", "agent_jwk": agent_key(), "ps": PERSONS,
        }))
    };
    let who = |token: &Value| json!({ "issuer": PERSONS, "origin": origin, "private_jwk": agent_key(), "jwt": token });
    let known = who(&token(provider_key()));
    server.call(&json!({ "op": "set", "decision": "deny" }));
    let refusal = agent.refuse(&json!({ "op": "mission", "agent": known, "resources": [ORDERS] }));
    assert_eq!(refusal.get("code"), Some(&json!("denied")));
    // The same two trust the same keys: a stranger's agent gets nowhere at either.
    let forged = token(stray_key("ap-1"));
    agent.refuse(&json!({ "op": "person_token", "agent": who(&forged), "resource": ORDERS, "login_hint": "ada" }));
    is_refused(&scene, &scene.cast.get("/public/catalog", forged.as_str().unwrap()), "invalid_jwt");
}
