//! "Sub-Agents", as far as their agent provider goes.

use aauth_authorizer::aauth::key::SigningKey;
use aauth_authorizer::aauth::signing::Signer;
use serde_json::{Value, json};

use super::support::{Agent, Device, NOW, Reply, World, agent_with, key};

const ORDERS: &str = "https://orders.example";

fn proof_claims(world: &World, parent: &Agent) -> Value {
    json!({ "sub": parent.claims.sub.as_str(), "aud": "https://ps.example", "iat": world.now(), "exp": world.now() + 300 })
}

fn signed(key: &SigningKey, claims: &Value) -> String {
    key.sign_jwt_with_inline_key("subagent-key+jwt", claims.as_object().unwrap())
}

async fn ask(world: &World, parent: &Agent, name: &str, key: &SigningKey) -> Reply {
    let proof = signed(key, &proof_claims(world, parent));
    world.post(parent, "/subagent", json!({ "discriminator": name, "proof": proof })).await
}

/// Of the same issuer, named after its parent, no longer than its parent; and good for a person token through it.
#[tokio::test]
async fn a_parent_gets_a_sub_agents_token() {
    let world = World::new().await;
    let parent = Device::new("planner").enrolled(&world).await;
    world.clock.set(NOW + 100);
    let worker = key("worker");
    let granted = ask(&world, &parent, "search1", &worker).await;
    assert_eq!(granted.status, 200, "{granted:?}");
    let claims = granted.claims("agent_token");
    assert_eq!((&claims["iss"], &claims["ps"]), (&json!("https://ps.example"), &json!("https://ps.example")));
    assert_eq!(claims["parent_agent"], parent.claims.sub.as_str());
    assert_eq!(claims["sub"], parent.claims.sub.as_str().replace('@', "+search1@"));
    assert_eq!(claims["exp"], NOW + 86_400);
    assert_eq!(claims["cnf"]["jwk"]["x"], worker.public().to_jwk()["x"]);

    let asked = json!({
        "resource": ORDERS,
        "subagent_token": granted.text("agent_token"),
        "capabilities": ["interaction"],
    });
    let asked = world.post(&parent, "/person", asked).await;
    world.approve(&world.ada, &asked).await;
    let person = world.poll(&parent, &asked).await.claims("person_token");
    assert_eq!(person["cnf"]["jwk"]["x"], worker.public().to_jwk()["x"]);
}

#[tokio::test]
async fn a_shorter_life_can_be_asked_for() {
    let world = World::new().await;
    let parent = Device::new("planner").enrolled(&world).await;
    let exp = async |ttl: Value| {
        let proof = signed(&key("worker"), &proof_claims(&world, &parent));
        world.post(&parent, "/subagent", json!({ "discriminator": "a", "proof": proof, "ttl": ttl })).await
    };
    assert_eq!(exp(json!(600)).await.claims("agent_token")["exp"], NOW + 600);
    assert_eq!(exp(json!(9_000_000)).await.claims("agent_token")["exp"], NOW + 86_400);
    for wrong in [json!(0), json!(-1), json!("600")] {
        exp(wrong).await.refused(400, "invalid_request");
    }
}

/// "Single-Level Depth"
#[tokio::test]
async fn a_sub_agent_has_no_sub_agents() {
    let world = World::new().await;
    let parent = Device::new("planner").enrolled(&world).await;
    let worker = key("worker");
    let token = ask(&world, &parent, "search1", &worker).await.text("agent_token");
    let child = agent_with(&world, &token, &worker);
    ask(&world, &child, "deeper", &key("deeper")).await.refused(400, "invalid_request");
    world.post(&child, "/person", json!({ "resource": ORDERS })).await.refused(400, "invalid_request");
}

/// "The iss of a sub-agent's agent token MUST equal the iss of its parent's."
#[tokio::test]
async fn another_providers_agent_gets_none_here() {
    let world = World::new().await;
    let other = Agent::new("planner");
    world.person_token(&other, ORDERS).await;
    ask(&world, &other, "search1", &key("worker")).await.refused(400, "invalid_request");
}

/// A key that did not say so is nobody's sub-agent.
#[tokio::test]
async fn the_sub_agent_proves_its_key() {
    let world = World::new().await;
    let parent = Device::new("planner").enrolled(&world).await;
    let stranger = Device::new("other").enrolled(&world).await;
    let worker = key("worker");
    let good = proof_claims(&world, &parent);
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        signed(&worker, &claims)
    };
    let without = |name: &str| {
        let mut claims = good.clone();
        claims.as_object_mut().unwrap().remove(name);
        signed(&worker, &claims)
    };
    let mut forged = signed(&worker, &good);
    forged.replace_range(forged.len() - 8.., "AAAAAAAA");
    let wrong = [
        "nothing".to_owned(),
        forged,
        worker.sign_jwt("subagent-key+jwt", good.as_object().unwrap()),
        worker.sign_jwt_with_inline_key("jkt-s256+jwt", good.as_object().unwrap()),
        with("sub", json!(stranger.claims.sub.as_str())),
        with("aud", json!("https://agents.example")),
        with("exp", json!(NOW)),
        with("exp", json!(NOW + 301)),
        with("iat", json!(NOW + 61)),
        without("sub"),
        without("aud"),
        without("exp"),
        signed(&parent.key, &good),
    ];
    for proof in wrong {
        let body = json!({ "discriminator": "search1", "proof": proof });
        world.post(&parent, "/subagent", body).await.refused(400, "invalid_request");
    }
    world.post(&parent, "/subagent", json!({ "discriminator": "search1" })).await.refused(400, "invalid_request");
    for name in ["", "a+b", "a@b", "a b"] {
        ask(&world, &parent, name, &worker).await.refused(400, "invalid_request");
    }
    let bare = world.signed((Signer::Pseudonymous, &worker), "POST", "/subagent", Some(json!({})), &[]).await;
    bare.refused(401, "unsupported_scheme");
}

#[tokio::test]
async fn an_agent_has_so_many() {
    let world = World::with(|settings| settings.limits.subagents_per_agent = 2).await;
    let parent = Device::new("planner").enrolled(&world).await;
    let short = |name: &str| {
        let proof = signed(&key(name), &proof_claims(&world, &parent));
        json!({ "discriminator": name, "proof": proof, "ttl": 600 })
    };
    for name in ["a", "b", "a"] {
        assert_eq!(world.post(&parent, "/subagent", short(name)).await.status, 200);
    }
    world.post(&parent, "/subagent", short("c")).await.refused(429, "rate_limited");
    let other = Device::new("other").enrolled(&world).await;
    assert_eq!(ask(&world, &other, "c", &key("c")).await.status, 200, "each has its own");
    world.clock.set(NOW + 600);
    let later = short("c");
    assert_eq!(world.post(&parent, "/subagent", later).await.status, 200);
}

/// The parent's end is theirs.
#[tokio::test]
async fn sub_agents_end_with_their_parent() {
    let world = World::new().await;
    let device = Device::new("planner");
    let parent = device.enrolled(&world).await;
    let worker = key("worker");
    let child = ask(&world, &parent, "search1", &worker).await.text("agent_token");
    world.server.end_agent(&world.ada, &parent.agent_key()).await.unwrap();
    ask(&world, &parent, "search2", &key("other")).await.refused(401, "revoked_jwt");
    let child = agent_with(&world, &child, &worker);
    world.post(&child, "/person", json!({ "resource": ORDERS })).await.refused(401, "revoked_jwt");
}
