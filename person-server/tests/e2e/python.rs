//! The Python agents' library `aauth` as our agents: enrolled, asked about, on a mission, ended. What it is given it
//! verifies itself, and the resource lets it pass or not.

use serde_json::{Value, json};

use super::support::process::eventually;
use super::support::upstream::Received;
use super::support::{ORDERS, PS, Person, Python, Scene, claims};

const ORDER: &str = "https://orders.example/v1/orders/42";

/// The person comes with the code that the agent showed, sees this, and agrees.
fn approving<'a>(ada: &'a Person, kind: &'a str) -> impl FnMut(&Value) + 'a {
    move |event| {
        let seen = arrives(ada, event);
        assert_eq!(seen["kind"], kind, "{seen}");
        ada.approve(&seen);
    }
}

fn arrives(ada: &Person, event: &Value) -> Value {
    assert_eq!(event["event"], "interaction", "{event}");
    let url = event["url"].as_str().unwrap();
    assert!(url.starts_with(&format!("{PS}/interact?code=")), "{url}");
    ada.arrive(event["code"].as_str().unwrap())
}

/// Enrols it, with the person's approval; answers who it is.
fn enrolled(scene: &Scene, agent: &mut Python) -> String {
    let ask =
        json!({ "op": "register", "agent_name": "Research assistant", "platform": "linux", "device": "a laptop" });
    let said = agent.call_while(&ask, approving(&scene.ada, "enroll"));
    assert_eq!(said["status"], 200, "{said}");
    said["claims"]["sub"].as_str().unwrap().to_owned()
}

fn person_token() -> Value {
    json!({ "op": "person_token", "resource": ORDERS, "capabilities": ["interaction", "clarification"] })
}

fn call(agent: &mut Python, token: Option<&str>) -> Value {
    agent.call(&json!({ "op": "call", "method": "GET", "url": ORDER, "token": token }))
}

/// What the application behind the gateway received.
fn passes(agent: &mut Python, token: &str) -> Received {
    let answer = call(agent, Some(token));
    assert_eq!(answer["status"], 200, "{answer}");
    Received::of(answer["body"].clone())
}

/// What to ask for, so that this token passes.
fn auth_token(agent: &mut Python, presented: &str) -> Value {
    let refused = call(agent, Some(presented));
    assert_eq!(refused["status"], 401, "{refused}");
    json!({
        "op": "auth_token", "resource": ORDERS, "challenge": refused["headers"], "presented_token": presented,
        "capabilities": ["interaction", "clarification"], "justification": "To see *when* it comes.",
        "answer": "The one that is late.",
    })
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value}")).to_owned()
}

#[test]
fn it_enrols_waits_for_consent_and_reads_an_order() {
    let scene = Scene::new();
    let mut agent = scene.python(21, None);
    let who = enrolled(&scene, &mut agent);
    assert!(who.ends_with("@ps.example"), "{who}");
    let personal = call(&mut agent, None);
    assert_eq!(personal["headers"]["aauth-requirement"], "requirement=person-token", "{personal}");

    let person = text(&agent.call_while(&person_token(), approving(&scene.ada, "identify")));

    // The person asks first, and agrees to what the resource says the scope means.
    let ask = auth_token(&mut agent, &person);
    let mut shown = Value::Null;
    let granted = agent.call_while(&ask, |event| match event["event"].as_str() {
        Some("interaction") => {
            shown = arrives(&scene.ada, event);
            assert_eq!(shown["agent"]["agent"], who);
            assert_eq!(shown["scopes"][0]["description"], "Read your orders");
            assert_eq!(shown["agent_says"]["justification"], "To see *when* it comes.");
            scene.ada.decide(&shown, json!({ "decision": "ask", "question": "Which order?" }));
        }
        Some("clarification") => {
            assert_eq!(event["question"], "Which order?");
            let answered = scene.ada.answered(&shown);
            assert_eq!(answered["chat"][0]["agent_answered"], "The one that is late.");
            scene.ada.approve(&answered);
        }
        Some(_) | None => panic!("{event}"),
    });
    let granted = text(&granted);
    let received = passes(&mut agent, &granted);
    assert_eq!(received.values("x-aauth-person"), [text(&claims(&person)["sub"])]);
    assert_eq!(received.values("x-aauth-person-server"), [PS]);
    assert_eq!(received.values("x-aauth-scope"), ["orders.read"]);

    // What was agreed to is not asked again.
    let person = text(&agent.call(&person_token()));
    let ask = auth_token(&mut agent, &person);
    let granted = text(&agent.call(&ask));
    passes(&mut agent, &granted);
    assert_eq!(scene.ada.waiting(), Vec::<Value>::new());
}

#[test]
fn its_stable_key_vouches_for_the_next() {
    let scene = Scene::new();
    let mut agent = scene.python(22, Some(32));
    let who = enrolled(&scene, &mut agent);
    let person = text(&agent.call_while(&person_token(), approving(&scene.ada, "identify")));

    // It starts again with another key to sign with: the same agent, and nobody is asked.
    let mut agent = scene.python(23, Some(32));
    let said = agent.call(&json!({ "op": "refresh" }));
    assert_eq!((said["status"].as_u64(), &said["claims"]["sub"]), (Some(200), &json!(who)), "{said}");
    let again = text(&agent.call(&person_token()));
    assert_eq!(claims(&again)["sub"], claims(&person)["sub"]);
    assert_ne!(claims(&again)["cnf"], claims(&person)["cnf"]);
    // The former key's token is no good under the new one.
    let stolen = call(&mut agent, Some(&person));
    assert_eq!(stolen["headers"]["signature-error"], "error=invalid_signature", "{stolen}");
}

