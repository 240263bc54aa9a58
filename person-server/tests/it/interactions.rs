//! "Interaction Endpoint": questions, and pages the person is sent to.

use std::time::Duration;

use aauth_authorizer::aauth::requirement::Requirement;
use aauth_authorizer::aauth::signing::Signer;
use person_server::domain::decision::{Approval, Decision};
use person_server::domain::mission::LogKind;
use serde_json::{Value, json};

use super::missions::{begun, traces};
use super::support::{Agent, NOW, Reply, World};

fn relay() -> Value {
    json!({
        "type": "interaction",
        "description": "Confirm the booking",
        "url": "https://booking.example/confirm",
        "code": "X7K2-M9P4",
        "capabilities": ["interaction"],
    })
}

fn question() -> Value {
    json!({ "type": "question", "question": "Refundable?", "capabilities": ["interaction"] })
}

/// A world in which Ada is at her page, and an agent of hers.
async fn at_her_page() -> (World, Agent) {
    let world = World::new().await;
    let agent = Agent::new("planner");
    begun(&world, &agent).await;
    world.server.is_here(&world.ada);
    (world, agent)
}

async fn code(world: &World, asked: &Reply) -> String {
    world.store.pending(&super::support_pending(asked)).await.unwrap().unwrap().code.code
}

#[tokio::test]
async fn a_question_is_answered_by_the_person() {
    let (world, agent) = at_her_page().await;
    let asked = world.post(&agent, "/interaction", question()).await;
    assert_eq!(asked.status, 202, "{asked:?}");
    let id = super::support_pending(&asked);
    assert!(
        world.server.decide(&world.ada, &id, Decision::Approve(Box::default())).await.is_err(),
        "a yes is no answer"
    );
    let answer = Approval { answer: Some("Yes, refundable.".into()), ..Approval::default() };
    world.decide(&world.ada, &asked, Decision::Approve(Box::new(answer))).await;
    let told = world.poll(&agent, &asked).await;
    assert_eq!((told.status, &told.body), (200, &json!({ "answer": "Yes, refundable." })));
    world.poll(&agent, &asked).await.refused(410, "invalid_code");

    let asked = world.post(&agent, "/interaction", question()).await;
    world.decide(&world.ada, &asked, Decision::Deny { reason: None }).await;
    world.poll(&agent, &asked).await.refused(403, "denied");
}

/// "returns a terminal response when the PS has done all it can"
#[tokio::test]
async fn a_relay_ends_when_the_person_goes() {
    let (world, agent) = at_her_page().await;
    let mission = begun(&world, &agent).await;
    let mut body = relay();
    body["mission_s256"] = mission.s256.as_str().into();
    body["type"] = "payment".into();
    let asked = world.post(&agent, "/interaction", body.clone()).await;
    assert_eq!(asked.status, 202, "{asked:?}");
    assert_eq!(asked.requirement(), Requirement::Approval, "the agent is not to bring the person here");
    assert_eq!(world.poll(&agent, &asked).await.body["status"], "pending");
    let shown = world.store.waiting_for(&world.ada, world.now()).await.unwrap();
    assert!(format!("{:?}", shown[0].ask).contains("https://booking.example/confirm"));
    world.approve(&world.ada, &asked).await;
    let told = world.poll(&agent, &asked).await;
    assert_eq!((told.status, &told.body), (200, &json!({ "status": "interacting" })));
    world.poll(&agent, &asked).await.refused(410, "invalid_code");

    // Over her page, or by its code.
    let asked = world.post(&agent, "/interaction", body).await;
    world.server.arrive(&world.ada, &code(&world, &asked).await, None).await.unwrap();
    assert_eq!(world.poll(&agent, &asked).await.body, json!({ "status": "interacting" }));
    world.poll(&agent, &asked).await.refused(410, "invalid_code");
    let log = world.store.mission_log(&mission.s256, 1, 10).await.unwrap();
    let told: Vec<_> =
        log.iter().map(|entry| (entry.kind, entry.detail()["outcome"].as_str().unwrap().to_owned())).collect();
    let expected = ["asked", "approved", "asked", "engaged"].map(|outcome| (LogKind::Interaction, outcome.to_owned()));
    assert_eq!(told, expected);
    assert_eq!(log[0].detail()["request"]["url"], "https://booking.example/confirm");
    assert!(!log[0].text.contains("X7K2"), "a code is not for the log");
}

#[tokio::test]
async fn a_relay_ends_when_the_agent_waits_no_longer() {
    let (world, agent) = at_her_page().await;
    let mut body = relay();
    body["max_wait"] = 60.into();
    let asked = world.post(&agent, "/interaction", body.clone()).await;
    world.clock.set(NOW + 59);
    assert_eq!(world.poll(&agent, &asked).await.status, 202);
    world.clock.set(NOW + 60);
    assert_eq!(world.store.waiting_for(&world.ada, NOW + 60).await.unwrap().len(), 0, "it is not shown any longer");
    let id = super::support_pending(&asked);
    assert!(world.server.decide(&world.ada, &id, Decision::Approve(Box::default())).await.is_err());
    let told = world.poll(&agent, &asked).await;
    assert_eq!((told.status, &told.body), (200, &json!({ "status": "pending" })));
    world.poll(&agent, &asked).await.refused(410, "invalid_code");

    // "Absent max_wait": until no further progress can be made.
    let asked = world.post(&agent, "/interaction", relay()).await;
    world.clock.advance(599);
    assert_eq!(world.poll(&agent, &asked).await.status, 202);
    world.clock.advance(1);
    world.poll(&agent, &asked).await.refused(408, "expired");

    body["max_wait"] = 0.into();
    assert_eq!(world.post(&agent, "/interaction", body).await.status, 200);
}

