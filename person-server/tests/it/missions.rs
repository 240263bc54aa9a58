//! "Mission": proposed, approved, worked under, changed, completed, ended.

use aauth_authorizer::aauth::identifier::ServerId;
use aauth_authorizer::clock::Seconds;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use person_server::domain::decision::{Approval, Decision, MissionEdit};
use person_server::domain::mission::{LogKind, Mission, MissionState, Reason, digest, is_digest};
use person_server::store::AuditQuery;
use serde_json::{Value, json};

use super::support::{Agent, NOW, Reply, Resource, World};

const FLIGHTS: &str = "https://flights.example";
const HOTELS: &str = "https://hotels.example";

fn proposal() -> Value {
    json!({
        "description": "# Trip\n\nTo Japan, for \"two\".",
        "tools": [{ "name": "WebSearch", "description": "Search" }, { "name": "Book", "description": "Book" }],
        "resources": [FLIGHTS, HOTELS],
        "capabilities": ["interaction", "clarification"],
    })
}

/// A mission of this agent's that Ada approved as it was proposed.
pub(crate) async fn begun(world: &World, agent: &Agent) -> Mission {
    edited(world, agent, MissionEdit::default()).await.0
}

async fn edited(world: &World, agent: &Agent, edit: MissionEdit) -> (Mission, Reply) {
    let asked = world.post(agent, "/mission", proposal()).await;
    assert_eq!(asked.status, 202, "{asked:?}");
    approve(world, &asked, edit).await;
    let told = world.poll(agent, &asked).await;
    assert_eq!(told.status, 200, "{told:?}");
    (world.store.mission(&told.text("s256")).await.unwrap().unwrap(), told)
}

async fn approve(world: &World, asked: &Reply, edit: MissionEdit) {
    let approval = Approval { mission: Some(edit), ..Approval::default() };
    world.decide(&world.ada, asked, Decision::Approve(Box::new(approval))).await;
}

/// All that a request could have left behind.
pub(crate) async fn traces(world: &World, missions: &[&Mission]) -> Vec<String> {
    let (store, ada, now) = (&world.store, &world.ada, world.now());
    let query = AuditQuery { limit: 1000, ..AuditQuery::default() };
    let mut traces: Vec<String> = Vec::new();
    traces.extend(store.events_of(ada, query).await.unwrap().iter().map(|event| format!("{event:?}")));
    traces.extend(store.waiting_for(ada, now).await.unwrap().iter().map(|pending| format!("{pending:?}")));
    traces.extend(store.missions_of(ada, None, 100).await.unwrap().iter().map(|mission| format!("{mission:?}")));
    traces.extend(store.issued_for(ada, 100).await.unwrap().iter().map(|issued| format!("{issued:?}")));
    for mission in missions {
        traces
            .extend(store.mission_log(&mission.s256, 0, 1000).await.unwrap().iter().map(|entry| format!("{entry:?}")));
    }
    traces
}

/// A request to each endpoint that is told a mission.
fn requests(s256: &str) -> Vec<(&'static str, String, Value)> {
    let url = format!("/mission/{s256}");
    let on = |mut body: Value| {
        body["mission_s256"] = s256.into();
        body["capabilities"] = json!(["interaction", "clarification"]);
        body
    };
    let relay = json!({ "type": "interaction", "url": "https://b.example/c" });
    vec![
        ("person token", "/person".into(), on(json!({ "resource": FLIGHTS }))),
        ("permission", "/permission".into(), on(json!({ "action": "Pay" }))),
        ("audit", "/audit".into(), on(json!({ "action": "Pay" }))),
        ("question", "/interaction".into(), on(json!({ "type": "question", "question": "Ok?" }))),
        ("relay", "/interaction".into(), on(relay)),
        ("update", url.clone(), json!({ "action": "update", "description": "more" })),
        ("completion", url, json!({ "action": "completion", "summary": "done" })),
    ]
}

/// All of them, as this agent makes them.
async fn under(world: &World, agent: &Agent, s256: &str) -> Vec<(&'static str, Reply)> {
    let mut replies = Vec::new();
    for (what, path, body) in requests(s256) {
        replies.push((what, world.post(agent, &path, body).await));
    }
    replies
}

