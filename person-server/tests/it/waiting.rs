//! "Deferred Responses", "Clarification Chat", and what the person's decisions do to them.

use std::time::Duration;

use aauth_authorizer::aauth::requirement::Requirement;
use aauth_authorizer::aauth::signing::Signer;
use person_server::domain::decision::{Approval, Decision};
use serde_json::json;

use super::support::{Agent, NOW, Resource, World};

const ORDERS: &str = "https://orders.example";

fn ask() -> serde_json::Value {
    json!({ "resource": ORDERS, "capabilities": ["interaction", "clarification"] })
}

#[tokio::test]
async fn a_denial_is_told_once() {
    let world = World::new().await;
    let agent = Agent::new("planner");
    let asked = world.post(&agent, "/person", ask()).await;
    world.decide(&world.ada, &asked, Decision::Deny { reason: Some("not this one".into()) }).await;
    let told = world.poll(&agent, &asked).await;
    told.refused(403, "denied");
    assert_eq!(told.body["detail"], "not this one");
    world.poll(&agent, &asked).await.refused(410, "invalid_code");
}

/// "Servers MUST verify the agent's identity on every poll": to anybody else there is nothing there.
#[tokio::test]
async fn only_the_asker_polls() {
    let world = World::new().await;
    let asked = world.post(&Agent::new("planner"), "/person", ask()).await;
    let other = world.poll(&Agent::new("other"), &asked).await;
    assert_eq!(other.status, 404);
    let nowhere = world.send(&Agent::new("other"), "GET", "/pending/00000000000000000000000000000000", None).await;
    assert_eq!(nowhere.body, other.body);
}

#[tokio::test]
async fn nobody_decides_in_time() {
    let world = World::new().await;
    let agent = Agent::new("planner");
    let asked = world.post(&agent, "/person", ask()).await;
    world.clock.set(NOW + 601);
    world.poll(&agent, &asked).await.refused(408, "expired");

    world.clock.set(NOW);
    let opened = world.post(&Agent::new("other"), "/person", ask()).await;
    world.server.arrive(&world.ada, &opened.code(), None).await.unwrap();
    assert_eq!(world.poll(&Agent::new("other"), &opened).await.body["status"], "interacting");
    world.clock.set(NOW + 601);
    world.poll(&Agent::new("other"), &opened).await.refused(403, "abandoned");
}

/// "Single use": a code works once, in any spelling a person may type.
#[tokio::test]
async fn a_code_works_once() {
    let world = World::new().await;
    let asked = world.post(&Agent::new("planner"), "/person", ask()).await;
    let typed = asked.code().to_lowercase().replace('-', "").replace('0', "o").replace('1', "l");
    world.server.arrive(&world.ada, &typed, None).await.unwrap();
    assert!(world.server.arrive(&world.ada, &asked.code(), None).await.is_err());
}

/// "After a small number of failed attempts the server MUST treat the pending interaction as terminally failed".
#[tokio::test]
async fn a_code_that_is_guessed_at_fails() {
    let world = World::new().await;
    let agent = Agent::new("planner");
    let asked = world.post(&agent, "/person", ask()).await;
    let wrong = format!("{}ZZZZZZZZZZZZ", asked.code().get(..4).unwrap());
    for _ in 0..5 {
        assert!(world.server.arrive(&world.ada, &wrong, None).await.is_err());
    }
    assert!(world.server.arrive(&world.ada, &asked.code(), None).await.is_err());
    world.poll(&agent, &asked).await.refused(410, "invalid_code");
}

