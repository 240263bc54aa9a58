use serde_json::{Value, json};

use super::*;
use crate::aauth::identifier::{IdentifierRules, ServerId};

fn server(id: &str) -> ServerId {
    ServerId::parse(id).unwrap()
}

fn resource(document: &Value) -> Result<ResourceMetadata, MetadataFault> {
    ResourceMetadata::parse(document.to_string().as_bytes(), &server("https://r.example"), IdentifierRules::Strict)
}

/// `document` with one member set to something else.
fn with(mut document: Value, name: &str, value: Value) -> Value {
    document[name] = value;
    document
}

/// "Metadata Documents": the issuer is matched by byte equality.
#[test]
fn the_issuer_is_matched_byte_for_byte() {
    let ps = server("https://ps.example");
    let parse = |text: &str| IssuerMetadata::parse(text.as_bytes(), &ps);
    assert!(parse(r#"{"issuer":"https://ps.example","jwks_uri":"https://ps.example/jwks"}"#).is_ok());
    assert_eq!(parse(r#"{"jwks_uri":"https://ps.example/jwks"}"#), Err(MetadataFault::IssuerMissing));
    for other in ["https://ps.example/", "https://PS.example", "https://evil.example"] {
        let document = format!(r#"{{"issuer":"{other}","jwks_uri":"https://ps.example/jwks"}}"#);
        assert_eq!(parse(&document), Err(MetadataFault::IssuerMismatch), "{other}");
        for refused in [
            ResourceMetadata::parse(document.as_bytes(), &ps, IdentifierRules::Strict).err(),
            AccessServerMetadata::parse(document.as_bytes(), &ps, IdentifierRules::Strict).err(),
            PersonServerMetadata::parse(document.as_bytes(), &ps, IdentifierRules::Strict).err(),
            AgentProviderMetadata::parse(document.as_bytes(), &ps, IdentifierRules::Strict).err(),
        ] {
            assert_eq!(refused, Some(MetadataFault::IssuerMismatch), "{other}");
        }
    }
    assert_eq!(parse(r#"{"issuer":"https://ps.example"}"#), Err(MetadataFault::JwksUriMissing));
    assert_eq!(parse("[]"), Err(MetadataFault::NotJson));
}

#[test]
fn an_empty_resource_document_has_no_nulls() {
    let text = serde_json::to_string(&ResourceMetadata { issuer: "https://r.example".into(), ..Default::default() });
    assert_eq!(text.unwrap(), r#"{"issuer":"https://r.example"}"#);
}

fn at(path: &str) -> String {
    format!("https://s.example/{path}")
}

fn about() -> About {
    About {
        accept_signature_algs: vec!["Ed25519".into()],
        name: Some("Orders".into()),
        description: Some("**Orders**\nof yours".into()),
        logo_uri: Some(at("logo.png?v=2")),
        logo_dark_uri: Some(at("dark.png")),
        documentation_uri: Some(at("docs")),
        tos_uri: Some(at("tos")),
        policy_uri: Some(at("privacy")),
    }
}

/// Each document, with every member set, is read back as it was written.
#[test]
fn each_document_makes_the_round_trip() {
    let (id, rules) = (server("https://s.example"), IdentifierRules::Strict);
    let resource = ResourceMetadata {
        issuer: id.to_string(),
        jwks_uri: Some(at("jwks")),
        access_mode: Some("auth-token".into()),
        about: about(),
        authorization_endpoint: Some(at("authorize")),
        revocation_endpoint: Some(at("revoke")),
        scope_descriptions: [("orders.read".to_owned(), "*Read* your orders".to_owned())].into(),
        signature_window: Some(60),
        additional_signature_components: vec!["content-type".into()],
    };
    let written = serde_json::to_vec(&resource).unwrap();
    assert_eq!(ResourceMetadata::parse(&written, &id, rules), Ok(resource));
    let access = AccessServerMetadata {
        issuer: id.to_string(),
        jwks_uri: at("jwks"),
        about: about(),
        auth_token_endpoint: at("token"),
        revocation_endpoint: Some(at("revoke")),
    };
    let written = serde_json::to_vec(&access).unwrap();
    assert_eq!(AccessServerMetadata::parse(&written, &id, rules), Ok(access));
    let provider = AgentProviderMetadata {
        issuer: id.to_string(),
        jwks_uri: at("jwks"),
        about: about(),
        callback_endpoint: Some(at("callback")),
        event_endpoint: Some(at("events")),
        localhost_callback_allowed: true,
        registration_endpoint: Some(at("register")),
        refresh_endpoint: Some(at("refresh")),
    };
    let written = serde_json::to_vec(&provider).unwrap();
    assert_eq!(AgentProviderMetadata::parse(&written, &id, rules), Ok(provider));
    let person = PersonServerMetadata {
        issuer: id.to_string(),
        jwks_uri: at("jwks"),
        about: about(),
        auth_token_endpoint: at("token"),
        person_token_endpoint: at("person"),
        mission_endpoint: Some(at("mission")),
        permission_endpoint: Some(at("permission")),
        audit_endpoint: Some(at("audit")),
        interaction_endpoint: Some(at("interaction")),
        mission_control_endpoint: Some(at("missions")),
        revocation_endpoint: Some(at("revoke")),
        scopes_supported: vec!["openid".into()],
        claims_supported: vec!["email".into()],
    };
    let written = serde_json::to_vec(&person).unwrap();
    assert_eq!(PersonServerMetadata::parse(&written, &id, rules), Ok(person));
}

/// "Endpoint and Other URLs", and a bound on whatever is kept.
#[test]
fn a_member_that_is_not_what_it_must_be_condemns_the_document() {
    let good = json!({ "issuer": "https://r.example" });
    assert!(resource(&good).is_ok());
    let scopes = |count: usize| -> Value { (0..count).map(|n| (format!("s{n}"), json!("text"))).collect() };
    assert!(resource(&with(good.clone(), "scope_descriptions", scopes(200))).is_ok());
    assert!(resource(&with(good.clone(), "name", json!("é".repeat(200)))).is_ok());
    for (name, value) in [
        ("name", json!("x".repeat(201))),
        ("name", json!("two\nlines")),
        ("name", json!(7)),
        ("description", json!("x".repeat(4097))),
        ("description", json!("\u{1b}[2J")),
        ("logo_uri", json!("http://r.example/logo.png")),
        ("logo_uri", json!("javascript:alert(1)")),
        ("jwks_uri", json!("http://r.example/jwks")),
        ("authorization_endpoint", json!("https://r.example/authorize?x=1")),
        ("authorization_endpoint", json!("https://r.example/authorize#x")),
        ("revocation_endpoint", json!("https://ada@r.example/revoke")),
        ("scope_descriptions", scopes(201)),
        ("scope_descriptions", json!({ "two words": "x" })),
        ("scope_descriptions", json!({ "": "x" })),
        ("scope_descriptions", json!({ "orders.read": "x".repeat(4097) })),
        ("scope_descriptions", json!({ "orders.read": null })),
        ("scope_descriptions", json!(["orders.read"])),
        ("signature_window", json!(-1)),
        ("accept_signature_algs", json!("Ed25519")),
        ("additional_signature_components", json!(vec!["x"; 201])),
    ] {
        let refused = resource(&with(good.clone(), name, value.clone()));
        assert!(matches!(refused, Err(MetadataFault::Member { name: at, .. }) if at == name), "{name}: {refused:?}");
    }
}

/// Absent, and not wrong.
#[test]
fn null_is_nothing_and_strange_members_are_ignored() {
    let document = json!({ "issuer": "https://r.example", "name": null, "scope_descriptions": null, "later": [1] });
    assert_eq!(resource(&document), resource(&json!({ "issuer": "https://r.example" })));
}

#[test]
fn what_a_role_requires_must_be_there() {
    let id = server("https://s.example");
    let missing = |name| MetadataFault::Member { name, why: "is missing".into() };
    let access = |document: Value| {
        AccessServerMetadata::parse(document.to_string().as_bytes(), &id, IdentifierRules::Strict).map(|_| ())
    };
    let good = json!({ "issuer": id.as_str(), "jwks_uri": at("jwks"), "auth_token_endpoint": at("token") });
    assert_eq!(access(good.clone()), Ok(()));
    assert_eq!(access(with(good.clone(), "auth_token_endpoint", Value::Null)), Err(missing("auth_token_endpoint")));
    assert_eq!(access(with(good.clone(), "jwks_uri", Value::Null)), Err(MetadataFault::JwksUriMissing));
    let person = PersonServerMetadata::parse(good.to_string().as_bytes(), &id, IdentifierRules::Strict);
    assert_eq!(person, Err(missing("person_token_endpoint")));
}

/// A developer's machine has no certificate.
#[test]
fn loopback_urls_are_for_development() {
    let id = ServerId::parse_under("http://127.0.0.1:9000", IdentifierRules::LoopbackAllowed).unwrap();
    let document = json!({
        "issuer": id.as_str(),
        "jwks_uri": "http://127.0.0.1:9000/jwks",
        "auth_token_endpoint": "http://127.0.0.1:9000/token",
    });
    let parse = |rules| AccessServerMetadata::parse(document.to_string().as_bytes(), &id, rules);
    assert!(parse(IdentifierRules::LoopbackAllowed).is_ok());
    assert!(parse(IdentifierRules::Strict).is_err());
}
