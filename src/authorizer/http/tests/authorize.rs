//! The authorization endpoint.

use serde_json::{Value, json};

use super::support::{Reply, Served, post, signed_by, signed_by_server, with_fields};
use crate::aauth::digest::sha256_field;
use crate::aauth::key::CompactJws;
use crate::aauth::metadata::Dwk;
use crate::aauth::signing::Signer;
use crate::aauth::token::Common;
use crate::aauth::token::person::PersonToken;
use crate::authorizer::resource::Resource;
use crate::authorizer::testkit::{
    self, ACCESS, NOW, PERSONS, RESOURCE, agent_key, agent_token, auth_token, issuer_key, person_token, server,
};

/// A mission's digest.
const MISSION: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

async fn ask_with(served: &Served, token: &str, body: &Value) -> Reply {
    ask_raw(served, token, body.to_string().as_bytes()).await
}

async fn ask_raw(served: &Served, token: &str, body: &[u8]) -> Reply {
    let message = post("/authorize", body);
    served.send(&signed_by(&message, &["content-digest"], Signer::Agent { token }, &agent_key()), body).await
}

fn claims(reply: &Reply) -> Value {
    assert_eq!((reply.status, reply.header("cache-control")), (200, Some("no-store")), "{reply:?}");
    let body = reply.json();
    let token = CompactJws::decode(body["resource_token"].as_str().unwrap()).unwrap();
    assert_eq!(token.header_str("typ"), Some("aa-resource+jwt"));
    Value::Object(token.claims)
}

fn mission_token(exp: i64) -> String {
    let token = PersonToken {
        common: Common { iss: server(PERSONS), dwk: Dwk::Person, jti: "person-2".into(), iat: NOW - 10, exp },
        aud: server(RESOURCE),
        sub: "ada".into(),
        key: agent_key().public().clone(),
        mission_s256: Some(MISSION.into()),
        tenant: Some("acme".into()),
        more: serde_json::Map::new(),
    };
    token.sign(&issuer_key(PERSONS))
}

/// "Resource Token Structure": who, for whom, by which token and key, on which mission.
#[tokio::test]
async fn the_resource_token_copies_the_person_and_binds_the_key() {
    let served = Served::new();
    let body = json!({ "scope": "orders.write orders.read", "account": "acme/7", "unknown": 1 });
    let mut claims = claims(&ask_with(&served, &mission_token(NOW + 600), &body).await);
    let jti = claims.as_object_mut().unwrap().remove("jti").unwrap();
    assert_eq!(jti.as_str().unwrap().len(), 32);
    let expected = json!({
        "iss": RESOURCE, "dwk": "aauth-resource.json", "aud": PERSONS, "ps": PERSONS, "sub": "ada",
        "presented_jti": "person-2", "agent_jkt": agent_key().public().thumbprint().as_str(),
        "scope": "orders.read orders.write", "account": "acme/7", "mission_s256": MISSION, "tenant": "acme",
        "iat": NOW, "exp": NOW + 300,
    });
    let sorted = |value: &Value| serde_json::from_value::<std::collections::BTreeMap<String, Value>>(value.clone());
    assert_eq!(sorted(&claims).unwrap(), sorted(&expected).unwrap());
}

/// "Resource Token": with an access server, it is the one to redeem the token; `ps` stays.
#[tokio::test]
async fn with_an_access_server_the_token_is_addressed_to_it() {
    let served = Served::with(|resource: &mut Resource| resource.access_server = Some(server(ACCESS)));
    let claims = claims(&ask_with(&served, &person_token(), &json!({ "scope": "orders.read" })).await);
    assert_eq!((&claims["aud"], &claims["ps"]), (&json!(ACCESS), &json!(PERSONS)));
    assert_eq!(claims.get("account"), None);
}

#[tokio::test]
async fn the_earlier_path_and_repetition_are_fine() {
    let served = Served::new();
    let body = br#"{"scope":"orders.read"}"#;
    let token = person_token();
    let message = signed_by(&post("/resource/token", body), &[], Signer::Agent { token: &token }, &agent_key());
    for _ in 0..2 {
        claims(&served.send(&message, body).await);
    }
}