/// "Once established, the PS MUST NOT allow a different person to claim the same agent."
#[tokio::test]
async fn an_agent_belongs_to_one_person() {
    let world = World::new().await;
    let bob = world.person("bob").await;
    let agent = Agent::new("planner");
    let asked = world.post(&agent, "/person", ask()).await;
    // With two persons, nobody decides without the code.
    let yes = || Decision::Approve(Box::default());
    let id = super::support_pending(&asked);
    assert!(world.server.decide(&bob, &id, yes()).await.is_err());
    world.server.arrive(&world.ada, &asked.code(), None).await.unwrap();
    assert!(world.server.decide(&bob, &id, yes()).await.is_err());
    world.server.decide(&world.ada, &id, yes()).await.unwrap();
    assert_eq!(world.poll(&agent, &asked).await.status, 200);
    let more = world
        .post(&agent, "/person", json!({ "resource": "https://files.example", "capabilities": ["interaction"] }))
        .await;
    assert!(world.server.arrive(&bob, &more.code(), None).await.is_err());
    assert_eq!(world.store.agent(&agent.agent_key()).await.unwrap().unwrap().person, world.ada);
}

/// Two tabs: the first decides.
#[tokio::test]
async fn a_decision_is_taken_once() {
    let world = World::new().await;
    let asked = world.post(&Agent::new("planner"), "/person", ask()).await;
    world.approve(&world.ada, &asked).await;
    let second =
        world.server.decide(&world.ada, &super::support_pending(&asked), Decision::Deny { reason: None }).await;
    assert!(second.is_err());
}

#[tokio::test]
async fn an_agent_gives_up() {
    let world = World::new().await;
    let agent = Agent::new("planner");
    let asked = world.post(&agent, "/person", ask()).await;
    let path = asked.header("location").to_owned();
    assert_eq!(world.send(&agent, "DELETE", &path, None).await.status, 204);
    world.poll(&agent, &asked).await.refused(410, "invalid_code");
    assert!(
        world
            .server
            .decide(&world.ada, &super::support_pending(&asked), Decision::Approve(Box::default()))
            .await
            .is_err()
    );
}

#[tokio::test]
async fn a_question_is_answered() {
    let world = World::new().await;
    let agent = Agent::new("planner");
    let asked = world.post(&agent, "/person", ask()).await;
    let question = Decision::Ask { question: "Why?".into(), options: vec!["a".into(), "b".into()] };
    world.decide(&world.ada, &asked, question).await;
    let told = world.poll(&agent, &asked).await;
    assert_eq!((told.status, told.requirement()), (202, Requirement::Clarification));
    assert_eq!((&told.body["clarification"], &told.body["options"]), (&json!("Why?"), &json!(["a", "b"])));
    assert_eq!(told.body["timeout"], 300);
    let path = asked.header("location").to_owned();
    for body in [json!({}), json!({ "action": "shrug" }), json!({ "action": "clarification_response" })] {
        world.post(&agent, &path, body).await.refused(400, "invalid_request");
    }
    let answer = json!({ "action": "clarification_response", "clarification_response": "Because." });
    assert_eq!(world.post(&agent, &path, answer.clone()).await.status, 202);
    world.post(&agent, &path, answer).await.refused(400, "invalid_request");
    world.decide(&world.ada, &asked, Decision::Approve(Box::default())).await;
    assert_eq!(world.poll(&agent, &asked).await.status, 200);
}

/// "five is RECOMMENDED".
#[tokio::test]
async fn there_is_an_end_to_questions() {
    let world = World::new().await;
    let agent = Agent::new("planner");
    let asked = world.post(&agent, "/person", ask()).await;
    let question = || Decision::Ask { question: "Why?".into(), options: Vec::new() };
    for _ in 0..5 {
        world.decide(&world.ada, &asked, question()).await;
        let answer = json!({ "action": "clarification_response", "clarification_response": "Because." });
        world.post(&agent, asked.header("location"), answer).await;
    }
    assert!(world.server.decide(&world.ada, &super::support_pending(&asked), question()).await.is_err());
}

