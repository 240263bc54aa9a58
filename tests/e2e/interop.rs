//! Other people's implementations and the whole product, both ways: what they sign passes a real Envoy, what we sign and
//! issue they accept, and what is forged passes nowhere. One file a peer.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::support::client::{Request, Response};
use crate::support::scene::{HOST, Scene};
use crate::support::upstream::Received;
use crate::support::world::key;

mod person_server;
mod python;
mod regent;
mod rust;

/// The keys of the cast, as the peers take them.
fn provider_key() -> Value {
    key(11, "ap-1")
}

fn person_server_key() -> Value {
    key(12, "ps-1")
}

fn agent_key() -> Value {
    key(14, "agent-1")
}

/// A key of nobody's, under any name.
fn stray_key(kid: &str) -> Value {
    key(99, kid)
}

/// A request with the headers a peer signed.
fn signed(method: &str, target: &str, headers: &Value, body: &str) -> Request {
    let request = Request::new(method, HOST, target).headers(headers);
    if body.is_empty() { request } else { request.body(body) }
}

fn passes(scene: &Scene, request: &Request) -> Received {
    let answer = scene.send(request);
    assert_eq!(answer.status, 200, "{}\n{}", answer.text(), scene.authorizer.output());
    Received::from(&answer)
}

fn is_refused(scene: &Scene, request: &Request, error: &str) {
    let answer = scene.send(request);
    let expected = format!("error={error}");
    assert_eq!((answer.status, answer.header("signature-error")), (401, Some(expected.as_str())), "{}", answer.text());
}

fn requirement(answer: &Response) -> &str {
    answer.header("aauth-requirement").unwrap_or_else(|| panic!("no requirement: {}", answer.text()))
}

/// The claims of a token, unverified.
fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

/// What revokes a token, as the body of a revocation request.
fn revocation(token: &str) -> Value {
    let claims = claims(token);
    json!({ "jti": claims.get("jti"), "exp": claims.get("exp") })
}

/// Before the revocation, `token` reads an order; afterwards it is refused as revoked.
fn revokes(scene: &Scene, token: &str, revocation: &Request) {
    passes(scene, &scene.cast.get("/v1/orders/42", token));
    let answer = revocation.send(scene.authorizer.place.http);
    assert_eq!((answer.status, answer.body.len()), (200, 0), "{}", answer.text());
    is_refused(scene, &scene.cast.get("/v1/orders/42", token), "revoked_jwt");
}

/// Where a resource takes revocations.
fn revocation_path(scene: &Scene) -> String {
    let metadata = scene.at_the_resource("/.well-known/aauth-resource.json").json();
    let endpoint = metadata.get("revocation_endpoint").and_then(Value::as_str).unwrap();
    endpoint.strip_prefix("https://orders.example").unwrap().to_owned()
}