#[tokio::test]
async fn an_agent_that_waits_hears_that_the_person_went() {
    let (world, agent) = at_her_page().await;
    let asked = world.post(&agent, "/interaction", relay()).await;
    let path = asked.header("location").to_owned();
    let waiting = async {
        let signer = Signer::Agent { token: &agent.token };
        world.signed((signer, &agent.key), "GET", &path, None, &[("prefer", "wait=20")]).await
    };
    let going = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        world.server.arrive(&world.ada, &code(&world, &asked).await, None).await.unwrap();
    };
    let (told, ()) =
        tokio::time::timeout(Duration::from_secs(5), async { tokio::join!(waiting, going) }).await.unwrap();
    assert_eq!((told.status, &told.body), (200, &json!({ "status": "interacting" })));
}

#[tokio::test]
async fn the_person_asks_before_they_go() {
    let (world, agent) = at_her_page().await;
    let asked = world.post(&agent, "/interaction", relay()).await;
    world.decide(&world.ada, &asked, Decision::Ask { question: "What for?".into(), options: Vec::new() }).await;
    assert_eq!(world.poll(&agent, &asked).await.requirement(), Requirement::Clarification);
    let answer = json!({ "action": "clarification_response", "clarification_response": "The flight." });
    assert_eq!(world.post(&agent, asked.header("location"), answer).await.status, 202);
    assert_eq!(world.poll(&agent, &asked).await.status, 202, "who asks has not gone yet");
    world.decide(&world.ada, &asked, Decision::Deny { reason: None }).await;
    world.poll(&agent, &asked).await.refused(403, "denied");
}

/// "Interaction Endpoint Errors": not the end where the agent has a way of its own, the end where it has none.
#[tokio::test]
async fn nobody_is_there_to_relay_to() {
    let world = World::new().await;
    let (agent, stranger) = (Agent::new("planner"), Agent::new("stranger"));
    begun(&world, &agent).await;
    let before = traces(&world, &[]).await;
    for agent in [&agent, &stranger] {
        world.post(agent, "/interaction", relay()).await.refused(424, "interaction_unavailable");
        let mut mute = relay();
        mute["capabilities"] = json!([]);
        world.post(agent, "/interaction", mute).await.refused(403, "user_unreachable");
        let mut mute = question();
        mute.as_object_mut().unwrap().shift_remove("capabilities");
        world.post(agent, "/interaction", mute).await.refused(403, "user_unreachable");
    }
    assert_eq!(traces(&world, &[]).await, before, "nothing changed");
    // A question has no page of its own, so the agent may bring the person here.
    let asked = world.post(&agent, "/interaction", question()).await;
    assert!(matches!(asked.requirement(), Requirement::Interaction { .. }));
}

/// "When the interaction URL is hosted by the PS itself, the PS's deferred response is authoritative".
#[tokio::test]
async fn our_own_page_is_polled_where_it_waits() {
    let (world, agent) = at_her_page().await;
    let first = json!({ "resource": "https://orders.example", "capabilities": ["interaction"] });
    let first = world.post(&agent, "/person", first).await;
    let own = json!({ "type": "interaction", "url": "https://ps.example/interact", "code": first.code() });
    let relayed = world.post(&agent, "/interaction", own.clone()).await;
    assert_eq!(relayed.status, 202, "{relayed:?}");
    assert_eq!(relayed.header("location"), first.header("location"));
    assert_eq!(world.store.waiting_for(&world.ada, world.now()).await.unwrap().len(), 1);
    let other = Agent::new("other");
    world.post(&other, "/interaction", own).await.refused(410, "invalid_code");
    let none = json!({ "type": "interaction", "url": "https://ps.example/interact" });
    world.post(&agent, "/interaction", none).await.refused(410, "invalid_code");
}

#[tokio::test]
async fn bad_requests_change_nothing() {
    let (world, agent) = at_her_page().await;
    let before = traces(&world, &[]).await;
    let with = |name: &str, value: Value| {
        let mut body = relay();
        body[name] = value;
        body
    };
    for body in [
        json!({}),
        with("type", json!("completion")),
        with("type", json!(7)),
        with("type", Value::Null),
        with("url", Value::Null),
        with("url", json!("")),
        with("url", json!(["https://booking.example"])),
        with("url", json!("http://booking.example/confirm")),
        with("url", json!("javascript:alert(1)")),
        with("url", json!("https://10.0.0.1/confirm")),
        with("url", json!("https://[::1]/confirm")),
        with("url", json!("https://ada:secret@booking.example/confirm")),
        with("url", json!("https://booking.example/confirm?code=1")),
        with("url", json!("https://booking.example/confirm#x")),
        with("url", json!("https://booking.example/\"><script>")),
        with("url", json!(format!("https://booking.example/{}", "x".repeat(2048)))),
        with("code", json!("short")),
        with("code", json!("UUUU-UUUU")),
        with("code", json!(12_345_678)),
        with("code", json!("x".repeat(65))),
        with("max_wait", json!(-1)),
        with("max_wait", json!("60")),
        with("max_wait", json!(1.5)),
        with("description", json!({})),
        with("description", json!("x".repeat(8193))),
        json!({ "type": "question" }),
        json!({ "type": "question", "question": "" }),
        json!({ "type": "question", "question": "x".repeat(8193) }),
        with("mission_s256", json!("x")),
    ] {
        world.post(&agent, "/interaction", body.clone()).await.refused(400, "invalid_request");
    }
    let huge = with("description", json!("x".repeat(70_000)));
    world.post(&agent, "/interaction", huge).await.refused(413, "invalid_request");
    assert_eq!(traces(&world, &[]).await, before, "nothing changed");
    let forever = with("max_wait", json!(i64::MAX));
    assert_eq!(world.post(&agent, "/interaction", forever).await.status, 202);
}
