//! "Person Server Metadata" and "Agent Provider Metadata".

use aauth_authorizer::aauth::identifier::{IdentifierRules, ServerId};
use aauth_authorizer::aauth::key::Jwks;
use aauth_authorizer::aauth::metadata::{AgentProviderMetadata, PersonServerMetadata};

use super::support::World;

#[tokio::test]
async fn the_documents_say_where_everything_is() {
    let world = World::new().await;
    let issuer = ServerId::parse("https://ps.example").unwrap();
    let document = async |path: &str| {
        let answer = world.raw("GET", path, &[], Vec::new()).await;
        assert_eq!((answer.status, answer.header("cache-control")), (200, "public, max-age=300"));
        answer.body
    };
    let person = document("/.well-known/aauth-person.json").await;
    assert!(person.get("token_endpoint").is_none());
    let read = PersonServerMetadata::parse(person.to_string().as_bytes(), &issuer, IdentifierRules::Strict).unwrap();
    assert_eq!(read.auth_token_endpoint, "https://ps.example/token");
    assert_eq!(read.person_token_endpoint, "https://ps.example/person");
    assert_eq!(read.mission_endpoint.as_deref(), Some("https://ps.example/mission"));
    assert_eq!(read.mission_control_endpoint.as_deref(), Some("https://ps.example/api/missions"));
    assert_eq!(read.revocation_endpoint.as_deref(), Some("https://ps.example/revoke"));
    assert_eq!(read.about.accept_signature_algs, ["Ed25519", "ES256"]);
    let agent = document("/.well-known/aauth-agent.json").await;
    let read = AgentProviderMetadata::parse(agent.to_string().as_bytes(), &issuer, IdentifierRules::Strict).unwrap();
    assert_eq!(read.registration_endpoint.as_deref(), Some("https://ps.example/register"));
    let keys = document("/.well-known/jwks.json").await;
    assert!(keys["keys"].as_array().unwrap().iter().all(|key| key["alg"] == "Ed25519" && key.get("d").is_none()));
    assert!(Jwks::parse(keys.to_string().as_bytes()).unwrap().select("ps-1").is_some());
}
