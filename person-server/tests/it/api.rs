//! What a person sees, decides and ends at their API: "Consent Presentation" and its surroundings.

use std::time::Duration;

use serde_json::{Value, json};

use super::browser::{Browser, description, operations};
use super::support::{AGENTS, Agent, NOW, Reply, Resource, World};

const ORDERS: &str = "https://orders.example";
const CAPABLE: [&str; 2] = ["interaction", "clarification"];

/// An agent asks to be known at a resource.
async fn identify(world: &World, agent: &Agent, resource: &str) -> Reply {
    world.post(agent, "/person", json!({ "resource": resource, "capabilities": CAPABLE })).await
}

/// An agent asks for scopes.
async fn authorize(world: &World, agent: &Agent, orders: &Resource, scopes: &[&str]) -> Reply {
    let shown = world.person_token(agent, orders.id).await;
    let body = json!({
        "resource_token": orders.resource_token(world, &shown, scopes),
        "presented_token": shown,
        "capabilities": CAPABLE,
        "justification": "<b>Trust me</b>",
        "device": "Ada's laptop",
    });
    world.post(agent, "/token", body).await
}

fn id(pending: &Reply) -> String {
    pending.header("location").rsplit('/').next().unwrap().to_owned()
}

/// The approval, and the path its decision goes to.
async fn shown(browser: &Browser<'_>, pending: &Reply) -> (Value, String) {
    let path = format!("/api/approvals/{}", id(pending));
    let reply = browser.get(&path).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    (reply.body, format!("{path}/decision"))
}

async fn decide(browser: &Browser<'_>, pending: &Reply, mut decision: Value) -> Reply {
    let (approval, path) = shown(browser, pending).await;
    decision["version"] = approval["version"].clone();
    browser.post(&path, decision).await
}

/// "A PS MUST visually distinguish resource-asserted content from agent-asserted content": here they are apart.
#[tokio::test]
async fn an_approval_is_shown_in_full_context() {
    let world = World::new().await;
    let (agent, orders) = (Agent::new("planner"), Resource::published(&world, ORDERS));
    let browser = Browser::of(&world, &world.ada).await;
    let first = identify(&world, &agent, ORDERS).await;
    let (approval, _) = shown(&browser, &first).await;
    assert_eq!((&approval["kind"], &approval["state"]), (&json!("identify"), &json!("waiting")));
    assert_eq!((&approval["agent"]["new"], &approval["resource"]["new"]), (&json!(true), &json!(true)));
    assert_eq!(approval["resource"]["resource_says"]["name"], "Orders");
    assert_eq!(approval["resource"]["resource_says"]["access_mode"], "auth-token");
    assert_eq!((&approval["provider"]["issuer"], &approval["provider"]["ours"]), (&json!(AGENTS), &json!(false)));
    assert_eq!(approval["provider"]["provider_says"]["name"], "Agents");
    decide(&browser, &first, json!({ "decision": "approve", "remember": "always", "name": "My planner" })).await;
    world.poll(&agent, &first).await;

    let asked = authorize(&world, &agent, &orders, &["orders.read", "orders.write"]).await;
    let listed = browser.get("/api/approvals").await;
    let approval = &listed.body["items"][0];
    assert_eq!((listed.body["items"].as_array().unwrap().len(), &approval["id"]), (1, &json!(id(&asked))));
    let agent_view = json!({ "new": false, "name": "My planner", "bound_at": NOW });
    for (name, value) in agent_view.as_object().unwrap() {
        assert_eq!(&approval["agent"][name], value);
    }
    assert_eq!(approval["resource"]["new"], false);
    let scopes = json!([
        { "scope": "orders.read", "description": "Read your orders", "new": true },
        { "scope": "orders.write", "description": "Change your orders", "new": true },
    ]);
    assert_eq!(approval["scopes"], scopes);
    assert_eq!(approval["agent_says"], json!({ "justification": "<b>Trust me</b>", "device": "Ada's laptop" }));
    assert_eq!((&approval["expires_at"], &approval["may_ask"]), (&json!(NOW + 600), &json!(true)));

    // What is agreed to is not new the next time.
    decide(&browser, &asked, json!({ "decision": "approve", "scopes": ["orders.read"], "remember": "always" })).await;
    assert_eq!(world.poll(&agent, &asked).await.claims("auth_token")["scope"], "orders.read");
    let more = authorize(&world, &agent, &orders, &["orders.read", "orders.write"]).await;
    let (approval, _) = shown(&browser, &more).await;
    assert_eq!((&approval["scopes"][0]["new"], &approval["scopes"][1]["new"]), (&json!(false), &json!(true)));
}

