//! `regent-httpsig`: an independent signer and verifier, of agents (`jwt`) and of servers (`jwks_uri`).

use aauth_authorizer::aauth::key::{Jwks, SigningKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{
    agent_key, is_refused, passes, person_server_key, revocation, revocation_path, revokes, signed, stray_key,
};
use crate::support::client::Request;
use crate::support::peer::Peer;
use crate::support::scene::{ORDERS, PERSONS, Scene, Signed};

fn sign(regent: &mut Peer, method: &str, target: &str, token: &str, key: &Value, body: &str) -> Request {
    let headers = regent.call(&json!({
        "op": "sign", "method": method, "url": format!("{ORDERS}{target}"), "private_jwk": key, "jwt": token,
        "body": (!body.is_empty()).then_some(body),
    }));
    signed(method, target, &headers, body)
}

#[test]
fn what_it_signs_passes() {
    let scene = Scene::new(false, "");
    let mut regent = Peer::regent();
    let agent = scene.cast.agent_token();
    let read = sign(&mut regent, "GET", "/public/catalog?page=2", &agent, &agent_key(), "");
    assert_eq!(passes(&scene, &read).values("x-aauth-agent"), ["aauth:ada@agents.example"]);

    let writer = scene.cast.auth_token(&["orders.write"]);
    let write = sign(&mut regent, "POST", "/v1/orders", &writer, &agent_key(), "{\"item\":1}");
    is_refused(&scene, &write.clone().with_body_replaced(b"{\"item\":2}"), "invalid_signature");
    assert_eq!(passes(&scene, &write).values("x-aauth-person"), ["ada"]);
    is_refused(&scene, &write.retargeted("/v1/orders/42"), "invalid_signature");

    let by_thief = sign(&mut regent, "GET", "/public/catalog", &agent, &stray_key("agent-1"), "");
    is_refused(&scene, &by_thief, "invalid_signature");
}

#[test]
fn it_accepts_what_our_agent_signs() {
    let scene = Scene::new(true, "");
    let mut regent = Peer::regent();
    let documents = scene.documents();
    let verify = |request: &Request, method: &str, target: &str, body: Option<&str>| {
        json!({
            "op": "verify", "method": method, "url": format!("{ORDERS}{target}"), "headers": request.header_object(),
            "documents": documents, "resource": ORDERS, "servers": [PERSONS], "body": body,
        })
    };
    let cast = &scene.cast;
    let agent = cast.get("/public/catalog", &cast.agent_token());
    let seen = regent.call(&verify(&agent, "GET", "/public/catalog", None));
    assert_eq!(
        (seen.get("scheme"), seen.get("sub")),
        (Some(&json!("aauth")), Some(&json!("aauth:ada@agents.example")))
    );
    let other = regent.refuse(&verify(&agent, "GET", "/public/other", None));
    assert_eq!(other.get("code"), Some(&json!("invalid_signature")));

    let query =
        Signed { target: "/v1/orders?id=1", token: &cast.person_token(), cover: &["@query"], ..Signed::default() };
    let seen = regent.call(&verify(&cast.signed(query), "GET", "/v1/orders?id=1", None));
    assert_eq!((seen.get("scheme"), seen.get("sub")), (Some(&json!("aauth-person")), Some(&json!("ada"))));

    let token = cast.auth_token(&["orders.write"]);
    let write = cast.signed(Signed { target: "/v1/orders", token: &token, body: b"{}", ..Signed::json() });
    let seen = regent.call(&verify(&write, "POST", "/v1/orders", Some("{}")));
    assert_eq!(seen.get("scheme"), Some(&json!("aauth-auth")));
    regent.refuse(&verify(&write, "POST", "/v1/orders", Some("[]")));
}

#[test]
fn each_accepts_the_others_server_and_its_revocation() {
    let scene = Scene::new(true, "");
    let mut regent = Peer::regent();
    let token = scene.cast.auth_token(&["orders.read"]);
    let (path, body) = (revocation_path(&scene), revocation(&token).to_string());
    let mut sign = |key: Value| {
        let headers = regent.call(&json!({
            "op": "sign_server", "method": "POST", "url": format!("{ORDERS}{path}"), "body": body, "id": PERSONS,
            "headers": { "Content-Type": "application/json" }, "dwk": "aauth-person.json", "kid": "ps-1",
            "private_jwk": key,
        }));
        signed("POST", &path, &headers, &body)
    };
    let forged = sign(stray_key("ps-1")).send(scene.authorizer.place.http);
    assert_eq!((forged.status, forged.header("signature-error")), (401, Some("error=invalid_signature")));
    revokes(&scene, &token, &sign(person_server_key()));

    let ours = scene.cast.signed_by_the_person_server(&path, &revocation(&token));
    let seen = regent.call(&json!({
        "op": "verify", "method": "POST", "url": format!("{ORDERS}{path}"), "headers": ours.header_object(),
        "body": body, "documents": scene.documents(), "servers": [PERSONS], "server": true,
    }));
    assert_eq!((seen.get("scheme"), seen.get("agent")), (Some(&json!("aauth-server")), Some(&json!(PERSONS))));
}

/// ES256, of agent and issuer both, each way.
#[test]
fn p256_is_understood_as_well() {
    let mut scene = Scene::new(true, "");
    let mut regent = Peer::regent();
    let es256 = |kid, byte| SigningKey::es256(kid, &[byte; 32]).unwrap();
    (scene.cast.agent, scene.cast.provider) = (es256("", 15), es256("ap-1", 16));
    scene.agents.put("/jwks", Jwks::of([scene.cast.provider.public()]).to_json());
    let agent = scene.cast.agent_token();
    let ec = |byte: u8| json!({ "kty": "EC", "crv": "P-256", "d": URL_SAFE_NO_PAD.encode([byte; 32]) });

    passes(&scene, &sign(&mut regent, "GET", "/public/catalog", &agent, &ec(15), ""));
    is_refused(&scene, &sign(&mut regent, "GET", "/public/catalog", &agent, &ec(99), ""), "invalid_signature");
    let ours = scene.cast.get("/public/catalog", &agent);
    let seen = regent.call(&json!({
        "op": "verify", "method": "GET", "url": format!("{ORDERS}/public/catalog"), "headers": ours.header_object(),
        "documents": scene.documents(), "resource": ORDERS,
    }));
    assert_eq!(seen.get("keyid"), Some(&json!(scene.cast.agent.public().thumbprint().as_str())));
}
