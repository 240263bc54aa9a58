//! What nobody honest sends, to the program as it comes: with the configuration a newcomer writes, and no more.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aauth_authorizer::aauth::key::{Jwks, SigningKey, thumbprint};
use aauth_authorizer::clock::{Clock as _, SystemClock};
use axum::extract::Request as Received;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::support::client::{Request, Response};
use super::support::{Caller, ORDERS, PS, Person, PersonServer, claims, code, serve};

/// A server whose resource is reached there.
fn server(orders: SocketAddr) -> (PersonServer, Person) {
    let server = PersonServer::start(PersonServer::place(), orders, None);
    let ada = Person::set_up(&server);
    (server, ada)
}

fn nowhere() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 9))
}

#[track_caller]
fn is_refused(answer: &Response, status: u16) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{}", answer.text());
}

/// No secret is the same on two servers, and none is known beforehand.
#[test]
fn nothing_stands_for_the_person_by_default() {
    let (server, ada) = server(nowhere());
    let asked = Caller::new(server.address, 61).register();
    let shown = ada.arrive(&code(&asked));
    let decision = json!({ "decision": "approve", "version": shown["version"] }).to_string();
    let path = format!("/api/approvals/{}/decision", shown["id"].as_str().unwrap());
    let known = ["", "mytoken", "changeme", "demo-admin", "demo-user", "admin", "null", "undefined"];
    let credentials = known.iter().flat_map(|secret| {
        let cookie = format!("__Host-person-server={secret}");
        [("authorization", format!("Bearer {secret}")), ("cookie", cookie), ("x-aauth-user", (*secret).to_owned())]
    });
    for (name, value) in credentials {
        for (method, path) in [("GET", "/api/approvals"), ("POST", &*path), ("GET", "/api/agents")] {
            let request = Request::new(method, "ps.example", path)
                .header("origin", PS)
                .header("content-type", "application/json")
                .header(name, &value);
            let request = if method == "POST" { request.body(decision.clone()) } else { request };
            is_refused(&request.send(server.address), 401);
        }
    }
    assert_eq!(ada.waiting().len(), 1, "nobody has decided");
    let other = PersonServer::start(PersonServer::place(), nowhere(), None);
    assert_ne!(server.setup, other.setup);
    let used = json!({ "setup_token": server.setup });
    assert_eq!(Person::nobody(&server).post("/api/session", &used).status, 401, "a setup link is for one use");
}

/// Naming an agent, a person or a key in a header makes nobody of the kind.
#[test]
fn who_does_not_sign_is_nobody() {
    let (server, ada) = server(nowhere());
    let agent = Caller::new(server.address, 62).enrolled(&ada);
    let who = claims(agent.token.as_ref().unwrap())["sub"].as_str().unwrap().to_owned();
    let body =
        json!({ "resource": ORDERS, "capabilities": ["interaction"], "agent_name": "x", "action": "y" }).to_string();
    for path in ["/person", "/token", "/mission", "/permission", "/audit", "/interaction", "/register", "/refresh"] {
        for (name, value) in [
            ("x-aauth-agent-id", who.clone()),
            ("x-aauth-agent", who.clone()),
            ("authorization", format!("AAuth {}", agent.token.as_ref().unwrap())),
            ("signature-key", format!("sig=jwt;jwt=\"{}\"", agent.token.as_ref().unwrap())),
        ] {
            let request = Request::new("POST", "ps.example", path).header("content-type", "application/json");
            let answer = request.header(name, &value).body(body.clone()).send(server.address);
            is_refused(&answer, 401);
            assert!(answer.header("signature-error").is_some(), "{path} {name}");
        }
    }
    assert_eq!(ada.waiting(), Vec::<Value>::new());
}

/// Whatever is wrong with a signature is the caller's fault, and said so.
#[test]
fn a_broken_signature_is_a_refusal() {
    let (server, ada) = server(nowhere());
    let agent = Caller::new(server.address, 63).enrolled(&ada);
    let body = json!({ "resource": ORDERS, "capabilities": ["interaction"] }).to_string().into_bytes();
    let cover = ["content-digest", "content-type"];
    for (name, value) in [
        ("signature", "sig=:AAAA:"),
        ("signature", "sig=::"),
        ("signature", "sig=:not base64!:"),
        ("signature", "sig=\"text\""),
        ("signature", "other=:AAAA:"),
        ("signature", "\u{1}"),
        ("signature-input", ""),
        ("signature-input", "sig=()"),
        ("signature-input", "sig=(\"@method\" \"@authority\" \"@path\" \"signature-key\")"),
        ("signature-input", "sig=(\"@method\" \"@authority\" \"@path\" \"signature-key\");created=\"now\""),
        (
            "signature-input",
            "sig=(\"@method\" \"@authority\" \"@path\" \"signature-key\");created=99999999999999999999",
        ),
        ("signature-input", "sig=(\"@nonsense\" \"@method\");created=1"),
        ("signature-input", "sig=((((((("),
        ("signature-key", "sig=jwt;jwt=\"a.b.c\""),
        ("signature-key", "sig=jwt;jwt=\"..\""),
        ("signature-key", "sig=jwt"),
        ("signature-key", "sig=hwk;kty=\"OKP\";crv=\"Ed25519\";x=\"AAAA\""),
        ("signature-key", "sig=shrug"),
        ("content-digest", "sha-256=:AAAA:"),
        ("content-digest", "md5=:AAAA:"),
    ] {
        let broken = agent.signed("POST", "/person", &body, &cover).with_header_replaced(name, value);
        let answer = broken.send(server.address);
        assert!(matches!(answer.status, 400 | 401), "{name}: {value}: {} {}", answer.status, answer.text());
    }
    // A body that is not covered is not the agent's.
    for covered in [&[][..], &["content-type"], &["content-digest"]] {
        is_refused(&agent.signed("POST", "/person", &body, covered).send(server.address), 401);
    }
    let exchanged = String::from_utf8(body.clone()).unwrap().replace("orders", "others").into_bytes();
    let exchanged = agent.signed("POST", "/person", &body, &cover).with_body_replaced(&exchanged);
    is_refused(&exchanged.send(server.address), 401);
    assert_eq!(ada.waiting(), Vec::<Value>::new());
    assert_eq!(agent.signed("POST", "/person", &body, &cover).send(server.address).status, 202);
}