/// A resource whose document cannot be had is still shown, as what it is called.
#[tokio::test]
async fn a_silent_resource_says_nothing() {
    let world = World::new().await;
    let browser = Browser::of(&world, &world.ada).await;
    let asked = identify(&world, &Agent::new("planner"), "https://silent.example").await;
    let (approval, _) = shown(&browser, &asked).await;
    let resource = json!({ "id": "https://silent.example", "new": true, "resource_says": null });
    assert_eq!(approval["resource"], resource);
}

#[tokio::test]
async fn of_two_tabs_one_decides() {
    let world = World::new().await;
    let agent = Agent::new("planner");
    let [one, two] = [Browser::of(&world, &world.ada).await, Browser::of(&world, &world.ada).await];
    let asked = identify(&world, &agent, ORDERS).await;
    let (approval, path) = shown(&two, &asked).await;
    let decided = decide(&one, &asked, json!({ "decision": "deny", "reason": "no" })).await;
    assert_eq!((decided.status, &decided.body["approval"]["ended"]["error"]), (200, &json!("denied")));
    let late = two.post(&path, json!({ "decision": "approve", "version": approval["version"] })).await;
    late.refused(409, "conflict");
    world.poll(&agent, &asked).await.refused(403, "denied");
}

/// Nothing is approved that was not shown.
#[tokio::test]
async fn a_request_that_changed_is_looked_at_again() {
    let world = World::new().await;
    let (agent, orders) = (Agent::new("planner"), Resource::published(&world, ORDERS));
    let browser = Browser::of(&world, &world.ada).await;
    let asked = authorize(&world, &agent, &orders, &["orders.read"]).await;
    let (before, path) = shown(&browser, &asked).await;
    decide(&browser, &asked, json!({ "decision": "ask", "question": "Why?" })).await;
    let person_token = world.person_token(&agent, ORDERS).await;
    let update = json!({
        "action": "updated_request",
        "resource_token": orders.resource_token(&world, &person_token, &["orders.read", "orders.write"]),
        "presented_token": person_token,
    });
    assert_eq!(world.post(&agent, asked.header("location"), update).await.status, 202);
    let stale = browser.post(&path, json!({ "decision": "approve", "version": before["version"] })).await;
    stale.refused(409, "conflict");
    assert_eq!(decide(&browser, &asked, json!({ "decision": "approve" })).await.status, 200);
}

#[tokio::test]
async fn anothers_approval_is_not_there() {
    let world = World::new().await;
    let (agent, bob) = (Agent::new("planner"), world.person("bob").await);
    let [ada, bob] = [Browser::of(&world, &world.ada).await, Browser::of(&world, &bob).await];
    let asked = identify(&world, &agent, ORDERS).await;
    let path = format!("/api/approvals/{}", id(&asked));
    // With two persons it is nobody's until somebody arrives with the code.
    for browser in [&ada, &bob] {
        assert_eq!(browser.get("/api/approvals").await.body["items"], json!([]));
        browser.get(&path).await.refused(404, "not_found");
    }
    let arrived = ada.post("/api/arrivals", json!({ "code": asked.code().to_lowercase() })).await;
    assert_eq!((arrived.status, &arrived.body["id"]), (200, &json!(id(&asked))));
    ada.post("/api/arrivals", json!({ "code": asked.code() })).await.refused(410, "invalid_code");
    bob.post("/api/arrivals", json!({ "code": asked.code() })).await.refused(410, "invalid_code");
    let nowhere = bob.get("/api/approvals/00000000000000000000000000000000").await;
    assert_eq!(bob.get(&path).await.body, nowhere.body);
    for decision in
        [json!({ "decision": "approve" }), json!({ "decision": "deny" }), json!({ "decision": "ask", "question": "?" })]
    {
        let mut decision = decision;
        decision["version"] = arrived.body["version"].clone();
        bob.post(&format!("{path}/decision"), decision).await.refused(404, "not_found");
    }
    assert_eq!(bob.get("/api/approvals").await.body["items"], json!([]));
    assert_eq!(decide(&ada, &asked, json!({ "decision": "approve" })).await.status, 200);
    assert_eq!(world.poll(&agent, &asked).await.status, 200);
}

