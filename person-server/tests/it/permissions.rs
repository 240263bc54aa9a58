//! "Permission Endpoint" and "Audit Endpoint".

use person_server::domain::decision::Decision;
use person_server::domain::mission::{LogKind, digest};
use person_server::store::AuditQuery;
use serde_json::{Value, json};

use super::missions::{begun, traces};
use super::support::{Agent, World};

fn ask(action: &str) -> Value {
    json!({ "action": action, "parameters": { "to": "bob" }, "capabilities": ["interaction"] })
}

fn on(mut body: Value, s256: &str) -> Value {
    body["mission_s256"] = s256.into();
    body
}

#[tokio::test]
async fn an_approved_tool_needs_no_asking() {
    let world = World::new().await;
    let agent = Agent::new("planner");
    let mission = begun(&world, &agent).await;
    let granted = world.post(&agent, "/permission", on(ask("Book"), &mission.s256)).await;
    assert_eq!((granted.status, &granted.body), (200, &json!({ "permission": "granted" })));
    let log = world.store.mission_log(&mission.s256, 1, 10).await.unwrap();
    assert_eq!(log[0].kind, LogKind::Permission);
    let expected = json!({
        "outcome": "granted",
        "by": "policy mission-tools",
        "request": { "action": "Book", "parameters": { "to": "bob" } },
    });
    assert_eq!(log[0].detail(), expected);
    // Outside the mission it is asked like any other.
    assert_eq!(world.post(&agent, "/permission", ask("Book")).await.status, 202);
    assert_eq!(world.post(&agent, "/permission", on(ask("Pay"), &mission.s256)).await.status, 202);
}

/// With and without a mission, of an agent that is somebody's and one that is nobody's yet.
#[tokio::test]
async fn the_person_permits() {
    let world = World::new().await;
    let agent = Agent::new("planner");
    let asked = world.post(&agent, "/permission", ask("Send")).await;
    assert_eq!(asked.status, 202, "{asked:?}");
    world.approve(&world.ada, &asked).await;
    assert_eq!(world.poll(&agent, &asked).await.body, json!({ "permission": "granted" }));
    world.poll(&agent, &asked).await.refused(410, "invalid_code");
    assert_eq!(world.store.agent(&agent.agent_key()).await.unwrap().unwrap().person, world.ada);
    let again = world.post(&agent, "/permission", ask("Send")).await;
    assert_eq!(again.status, 202, "a yes to an action is for once");
}

/// "denied: The agent MUST NOT proceed." It is an answer, not an error.
#[tokio::test]
async fn the_person_forbids() {
    let world = World::new().await;
    let agent = Agent::new("planner");
    let mission = begun(&world, &agent).await;
    let asked = world.post(&agent, "/permission", on(ask("Pay"), &mission.s256)).await;
    world.decide(&world.ada, &asked, Decision::Deny { reason: Some("not *that* much".into()) }).await;
    let told = world.poll(&agent, &asked).await;
    assert_eq!((told.status, &told.body), (200, &json!({ "permission": "denied", "reason": "not *that* much" })));
    world.poll(&agent, &asked).await.refused(410, "invalid_code");
    let log = world.store.mission_log(&mission.s256, 1, 10).await.unwrap();
    let outcomes: Vec<_> = log.iter().map(|entry| entry.detail()["outcome"].as_str().unwrap().to_owned()).collect();
    assert_eq!(outcomes, ["asked", "denied"]);
    // Nobody's decision is no denial.
    let asked = world.post(&agent, "/permission", ask("Pay")).await;
    world.clock.advance(600);
    world.poll(&agent, &asked).await.refused(408, "expired");
}

#[tokio::test]
async fn a_policy_forbids() {
    let world = World::governed(
        r#"@id("no-pay") @reason("nothing is paid here")
           forbid (principal, action == Governance::Action::"permit", resource == Governance::Tool::"Pay");
           @id("search") permit (principal, action == Governance::Action::"permit", resource == Governance::Tool::"Search");"#,
    )
    .await;
    let agent = Agent::new("planner");
    let mission = begun(&world, &agent).await;
    for body in [ask("Pay"), on(ask("Pay"), &mission.s256)] {
        let told = world.post(&agent, "/permission", body).await;
        assert_eq!(
            (told.status, &told.body),
            (200, &json!({ "permission": "denied", "reason": "nothing is paid here" }))
        );
    }
    assert_eq!(world.post(&agent, "/permission", ask("Search")).await.body, json!({ "permission": "granted" }));
    let query = AuditQuery { limit: 100, ..AuditQuery::default() };
    let events = world.store.events_of(&world.ada, query).await.unwrap();
    let kinds: Vec<_> = events.iter().map(|entry| entry.event.kind.as_str()).take(3).collect();
    assert_eq!(kinds, ["permission.granted", "permission.refused", "permission.refused"]);
    let log = world.store.mission_log(&mission.s256, 1, 10).await.unwrap();
    assert_eq!(log[0].detail()["outcome"], "refused");
}

