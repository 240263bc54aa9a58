//! Requests that nobody honest sends.

use aauth_authorizer::aauth::identifier::AgentId;
use aauth_authorizer::aauth::signing::Signer;
use serde_json::json;

use super::support::{Agent, NOW, World};

fn ask() -> serde_json::Value {
    json!({ "resource": "https://orders.example", "capabilities": ["interaction"] })
}

#[tokio::test]
async fn who_does_not_sign_is_told_how_to() {
    let world = World::new().await;
    let body = ask().to_string().into_bytes();
    let json = [("content-type".to_owned(), "application/json".to_owned())];
    let answer = world.raw("POST", "/person", &json, body).await;
    answer.refused(401, "invalid_signature");
    assert_eq!(answer.header("signature-error"), "error=invalid_signature");
}

/// "AAuth does not use the hwk scheme".
#[tokio::test]
async fn a_bare_key_is_no_agent() {
    let world = World::new().await;
    let agent = Agent::new("planner");
    let answer = world.signed((Signer::Pseudonymous, &agent.key), "POST", "/person", Some(ask()), &[]).await;
    answer.refused(401, "unsupported_scheme");
    assert_eq!(answer.header("accept-signature-scheme"), "jwt");
}

#[tokio::test]
async fn a_stranger_to_the_server_makes_it_call_nobody() {
    let world = World::new().await;
    let stranger = Agent::of("planner", "https://strangers.example", "strangers-1");
    world.post(&stranger, "/person", ask()).await.refused(401, "invalid_key");
}

#[tokio::test]
async fn a_wrong_agent_token_is_a_signature_failure() {
    let world = World::new().await;
    let expired = Agent::new("expired").until(NOW);
    world.post(&expired, "/person", ask()).await.refused(401, "expired_jwt");
    let forged = Agent::of("forged", "https://agents.example", "somebody");
    world.post(&forged, "/person", ask()).await.refused(401, "unknown_key");
    let ahead = Agent::new("ahead").with(|claims| claims.common.iat = NOW + 61);
    world.post(&ahead, "/person", ask()).await.refused(401, "clock_skew");
    let mut stolen = Agent::new("stolen");
    stolen.key = Agent::new("thief").key;
    world.post(&stolen, "/person", ask()).await.refused(401, "invalid_signature");
    let long = Agent::new("long").until(NOW + 86_401);
    world.post(&long, "/person", ask()).await.refused(401, "invalid_jwt");
}

/// "Single-Level Depth".
#[tokio::test]
async fn a_sub_agent_does_not_ask_for_itself() {
    let world = World::new().await;
    let child = Agent::new("planner+child")
        .with(|claims| claims.parent_agent = Some(AgentId::parse("aauth:planner@agents.example").unwrap()));
    world.post(&child, "/person", ask()).await.refused(400, "invalid_request");
}

#[tokio::test]
async fn a_huge_body_is_not_read() {
    let world = World::new().await;
    let body = json!({ "resource": "https://orders.example", "justification": "x".repeat(70_000) });
    let answer = world.post(&Agent::new("planner"), "/person", body).await;
    answer.refused(413, "invalid_request");
}

#[tokio::test]
async fn a_body_that_was_exchanged_is_found_out() {
    let world = World::new().await;
    let agent = Agent::new("planner");
    let signer = Signer::Agent { token: &agent.token };
    let covered = ask().to_string().into_bytes();
    let headers = world.headers((signer, &agent.key), "POST", "/person", &covered, &[]);
    let other = json!({ "resource": "https://evil.example", "capabilities": ["interaction"] });
    let answer = world.raw("POST", "/person", &headers, other.to_string().into_bytes()).await;
    answer.refused(401, "invalid_signature");
}

#[tokio::test]
async fn one_agent_has_so_many_requests_waiting() {
    let world = World::new().await;
    let agent = Agent::new("eager");
    let mut last = None;
    for at in 0..21 {
        let body = json!({ "resource": format!("https://r{at}.example"), "capabilities": ["interaction"] });
        last = Some(world.post(&agent, "/person", body).await);
    }
    let last = last.unwrap();
    last.refused(429, "rate_limited");
    assert_ne!(last.header("retry-after"), "");
}

/// A signature that leaves the body out says nothing of the body.
#[tokio::test]
async fn a_body_that_is_not_covered_is_refused() {
    let world = World::new().await;
    let agent = Agent::new("planner");
    let signer = Signer::Agent { token: &agent.token };
    let mut headers = world.headers((signer, &agent.key), "POST", "/person", b"", &[]);
    headers.push(("content-type".to_owned(), "application/json".to_owned()));
    let answer = world.raw("POST", "/person", &headers, ask().to_string().into_bytes()).await;
    answer.refused(401, "invalid_input");
    assert!(answer.header("signature-error").contains("content-digest"), "{answer:?}");
}

/// "Implementations MUST check typ before acting on any AAuth JWT."
#[tokio::test]
async fn a_token_of_another_type_is_no_agent_token() {
    let world = World::new().await;
    let mut agent = Agent::new("planner");
    agent.token = world.person_token(&agent, "https://orders.example").await;
    world.post(&agent, "/person", ask()).await.refused(401, "invalid_jwt");
}
