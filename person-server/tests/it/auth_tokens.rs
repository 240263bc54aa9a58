//! "Auth Token Endpoint", by this server itself.

use aauth_authorizer::aauth::identifier::ServerId;
use aauth_authorizer::aauth::token::resource::ResourceToken;
use person_server::domain::decision::{Approval, Decision};
use person_server::domain::issued::TokenRef;
use serde_json::{Value, json};

use super::support::{Agent, NOW, Resource, World, claims};

const ORDERS: &str = "https://orders.example";

struct Scene {
    world: World,
    agent: Agent,
    orders: Resource,
    person_token: String,
}

async fn scene() -> Scene {
    let world = World::new().await;
    let orders = Resource::published(&world, ORDERS);
    let agent = Agent::new("planner");
    let person_token = world.person_token(&agent, ORDERS).await;
    Scene { world, agent, orders, person_token }
}

impl Scene {
    fn body(&self, scopes: &[&str]) -> Value {
        json!({
            "resource_token": self.orders.resource_token(&self.world, &self.person_token, scopes),
            "presented_token": self.person_token,
            "capabilities": ["interaction", "clarification"],
        })
    }
}

#[tokio::test]
async fn the_person_is_asked_once_for_each_scope() {
    let scene = scene().await;
    let (world, agent) = (&scene.world, &scene.agent);
    let asked = world.post(agent, "/token", scene.body(&["orders.read"])).await;
    assert_eq!(asked.status, 202, "{asked:?}");
    world.approve(&world.ada, &asked).await;
    let granted = world.poll(agent, &asked).await;
    let token = granted.claims("auth_token");
    assert_eq!(token["scope"], "orders.read");
    assert_eq!(token["aud"], ORDERS);
    assert_eq!((token["ps"].as_str(), token["iss"].as_str()), (Some("https://ps.example"), Some("https://ps.example")));
    assert_eq!(token["sub"], claims(&scene.person_token)["sub"]);
    assert_eq!(token["cnf"]["jwk"]["x"], claims(&scene.person_token)["cnf"]["jwk"]["x"]);
    assert!(token.get("agent").is_none() && token.get("act").is_none());

    assert_eq!(world.post(agent, "/token", scene.body(&["orders.read"])).await.status, 200);
    let wider = world.post(agent, "/token", scene.body(&["orders.read", "orders.write"])).await;
    assert_eq!(wider.status, 202, "{wider:?}");
}

/// "Either party may narrow the granted scope."
#[tokio::test]
async fn the_person_grants_less() {
    let scene = scene().await;
    let asked = scene.world.post(&scene.agent, "/token", scene.body(&["orders.read", "orders.write"])).await;
    let less = Approval { scopes: Some(vec!["orders.read".into()]), ..Approval::default() };
    scene.world.decide(&scene.world.ada, &asked, Decision::Approve(Box::new(less))).await;
    let granted = scene.world.poll(&scene.agent, &asked).await;
    assert_eq!(granted.claims("auth_token")["scope"], "orders.read");
    // It was for once.
    let again = scene.world.post(&scene.agent, "/token", scene.body(&["orders.read"])).await;
    assert_eq!(again.status, 202);
}

/// "MUST NOT expire later than the presented_token".
#[tokio::test]
async fn it_does_not_outlive_the_presented_token() {
    let scene = scene().await;
    scene.world.clock.set(NOW + 3000);
    let asked = scene.world.post(&scene.agent, "/token", scene.body(&["orders.read"])).await;
    scene.world.approve(&scene.world.ada, &asked).await;
    let granted = scene.world.poll(&scene.agent, &asked).await;
    assert_eq!(granted.claims("auth_token")["exp"], NOW + 3600);
    assert_eq!(granted.body["expires_in"], 600);
}

/// "Resource Token Verification": what the resource says of the token it saw is what the token says.
#[tokio::test]
async fn a_resource_token_that_says_something_else_is_tampered_with() {
    let scene = scene().await;
    let honest = scene.orders.asks(&scene.world, &scene.person_token, &["orders.read"]);
    let mut tampered = Vec::new();
    let edits: [fn(&mut ResourceToken); 6] = [
        |token| token.sub = "somebody".into(),
        |token| token.presented_jti = "other".into(),
        |token| token.mission_s256 = Some("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".into()),
        |token| token.tenant = Some("acme".into()),
        |token| token.agent_jkt = "x".into(),
        |token| token.ps = token.common.iss.clone(),
    ];
    for edit in edits {
        let mut token = honest.clone();
        edit(&mut token);
        tampered.push(token.sign(&scene.orders.key));
    }
    for resource_token in tampered {
        let body = json!({ "resource_token": resource_token, "presented_token": scene.person_token });
        scene.world.post(&scene.agent, "/token", body).await.refused(400, "invalid_resource_token");
    }
    let query =
        person_server::store::AuditQuery { kind: Some("tampering.suspected".into()), limit: 100, ..Default::default() };
    let seen = scene.world.store.events_of(&scene.world.ada, query).await.unwrap();
    assert_eq!(seen.len(), 4, "{seen:?}");
}

/// Another agent's tokens are of no use to this one.
#[tokio::test]
async fn the_tokens_of_another_agent_are_refused() {
    let scene = scene().await;
    let thief = Agent::new("thief");
    let _ = scene.world.person_token(&thief, "https://files.example").await;
    scene.world.post(&thief, "/token", scene.body(&["orders.read"])).await.refused(400, "invalid_resource_token");
}

#[tokio::test]
async fn an_expired_token_has_a_code_of_its_own() {
    let scene = scene().await;
    let body = scene.body(&["orders.read"]);
    scene.world.clock.set(NOW + 301);
    scene.world.post(&scene.agent, "/token", body).await.refused(400, "expired_resource_token");
    scene.world.clock.set(NOW + 3601);
    let body = scene.body(&["orders.read"]);
    scene.world.post(&scene.agent, "/token", body).await.refused(400, "expired_presented_token");
}

#[tokio::test]
async fn what_is_missing_is_said() {
    let scene = scene().await;
    let body = scene.body(&["orders.read"]);
    for parameter in ["resource_token", "presented_token"] {
        let mut without = body.clone();
        without.as_object_mut().unwrap().remove(parameter);
        scene.world.post(&scene.agent, "/token", without).await.refused(400, "invalid_request");
    }
    for (parameter, code) in
        [("resource_token", "invalid_resource_token"), ("presented_token", "invalid_presented_token")]
    {
        let mut confused = body.clone();
        confused[parameter] = json!(scene.agent.token);
        scene.world.post(&scene.agent, "/token", confused).await.refused(400, code);
        let mut nonsense = body.clone();
        nonsense[parameter] = json!("a.b.c");
        scene.world.post(&scene.agent, "/token", nonsense).await.refused(400, code);
    }
}

/// "Presenting a Revoked Token".
#[tokio::test]
async fn a_revoked_token_has_a_code_of_its_own() {
    let scene = scene().await;
    let body = scene.body(&["orders.read"]);
    let jti = claims(&scene.person_token)["jti"].as_str().unwrap().to_owned();
    let iss = ServerId::parse("https://ps.example").unwrap();
    scene.world.server.revoke_token(&scene.world.ada, &TokenRef { iss, jti }).await.unwrap();
    scene.world.post(&scene.agent, "/token", body).await.refused(400, "revoked_presented_token");
}
