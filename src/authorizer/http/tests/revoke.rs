//! The revocation endpoint.

use serde_json::{Value, json};

use super::support::{Reply, Served, post, signed_by, signed_by_server, with_fields};
use crate::aauth::digest::sha256_field;
use crate::aauth::message::Message;
use crate::aauth::metadata::Dwk;
use crate::aauth::signing::Signer;
use crate::aauth::token::MAX_AGENT_LIFETIME;
use crate::authorizer::answer::Answer;
use crate::authorizer::testkit::{
    self, ACCESS, AGENTS, NOW, PERSONS, agent_key, agent_token, auth_token, inbound, issuer_key, person_token, server,
};

fn body(jti: &str) -> String {
    json!({ "jti": jti, "exp": NOW + 600 }).to_string()
}

async fn revoke_as(served: &Served, issuer: &str, dwk: Dwk, body: &str) -> Reply {
    let message = signed_by_server(&post("/revoke", body.as_bytes()), issuer, dwk);
    served.send(&message, body.as_bytes()).await
}

async fn check(served: &Served, token: &str) -> crate::authorizer::answer::Response {
    let message = testkit::signed(&testkit::request("GET", "/v1/orders"), token);
    served.kit.authorizer.check(inbound(message)).await.answer.into_response().expect("a refusal")
}

/// "Revocation Response": an empty 200 without content type, the first time and each time.
#[tokio::test]
async fn a_revocation_is_recorded_and_answered_with_nothing() {
    let served = Served::new();
    for _ in 0..2 {
        let reply = revoke_as(&served, PERSONS, Dwk::Person, &body("auth-1")).await;
        assert_eq!((reply.status, reply.body.len()), (200, 0), "{reply:?}");
        assert_eq!(reply.header("content-type"), None);
        assert_eq!(reply.header("cache-control"), Some("no-store"));
    }
    assert_eq!(served.kit.authorizer.revocations.len(), 1);
}

/// "Presenting a Revoked Token": said to be revoked, a person token asked for, and no resource token.
#[tokio::test]
async fn a_revoked_auth_token_is_refused_and_cannot_be_stepped_up() {
    let served = Served::new();
    let token = auth_token(&["orders.read"]);
    let message = testkit::signed(&testkit::request("GET", "/v1/orders"), &token);
    let before = served.kit.authorizer.check(inbound(message)).await;
    assert!(matches!(before.answer, Answer::Permit(_)), "{before:?}");

    assert_eq!(revoke_as(&served, PERSONS, Dwk::Person, &body("auth-1")).await.status, 200);
    let after = check(&served, &token).await;
    assert_eq!(after.status, 401);
    assert!(after.headers.contains(&("signature-error", "error=revoked_jwt".into())));
    assert!(after.headers.contains(&("aauth-requirement", "requirement=person-token".into())));
    assert!(!format!("{after:?}").contains("resource-token"));
}

/// "Revocation Cascade": no resource token names a revoked person token.
#[tokio::test]
async fn a_revoked_person_token_yields_no_resource_token() {
    let served = Served::new();
    assert_eq!(revoke_as(&served, PERSONS, Dwk::Person, &body("person-1")).await.status, 200);
    let answer = check(&served, &person_token()).await;
    assert!(answer.headers.contains(&("signature-error", "error=revoked_jwt".into())));
    assert!(!answer.headers.iter().any(|(name, _)| *name == "aauth-requirement"));
}

/// "Revocation Request": an issuer revokes its own tokens only.
#[tokio::test]
async fn another_issuer_revokes_nothing_of_this_one() {
    let served = Served::new();
    assert_eq!(revoke_as(&served, ACCESS, Dwk::Access, &body("auth-1")).await.status, 200);
    let message = testkit::signed(&testkit::request("GET", "/v1/orders"), &auth_token(&["orders.read"]));
    let checked = served.kit.authorizer.check(inbound(message)).await;
    assert!(matches!(checked.answer, Answer::Permit(_)));
}

/// "Revocation Response", errors: whoever is not trusted, before anything is fetched of theirs.
#[tokio::test]
async fn strangers_are_refused_before_a_fetch() {
    let served = Served::new();
    // Nothing answers; a fetch would hang and end in 503.
    served.kit.issuers.close();
    for (issuer, dwk) in [
        ("https://stranger.example", Dwk::Person),
        (PERSONS, Dwk::Access),
        (ACCESS, Dwk::Person),
        (AGENTS, Dwk::Agent),
        (PERSONS, Dwk::Resource),
    ] {
        let reply = revoke_as(&served, issuer, dwk, &body("auth-1")).await;
        assert_eq!(reply.problem(), (403, "unsupported_iss".into()), "{issuer} {dwk:?}");
        assert_eq!(reply.header("signature-error"), None);
    }
    assert_eq!(served.kit.authorizer.issuers.stats().fetch_error, 0);
    assert!(served.kit.authorizer.revocations.is_empty());
}

/// A trusted name with another's key proves nothing.
#[tokio::test]
async fn a_forged_caller_is_a_signature_failure() {
    let served = Served::new();
    let text = body("auth-1");
    let (id, key) = (server(PERSONS), issuer_key(ACCESS));
    let signer = Signer::Server { id: &id, dwk: Dwk::Person };
    let unknown = signed_by(&post("/revoke", text.as_bytes()), &["content-digest", "content-type"], signer, &key);
    let reply = served.send(&unknown, text.as_bytes()).await;
    assert_eq!(reply.problem(), (401, "unknown_key".into()));
    assert_eq!(reply.header("accept-signature-scheme"), Some("jwks_uri"));

    // The right `kid`, another key.
    let right = signed_by_server(&post("/revoke", text.as_bytes()), PERSONS, Dwk::Person);
    let other = right.fields().text("signature-key").unwrap();
    let other = with_fields(&unknown, &[("signature-key", other)]);
    assert_eq!(served.send(&other, text.as_bytes()).await.problem(), (401, "invalid_signature".into()));
    assert!(served.kit.authorizer.revocations.is_empty());
}