/// "Person Token Required": nothing but a verified person token yields a resource token.
#[tokio::test]
async fn without_a_person_token_one_is_asked_for() {
    let served = Served::new();
    let body = br#"{"scope":"orders.read"}"#;
    let person_token_first = Some("requirement=person-token");
    let unsigned = served.send(&post("/authorize", body), body).await;
    assert_eq!(unsigned.problem(), (401, "invalid_signature".into()));
    assert_eq!(unsigned.header("aauth-requirement"), person_token_first);
    assert_eq!(unsigned.header("signature-error"), Some("error=invalid_signature"));
    for token in [agent_token(), auth_token(&["orders.read"])] {
        let reply = ask_raw(&served, &token, body).await;
        assert_eq!((reply.status, reply.header("aauth-requirement")), (401, person_token_first), "{reply:?}");
        assert_eq!(reply.header("signature-error"), None);
    }
    for signer in [Signer::Pseudonymous, Signer::Server { id: &server(PERSONS), dwk: Dwk::Person }] {
        let reply = served.send(&signed_by(&post("/authorize", body), &[], signer, &agent_key()), body).await;
        assert_eq!(reply.problem(), (401, "unsupported_scheme".into()));
        assert_eq!(reply.header("aauth-requirement"), person_token_first);
        assert_eq!(reply.header("accept-signature-scheme"), Some("jwt"));
    }
}