async fn kinds(world: &World, mission: &Mission) -> Vec<(LogKind, Value)> {
    let log = world.store.mission_log(&mission.s256, 0, 1000).await.unwrap();
    assert!(log.iter().enumerate().all(|(at, entry)| entry.number == i64::try_from(at).unwrap() + 1));
    log.iter().map(|entry| (entry.kind, entry.detail()["outcome"].clone())).collect()
}

/// "Mission Approval" and "Mission Identifier".
#[tokio::test]
async fn a_mission_is_what_the_person_approved() {
    let world = World::new().await;
    let agent = Agent::new("planner");
    let asked = world.post(&agent, "/mission", proposal()).await;
    assert_eq!((asked.status, asked.body["status"].as_str()), (202, Some("pending")));
    assert_eq!(traces(&world, &[]).await, Vec::<String>::new(), "a proposal is no mission");
    approve(&world, &asked, MissionEdit::default()).await;
    world.clock.advance(30);
    let told = world.poll(&agent, &asked).await;
    assert_eq!(told.status, 200);
    let blob = BASE64_URL_SAFE_NO_PAD.decode(told.text("mission")).unwrap();
    assert_eq!(told.text("s256"), digest(&blob));
    let mission = world.server.mission(&world.ada, &told.text("s256")).await.unwrap();
    assert_eq!(mission.blob.as_bytes(), blob, "the same bytes wherever it is shown");
    let said: Value = serde_json::from_slice(&blob).unwrap();
    assert_eq!(said["agent"], "aauth:planner@agents.example");
    assert_eq!(said["approved_at"], "2026-09-21T14:13:20Z", "when the person said yes, not when it was fetched");
    assert_eq!(said["description"], proposal()["description"]);
    assert_eq!(said["approved_tools"], proposal()["tools"]);
    assert_eq!(said["approved_resources"], json!([FLIGHTS, HOTELS]));
    assert!(["approver", "capabilities", "expires_at"].iter().all(|name| said.get(name).is_none()));
    assert_eq!(told.header("aauth-mission"), "");
    assert!(told.body.get("capabilities").is_none(), "nobody is here");

    for resource in [FLIGHTS, HOTELS] {
        let token = super::support_claims(told.body["person_tokens"][resource].as_str().unwrap());
        assert_eq!((token["aud"].as_str(), token["mission_s256"].as_str()), (Some(resource), Some(&*mission.s256)));
        assert_eq!(token["exp"], NOW + 30 + 3600);
    }
    let issued = world.store.issued_for(&world.ada, 10).await.unwrap();
    let under = issued.iter().filter(|issued| issued.mission.as_ref() == Some(&mission.s256)).count();
    assert_eq!(under, 2, "what was handed out is on record");
    assert_eq!(world.store.agent(&agent.agent_key()).await.unwrap().unwrap().person, world.ada);
    world.poll(&agent, &asked).await.refused(410, "invalid_code");
}