/// A decision that does not fit what was asked changes nothing.
#[tokio::test]
async fn a_decision_fits_what_was_asked() {
    let world = World::new().await;
    let (agent, orders) = (Agent::new("planner"), Resource::published(&world, ORDERS));
    let browser = Browser::of(&world, &world.ada).await;
    let asked = authorize(&world, &agent, &orders, &["orders.read"]).await;
    let (before, path) = shown(&browser, &asked).await;
    let version = before["version"].clone();
    for decision in [
        json!({}),
        json!({ "decision": "approve" }),
        json!({ "decision": "perhaps", "version": version }),
        json!({ "decision": "approve", "version": version, "sudo": true }),
        json!({ "decision": "approve", "version": version, "scopes": ["orders.read", "orders.admin"] }),
        json!({ "decision": "approve", "version": version, "scopes": [] }),
        json!({ "decision": "approve", "version": version, "scopes": "orders.read" }),
        json!({ "decision": "approve", "version": version, "remember": "mission" }),
        json!({ "decision": "approve", "version": version, "remember": "always", "until": NOW }),
        json!({ "decision": "approve", "version": version, "until": NOW + 60 }),
        json!({ "decision": "approve", "version": version, "answer": "42" }),
        json!({ "decision": "approve", "version": version, "mission": { "description": "x" } }),
        json!({ "decision": "approve", "version": version, "link": "aauth:x@ps.example" }),
        json!({ "decision": "deny", "version": version, "reason": "x".repeat(1001) }),
        json!({ "decision": "ask", "version": version, "question": "" }),
        json!({ "decision": "ask", "version": version, "question": "?", "options": vec!["x"; 11] }),
    ] {
        let reply = browser.post(&path, decision.clone()).await;
        assert_eq!((reply.status, reply.error()), (400, "invalid_request"), "{decision}");
    }
    let stale = browser.post(&path, json!({ "decision": "deny", "version": "v0" })).await;
    stale.refused(409, "conflict");
    assert_eq!(shown(&browser, &asked).await.0, before);
    assert_eq!(world.poll(&agent, &asked).await.status, 202);
}

#[tokio::test]
async fn a_question_and_its_answer_are_attributed() {
    let world = World::new().await;
    let agent = Agent::new("planner");
    let browser = Browser::of(&world, &world.ada).await;
    let asked = identify(&world, &agent, ORDERS).await;
    let question = json!({ "decision": "ask", "question": "Why?", "options": ["a", "b"] });
    let shown_then = decide(&browser, &asked, question.clone()).await;
    assert_eq!(shown_then.body["approval"]["question"]["person_asked"], "Why?");
    assert_eq!(shown_then.body["approval"]["may_ask"], false);
    decide(&browser, &asked, question.clone()).await.refused(409, "conflict");
    let answer = json!({ "action": "clarification_response", "clarification_response": "Because." });
    world.post(&agent, asked.header("location"), answer).await;
    let (approval, _) = shown(&browser, &asked).await;
    let chat = json!([{ "person_asked": "Why?", "agent_answered": "Because.", "at": NOW }]);
    assert_eq!((&approval["chat"], &approval["question"]), (&chat, &json!(null)));
    // One that declared no clarification is asked nothing.
    let body = json!({ "resource": ORDERS, "capabilities": ["interaction"] });
    let mute = world.post(&Agent::new("mute"), "/person", body).await;
    assert_eq!(shown(&browser, &mute).await.0["may_ask"], false);
    decide(&browser, &mute, question).await.refused(409, "conflict");
}

/// "Interaction Callback Errors", and no open redirect.
#[tokio::test]
async fn the_browser_goes_back_where_the_provider_says() {
    let world = World::new().await;
    let document = json!({
        "issuer": AGENTS, "jwks_uri": format!("{AGENTS}/jwks.json"),
        "callback_endpoint": format!("{AGENTS}/callback"), "localhost_callback_allowed": true,
    });
    world.network.serve(&format!("{AGENTS}/.well-known/aauth-agent.json"), &document);
    let browser = Browser::of(&world, &world.ada).await;
    let there = format!("{AGENTS}/callback?state=1");
    for (callback, decision, goes) in [
        (there.as_str(), json!({ "decision": "approve" }), Some("https://agents.example/callback?state=1")),
        (&there, json!({ "decision": "deny" }), Some("https://agents.example/callback?state=1&error=access_denied")),
        ("http://127.0.0.1:9/done", json!({ "decision": "deny" }), Some("http://127.0.0.1:9/done?error=access_denied")),
        ("https://evil.example/callback", json!({ "decision": "approve" }), None),
        ("https://agents.example.evil.example/callback", json!({ "decision": "deny" }), None),
        ("https://agents.example/other", json!({ "decision": "approve" }), None),
    ] {
        let asked = identify(&world, &Agent::new("planner"), "https://one.example").await;
        let body = json!({ "code": asked.code(), "callback": callback });
        let arrived = browser.post("/api/arrivals", body).await;
        assert_eq!(arrived.body["callback"].is_null(), goes.is_none(), "{callback}");
        let decided = decide(&browser, &asked, decision).await;
        assert_eq!(decided.body["redirect"].as_str(), goes, "{callback}");
        let (status, headers, _) = browser.page(&format!("/interact/{}", id(&asked))).await;
        let location = headers.get("location").map(|value| value.to_str().unwrap());
        assert_eq!((status, location), (if goes.is_some() { 303 } else { 200 }, goes), "{callback}");
        world.poll(&Agent::new("planner"), &asked).await;
    }
    for callback in
        ["javascript:alert(1)", "//evil.example", "", "https://user@agents.example/callback", "data:text/html,x"]
    {
        let asked = identify(&world, &Agent::new("planner"), "https://two.example").await;
        let reply = browser.post("/api/arrivals", json!({ "code": asked.code(), "callback": callback })).await;
        reply.refused(400, "invalid_request");
        decide(&browser, &asked, json!({ "decision": "deny" })).await;
    }
}

