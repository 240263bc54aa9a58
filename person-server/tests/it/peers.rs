//! Other implementations of the protocol.

use aauth_authorizer::aauth::identifier::ServerId;
use aauth_authorizer::aauth::key::{Jwks, SigningKey};
use aauth_authorizer::aauth::requirement::Requirement;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde_json::{Value, json};

use super::support::{AGENTS, Agent, NOW, PS, Peer, Reply, Resource, World, key};

const ORDERS: &str = "https://orders.example";
const ACCESS: &str = "https://access.example";

/// The access server of `introspection-aauth` federates with this person server, over HTTP: it knows this server, the
/// agent provider and the resource by what they publish, and is known by what it publishes.
struct Scene {
    world: World,
    peer: Peer,
    agent: Agent,
    orders: Resource,
    person_token: String,
}

async fn scene() -> Scene {
    let documents = [
        published(PS, "aauth-person.json", &key("ps-1")),
        published(AGENTS, "aauth-agent.json", &key("agents-1")),
        published(ORDERS, "aauth-resource.json", &key(ORDERS)),
    ];
    let mut all = serde_json::Map::new();
    for document in documents {
        all.extend(document.as_object().unwrap().clone());
    }
    let (peer, ready) = Peer::access_server(&json!({
        "issuer": ACCESS,
        "private_jwk": { "d": BASE64_URL_SAFE_NO_PAD.encode([5; 32]) },
        "resources": [ORDERS],
        "person_servers": [PS],
        "agent_providers": [AGENTS],
        "documents": all,
        "now": NOW,
        "verdict": { "decision": "allow" },
    }));
    let world = World::calling(ACCESS, ready["origin"].as_str().unwrap()).await;
    for (url, document) in ready["documents"].as_object().unwrap() {
        world.network.serve(url, document);
    }
    let orders = Resource::published(&world, ORDERS);
    let agent = Agent::new("planner");
    let person_token = world.person_token(&agent, ORDERS).await;
    Scene { world, peer, agent, orders, person_token }
}

/// What an issuer publishes, by URL, as a strict reader wants it.
fn published(issuer: &str, name: &str, key: &SigningKey) -> Value {
    let mut metadata = json!({
        "issuer": issuer,
        "jwks_uri": format!("{issuer}/jwks.json"),
        "name": "A test's",
        "person_token_endpoint": format!("{issuer}/person"),
        "auth_token_endpoint": format!("{issuer}/token"),
    });
    if name != "aauth-person.json" {
        let metadata = metadata.as_object_mut().unwrap();
        metadata.retain(|name, _| !name.ends_with("_token_endpoint"));
    }
    json!({
        format!("{issuer}/.well-known/{name}"): metadata,
        format!("{issuer}/jwks.json"): Jwks::of([key.public()]).to_json(),
    })
}

impl Scene {
    async fn asks(&self) -> Reply {
        let mut asked = self.orders.asks(&self.world, &self.person_token, &["orders.read", "orders.write"]);
        asked.aud = ServerId::parse(ACCESS).unwrap();
        let body = json!({
            "resource_token": asked.sign(&self.orders.key),
            "presented_token": self.person_token,
            "capabilities": ["interaction"],
        });
        self.world.post(&self.agent, "/token", body).await
    }

    fn rules(&mut self, verdict: &Value) {
        self.peer.call(&json!({ "op": "set", "verdict": verdict }));
    }
}

#[tokio::test]
async fn an_access_server_of_others_federates_with_this_server() {
    let mut scene = scene().await;
    let asked = scene.asks().await;
    assert_eq!(asked.status, 202, "{asked:?}");
    assert_eq!(scene.peer.call(&json!({ "op": "asked" })), json!([]), "the person first");
    scene.world.approve(&scene.world.ada, &asked).await;
    let granted = scene.world.poll(&scene.agent, &asked).await;
    let token = granted.claims("auth_token");
    assert_eq!((token["iss"].as_str(), token["ps"].as_str()), (Some(ACCESS), Some(PS)), "{granted:?}");
    assert_eq!(token["scope"], "orders.read orders.write");
    let heard = scene.peer.call(&json!({ "op": "asked" }));
    assert_eq!(heard[0]["agent"], "aauth:planner@agents.example");
    assert_eq!((heard[0]["ps"].as_str(), &heard[0]["sub"]), (Some(PS), &token["sub"]));

    // "Either party may narrow the granted scope."
    scene.rules(&json!({ "decision": "allow", "scope": "orders.read" }));
    assert_eq!(scene.asks().await.claims("auth_token")["scope"], "orders.read");
    // An access server's refusal is its own.
    scene.rules(&json!({ "decision": "deny", "detail": "Not on Sundays." }));
    let refused = scene.asks().await;
    refused.refused(403, "denied");
    assert!(refused.text("detail").contains("Not on Sundays"), "{refused:?}");
}

#[tokio::test]
async fn an_access_server_of_others_makes_this_server_wait() {
    let mut scene = scene().await;
    let interaction = json!({ "decision": "interaction", "url": "https://access.example/bind", "code": "A1B2-C3D4" });
    scene.rules(&interaction);
    let asked = scene.asks().await;
    scene.world.approve(&scene.world.ada, &asked).await;
    let waits = scene.world.poll(&scene.agent, &asked).await;
    let there = Requirement::Interaction { url: "https://access.example/bind".into(), code: "A1B2-C3D4".into() };
    assert_eq!(waits.requirement(), there);
    assert_eq!(scene.world.poll(&scene.agent, &asked).await.status, 202);
    assert_eq!(scene.peer.call(&json!({ "op": "decide" })), "approved");
    let granted = scene.world.poll(&scene.agent, &asked).await;
    assert_eq!(granted.claims("auth_token")["iss"], ACCESS);
    scene.world.poll(&scene.agent, &asked).await.refused(410, "invalid_code");

    scene.rules(&json!({ "decision": "approval" }));
    let waits = scene.asks().await;
    assert_eq!(waits.status, 202, "{waits:?}");
    assert_eq!(scene.peer.call(&json!({ "op": "decide", "approved": false })), "denied");
    scene.world.poll(&scene.agent, &waits).await.refused(403, "denied");
}