/// "the approved mission MAY differ from the original proposal"
#[tokio::test]
async fn the_person_changes_what_was_proposed() {
    let world = World::new().await;
    let agent = Agent::new("planner");
    world.server.is_here(&world.ada);
    let edit = MissionEdit {
        description: Some("Only look.".into()),
        tools: Some(vec!["WebSearch".into()]),
        resources: Some(vec![HOTELS.into()]),
        expires_at: Some(NOW + 600),
    };
    let (mission, told) = edited(&world, &agent, edit).await;
    assert_eq!(mission.terms.description, "Only look.");
    assert_eq!(mission.tool_names().collect::<Vec<_>>(), ["WebSearch"]);
    assert_eq!(mission.terms.resources, [ServerId::parse(HOTELS).unwrap()]);
    assert!(mission.blob.contains(r#""expires_at":"2026-09-21T14:23:20Z""#), "{}", mission.blob);
    assert_eq!(told.body["capabilities"], json!(["interaction", "payment"]));
    let tokens = told.body["person_tokens"].as_object().unwrap();
    assert_eq!(tokens.keys().collect::<Vec<_>>(), [HOTELS]);
    let token = super::support_claims(tokens[HOTELS].as_str().unwrap());
    assert_eq!(token["exp"], NOW + 600, "no token outlives the mission");
}

#[tokio::test]
async fn the_person_grants_no_more_than_was_proposed() {
    let world = World::new().await;
    let agent = Agent::new("planner");
    let asked = world.post(&agent, "/mission", proposal()).await;
    let long = "x".repeat(8 * 1024 + 1);
    for edit in [
        MissionEdit { tools: Some(vec!["Pay".into()]), ..MissionEdit::default() },
        MissionEdit { resources: Some(vec!["https://banks.example".into()]), ..MissionEdit::default() },
        MissionEdit { description: Some(String::new()), ..MissionEdit::default() },
        MissionEdit { description: Some(long), ..MissionEdit::default() },
        MissionEdit { expires_at: Some(NOW), ..MissionEdit::default() },
    ] {
        let approval = Approval { mission: Some(edit.clone()), ..Approval::default() };
        let decision = Decision::Approve(Box::new(approval));
        let id = super::support_pending(&asked);
        assert!(world.server.decide(&world.ada, &id, decision).await.is_err(), "{edit:?}");
        assert_eq!(world.poll(&agent, &asked).await.status, 202, "{edit:?}");
        world.clock.advance(1);
    }
    assert_eq!(world.store.missions_of(&world.ada, None, 10).await.unwrap(), []);
}

#[tokio::test]
async fn a_mission_whose_time_is_up_before_it_is_fetched_does_not_begin() {
    let world = World::new().await;
    let agent = Agent::new("planner");
    let asked = world.post(&agent, "/mission", proposal()).await;
    approve(&world, &asked, MissionEdit { expires_at: Some(NOW + 60), ..MissionEdit::default() }).await;
    world.clock.advance(60);
    world.poll(&agent, &asked).await.refused(408, "expired");
    assert_eq!(world.store.missions_of(&world.ada, None, 10).await.unwrap(), []);
}

#[tokio::test]
async fn a_policy_may_approve() {
    let all = r#"@id("all") permit (principal, action in Governance::Action::"any", resource);"#;
    let world = World::governed(all).await;
    let agent = Agent::new("planner");
    // An agent that is nobody's has nobody in whose name a policy could speak.
    let first = world.post(&agent, "/mission", proposal()).await;
    assert_eq!(first.status, 202);
    world.approve(&world.ada, &first).await;
    assert_eq!(world.poll(&agent, &first).await.status, 200);
    let told = world.post(&agent, "/mission", proposal()).await;
    assert_eq!(told.status, 200, "{told:?}");
    let mission = world.store.mission(&told.text("s256")).await.unwrap().unwrap();
    assert_eq!(mission.terms.resources.len(), 2);

    // "Only the person's acceptance terminates the mission": no policy answers, goes or accepts for them.
    let answers = under(&world, &agent, &mission.s256).await;
    let statuses: Vec<_> = answers.iter().map(|(what, reply)| (*what, reply.status)).collect();
    let expected = [
        ("person token", 200),
        ("permission", 200),
        ("audit", 201),
        ("question", 202),
        ("relay", 424),
        ("update", 200),
        ("completion", 403),
    ];
    assert_eq!(statuses, expected, "{answers:?}");
    assert_eq!(answers[6].1.error(), "user_unreachable", "it declared nothing, and nobody is here");
    assert_eq!(world.store.mission(&mission.s256).await.unwrap().unwrap().state, MissionState::Active);
    assert!(is_digest(&answers[5].1.text("s256")));
}

/// Approved resources are known without asking; whatever is more is asked; and all of it is in the log.
#[tokio::test]
async fn work_under_a_mission_is_logged() {
    let world = World::new().await;
    let agent = Agent::new("planner");
    let (mission, told) = edited(&world, &agent, MissionEdit::default()).await;
    let on = |resource: &str| json!({ "resource": resource, "mission_s256": mission.s256, "justification": "for the trip", "capabilities": ["interaction", "clarification"] });
    let known = world.post(&agent, "/person", on(FLIGHTS)).await;
    assert_eq!(known.status, 200, "{known:?}");
    assert_eq!(known.claims("person_token")["mission_s256"], mission.s256.as_str());
    let asked = world.post(&agent, "/person", on("https://cars.example")).await;
    assert_eq!(asked.status, 202, "the list is no limit, and no permission beyond it");
    world.decide(&world.ada, &asked, Decision::Ask { question: "Why a car?".into(), options: Vec::new() }).await;
    let answer = json!({ "action": "clarification_response", "clarification_response": "No trains." });
    world.post(&agent, asked.header("location"), answer).await;
    world.approve(&world.ada, &asked).await;
    assert_eq!(world.poll(&agent, &asked).await.claims("person_token")["mission_s256"], mission.s256.as_str());

    let flights = Resource::published(&world, FLIGHTS);
    let shown = told.body["person_tokens"][FLIGHTS].as_str().unwrap();
    let asked = json!({
        "resource_token": flights.resource_token(&world, shown, &["orders.read"]),
        "presented_token": shown,
        "capabilities": ["interaction"],
    });
    let asked = world.post(&agent, "/token", asked).await;
    assert_eq!(asked.status, 202, "{asked:?}");
    world.decide(&world.ada, &asked, Decision::Deny { reason: Some("too dear".into()) }).await;
    world.poll(&agent, &asked).await.refused(403, "denied");

    let log = world.server.mission_log(&world.ada, &mission.s256, 0, 100).await.unwrap();
    let told: Vec<_> =
        log.iter().map(|entry| (entry.kind.name(), entry.detail()["outcome"].as_str().map(str::to_owned))).collect();
    let told: Vec<_> = told.iter().map(|(kind, outcome)| (*kind, outcome.as_deref())).collect();
    assert_eq!(
        told,
        [
            ("approved", None),
            ("token_request", Some("granted")),
            ("token_request", Some("asked")),
            ("clarification", None),
            ("clarification", None),
            ("token_request", Some("approved")),
            ("token_request", Some("asked")),
            ("token_request", Some("denied")),
        ]
    );
    assert_eq!(log[0].detail()["proposed"]["resources"], json!([FLIGHTS, HOTELS]));
    assert_eq!(log[1].detail()["by"], "policy mission-resources");
    assert_eq!(log[1].detail()["request"]["justification"], "for the trip");
    assert_eq!(log[4].detail()["answer"], "No trains.");
    assert_eq!(log[7].detail()["reason"], "too dear");
    assert_eq!(log[7].detail()["request"]["scope"], "orders.read");
    let text: String = log.iter().map(|entry| entry.text.as_str()).collect();
    assert!(!text.contains("eyJ"), "no token is in the log");
}

/// "A PS MUST return the same status, error, body, header set [...] whether the mission does not exist or the
/// authenticated agent does not own it".
#[tokio::test]
async fn anothers_mission_is_no_mission() {
    let world = World::new().await;
    let (owner, other) = (Agent::new("planner"), Agent::new("other"));
    let mission = begun(&world, &owner).await;
    let ended = begun(&world, &owner).await;
    world.server.terminate_mission(&world.ada, &ended.s256, Reason::Revoked).await.unwrap();
    // One of the same person's, one of nobody's.
    begun(&world, &other).await;
    let before = traces(&world, &[&mission, &ended]).await;
    for agent in [&other, &Agent::new("stranger")] {
        let nowhere = under(&world, agent, &digest(b"nowhere")).await;
        for s256 in [&mission.s256, &ended.s256] {
            for ((what, reply), (_, nowhere)) in under(&world, agent, s256).await.iter().zip(&nowhere) {
                reply.refused(404, "mission_not_found");
                assert_eq!(
                    (reply.status, &reply.body, &reply.headers),
                    (nowhere.status, &nowhere.body, &nowhere.headers),
                    "{what}"
                );
            }
        }
    }
    assert_eq!(traces(&world, &[&mission, &ended]).await, before, "nothing changed");
}

#[tokio::test]
async fn who_keeps_trying_digests_is_slowed_down() {
    let world = World::new().await;
    let (owner, other) = (Agent::new("planner"), Agent::new("other"));
    let mission = begun(&world, &owner).await;
    let body = |s256: &str| json!({ "action": "Pay", "mission_s256": s256 });
    for _ in 0..30 {
        world.post(&other, "/audit", body(&digest(b"guess"))).await.refused(404, "mission_not_found");
    }
    world.post(&other, "/audit", body(&digest(b"guess"))).await.refused(429, "rate_limited");
    world.post(&other, "/audit", body(&mission.s256)).await.refused(429, "rate_limited");
    assert_eq!(world.post(&owner, "/audit", body(&mission.s256)).await.status, 201);
}

/// "Mission Status Errors": one answer at each endpoint, and no way back.
#[tokio::test]
async fn a_mission_that_is_over_is_over_everywhere() {
    let world = World::new().await;
    let agent = Agent::new("planner");
    let (mission, told) = edited(&world, &agent, MissionEdit::default()).await;
    let waiting = json!({ "action": "Pay", "mission_s256": mission.s256, "capabilities": ["interaction"] });
    let waiting = world.post(&agent, "/permission", waiting).await;
    let approved =
        json!({ "resource": "https://cars.example", "mission_s256": mission.s256, "capabilities": ["interaction"] });
    let approved = world.post(&agent, "/person", approved).await;
    world.approve(&world.ada, &approved).await;
    let bob = world.person("bob").await;
    assert!(world.server.terminate_mission(&bob, &mission.s256, Reason::Revoked).await.is_err());
    assert!(world.server.terminate_mission(&world.ada, &mission.s256, Reason::Completed).await.is_err());
    assert_eq!(world.server.mission(&world.ada, &mission.s256).await.unwrap().state, MissionState::Active);
    world.server.terminate_mission(&world.ada, &mission.s256, Reason::Revoked).await.unwrap();
    let again = world.server.terminate_mission(&world.ada, &mission.s256, Reason::Superseded).await.unwrap();
    assert_eq!(again.over(NOW).map(|end| end.reason), Some(Reason::Revoked), "it stays as it ended");

    let before = traces(&world, &[&mission]).await;
    for (what, reply) in under(&world, &agent, &mission.s256).await {
        reply.refused(403, "mission_terminated");
        assert_eq!(reply.body["mission_status"], "terminated", "{what}");
        assert_eq!(reply.body["termination_reason"], "revoked", "{what}");
    }
    let flights = Resource::published(&world, FLIGHTS);
    let shown = told.body["person_tokens"][FLIGHTS].as_str().unwrap();
    let body = json!({ "resource_token": flights.resource_token(&world, shown, &[]), "presented_token": shown });
    // Its tokens went with it, and whoever presents one is told that.
    world.post(&agent, "/token", body).await.refused(400, "revoked_presented_token");
    assert_eq!(traces(&world, &[&mission]).await, before, "nothing changed");

    // What waited, and what was approved and not fetched, ended with it.
    for pending in [waiting, approved] {
        let told = world.poll(&agent, &pending).await;
        told.refused(403, "mission_terminated");
        assert_eq!(told.body["termination_reason"], "revoked");
        world.poll(&agent, &pending).await.refused(410, "invalid_code");
    }
    assert_eq!(world.store.waiting_for(&world.ada, world.now()).await.unwrap().len(), 0);
}

/// "Every PS decision path that acts on a mission MUST compare the current time to expires_at".
#[tokio::test]
async fn a_mission_ends_at_the_second_it_named() {
    let paths = requests("").len();
    // Each in a world of its own, so that each has to notice by itself; the last two are the poll and the decision.
    for at in 0..paths + 2 {
        let world = World::new().await;
        let agent = Agent::new("planner");
        let edit = MissionEdit { expires_at: Some(NOW + 300), ..MissionEdit::default() };
        let (mission, _) = edited(&world, &agent, edit).await;
        let ask = |action| json!({ "action": action, "mission_s256": mission.s256, "capabilities": ["interaction"] });
        let open = world.post(&agent, "/permission", ask("Pay")).await;
        let decided = world.post(&agent, "/permission", ask("Refund")).await;
        world.approve(&world.ada, &decided).await;
        world.clock.set(NOW + 299);
        assert_eq!(world.poll(&agent, &open).await.status, 202);
        world.clock.set(NOW + 300);
        if at > paths {
            let id = super::support_pending(&open);
            let yes = Decision::Approve(Box::default());
            assert!(world.server.decide(&world.ada, &id, yes).await.is_err());
        } else if let Some((_, path, body)) = requests(&mission.s256).into_iter().nth(at) {
            let reply = world.post(&agent, &path, body).await;
            reply.refused(403, "mission_terminated");
            assert_eq!(reply.body["termination_reason"], "expired");
        }
        for pending in [decided, open] {
            let told = world.poll(&agent, &pending).await;
            told.refused(403, "mission_terminated");
            assert_eq!(told.body["termination_reason"], "expired");
            world.poll(&agent, &pending).await.refused(410, "invalid_code");
        }
        let kept = world.store.mission(&mission.s256).await.unwrap().unwrap();
        assert_ne!(kept.state, MissionState::Active, "it was written down");
        assert_eq!(kinds(&world, &mission).await.last().unwrap().0, LogKind::Terminated);
    }
}

#[tokio::test]
async fn a_mission_that_nobody_asks_about_expires_too() {
    let world = World::new().await;
    let edit = MissionEdit { expires_at: Some(NOW + 60), ..MissionEdit::default() };
    let (mission, _) = edited(&world, &Agent::new("planner"), edit).await;
    assert_eq!(world.server.expire_missions().await.unwrap(), 0);
    world.clock.set(NOW + 60);
    let shown = world.server.missions_of(&world.ada, None, 10).await.unwrap();
    assert_ne!(shown[0].state, MissionState::Active, "it is shown as it stands");
    assert_eq!(world.server.expire_missions().await.unwrap(), 1);
    assert_eq!(world.server.expire_missions().await.unwrap(), 0);
    assert_ne!(world.store.mission(&mission.s256).await.unwrap().unwrap().state, MissionState::Active);
}

/// "Mission Update": the blob stays, the record grows.
#[tokio::test]
async fn an_update_is_added_once_the_person_accepts() {
    let world = World::new().await;
    let agent = Agent::new("planner");
    let mission = begun(&world, &agent).await;
    let url = format!("/mission/{}", mission.s256);
    let update = |text: &str| json!({ "action": "update", "description": text, "capabilities": ["interaction"] });
    let denied = world.post(&agent, &url, update("a yacht")).await;
    world.decide(&world.ada, &denied, Decision::Deny { reason: None }).await;
    world.poll(&agent, &denied).await.refused(403, "denied");
    assert_eq!(world.server.mission_updates(&world.ada, &mission.s256).await.unwrap(), []);

    let mut after = mission.s256.clone();
    for text in ["another hotel", "and another"] {
        let asked = world.post(&agent, &url, update(text)).await;
        assert_eq!(asked.status, 202);
        world.approve(&world.ada, &asked).await;
        let accepted = world.poll(&agent, &asked).await;
        assert_eq!(accepted.status, 200);
        let updates = world.server.mission_updates(&world.ada, &mission.s256).await.unwrap();
        let last = updates.last().unwrap();
        assert_eq!(accepted.text("s256"), digest(last.text.as_bytes()), "over the bytes that are kept");
        assert_eq!(last.s256.as_deref(), Some(&*accepted.text("s256")));
        assert_eq!((&last.detail()["description"], &last.detail()["after"]), (&json!(text), &json!(after)));
        after = accepted.text("s256");
        world.poll(&agent, &asked).await.refused(410, "invalid_code");
    }
    let kept = world.store.mission(&mission.s256).await.unwrap().unwrap();
    assert_eq!(kept, mission, "an update does not change the mission");
}

/// "Mission Completion": proposed by the agent, declared by the person.
#[tokio::test]
async fn the_person_takes_a_mission_for_done() {
    let world = World::new().await;
    let agent = Agent::new("planner");
    let mission = begun(&world, &agent).await;
    let url = format!("/mission/{}", mission.s256);
    let done =
        json!({ "action": "completion", "summary": "Booked.", "capabilities": ["interaction", "clarification"] });
    let active = || async { world.store.mission(&mission.s256).await.unwrap().unwrap().state == MissionState::Active };
    let refused = world.post(&agent, &url, done.clone()).await;
    assert_eq!(refused.status, 202);
    world.decide(&world.ada, &refused, Decision::Deny { reason: Some("no hotel".into()) }).await;
    world.poll(&agent, &refused).await.refused(403, "denied");
    assert!(active().await);

    let asked = world.post(&agent, &url, done.clone()).await;
    world.decide(&world.ada, &asked, Decision::Ask { question: "And the hotel?".into(), options: Vec::new() }).await;
    let answer = json!({ "action": "clarification_response", "clarification_response": "That too." });
    assert_eq!(world.post(&agent, asked.header("location"), answer).await.status, 202);
    assert!(active().await, "questions leave the mission as it is");
    let other = world.post(&agent, &url, done).await;
    world.approve(&world.ada, &asked).await;
    assert!(!active().await, "it ended when the person said so");
    let told = world.poll(&agent, &asked).await;
    assert_eq!(told.status, 200);
    assert_eq!(told.body, json!({ "mission_status": "terminated", "termination_reason": "completed" }));
    world.poll(&agent, &asked).await.refused(410, "invalid_code");
    let over = world.poll(&agent, &other).await;
    over.refused(403, "mission_terminated");
    assert_eq!(over.body["termination_reason"], "completed");
    let log = kinds(&world, &mission).await;
    assert_eq!(log.last().unwrap().0, LogKind::Terminated);
    assert_eq!(log.iter().filter(|(kind, _)| *kind == LogKind::Completion).count(), 5);
}

/// A proposal that is missing something, or holds too much, or of the wrong type.
#[tokio::test]
async fn a_bad_proposal_is_refused() {
    let world = World::new().await;
    let agent = Agent::new("planner");
    let with = |name: &str, value: Value| {
        let mut body = proposal();
        body[name] = value;
        body
    };
    let tool = |tool: Value| with("tools", json!([tool]));
    let many = |count: usize, one: &dyn Fn(usize) -> Value| Value::Array((0..count).map(one).collect());
    for body in [
        json!({}),
        json!([]),
        with("description", json!("")),
        with("description", json!(7)),
        with("description", json!("x".repeat(8193))),
        with("description", json!("a\u{0}b")),
        with("tools", json!("WebSearch")),
        with("tools", json!({ "name": "WebSearch" })),
        tool(json!("WebSearch")),
        tool(json!({})),
        tool(json!({ "name": "" })),
        tool(json!({ "name": 7 })),
        tool(json!({ "name": "x".repeat(129) })),
        tool(json!({ "name": "WebSearch", "description": 7 })),
        tool(json!({ "name": "WebSearch", "description": "x".repeat(1025) })),
        with("tools", json!([{ "name": "A" }, { "name": "A" }])),
        with("tools", many(65, &|at| json!({ "name": at.to_string() }))),
        with("resources", json!("https://flights.example")),
        with("resources", json!(["http://flights.example"])),
        with("resources", json!(["https://flights.example/"])),
        with("resources", json!(["https://flights.example:8443"])),
        with("resources", json!(["https://127.0.0.1"])),
        with("resources", json!([7])),
        with("resources", json!([FLIGHTS, FLIGHTS])),
        with("resources", many(33, &|at| json!(format!("https://r{at}.example")))),
        with("capabilities", json!("interaction")),
    ] {
        world.post(&agent, "/mission", body.clone()).await.refused(400, "invalid_request");
    }
    world
        .post(&agent, "/mission", with("description", json!("x".repeat(70_000))))
        .await
        .refused(413, "invalid_request");
    let under_way = world.store.under_way(&person_server::domain::pending::Asker::Agent(agent.agent_key()), NOW).await;
    assert_eq!(under_way.unwrap().len(), 0);
    assert_eq!(traces(&world, &[]).await, Vec::<String>::new());
}

/// "a PS MUST reject a request with a missing or unrecognized action with 400 Bad Request."
#[tokio::test]
async fn a_bad_request_to_a_missions_url_is_refused() {
    let world = World::new().await;
    let agent = Agent::new("planner");
    let mission = begun(&world, &agent).await;
    let before = traces(&world, &[&mission]).await;
    let url = format!("/mission/{}", mission.s256);
    for body in [
        json!({}),
        json!({ "description": "more" }),
        json!({ "action": "revoke" }),
        json!({ "action": "Update", "description": "more" }),
        json!({ "action": ["update"], "description": "more" }),
        json!({ "action": "update" }),
        json!({ "action": "update", "description": 7 }),
        json!({ "action": "update", "description": "x".repeat(8193) }),
        json!({ "action": "completion" }),
        json!({ "action": "completion", "description": "done" }),
        json!({ "action": "completion", "summary": { "text": "done" } }),
    ] {
        world.post(&agent, &url, body.clone()).await.refused(400, "invalid_request");
        // Whose it is is not looked at before the request is one.
        let nowhere = format!("/mission/{}", digest(b"nowhere"));
        world.post(&agent, &nowhere, body).await.refused(400, "invalid_request");
    }
    let good = json!({ "action": "update", "description": "more", "capabilities": ["interaction"] });
    let longer = [format!("{}=", mission.s256), format!("{}A", mission.s256)];
    for segment in ["x", "YWJj", &longer[0], &longer[1], "%00", "-"] {
        world.post(&agent, &format!("/mission/{segment}"), good.clone()).await.refused(400, "invalid_request");
    }
    for s256 in [json!(""), json!(7), json!("x"), json!({ "s256": mission.s256 }), json!("x".repeat(65))] {
        let body = json!({ "resource": FLIGHTS, "mission_s256": s256 });
        world.post(&agent, "/person", body).await.refused(400, "invalid_request");
    }
    assert_eq!(world.send(&agent, "GET", &url, None).await.status, 405);
    assert_eq!(traces(&world, &[&mission]).await, before, "nothing changed");
}

/// "A sub-agent MUST NOT call the PS directly."
#[tokio::test]
async fn a_sub_agent_proposes_nothing() {
    let world = World::new().await;
    let parent = aauth_authorizer::aauth::identifier::AgentId::parse("aauth:planner@agents.example").unwrap();
    let child = Agent::new("planner+child").with(|claims| claims.parent_agent = Some(parent));
    let answers = under(&world, &child, &digest(b"any")).await;
    assert_eq!(answers.len(), 7);
    for (what, reply) in answers {
        assert_eq!((reply.status, reply.error()), (400, "invalid_request"), "{what}");
    }
    world.post(&child, "/mission", proposal()).await.refused(400, "invalid_request");
}

#[tokio::test]
async fn an_agent_that_was_ended_has_no_missions() {
    let world = World::new().await;
    let agent = Agent::new("planner");
    let mission = begun(&world, &agent).await;
    let now: Seconds = world.now();
    world.store.revoke_agent(&world.ada, &agent.agent_key(), now).await.unwrap();
    let before = traces(&world, &[&mission]).await;
    for (what, reply) in under(&world, &agent, &mission.s256).await {
        assert_eq!((reply.status, reply.error()), (403, "denied"), "{what}");
    }
    assert_eq!(traces(&world, &[&mission]).await, before, "nothing changed");
}

/// "Copy the upstream `mission_s256` into the person token": and where it is over, the intermediary learns no more than
/// that.
#[tokio::test]
async fn a_mission_reaches_down_a_chain() {
    let world = World::with(|settings| {
        settings.agent_providers.listed.insert(ServerId::parse(FLIGHTS).unwrap());
    })
    .await;
    let agent = Agent::new("planner");
    let (mission, told) = edited(&world, &agent, MissionEdit::default()).await;
    Resource::published(&world, FLIGHTS);
    let between = Agent::of("flights", FLIGHTS, FLIGHTS);
    let chained = |more: Value| {
        let mut body = json!({
            "resource": "https://cards.example",
            "upstream_token": told.body["person_tokens"][FLIGHTS],
            "capabilities": ["interaction"],
        });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let own = chained(json!({ "mission_s256": mission.s256 }));
    world.post(&between, "/person", own).await.refused(400, "invalid_request");
    let asked = world.post(&between, "/person", chained(json!({}))).await;
    assert_eq!(asked.status, 202, "{asked:?}");
    world.approve(&world.ada, &asked).await;
    let issued = world.poll(&between, &asked).await;
    assert_eq!(issued.claims("person_token")["mission_s256"], mission.s256.as_str());
    let log = kinds(&world, &mission).await;
    assert_eq!(log.iter().filter(|(kind, _)| *kind == LogKind::TokenRequest).count(), 2);

    world.server.terminate_mission(&world.ada, &mission.s256, Reason::Revoked).await.unwrap();
    let before = traces(&world, &[&mission]).await;
    let refused = world.post(&between, "/person", chained(json!({}))).await;
    refused.refused(400, "revoked_upstream_token");
    assert!(refused.body.get("termination_reason").is_none());
    assert_eq!(traces(&world, &[&mission]).await, before, "nothing changed");
}