/// "Updated Request": less of the same, or it is another request.
#[tokio::test]
async fn a_request_is_reduced() {
    let world = World::new().await;
    let (agent, orders) = (Agent::new("planner"), Resource::published(&world, ORDERS));
    let shown = world.person_token(&agent, ORDERS).await;
    let body = |scopes: &[&str]| {
        json!({
            "action": "updated_request",
            "resource_token": orders.resource_token(&world, &shown, scopes),
            "presented_token": shown,
            "capabilities": ["interaction", "clarification"],
        })
    };
    let asked = world.post(&agent, "/token", body(&["orders.read", "orders.write"])).await;
    world.decide(&world.ada, &asked, Decision::Ask { question: "Why write?".into(), options: Vec::new() }).await;
    let path = asked.header("location").to_owned();
    let files = Resource::published(&world, "https://files.example");
    let elsewhere = world.person_token(&agent, "https://files.example").await;
    let other = json!({
        "action": "updated_request",
        "resource_token": files.resource_token(&world, &elsewhere, &["files.read"]),
        "presented_token": elsewhere,
    });
    world.post(&agent, &path, other).await.refused(400, "invalid_resource_token");
    assert_eq!(world.post(&agent, &path, body(&["orders.read"])).await.status, 202);
    world.decide(&world.ada, &asked, Decision::Approve(Box::<Approval>::default())).await;
    assert_eq!(world.poll(&agent, &asked).await.claims("auth_token")["scope"], "orders.read");
}

/// `Prefer: wait`: the answer comes when the person decides.
#[tokio::test]
async fn an_agent_waits_for_the_answer() {
    let world = World::new().await;
    let agent = Agent::new("planner");
    let asked = world.post(&agent, "/person", ask()).await;
    let path = asked.header("location").to_owned();
    let waiting = async {
        let signer = Signer::Agent { token: &agent.token };
        world.signed((signer, &agent.key), "GET", &path, None, &[("prefer", "wait=20")]).await
    };
    let deciding = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        world.approve(&world.ada, &asked).await;
    };
    let (answer, ()) =
        tokio::time::timeout(Duration::from_secs(5), async { tokio::join!(waiting, deciding) }).await.unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
}

/// "The PS MUST handle them independently."
#[tokio::test]
async fn requests_wait_each_on_its_own() {
    let world = World::new().await;
    let agent = Agent::new("planner");
    let first = world.post(&agent, "/person", ask()).await;
    let other = json!({ "resource": "https://files.example", "capabilities": ["interaction"] });
    let second = world.post(&agent, "/person", other).await;
    assert_ne!((first.header("location"), first.code()), (second.header("location"), second.code()));
    world.decide(&world.ada, &first, Decision::Deny { reason: None }).await;
    world.approve(&world.ada, &second).await;
    world.poll(&agent, &first).await.refused(403, "denied");
    assert_eq!(world.poll(&agent, &second).await.status, 200);
}

#[tokio::test]
async fn who_polls_too_often_is_slowed_down() {
    let world = World::new().await;
    let agent = Agent::new("hasty");
    let asked = world.post(&agent, "/person", ask()).await;
    let mut last = world.poll(&agent, &asked).await;
    for _ in 0..10 {
        last = world.poll(&agent, &asked).await;
    }
    last.refused(429, "slow_down");
    assert_eq!(last.header("retry-after"), "5");
}

/// A request that was caught and is sent again, or asked twice: the person is asked once.
#[tokio::test]
async fn the_same_request_waits_once() {
    let world = World::new().await;
    let agent = Agent::new("planner");
    let first = world.post(&agent, "/person", ask()).await;
    let again = world.post(&agent, "/person", ask()).await;
    assert_eq!((again.header("location"), again.code()), (first.header("location"), first.code()));
    let waiting = world.store.waiting_for(&world.ada, world.now()).await.unwrap();
    let nobodys = world.store.pending(&super::support_pending(&first)).await.unwrap().unwrap();
    assert!(waiting.is_empty() && nobodys.person.is_none());
    world.approve(&world.ada, &first).await;
    assert_eq!(world.poll(&agent, &again).await.status, 200);
}