/// A resource as it publishes itself: its key, under this issuer.
fn resource(key: &SigningKey, issuer: &str, asked: &Arc<AtomicUsize>) -> SocketAddr {
    let keys = Jwks::of([key.public()]).to_json();
    let metadata = json!({ "issuer": issuer, "jwks_uri": format!("{ORDERS}/keys"), "name": "Orders" });
    let asked = Arc::clone(asked);
    serve(Router::new().fallback(move |request: Received| {
        asked.fetch_add(1, Ordering::Relaxed);
        let is_keys = request.uri().path() == "/keys";
        std::future::ready(Json(if is_keys { keys.clone() } else { metadata.clone() }))
    }))
}

/// An agent with a person token for the resource.
fn known(server: &PersonServer, ada: &Person, seed: u8) -> (Caller, String) {
    let agent = Caller::new(server.address, seed).enrolled(ada);
    let asked = agent.post("/person", &json!({ "resource": ORDERS, "capabilities": ["interaction"] }));
    ada.approve(&ada.arrive(&code(&asked)));
    let token = agent.poll(&asked).json()["person_token"].as_str().unwrap().to_owned();
    (agent, token)
}

/// What a resource would ask for, with this issuer.
fn asking(key: &SigningKey, issuer: &str, shown: &str) -> Value {
    let claims = claims(shown);
    let (now, jwk) = (SystemClock.now(), claims["cnf"]["jwk"].as_object().unwrap());
    let token = json!({
        "iss": issuer, "dwk": "aauth-resource.json", "jti": "rt-1", "iat": now, "exp": now + 300, "aud": PS, "ps": PS,
        "sub": claims["sub"], "presented_jti": claims["jti"], "agent_jkt": thumbprint(jwk).unwrap().as_str(),
        "scope": "orders.read",
    });
    let token = key.sign_jwt("aa-resource+jwt", token.as_object().unwrap());
    json!({ "resource_token": token, "presented_token": shown, "capabilities": ["interaction"] })
}

/// Whoever publishes a key for somebody else publishes it for nobody.
#[test]
fn metadata_of_another_issuer_is_not_believed() {
    let key = SigningKey::ed25519("rs-1", &[64; 32]);
    for (issuer, status) in [("https://evil.example", 400), (ORDERS, 202)] {
        let (server, ada) = server(resource(&key, issuer, &Arc::default()));
        let (agent, shown) = known(&server, &ada, 64);
        let answer = agent.post("/token", &asking(&key, ORDERS, &shown));
        assert_eq!(answer.status, status, "{issuer}: {}", answer.text());
    }
}

/// A URL in a request makes the server call nobody who is not on the public network.
#[test]
fn no_request_makes_it_call_its_own_network() {
    let (key, called) = (SigningKey::ed25519("rs-1", &[65; 32]), Arc::new(AtomicUsize::new(0)));
    let inside = resource(&key, ORDERS, &called);
    let (server, ada) = server(nowhere());
    let (agent, shown) = known(&server, &ada, 65);
    let asks =
        |resource: &str| agent.post("/person", &json!({ "resource": resource, "capabilities": ["interaction"] }));
    for issuer in [
        format!("http://{inside}"),
        format!("https://{inside}"),
        "https://127.0.0.1".to_owned(),
        "https://[::1]".to_owned(),
        "https://169.254.169.254".to_owned(),
        "https://2130706433".to_owned(),
        "https://10.0.0.1".to_owned(),
        "file:///etc/passwd".to_owned(),
        format!("{PS}@127.0.0.1"),
    ] {
        is_refused(&agent.post("/token", &asking(&key, &issuer, &shown)), 400);
        is_refused(&asks(&issuer), 400);
    }
    // A name may be anybody's: the person is asked, and nothing is fetched from where it leads.
    is_refused(&agent.post("/token", &asking(&key, "https://localhost", &shown)), 400);
    assert_eq!(asks("https://localhost").status, 202);
    let shown = &ada.waiting()[0]["resource"];
    assert_eq!((&shown["id"], &shown["resource_says"]), (&json!("https://localhost"), &Value::Null));
    assert_eq!(called.load(Ordering::Relaxed), 0);
}