#[test]
fn it_hears_no() {
    let scene = Scene::new();
    let mut agent = scene.python(24, None);
    enrolled(&scene, &mut agent);
    let refusal = agent.fails(&person_token(), |event| {
        let seen = arrives(&scene.ada, event);
        scene.ada.decide(&seen, json!({ "decision": "deny", "reason": "not there" }));
    });
    let why = refusal["error"].as_str().unwrap();
    assert!(why.contains("denied") && why.contains("not there"), "{refusal}");
}

#[test]
fn it_runs_a_mission_to_completion() {
    let scene = Scene::new();
    let ada = &scene.ada;
    let mut agent = scene.python(25, None);
    enrolled(&scene, &mut agent);

    let proposal = json!({
        "op": "propose", "description": "# Find out\n\nwhen order 42 comes", "resources": [ORDERS],
        "tools": [{ "name": "Search" }, { "name": "Buy" }], "capabilities": ["interaction"],
    });
    let approved = agent.call_while(&proposal, |event| {
        let seen = arrives(ada, event);
        assert_eq!((&seen["kind"], &seen["agent_says"]["resources"]), (&json!("mission"), &json!([ORDERS])));
        ada.decide(&seen, json!({ "decision": "approve", "mission": { "tools": ["Search"] } }));
    });
    let mission = &approved["mission"];
    let s256 = text(&mission["mission_s256"]);
    assert_eq!(mission["mission"]["approved_tools"], json!([{ "name": "Search" }]), "{mission}");

    // The mission's own person token leads to an order, and the resource is told which mission it is.
    let person = text(&mission["person_tokens"][ORDERS]);
    assert_eq!(claims(&person)["mission_s256"], s256);
    let ask = auth_token(&mut agent, &person);
    let granted = agent.call_while(&ask, |event| {
        let seen = arrives(ada, event);
        assert_eq!(seen["mission"]["id"], s256);
        ada.decide(&seen, json!({ "decision": "approve", "remember": "mission" }));
    });
    let granted = text(&granted);
    assert_eq!(claims(&granted)["mission_s256"], s256);
    passes(&mut agent, &granted);

    // An approved tool is not asked about, another is, and what was done is told.
    let permit = |action: &str| {
        let params = json!({ "action": action, "mission_s256": s256, "capabilities": ["interaction"] });
        json!({ "op": "ask", "endpoint": "permission_endpoint", "params": params })
    };
    assert_eq!(agent.call(&permit("Search"))["body"], json!({ "permission": "granted" }));
    let bought = agent.call_while(&permit("Buy"), |event| {
        let seen = arrives(ada, event);
        ada.decide(&seen, json!({ "decision": "deny", "reason": "only look" }));
    });
    assert_eq!(bought["body"], json!({ "permission": "denied", "reason": "only look" }));
    let done = json!({ "action": "Search", "mission_s256": s256, "result": { "comes": "tomorrow" } });
    let told = agent.call(&json!({ "op": "ask", "endpoint": "audit_endpoint", "params": done }));
    assert_eq!(told["status"], 201, "{told}");

    let update = json!({ "description": "And order 43", "capabilities": ["interaction"] });
    let update = json!({ "op": "mission", "s256": s256, "action": "update", "params": update });
    assert_eq!(agent.call_while(&update, approving(ada, "update"))["status"], 200);
    let completion = json!({ "summary": "It comes tomorrow.", "capabilities": ["interaction"] });
    let completion = json!({ "op": "mission", "s256": s256, "action": "completion", "params": completion });
    let over = agent.call_while(&completion, approving(ada, "complete"));
    assert_eq!(over["body"], json!({ "mission_status": "terminated", "termination_reason": "completed" }));

    let mut ask = person_token();
    ask["mission_s256"] = json!(s256);
    assert_eq!(agent.fails(&ask, |event| panic!("{event}"))["code"], "mission_terminated");
    let log = ada.get(&format!("/api/missions/{s256}/log"));
    let kinds: Vec<&str> = log["items"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
    for kind in ["token_request", "permission", "audit", "update", "completion", "terminated"] {
        assert!(kinds.contains(&kind), "no `{kind}` in {kinds:?}");
    }
}

#[test]
fn it_is_ended_and_refused() {
    let scene = Scene::new();
    let mut agent = scene.python(26, None);
    let who = enrolled(&scene, &mut agent);
    let person = text(&agent.call_while(&person_token(), approving(&scene.ada, "identify")));
    let ask = auth_token(&mut agent, &person);
    let granted = text(&agent.call_while(&ask, approving(&scene.ada, "authorize")));
    passes(&mut agent, &granted);

    let agents = scene.ada.get("/api/agents");
    assert_eq!(agents["items"][0]["agent"], who);
    let path = format!("/api/agents/{}", text(&agents["items"][0]["id"]));
    assert_eq!(scene.ada.send("DELETE", &path, None).status, 204);

    // At its person server, for whatever it has...
    agent.fails(&person_token(), |event| panic!("{event}"));
    let refreshed = agent.call(&json!({ "op": "refresh" }));
    assert_eq!(refreshed["status"], 403, "{refreshed}");
    // ... and at the resource, which was told.
    eventually("told", || is_revoked(&call(&mut agent, Some(&granted))));
    assert!(is_revoked(&call(&mut agent, Some(&person))));
}

fn is_revoked(answer: &Value) -> bool {
    answer["headers"]["signature-error"] == "error=revoked_jwt"
}