#[tokio::test]
async fn agents_are_renamed_and_ended() {
    let world = World::new().await;
    let (agent, orders) = (Agent::new("planner"), Resource::published(&world, ORDERS));
    let browser = Browser::of(&world, &world.ada).await;
    world.person_token(&agent, ORDERS).await;
    let agents = browser.get("/api/agents").await;
    let path = format!("/api/agents/{}", agents.body["items"][0]["id"].as_str().unwrap());
    assert_eq!(agents.body["items"][0]["agent"], "aauth:planner@agents.example");
    let renamed = browser.call("PATCH", &path, Some(json!({ "name": "Mine" }))).await;
    assert_eq!((renamed.status, &renamed.body["name"]), (200, &json!("Mine")));
    for body in [json!({}), json!({ "name": "" }), json!({ "name": 1 }), json!({ "name": "x", "person": "bob" })] {
        browser.call("PATCH", &path, Some(body)).await.refused(400, "invalid_request");
    }
    let bob = world.person("bob").await;
    let other = Browser::of(&world, &bob).await;
    other.get(&path).await.refused(404, "not_found");
    other.call("PATCH", &path, Some(json!({ "name": "Bob's" }))).await.refused(404, "not_found");
    other.delete(&path).await.refused(404, "not_found");
    assert_eq!(browser.get(&path).await.body["name"], "Mine");

    let asked = authorize(&world, &agent, &orders, &["orders.read"]).await;
    assert_eq!(asked.status, 202);
    let ended = browser.delete(&path).await;
    assert_eq!((ended.status, &ended.body["tokens"]), (200, &json!(2)));
    assert_eq!(ended.body["recipients"][0]["recipient"], ORDERS);
    let outcome = format!("/api/revocations/{}", ended.text("id"));
    assert_eq!(browser.get(&outcome).await.body, ended.body);
    other.get(&outcome).await.refused(404, "not_found");
    assert_eq!(world.poll(&agent, &asked).await.status / 100, 4);
    assert!(identify(&world, &agent, ORDERS).await.status >= 400);
    assert_eq!(browser.get(&path).await.body["revoked_at"], NOW);
    assert_eq!(browser.delete(&path).await.status, 204, "once more changes nothing");
    assert_eq!(browser.get("/api/approvals").await.body["items"], json!([]));
}

#[tokio::test]
async fn what_was_agreed_to_is_taken_back() {
    let world = World::new().await;
    let (agent, bob) = (Agent::new("planner"), world.person("bob").await);
    let browser = Browser::of(&world, &world.ada).await;
    let asked = identify(&world, &agent, ORDERS).await;
    browser.post("/api/arrivals", json!({ "code": asked.code() })).await;
    assert_eq!(decide(&browser, &asked, json!({ "decision": "approve", "remember": "always" })).await.status, 200);
    world.poll(&agent, &asked).await;
    assert_eq!(identify(&world, &agent, ORDERS).await.status, 200);
    let consents = browser.get("/api/consents").await;
    let consent = &consents.body["items"][0];
    assert_eq!((&consent["resource"], &consent["scopes"]), (&json!(ORDERS), &json!([])));
    let path = format!("/api/consents/{}", consent["id"].as_str().unwrap());
    Browser::of(&world, &bob).await.delete(&path).await.refused(404, "not_found");
    assert_eq!(identify(&world, &agent, ORDERS).await.status, 200);
    assert_eq!(browser.delete(&path).await.status, 200);
    assert!(browser.get("/api/consents").await.body["items"][0]["revoked_at"].is_number());
    assert_eq!(identify(&world, &agent, ORDERS).await.status, 202);
}