/// A provider that is not trusted here is no reason to hide what would do.
#[tokio::test]
async fn a_stranger_is_told_to_bring_a_person_token() {
    let served = Served::with(|resource| resource.agent_servers.named.clear());
    let reply = ask_raw(&served, &agent_token(), br#"{"scope":"orders.read"}"#).await;
    assert_eq!(reply.problem(), (401, "invalid_key".into()));
    assert_eq!(reply.header("aauth-requirement"), Some("requirement=person-token"));
}

/// "Authorization Endpoint Error Responses": a person token that fails is a 401, not a code of that table.
#[tokio::test]
async fn a_person_token_that_fails_is_a_signature_error() {
    let served = Served::new();
    let body = br#"{"scope":"orders.read"}"#;
    let expired = ask_raw(&served, &mission_token(NOW), body).await;
    assert_eq!(expired.problem(), (401, "expired_jwt".into()));
    assert_eq!(expired.header("signature-error"), Some("error=expired_jwt"));
    assert_eq!(expired.header("aauth-requirement"), None);

    let token = person_token();
    let message = signed_by(&post("/authorize", body), &[], Signer::Agent { token: &token }, &testkit::key("thief"));
    assert_eq!(served.send(&message, body).await.problem(), (401, "invalid_signature".into()));

    let now = testkit::server(PERSONS);
    served.kit.authorizer.revocations.record(&now, "person-1", NOW + 600, NOW).unwrap();
    let revoked = ask_raw(&served, &token, body).await;
    assert_eq!(revoked.problem(), (401, "revoked_jwt".into()));
    assert_eq!(revoked.header("aauth-requirement"), None);
}

/// The digest speaks of the body that came.
#[tokio::test]
async fn another_body_than_the_signed_one_is_refused() {
    let served = Served::new();
    let (token, body) = (person_token(), br#"{"scope":"orders.read"}"#);
    let message =
        signed_by(&post("/authorize", body), &["content-digest"], Signer::Agent { token: &token }, &agent_key());
    let reply = served.send(&message, br#"{"scope":"orders.write"}"#).await;
    assert_eq!(reply.problem(), (401, "invalid_signature".into()));
    let uncovered = signed_by(&post("/authorize", body), &[], Signer::Agent { token: &token }, &agent_key());
    let uncovered = with_fields(&uncovered, &[("content-digest", sha256_field(b"other"))]);
    assert_eq!(served.send(&uncovered, body).await.problem(), (400, "invalid_request".into()));
}

/// Neither another path, nor another host, than was signed.
#[tokio::test]
async fn a_signature_for_another_endpoint_does_not_do() {
    let served = Served::new();
    let (token, body) = (person_token(), br#"{"scope":"orders.read"}"#);
    let elsewhere = signed_by(&post("/resource/token", body), &[], Signer::Agent { token: &token }, &agent_key());
    let moved = post("/authorize", body).with_fields(elsewhere.fields().clone());
    assert_eq!(served.send(&moved, body).await.problem(), (401, "invalid_signature".into()));
}

#[tokio::test]
async fn parameters_that_cannot_be() {
    let served = Served::new();
    let token = person_token();
    for (body, code) in [
        ("", "invalid_request"),
        ("[]", "invalid_request"),
        ("{}", "invalid_request"),
        (r#"{"scope":["orders.read"]}"#, "invalid_request"),
        (r#"{"scope":""}"#, "invalid_request"),
        (r#"{"scope":"  "}"#, "invalid_request"),
        (r#"{"scope":"orders.read","account":7}"#, "invalid_request"),
        (r#"{"scope":"orders.read","account":null}"#, "invalid_request"),
        (r#"{"scope":"orders.read","account":""}"#, "invalid_account"),
        (r#"{"scope":"orders.read","account":"a\u0000b"}"#, "invalid_account"),
        (r#"{"scope":"orders.read\torders.write"}"#, "invalid_scope"),
        (r#"{"scope":"orders.read admin"}"#, "invalid_scope"),
        (r#"{"scope":"openid"}"#, "invalid_scope"),
    ] {
        let reply = ask_raw(&served, &token, body.as_bytes()).await;
        assert_eq!(reply.problem(), (400, code.into()), "{body}");
        assert_eq!(reply.header("signature-error"), None);
    }
    let long = json!({ "scope": "orders.read", "account": "é".repeat(256) });
    assert_eq!(ask_with(&served, &token, &long).await.problem(), (400, "invalid_account".into()));
    let longest = json!({ "scope": "orders.read", "account": "é".repeat(255) });
    claims(&ask_with(&served, &token, &longest).await);
    let unknown = ask_raw(&served, &token, br#"{"scope":"orders.read admin"}"#).await.json();
    assert_eq!(unknown["detail"], "this resource has no scope `admin`");
}

#[tokio::test]
async fn identity_scopes_may_be_asked_for_where_configured() {
    let served = Served::with(|resource| {
        resource.identity_scopes.insert("email".into());
    });
    let claims = claims(&ask_with(&served, &person_token(), &json!({ "scope": "email" })).await);
    assert_eq!(claims["scope"], "email");
}

#[tokio::test]
async fn an_outage_of_the_person_server_is_no_verdict() {
    let served = Served::new();
    served.kit.issuers.close();
    let reply = ask_raw(&served, &person_token(), br#"{"scope":"orders.read"}"#).await;
    assert_eq!(reply.problem(), (503, "temporarily_unavailable".into()));
    assert_eq!(reply.header("retry-after"), Some("1"));
}

#[tokio::test]
async fn only_posts_of_a_bounded_size() {
    let served = Served::new();
    let get = served.get("/authorize").await;
    assert_eq!((get.problem(), get.header("allow")), ((405, "method_not_allowed".into()), Some("POST")));
    let huge = vec![b' '; 16 * 1024 + 1];
    assert_eq!(ask_raw(&served, &person_token(), &huge).await.problem(), (413, "content_too_large".into()));
    let form = with_fields(&post("/authorize", b"scope=x"), &[("content-type", "text/plain".into())]);
    let token = person_token();
    let form = signed_by(&form, &[], Signer::Agent { token: &token }, &agent_key());
    assert_eq!(served.send(&form, b"scope=x").await.problem(), (400, "invalid_request".into()));
    let of_a_server = signed_by_server(&post("/authorize", b"{}"), PERSONS, Dwk::Person);
    assert_eq!(served.send(&of_a_server, b"{}").await.problem(), (401, "unsupported_scheme".into()));
}