/// "Revocation Request": the caller signs as a server.
#[tokio::test]
async fn agents_and_nobody_cannot_revoke() {
    let served = Served::new();
    let text = body("auth-1");
    let unsigned = served.send(&post("/revoke", text.as_bytes()), text.as_bytes()).await;
    assert_eq!(unsigned.problem(), (401, "invalid_signature".into()));
    let covering = ["content-digest", "content-type"];
    for token in [agent_token(), person_token(), auth_token(&[])] {
        let signer = Signer::Agent { token: &token };
        let message = signed_by(&post("/revoke", text.as_bytes()), &covering, signer, &agent_key());
        let reply = served.send(&message, text.as_bytes()).await;
        assert_eq!(reply.problem(), (401, "unsupported_scheme".into()));
        assert_eq!(reply.header("accept-signature-scheme"), Some("jwks_uri"));
        assert_eq!(reply.header("signature-error"), Some("error=unsupported_scheme"));
    }
}

/// "Revocation Request": body digest and type are covered, and the digest is the body's.
#[tokio::test]
async fn the_body_is_bound_to_the_signature() {
    let served = Served::new();
    let text = body("auth-1");
    let (id, key) = (server(PERSONS), issuer_key(PERSONS));
    for covering in [&[][..], &["content-digest"], &["content-type"]] {
        let signer = Signer::Server { id: &id, dwk: Dwk::Person };
        let message = signed_by(&post("/revoke", text.as_bytes()), covering, signer, &key);
        let reply = served.send(&message, text.as_bytes()).await;
        assert_eq!(reply.problem(), (401, "invalid_input".into()), "{covering:?}");
        let expected = r#"error=invalid_input, required_input=("@method" "@authority" "@path" "signature-key" "content-digest" "content-type")"#;
        assert_eq!(reply.header("signature-error"), Some(expected));
    }
    let signed = signed_by_server(&post("/revoke", text.as_bytes()), PERSONS, Dwk::Person);
    let other = body("auth-2");
    let swapped = served.send(&signed, other.as_bytes()).await;
    assert_eq!(swapped.problem(), (401, "invalid_signature".into()));
    let redigested = with_fields(&signed, &[("content-digest", sha256_field(other.as_bytes()))]);
    assert_eq!(served.send(&redigested, other.as_bytes()).await.problem(), (401, "invalid_signature".into()));
    assert!(served.kit.authorizer.revocations.is_empty());
}

#[tokio::test]
async fn parameters_are_strict() {
    let served = Served::new();
    let exp = NOW + 600;
    let far = NOW + MAX_AGENT_LIFETIME + 61;
    for wrong in [
        "not json".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        json!({ "jti": "a" }).to_string(),
        json!({ "exp": exp }).to_string(),
        json!({ "jti": 7, "exp": exp }).to_string(),
        json!({ "jti": "", "exp": exp }).to_string(),
        json!({ "jti": "x".repeat(2049), "exp": exp }).to_string(),
        json!({ "jti": "a", "exp": exp.to_string() }).to_string(),
        json!({ "jti": "a", "exp": Value::Null }).to_string(),
        json!({ "jti": "a", "exp": -1 }).to_string(),
        json!({ "jti": "a", "exp": 1.5 }).to_string(),
        json!({ "jti": "a", "exp": far }).to_string(),
    ] {
        let reply = revoke_as(&served, PERSONS, Dwk::Person, &wrong).await;
        assert_eq!(reply.problem(), (400, "invalid_request".into()), "{wrong}");
    }
    assert!(served.kit.authorizer.revocations.is_empty());
    // A token that has ended needs no remembering, and is no error.
    let over = json!({ "jti": "old", "exp": NOW - 61 }).to_string();
    assert_eq!(revoke_as(&served, PERSONS, Dwk::Person, &over).await.status, 200);
    assert!(served.kit.authorizer.revocations.is_empty());
}

/// "What a recipient will accept": bounded, and told when to come back.
#[tokio::test]
async fn a_caller_beyond_its_rate_is_told_when_to_come_back() {
    let served = Served::new();
    let revocations = &served.kit.authorizer.revocations;
    for n in 0..100 {
        revocations.record(&server(PERSONS), &n.to_string(), NOW + 600, NOW).unwrap();
    }
    let reply = revoke_as(&served, PERSONS, Dwk::Person, &body("auth-1")).await;
    assert_eq!(reply.problem(), (429, "rate_limited".into()));
    assert_eq!(reply.header("retry-after"), Some((60 - NOW % 60).to_string().as_str()));
    assert_eq!(revoke_as(&served, ACCESS, Dwk::Access, &body("auth-1")).await.status, 200);
}

#[tokio::test]
async fn where_no_grants_are_taken_nothing_can_be_revoked() {
    let served = Served::with(|resource| resource.metadata.revocation_endpoint = None);
    assert_eq!(revoke_as(&served, PERSONS, Dwk::Person, &body("a")).await.problem(), (404, "not_found".into()));
    let elsewhere: Message = post("/revocations", b"{}");
    assert_eq!(served.send(&elsewhere, b"{}").await.problem(), (404, "not_found".into()));
}