/// "Revocation Cascade": one token, and what rests on it.
#[tokio::test]
async fn a_token_is_withdrawn() {
    let world = World::new().await;
    let agent = Agent::new("planner");
    let browser = Browser::of(&world, &world.ada).await;
    world.person_token(&agent, ORDERS).await;
    let token = browser.get("/api/tokens").await.body["items"][0].clone();
    let path = format!("/api/tokens/{}", token["id"].as_str().unwrap());
    let bob = world.person("bob").await;
    Browser::of(&world, &bob).await.delete(&path).await.refused(404, "not_found");
    let withdrawn = browser.delete(&path).await;
    assert_eq!((withdrawn.status, &withdrawn.body["tokens"]), (200, &json!(1)));
    assert_eq!(withdrawn.body["recipients"][0]["role"], "resource");
}

#[tokio::test]
async fn a_person_says_how_long_a_yes_lasts() {
    let world = World::new().await;
    let browser = Browser::of(&world, &world.ada).await;
    for body in [
        json!({ "remember_days": 0 }),
        json!({ "remember_days": 9999 }),
        json!({ "remember_days": "x" }),
        json!({ "x": 1 }),
    ] {
        browser.call("PUT", "/api/settings", Some(body)).await.refused(400, "invalid_request");
    }
    let set = browser.call("PUT", "/api/settings", Some(json!({ "remember_days": 2 }))).await;
    assert_eq!((set.status, &set.body["remember_days"]), (200, &json!(2)));
    let agent = Agent::new("planner");
    for (more, until) in [(json!({}), json!(NOW + 2 * 86_400)), (json!({ "until": NOW + 60 }), json!(NOW + 60))] {
        let asked = identify(&world, &agent, if more == json!({}) { ORDERS } else { "https://two.example" }).await;
        let mut decision = json!({ "decision": "approve", "remember": "always" });
        decision.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        decide(&browser, &asked, decision).await;
        let consents = browser.get("/api/consents").await;
        assert!(consents.body["items"].as_array().unwrap().iter().any(|consent| consent["expires_at"] == until));
    }
}

#[tokio::test]
async fn what_was_issued_and_what_happened_is_searched_page_by_page() {
    let world = World::new().await;
    let browser = Browser::of(&world, &world.ada).await;
    let agent = Agent::new("planner");
    for (later, resource) in ["https://a.example", "https://b.example", "https://c.example"].iter().enumerate() {
        world.clock.set(NOW + i64::try_from(later).unwrap());
        world.person_token(&agent, resource).await;
    }
    for list in ["/api/tokens", "/api/consents", "/api/audit?kind=token.issued"] {
        let all = browser.get(list).await;
        let all = all.body["items"].as_array().unwrap().clone();
        assert_eq!(all.len(), 3, "{list}");
        let and = if list.contains('?') { "&" } else { "?" };
        let mut paged = Vec::new();
        let mut next = format!("{list}{and}limit=1");
        for page in 1..=3 {
            let reply = browser.get(&next).await;
            paged.extend(reply.body["items"].as_array().unwrap().clone());
            match reply.body["next"].as_str() {
                Some(cursor) => next = format!("{list}{and}limit=1&cursor={cursor}"),
                None => assert_eq!(page, 3, "{list}"),
            }
        }
        assert_eq!(paged, all, "{list}");
    }
    let tokens = browser.get("/api/tokens?limit=1").await;
    let token = &tokens.body["items"][0];
    assert_eq!(
        (&token["kind"], &token["resource"], &token["decided_by"]),
        (&json!("person"), &json!("https://c.example"), &json!("person"))
    );
    assert!(!tokens.body.to_string().contains("eyJ"), "no token is kept");
    for (query, count) in [
        ("resource=https://b.example&kind=token.issued", 1),
        ("agent=aauth:planner@agents.example&kind=ask.approved", 3),
        ("agent=aauth:other@agents.example", 0),
        (&format!("kind=token.issued&since={}", NOW + 1), 2),
        (&format!("kind=token.issued&until={}", NOW + 1), 1),
        ("mission=none", 0),
    ] {
        let found = browser.get(&format!("/api/audit?{query}")).await;
        assert_eq!(found.body["items"].as_array().unwrap().len(), count, "{query}");
    }
    // Nothing of it is anybody else's.
    let bob = world.person("bob").await;
    let other = Browser::of(&world, &bob).await;
    for list in ["/api/tokens", "/api/consents", "/api/agents", "/api/approvals", "/api/audit?kind=token.issued"] {
        assert_eq!(other.get(list).await.body["items"], json!([]), "{list}");
    }
}

