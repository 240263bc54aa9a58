//! Every kind of access, through a real Envoy: what the agent is answered and what the upstream sees. Each test runs
//! with header lines as they came (`encode_raw_headers`) and with lines joined by the gateway.

use std::time::Duration;

use aauth_authorizer::aauth::identifier::{IdentifierRules, ServerId};
use aauth_authorizer::aauth::requirement::Requirement;
use aauth_authorizer::aauth::token::Unverified;
use aauth_authorizer::aauth::verify::{self, TokenRules};
use serde_json::json;

use crate::support::client::{Request, Response};
use crate::support::process::eventually;
use crate::support::scene::{HOST, ORDERS, PERSONS, Scene, Signed, metadata, now};
use crate::support::upstream::Received;

fn requirement(answer: &Response) -> Requirement {
    Requirement::parse(answer.header("aauth-requirement").unwrap()).unwrap()
}

/// Identity, then a person, then consent, then more consent; and what is not allowed stays so.
fn every_kind_of_access(raw_headers: bool) {
    let scene = Scene::new(raw_headers, "");
    let cast = &scene.cast;

    // No signature: told how to sign, and with what.
    let unsigned = scene.send(&Request::new("GET", HOST, "/public/catalog"));
    assert_eq!(unsigned.status, 401);
    assert_eq!(unsigned.header("signature-error"), Some("error=invalid_signature"));
    assert_eq!(unsigned.header("accept-signature-scheme"), Some("jwt"));
    assert_eq!(unsigned.header("accept-signature-alg"), Some("Ed25519, ES256"));
    assert_eq!(requirement(&unsigned), Requirement::AgentToken);

    // An agent token: allowed where the policy allows agents, denied where it does not.
    let agent = cast.agent_token();
    let allowed = scene.send(&cast.get("/public/catalog?page=2&q=a%20b", &agent));
    assert_eq!(allowed.status, 200, "{}\n{}", allowed.text(), scene.authorizer.output());
    let received = Received::from(&allowed);
    assert_eq!(received.target(), "/public/catalog?page=2&q=a%20b");
    assert_eq!(received.values("x-aauth-agent"), ["aauth:ada@agents.example"]);
    assert_eq!(received.values("x-aauth-level"), ["identified"]);
    let denied = scene.send(&cast.get("/elsewhere", &agent));
    assert_eq!((denied.status, denied.header("signature-error")), (403, None));
    assert_eq!(denied.header("content-type"), Some("application/problem+json"));
    let hidden = scene.send(&cast.get("/internal/metrics", &agent));
    assert_eq!(hidden.status, 404);

    // Orders are a person's: the agent is told to say for whom it acts.
    let personal = scene.send(&cast.get("/v1/orders/42", &agent));
    assert_eq!((personal.status, requirement(&personal)), (401, Requirement::PersonToken));

    // With the person known, consent can be asked for, by a resource token that verifies.
    let person = cast.person_token();
    let consent = scene.send(&cast.get("/v1/orders/42", &person));
    assert_eq!(consent.status, 401, "{}", consent.text());
    let Requirement::AuthToken { resource_token } = requirement(&consent) else { panic!("{}", consent.text()) };
    let unproved = Unverified::parse(&resource_token, IdentifierRules::Strict).unwrap();
    let rules = TokenRules {
        audience: ServerId::parse(PERSONS).unwrap(),
        identifiers: IdentifierRules::Strict,
        window: 60,
        max_agent_lifetime: 86_400,
    };
    let asked = verify::resource_token(&unproved, &scene.resource_keys(), &rules, now()).unwrap();
    assert_eq!((asked.common.iss.as_str(), asked.sub.as_str(), asked.ps.as_str()), (ORDERS, "ada", PERSONS));
    assert_eq!(asked.scopes, ["orders.read"]);
    assert_eq!(asked.agent_jkt, cast.agent.public().thumbprint().as_str());
    assert_eq!(asked.tenant.as_deref(), Some("acme"));

    // With consent, the request passes, and the upstream knows for whom.
    let reader = cast.auth_token(&["orders.read"]);
    let read = scene.send(&cast.get("/v1/orders/42", &reader));
    assert_eq!(read.status, 200, "{}", read.text());
    let received = Received::from(&read);
    assert_eq!(received.values("x-aauth-person"), ["ada"]);
    assert_eq!(received.values("x-aauth-scope"), ["orders.read"]);
    assert_eq!(received.values("x-aauth-level"), ["authorized"]);
    assert_eq!(metadata(&received, "sub"), json!("ada"));
    assert_eq!(metadata(&received, "scopes"), json!(["orders.read"]));
    assert_eq!(metadata(&received, "policies"), json!(["orders-read"]));

    // Writing takes another consent, and only that: the step-up names the auth token that was presented.
    let write = |token: &str, target: &str| {
        let body = br#"{"item":"book"}"#;
        scene.send(&cast.signed(Signed { target, token, body, ..Signed::json() }))
    };
    let step_up = write(&reader, "/v1/orders");
    assert_eq!(step_up.status, 401, "{}", step_up.text());
    assert!(matches!(requirement(&step_up), Requirement::AuthToken { .. }));
    let writer = cast.auth_token(&["orders.read", "orders.write"]);
    let written = write(&writer, "/v1/orders");
    assert_eq!(written.status, 200, "{}", written.text());
    assert_eq!(Received::from(&written).body(), br#"{"item":"book"}"#);
}

#[test]
fn every_kind_of_access_with_raw_headers() {
    every_kind_of_access(true);
}

#[test]
fn every_kind_of_access_with_joined_headers() {
    every_kind_of_access(false);
}

/// What the signature covers is what passes: repeated headers, queries, bodies; and identity cannot be forged.
fn the_request_that_passes_is_the_one_signed(raw_headers: bool) {
    let scene = Scene::new(raw_headers, "");
    let cast = &scene.cast;
    let reader = cast.auth_token(&["orders.read", "orders.write"]);

    // Two lines of one covered field.
    let parts = [("x-part", "one"), ("x-part", "two")];
    let repeated =
        Signed { target: "/v1/orders", token: &reader, cover: &["x-part"], headers: &parts, ..Signed::default() };
    let answer = scene.send(&cast.signed(repeated));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(Received::from(&answer).values("x-part"), ["one", "two"]);

    // A covered query, and another than the one signed.
    let query = Signed { target: "/v1/orders?id=1", token: &reader, cover: &["@query"], ..Signed::default() };
    assert_eq!(scene.send(&cast.signed(query)).status, 200);
    let answer = scene.send(&cast.signed(query).retargeted("/v1/orders?id=2"));
    assert_eq!((answer.status, answer.header("signature-error")), (401, Some("error=invalid_signature")));

    // A body that is not the one whose digest is covered.
    let cover = ["content-type", "content-digest"];
    let headers = [("content-type", "application/octet-stream")];
    let binary = Signed {
        method: "POST",
        target: "/v1/orders",
        token: &reader,
        cover: &cover,
        headers: &headers,
        body: &[0, 255, 13, 10],
        ..Signed::default()
    };
    let answer = scene.send(&cast.signed(binary));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(Received::from(&answer).body(), [0, 255, 13, 10]);
    let forged = scene.send(&cast.signed(binary).with_body_replaced(&[0, 255, 13, 11]));
    assert_eq!((forged.status, forged.header("signature-error")), (401, Some("error=invalid_signature")));

    // The same signed request with an effect passes once.
    let once = Signed { target: "/v1/orders?once", body: b"1", ..binary };
    let once = cast.signed(once);
    assert_eq!((scene.send(&once).status, scene.send(&once).status), (200, 401));

    // Identity headers of the client's own never arrive.
    let spoofed = cast
        .get("/v1/orders/42", &reader)
        .header("x-aauth-person", "eve")
        .header("x-aauth-agent", "aauth:eve@evil.example")
        .header("x-aauth-made-up", "yes")
        .header("X-AAuth-Level", "root");
    let received = Received::from(&scene.send(&spoofed));
    assert_eq!(received.values("x-aauth-person"), ["ada"]);
    assert_eq!(received.values("x-aauth-level"), ["authorized"]);
    assert!(received.values("x-aauth-agent").is_empty() && received.values("x-aauth-made-up").is_empty());
}

#[test]
fn the_request_that_passes_is_the_one_signed_with_raw_headers() {
    the_request_that_passes_is_the_one_signed(true);
}

#[test]
fn the_request_that_passes_is_the_one_signed_with_joined_headers() {
    the_request_that_passes_is_the_one_signed(false);
}

/// Policies are edited while requests pass; a broken edit changes nothing but what `/status` says.
#[test]
fn a_policy_edited_live_decides_within_a_second() {
    let scene = Scene::new(true, "");
    let agent = scene.cast.agent_token();
    let status = || scene.send(&scene.cast.get("/public/catalog", &agent)).status;
    let place = &scene.authorizer.place;
    assert_eq!(status(), 200);

    let closed = r#"@id("closed") @reason("closed for today") forbid (principal, action, resource);"#;
    place.write("policies/orders/closed.cedar", closed);
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(status(), 403, "{}", scene.authorizer.output());

    place.write("policies/orders/closed.cedar", "@id(\"closed\")\nforbid (principal, action resource);");
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(status(), 403, "the last good set stays");
    let told = scene.authorizer.get("/status").text();
    assert!(told.contains("closed.cedar") && told.contains("\"line\":2"), "{told}");
    assert!(scene.authorizer.get("/metrics").text().contains("aauth_policy_reload_total{result=\"refused\"} 1"));

    std::fs::remove_file(place.dir().join("policies/orders/closed.cedar")).unwrap();
    eventually("the removal goes live", || status() == 200);
}

/// The gateway denies when the authorizer is gone, and when it is told to fail open but our own part fails.
#[test]
fn without_its_authorizer_the_gateway_lets_nothing_pass() {
    let mut scene = Scene::new(true, "");
    let agent = scene.cast.agent_token();
    assert_eq!(scene.send(&scene.cast.get("/public/catalog", &agent)).status, 200);
    let served = scene.upstream.served();
    scene.authorizer.kill();
    assert_eq!(scene.send(&scene.cast.get("/public/catalog", &agent)).status, 403);
    assert_eq!(scene.upstream.served(), served);
}
