//! Metadata and keys.

use super::super::wellknown::Documents;
use super::support::{Served, post, signed_by};
use crate::aauth::key::Jwks;
use crate::aauth::metadata::Dwk;
use crate::aauth::signing::Signer;
use crate::aauth::token::Unverified;
use crate::aauth::verify::{self, TokenRules};
use crate::authorizer::resource::{AccessMode, Resources};
use crate::authorizer::testkit::{self, NOW, PERSONS, agent_key, key, orders, person_token, server};

/// "Resource Server Metadata".
#[tokio::test]
async fn the_metadata_document_is_as_configured() {
    let served = Served::new();
    let reply = served.get("/.well-known/aauth-resource.json").await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert_eq!(reply.header("cache-control"), Some("public, max-age=300"));
    insta::assert_snapshot!(serde_json::to_string_pretty(&reply.json()).unwrap(), @r#"
    {
      "issuer": "https://orders.example",
      "jwks_uri": "https://orders.example/.well-known/jwks.json",
      "access_mode": "auth-token",
      "authorization_endpoint": "https://orders.example/authorize",
      "revocation_endpoint": "https://orders.example/revoke",
      "scope_descriptions": {
        "orders.read": "Read your orders",
        "orders.write": "Change your orders"
      }
    }
    "#);
}

/// What is published verifies what is minted, and yesterday's key is still there.
#[tokio::test]
async fn the_published_keys_verify_a_resource_token() {
    let served = Served::with(|resource| {
        let (current, previous) = (key("orders-1"), key("orders-0"));
        resource.jwks = Jwks::of([current.public(), previous.public()]);
    });
    let reply = served.get("/.well-known/jwks.json").await;
    assert_eq!((reply.status, reply.header("cache-control")), (200, Some("public, max-age=300")));
    let keys = Jwks::parse(&reply.body).unwrap();
    assert!(keys.select("orders-0").unwrap().is_ok());
    assert!(!String::from_utf8(reply.body).unwrap().contains("\"d\""));

    let body = br#"{"scope":"orders.read"}"#;
    let signer = Signer::Agent { token: &person_token() };
    let granted = served.send(&signed_by(&post("/authorize", body), &[], signer, &agent_key()), body).await;
    let granted = granted.json();
    let identifiers = crate::aauth::identifier::IdentifierRules::Strict;
    let token = Unverified::parse(granted["resource_token"].as_str().unwrap(), identifiers).unwrap();
    assert_eq!(token.dwk(), Dwk::Resource);
    let rules = TokenRules { audience: server(PERSONS), identifiers, window: 60, max_agent_lifetime: 0 };
    let token = verify::resource_token(&token, &keys, &rules, NOW).unwrap();
    assert_eq!(token.scopes, ["orders.read"]);
}

#[tokio::test]
async fn documents_are_only_read() {
    let served = Served::new();
    for path in ["/.well-known/aauth-resource.json", "/.well-known/jwks.json"] {
        let head = served.send(&testkit::request("HEAD", path), b"").await;
        assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
        assert_eq!(head.header("content-type"), Some("application/json"));
        let posted = served.send(&testkit::request("POST", path), b"{}").await;
        assert_eq!(posted.problem(), (405, "method_not_allowed".into()));
        assert_eq!(posted.header("allow"), Some("GET, HEAD"));
    }
}

/// What metadata does not name is not there.
#[tokio::test]
async fn a_resource_without_key_publishes_and_grants_nothing() {
    let served = Served::with(|resource| {
        resource.signing_key = None;
        resource.jwks = Jwks::of([]);
        resource.metadata.jwks_uri = None;
        resource.metadata.authorization_endpoint = None;
    });
    assert_eq!(served.get("/.well-known/jwks.json").await.problem(), (404, "not_found".into()));
    for path in ["/authorize", "/resource/token"] {
        assert_eq!(served.send(&post(path, b"{}"), b"{}").await.problem(), (404, "not_found".into()));
    }
    let metadata = served.get("/.well-known/aauth-resource.json").await.json();
    assert_eq!(metadata.get("authorization_endpoint"), None);
}

/// One identity has one `jwks_uri`, whichever of its resources is asked; others' keys are not in it.
#[test]
fn resources_of_one_issuer_publish_each_others_keys() {
    let [one, mut two, mut other] = [(); 3].map(|()| orders(AccessMode::AuthToken));
    (two.id, two.jwks) = ("invoices".into(), Jwks::of([key("orders-1").public(), key("invoices-1").public()]));
    (other.id, other.issuer, other.jwks) =
        ("other".into(), server("https://other.example"), Jwks::of([key("other-1").public()]));
    let documents = Documents::of(&Resources::new([one, two, other]));
    let kids = |id: &str| {
        let keys: serde_json::Value = serde_json::from_slice(&documents.of_resource[id].keys).unwrap();
        let kids = keys["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned());
        kids.collect::<Vec<_>>()
    };
    assert_eq!(kids("orders"), ["orders-1", "invoices-1"]);
    assert_eq!(kids("invoices"), kids("orders"));
    assert_eq!(kids("other"), ["other-1"]);
}