#[tokio::test]
async fn what_waits_is_paged() {
    let world = World::new().await;
    let browser = Browser::of(&world, &world.ada).await;
    let agent = Agent::new("planner");
    for later in 0..3 {
        world.clock.set(NOW + later);
        identify(&world, &agent, &format!("https://r{later}.example")).await;
    }
    let first = browser.get("/api/approvals?limit=2").await;
    let second = browser.get(&format!("/api/approvals?limit=2&cursor={}", first.text("next"))).await;
    let resources = |reply: &Reply| {
        let items = reply.body["items"].as_array().unwrap().clone();
        items.iter().map(|one| one["resource"]["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(resources(&first), ["https://r0.example", "https://r1.example"]);
    assert_eq!((resources(&second), &second.body["next"]), (vec!["https://r2.example".to_owned()], &json!(null)));
}

#[tokio::test]
async fn a_new_approval_shows_within_a_second() {
    let world = World::new().await;
    let browser = Browser::of(&world, &world.ada).await;
    let mut events = browser.events().await;
    assert_eq!((events.status, events.next().await.unwrap()), (200, json!({ "waiting": [] })));
    let asked = identify(&world, &Agent::new("planner"), ORDERS).await;
    let told = tokio::time::timeout(Duration::from_secs(1), events.next()).await.unwrap().unwrap();
    assert_eq!(told["waiting"][0]["id"], id(&asked));
    decide(&browser, &asked, json!({ "decision": "deny" })).await;
    // Arriving may show in between; what was decided is gone.
    let mut told = told;
    while told != json!({ "waiting": [] }) {
        told = tokio::time::timeout(Duration::from_secs(1), events.next()).await.unwrap().unwrap();
    }
    // Being here, the person can be reached without the agent's help.
    let helpless = json!({ "resource": ORDERS });
    assert_eq!(world.post(&Agent::new("helpless"), "/person", helpless).await.error(), "user_unreachable");
    // A server that stops waits for no stream.
    world.server.end_streams();
    assert_eq!(tokio::time::timeout(Duration::from_secs(1), events.next()).await.unwrap(), None);
}

#[tokio::test]
async fn streams_are_bounded() {
    let world = World::new().await;
    let browser = Browser::of(&world, &world.ada).await;
    let mut open = Vec::new();
    for _ in 0..8 {
        let mut events = browser.events().await;
        events.next().await.unwrap();
        open.push(events);
    }
    assert_eq!(browser.events().await.status, 429);
    let bob = world.person("bob").await;
    assert_eq!(Browser::of(&world, &bob).await.events().await.status, 200);
    open.pop();
    // Its place is free once the server has noticed.
    for _ in 0..50 {
        if browser.events().await.status == 200 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the place of a stream that ended is not free");
}

/// The official schema of OpenAPI 3.1 has nothing to say against it, and each of its schemas is one.
#[tokio::test]
async fn the_description_is_valid() {
    let world = World::new().await;
    let description = description(&world).await;
    let official: Value = serde_json::from_str(include_str!("../openapi/oas-3.1.json")).unwrap();
    let validator = jsonschema::draft202012::new(&official).unwrap();
    let faults: Vec<String> = validator.iter_errors(&description).map(|error| error.to_string()).collect();
    assert!(faults.is_empty(), "{faults:?}");
    for (name, schema) in description["components"]["schemas"].as_object().unwrap() {
        assert!(jsonschema::draft202012::meta::is_valid(schema), "{name}");
    }
    let mut broken = description.clone();
    broken["paths"]["/api/me"]["get"]["responses"]["200"] = json!({});
    assert!(!validator.is_valid(&broken), "the validator sees what is wrong");
}

/// What every endpoint that takes a body does with one that is none.
#[tokio::test]
async fn every_body_is_checked() {
    let world = World::new().await;
    let script = Browser::script(&world, &world.ada).await;
    let json = [("content-type", "application/json")];
    let mut seen = 0;
    for (method, path, operation) in operations(&description(&world).await) {
        if operation.get("requestBody").is_none() {
            continue;
        }
        seen += 1;
        let path = path.replace("{id}", "0123456789abcdef0123456789abcdef");
        for (headers, body, status) in [
            (&json[..], Vec::new(), 400),
            (&json[..], b"{".to_vec(), 400),
            (&json[..], b"null".to_vec(), 400),
            (&json[..], b"\"text\"".to_vec(), 400),
            (&json[..], br#"{"no_such_member":1}"#.to_vec(), 400),
            (&json[..], b"{\"a\":\"\xff\"}".to_vec(), 400),
            (&json[..], vec![b'['; 50_000], 400),
            (&json[..], vec![b' '; 70_000], 413),
            (&[("content-type", "text/plain")][..], b"{}".to_vec(), 415),
            (&[][..], b"{}".to_vec(), 415),
        ] {
            let text = String::from_utf8_lossy(&body).chars().take(20).collect::<String>();
            let reply = script.raw(&method, &path, headers, body).await;
            assert_eq!((reply.status, reply.error()), (status, "invalid_request"), "{method} {path} {text}");
        }
    }
    assert!(seen >= 6, "{seen}");
}

/// What every list does with a query that is none, and every id that is none.
#[tokio::test]
async fn every_query_and_id_is_checked() {
    let world = World::new().await;
    let script = Browser::script(&world, &world.ada).await;
    let (mut lists, mut ids) = (0, 0);
    for (method, path, operation) in operations(&description(&world).await) {
        let named = |name: &str| {
            operation["parameters"].as_array().is_some_and(|all| all.iter().any(|one| one["name"] == name))
        };
        if named("limit") && !named("id") {
            lists += 1;
            for query in
                ["limit=0", "limit=201", "limit=-1", "limit=x", "no_such=1", "limit=1&limit=2", "cursor=%00%ff"]
            {
                if path == "/api/approvals" && query.starts_with("cursor") {
                    continue;
                }
                let reply = script.raw(&method, &format!("{path}?{query}"), &[], Vec::new()).await;
                assert_eq!((reply.status, reply.error()), (400, "invalid_request"), "{path}?{query}");
            }
        }
        if named("id") {
            ids += 1;
            let body = match path.as_str() {
                "/api/agents/{id}" => br#"{"name":"x"}"#.to_vec(),
                "/api/missions/{id}/termination" => br#"{"reason":"revoked"}"#.to_vec(),
                _ => br#"{"decision":"deny","version":"v"}"#.to_vec(),
            };
            for id in ["0", "%00", "..%2f..%2fetc", "%ff", "a%20b", "'; DROP TABLE people", &"a".repeat(2000)] {
                let path = path.replace("{id}", &id.replace(' ', "%20"));
                let reply = script.raw(&method, &path, &[("content-type", "application/json")], body.clone()).await;
                assert_eq!((reply.status, reply.error()), (404, "not_found"), "{method} {path}");
            }
        }
    }
    assert!(lists >= 6 && ids >= 10, "{lists} {ids}");
    script.raw("GET", "/api/no/such/thing", &[], Vec::new()).await.refused(404, "not_found");
    script.raw("GET", "/api/", &[], Vec::new()).await.refused(404, "not_found");
    script.raw("PUT", "/api/me", &[], Vec::new()).await.refused(405, "method_not_allowed");
}

/// "Mission Management": the same bytes wherever the mission is shown, and an end that is one.
#[tokio::test]
async fn missions_are_looked_at_and_ended() {
    let world = World::new().await;
    let agent = Agent::new("planner");
    let browser = Browser::of(&world, &world.ada).await;
    let tools = json!([{ "name": "search" }, { "name": "book" }]);
    let proposal = json!({ "description": "Plan a *trip*", "tools": tools, "capabilities": CAPABLE });
    let proposed = world.post(&agent, "/mission", proposal).await;
    let (approval, _) = shown(&browser, &proposed).await;
    assert_eq!(
        (&approval["kind"], &approval["agent_says"]["description"]),
        (&json!("mission"), &json!("Plan a *trip*"))
    );
    assert_eq!(approval["agent_says"]["tools"][1]["name"], "book");
    let edit = json!({ "description": "Plan a short trip", "tools": ["search"], "expires_at": NOW + 3600 });
    let decided = decide(&browser, &proposed, json!({ "decision": "approve", "mission": edit })).await;
    assert_eq!(decided.status, 200, "{decided:?}");
    let begun = world.poll(&agent, &proposed).await;
    let s256 = begun.text("s256");
    let path = format!("/api/missions/{s256}");
    let mission = browser.get(&path).await.body;
    assert_eq!((&mission["blob"], &mission["state"]), (&begun.body["mission"], &json!("active")));
    assert_eq!((&mission["description"], &mission["tools"]), (&json!("Plan a short trip"), &json!(["search"])));
    let listed = browser.get("/api/missions").await.body;
    assert_eq!((&listed["items"][0]["id"], listed["items"].as_array().unwrap().len()), (&json!(s256), 1));

    // What is asked under it shows it.
    let ask = json!({ "action": "book", "mission_s256": s256, "capabilities": CAPABLE });
    let asked = world.post(&agent, "/permission", ask).await;
    let (approval, _) = shown(&browser, &asked).await;
    assert_eq!(approval["mission"]["description"], "Plan a short trip");
    assert_eq!(approval["agent_says"]["action"], "book");
    let log = browser.get(&format!("{path}/log?limit=1")).await;
    assert_eq!(log.body["items"][0]["kind"], "approved");
    let more = browser.get(&format!("{path}/log?cursor={}", log.text("next"))).await;
    assert_eq!(more.body["items"][0]["kind"], "permission");
    browser.get(&format!("{path}/log?cursor=x")).await.refused(400, "invalid_request");

    let bob = world.person("bob").await;
    let other = Browser::of(&world, &bob).await;
    let end = format!("{path}/termination");
    for path in [&path, &format!("{path}/log")] {
        other.get(path).await.refused(404, "not_found");
    }
    other.post(&end, json!({ "reason": "revoked" })).await.refused(404, "not_found");
    for body in [json!({}), json!({ "reason": "completed" }), json!({ "reason": "revoked", "x": 1 })] {
        browser.post(&end, body).await.refused(400, "invalid_request");
    }
    assert_eq!(browser.get(&path).await.body["state"], "active");
    let ended = browser.post(&end, json!({ "reason": "superseded" })).await.body;
    assert_eq!((&ended["state"], &ended["termination_reason"]), (&json!("terminated"), &json!("superseded")));
    let again = browser.post(&end, json!({ "reason": "revoked" })).await.body;
    assert_eq!(again["termination_reason"], "superseded");
    assert_eq!(browser.get("/api/approvals").await.body["items"], json!([]));
}

#[tokio::test]
async fn the_operator_says_whose_agents_are_served() {
    let world = World::new().await;
    let script = Browser::script(&world, &world.ada).await;
    let providers = script.get("/api/providers").await.body;
    assert_eq!(providers["items"][0], json!({ "issuer": "https://ps.example", "ours": true }));
    assert_eq!(providers["items"][1], json!({ "issuer": AGENTS, "ours": false }));
    assert_eq!(providers["any"], false);
}

/// "Single use", and yet a visit of nobody's costs nothing.
#[tokio::test]
async fn a_code_is_not_lost_by_logging_in() {
    let world = World::new().await;
    let asked = identify(&world, &Agent::new("planner"), ORDERS).await;
    let link = format!("/interact?code={}&callback=http%3A%2F%2F127.0.0.1%2F", asked.code());
    let browser = Browser::new(&world);
    for _ in 0..3 {
        let (status, _, page) = browser.page(&link).await;
        assert_eq!(status, 401);
        let next = "/login?next=%2Finteract%3Fcode%3D";
        assert!(page.contains(next), "{page}");
    }
    let there = Browser::of(&world, &world.ada).await;
    let (status, headers, _) = there.page(&link).await;
    let location = headers["location"].to_str().unwrap();
    assert_eq!((status, location), (303, format!("/interact/{}", id(&asked)).as_str()));
    // Looking again is no second arrival; the code is used up.
    assert_eq!(there.page(location).await.0, 200);
    assert_eq!(there.page(location).await.0, 200);
    assert_eq!(there.page(&link).await.0, 410);
    assert_eq!(there.page("/interact").await.0, 400);
    assert_eq!(there.page("/interact?code=XXXX").await.0, 410);
}

/// Whatever an agent says, the page is ours.
#[tokio::test]
async fn nothing_an_agent_says_becomes_markup() {
    let world = World::new().await;
    let body = json!({
        "resource": ORDERS, "capabilities": CAPABLE, "justification": "<script>alert(1)</script><img src=x onerror=alert(2)>",
    });
    let asked = world.post(&Agent::new("planner"), "/person", body).await;
    let browser = Browser::of(&world, &world.ada).await;
    let (status, headers, page) = browser.page(&format!("/interact/{}", id(&asked))).await;
    assert_eq!(status, 200);
    assert!(page.contains("&lt;script&gt;alert(1)") && !page.contains("<script") && !page.contains("<img"), "{page}");
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("script-src"), "{policy}");
    assert_eq!(
        (&headers["x-frame-options"], &headers["referrer-policy"]),
        (&"DENY".parse().unwrap(), &"no-referrer".parse().unwrap())
    );
    let (_, _, form) = Browser::new(&world).page("/login?next=/interact?code=%22%3E%3Cscript%3E").await;
    assert!(!form.contains("<script"), "{form}");
}
