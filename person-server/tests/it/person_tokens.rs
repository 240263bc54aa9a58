//! "Person Token Endpoint".

use serde_json::json;

use super::support::{Agent, NOW, Resource, World};

const ORDERS: &str = "https://orders.example";

/// A new agent always asks; what the person said is remembered, and told to nobody else.
#[tokio::test]
async fn a_new_agent_is_approved_once() {
    let world = World::new().await;
    let agent = Agent::new("planner");
    let body = json!({ "resource": ORDERS, "capabilities": ["interaction"] });
    let asked = world.post(&agent, "/person", body.clone()).await;
    assert_eq!(asked.status, 202, "{asked:?}");
    assert_eq!(asked.body["status"], "pending");
    assert_eq!(asked.header("cache-control"), "no-store");
    assert_eq!(asked.code().len(), "A1B2-C3D4-E5F6-G7H8".len());

    let waits = world.poll(&agent, &asked).await;
    assert_eq!((waits.status, waits.code()), (202, asked.code()));
    world.approve(&world.ada, &asked).await;
    let granted = world.poll(&agent, &asked).await;
    assert_eq!(granted.status, 200, "{granted:?}");
    let claims = granted.claims("person_token");
    assert_eq!(claims["aud"], ORDERS);
    assert_eq!(claims["iss"], "https://ps.example");
    assert_eq!(claims["dwk"], "aauth-person.json");
    assert_eq!(claims["exp"], NOW + 3600);
    assert_eq!(granted.body["expires_in"], 3600);
    assert!(claims.get("scope").is_none() && claims.get("account").is_none());

    world.poll(&agent, &asked).await.refused(410, "invalid_code");
    let again = world.post(&agent, "/person", body).await;
    assert_eq!(again.status, 200, "{again:?}");
    assert_eq!(again.claims("person_token")["sub"], claims["sub"]);
}

/// "MUST NOT vary with the agent or its key"; another resource sees another name.
#[tokio::test]
async fn a_person_has_one_name_at_each_resource() {
    let world = World::new().await;
    let sub = async |agent: &Agent, resource| {
        super::support_claims(&world.person_token(agent, resource).await)["sub"].as_str().unwrap().to_owned()
    };
    let (one, other) = (Agent::new("one"), Agent::new("other"));
    let at_orders = sub(&one, ORDERS).await;
    assert_eq!(sub(&other, ORDERS).await, at_orders);
    assert_ne!(sub(&one, "https://files.example").await, at_orders);
}

/// "exp": never past the agent token's.
#[tokio::test]
async fn it_does_not_outlive_the_agent_token() {
    let world = World::new().await;
    let agent = Agent::new("brief").until(NOW + 120);
    let token = world.person_token(&agent, ORDERS).await;
    assert_eq!(super::support_claims(&token)["exp"], NOW + 120);
}

/// Without the capability to get the person to a page, and without the person here, nobody can be asked.
#[tokio::test]
async fn an_agent_that_cannot_interact_is_told_so() {
    let world = World::new().await;
    let answer = world.post(&Agent::new("headless"), "/person", json!({ "resource": ORDERS })).await;
    answer.refused(403, "user_unreachable");
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let world = World::new().await;
    let agent = Agent::new("planner");
    let _ = Resource::published(&world, ORDERS);
    for body in [
        json!({}),
        json!({ "resource": 7 }),
        json!({ "resource": "http://orders.example" }),
        json!({ "resource": "https://orders.example/" }),
        json!({ "resource": ORDERS, "prompt": "none login" }),
        json!({ "resource": ORDERS, "device": "a\u{7}b" }),
        json!({ "resource": ORDERS, "device": "x".repeat(65) }),
        json!({ "resource": ORDERS, "capabilities": "interaction" }),
    ] {
        world.post(&agent, "/person", body.clone()).await.refused(400, "invalid_request");
    }
}

/// "A PS SHOULD rate-limit the number of distinct resource values it accepts from one agent".
#[tokio::test]
async fn an_agent_names_so_many_resources() {
    let world = World::with(|settings| settings.limits.resources_per_hour = 2).await;
    let agent = Agent::new("planner");
    let ask = async |resource: &str| {
        world.post(&agent, "/person", json!({ "resource": resource, "capabilities": ["interaction"] })).await
    };
    assert_eq!(ask("https://one.example").await.status, 202);
    assert_eq!(ask("https://two.example").await.status, 202);
    ask("https://three.example").await.refused(429, "rate_limited");
    // One it asked for before is none too many.
    assert_eq!(ask("https://two.example").await.status, 202);
}