#[tokio::test]
async fn an_agent_that_cannot_reach_the_person_is_told() {
    let world = World::new().await;
    let agent = Agent::new("planner");
    begun(&world, &agent).await;
    let before = traces(&world, &[]).await;
    world.post(&agent, "/permission", json!({ "action": "Pay" })).await.refused(403, "user_unreachable");
    let quiet = json!({ "action": "Pay", "prompt": "none", "capabilities": ["interaction"] });
    world.post(&agent, "/permission", quiet).await.refused(403, "user_unreachable");
    assert_eq!(traces(&world, &[]).await, before, "nothing changed");
    world.server.is_here(&world.ada);
    assert_eq!(world.post(&agent, "/permission", json!({ "action": "Pay" })).await.status, 202);
}

#[tokio::test]
async fn what_was_done_is_written_down() {
    let world = World::new().await;
    let agent = Agent::new("planner");
    let mission = begun(&world, &agent).await;
    let told = json!({
        "action": "WebSearch",
        "description": "Searched",
        "parameters": { "query": "flights", "nested": [1, { "a": null }] },
        "result": { "status": "completed" },
        "unknown": "ignored",
    });
    let answer = world.post(&agent, "/audit", on(told.clone(), &mission.s256)).await;
    assert_eq!((answer.status, &answer.body), (201, &Value::Null));
    // The same signed request again is the same record.
    assert_eq!(world.post(&agent, "/audit", on(told.clone(), &mission.s256)).await.status, 201);
    let log = world.server.mission_log(&world.ada, &mission.s256, 1, 10).await.unwrap();
    assert_eq!((log.len(), log[0].kind), (1, LogKind::Audit));
    let mut expected = told;
    expected.as_object_mut().unwrap().shift_remove("unknown");
    assert_eq!(log[0].detail(), expected);
    let bob = world.person("bob").await;
    assert!(world.server.mission_log(&bob, &mission.s256, 0, 10).await.is_err());
}

#[tokio::test]
async fn an_agent_tells_of_no_more_than_is_kept() {
    let world = World::new().await;
    let agent = Agent::new("planner");
    let mission = begun(&world, &agent).await;
    for at in 0..600 {
        let told = json!({ "action": format!("Ping {at}") });
        assert_eq!(world.post(&agent, "/audit", on(told, &mission.s256)).await.status, 201);
    }
    let refused = world.post(&agent, "/audit", on(json!({ "action": "Ping" }), &mission.s256)).await;
    refused.refused(429, "rate_limited");
    assert_ne!(refused.header("retry-after"), "");
    assert_eq!(world.store.mission_log(&mission.s256, 0, 1000).await.unwrap().len(), 601);
}

#[tokio::test]
async fn bad_requests_change_nothing() {
    let world = World::new().await;
    let agent = Agent::new("planner");
    let mission = begun(&world, &agent).await;
    let before = traces(&world, &[&mission]).await;
    let deep = Value::Object((0..2000).map(|at| (format!("key{at}"), json!("value"))).collect());
    let bad = [
        json!({}),
        json!({ "action": "" }),
        json!({ "action": 7 }),
        json!({ "action": "x".repeat(256) }),
        json!({ "action": "Pay", "description": ["a"] }),
        json!({ "action": "Pay", "description": "x".repeat(8193) }),
        json!({ "action": "Pay", "parameters": "to: bob" }),
        json!({ "action": "Pay", "parameters": [] }),
        json!({ "action": "Pay", "parameters": deep }),
    ];
    for body in &bad {
        for path in ["/permission", "/audit"] {
            world.post(&agent, path, on(body.clone(), &mission.s256)).await.refused(400, "invalid_request");
        }
    }
    world.post(&agent, "/audit", json!({ "action": "Pay" })).await.refused(400, "invalid_request");
    let result = json!({ "action": "Pay", "result": "done" });
    world.post(&agent, "/audit", on(result, &mission.s256)).await.refused(400, "invalid_request");
    let old = json!({ "action": "Pay", "mission": { "approver": "https://ps.example", "s256": mission.s256 } });
    world.post(&agent, "/audit", old).await.refused(400, "invalid_request");
    for path in ["/permission", "/audit"] {
        let text = world.raw("POST", path, &[], b"{\"action\":\"Pay\"}".to_vec()).await;
        text.refused(401, "invalid_signature");
        for s256 in ["x", "YWJj", &format!("{}=", digest(b"x"))] {
            world.post(&agent, path, on(ask("Pay"), s256)).await.refused(400, "invalid_request");
        }
        let huge = json!({ "action": "Pay", "description": "x".repeat(70_000) });
        world.post(&agent, path, huge).await.refused(413, "invalid_request");
    }
    assert_eq!(traces(&world, &[&mission]).await, before, "nothing changed");
}
