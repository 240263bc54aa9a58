//! "Agent Provider": enrolment, agent tokens, refresh, and the end of an agent.

use aauth_authorizer::aauth::requirement::Requirement;
use aauth_authorizer::aauth::signing::Signer;
use person_server::domain::agent::AgentKey;
use person_server::domain::decision::{Approval, Decision};
use person_server::store::AuditQuery;
use serde_json::{Value, json};

use super::support::{Agent, Device, NOW, World, key};

const ORDERS: &str = "https://orders.example";

async fn asks_for_orders(world: &World, agent: &Agent) -> super::support::Reply {
    world.post(agent, "/person", json!({ "resource": ORDERS, "capabilities": ["interaction"] })).await
}

/// A key asks, the person approves, and the key is an agent's: of this provider, with this person server.
#[tokio::test]
async fn an_agent_is_enrolled() {
    let world = World::new().await;
    let device = Device::new("planner");
    let asked = device.register(&world).await;
    assert_eq!((asked.status, asked.body["status"].as_str()), (202, Some("pending")), "{asked:?}");
    assert!(asked.header("location").starts_with("/register/pending/"));
    assert_eq!((asked.header("retry-after"), asked.header("cache-control")), ("5", "no-store"));
    let Requirement::Interaction { url, code } = asked.requirement() else { panic!("{asked:?}") };
    assert_eq!((url.as_str(), code.len()), ("https://ps.example/interact", 19));

    assert_eq!(device.poll(&world, &asked).await.status, 202);
    world.approve(&world.ada, &asked).await;
    let granted = device.poll(&world, &asked).await;
    assert_eq!(granted.status, 200, "{granted:?}");
    let claims = granted.claims("agent_token");
    assert_eq!((&claims["iss"], &claims["ps"]), (&json!("https://ps.example"), &json!("https://ps.example")));
    assert_eq!((&claims["dwk"], &claims["sub"]), (&json!("aauth-agent.json"), &granted.body["agent"]));
    assert_eq!((&claims["iat"], &claims["exp"]), (&json!(NOW), &json!(NOW + 86_400)));
    assert_eq!(granted.body["expires_in"], 86_400);
    assert_eq!(claims["cnf"]["jwk"]["x"], device.signing.public().to_jwk()["x"]);
    assert_eq!(claims["cnf"]["jwk"]["alg"], "Ed25519");
    assert!(claims.get("parent_agent").is_none());
    let sub = granted.text("agent");
    assert!(sub.starts_with("aauth:") && sub.ends_with("@ps.example") && !sub.contains('+'), "{sub}");

    device.poll(&world, &asked).await.refused(410, "invalid_code");
    let agent = device.agent(&world, &granted);
    let binding = world.store.agent(&agent.agent_key()).await.unwrap().unwrap();
    assert_eq!((&binding.person, binding.name.as_deref()), (&world.ada, Some("Research assistant")));
    assert_eq!((binding.platform.as_deref(), binding.device.as_deref()), (Some("linux"), Some("Ada's laptop")));
    assert_eq!(asks_for_orders(&world, &agent).await.status, 202);
}

/// One key is enough: it stays, and it signs.
#[tokio::test]
async fn an_agent_with_one_key_is_enrolled() {
    let world = World::new().await;
    let device = Device::single("planner");
    let agent = device.enrolled(&world).await;
    let again = device.refresh(&world).await;
    assert_eq!((again.status, again.text("agent")), (200, agent.claims.sub.as_str().to_owned()));
    assert_eq!(again.claims("agent_token")["cnf"]["jwk"]["x"], device.stable.public().to_jwk()["x"]);
}

/// Nobody is asked again; each token is for the key that was just vouched for.
#[tokio::test]
async fn an_agent_token_is_refreshed_without_asking() {
    let world = World::new().await;
    let device = Device::new("planner");
    let agent = device.enrolled(&world).await;
    world.clock.set(NOW + 86_000);
    let later = device.started_again("second");
    for answer in [later.refresh(&world).await, later.register(&world).await] {
        assert_eq!((answer.status, answer.text("agent")), (200, agent.claims.sub.as_str().to_owned()), "{answer:?}");
        let claims = answer.claims("agent_token");
        assert_eq!(claims["exp"], NOW + 86_000 + 86_400);
        assert_eq!(claims["cnf"]["jwk"]["x"], later.signing.public().to_jwk()["x"]);
    }
    // A body is not needed.
    assert_eq!(later.send(&world, "POST", "/refresh", None).await.status, 200);
    let devices = world.server.devices_of(&world.ada, &agent.agent_key()).await.unwrap();
    assert_eq!((devices.len(), devices[0].refreshed_at), (1, NOW + 86_000));
    Device::new("unknown").refresh(&world).await.refused(404, "not_found");
}

/// An agent token lasts as long as the operator says, and a day at most.
#[tokio::test]
async fn an_agent_token_lasts_a_day_at_most() {
    for (configured, lasts) in [(3600, 3600), (30 * 86_400, 86_400)] {
        let world = World::with(|settings| settings.agent_token_lifetime = configured).await;
        let agent = Device::new("planner").enrolled(&world).await;
        assert_eq!(agent.claims.common.exp - agent.claims.common.iat, lasts);
    }
}

/// The person says that the new device is an agent they have: the same agent to everybody.
#[tokio::test]
async fn a_new_device_is_another_of_a_known_agent() {
    let world = World::new().await;
    let bob = world.person("bob").await;
    let laptop = Device::new("laptop");
    let asked = laptop.register(&world).await;
    world.server.arrive(&world.ada, &asked.code(), None).await.unwrap();
    world.approve(&world.ada, &asked).await;
    let agent = laptop.agent(&world, &laptop.poll(&world, &asked).await);

    let phone = Device::new("phone");
    let asked = phone.register(&world).await;
    let id = super::support_pending(&asked);
    let linked = Approval { link: Some(agent.claims.sub.clone()), ..Approval::default() };
    let yes = || Decision::Approve(Box::new(linked.clone()));
    world.server.arrive(&world.ada, &asked.code(), None).await.unwrap();
    world.server.decide(&world.ada, &id, yes()).await.unwrap();
    let granted = phone.poll(&world, &asked).await;
    assert_eq!((granted.status, granted.text("agent")), (200, agent.claims.sub.as_str().to_owned()), "{granted:?}");
    assert_eq!(world.server.devices_of(&world.ada, &agent.agent_key()).await.unwrap().len(), 2);
    assert!(world.server.devices_of(&bob, &agent.agent_key()).await.is_err());

    // Bob's new device does not become Ada's agent.
    let bobs = Device::new("bob's");
    let asked = bobs.register(&world).await;
    world.server.arrive(&bob, &asked.code(), None).await.unwrap();
    assert!(world.server.decide(&bob, &super::support_pending(&asked), yes()).await.is_err());
    assert_eq!(bobs.poll(&world, &asked).await.status, 202);
}

/// An agent that was ended between approval and collection gets no new device.
#[tokio::test]
async fn a_device_of_an_agent_that_ended_is_refused() {
    let world = World::new().await;
    let agent = Device::new("laptop").enrolled(&world).await;
    let phone = Device::new("phone");
    let asked = phone.register(&world).await;
    let linked = Approval { link: Some(agent.claims.sub.clone()), ..Approval::default() };
    world.decide(&world.ada, &asked, Decision::Approve(Box::new(linked))).await;
    world.server.end_agent(&world.ada, &agent.agent_key()).await.unwrap();
    phone.poll(&world, &asked).await.refused(403, "denied");
    phone.poll(&world, &asked).await.refused(410, "invalid_code");
    phone.refresh(&world).await.refused(404, "not_found");
}

#[tokio::test]
async fn the_person_declines() {
    let world = World::new().await;
    let device = Device::new("planner");
    let asked = device.register(&world).await;
    world.decide(&world.ada, &asked, Decision::Deny { reason: None }).await;
    device.poll(&world, &asked).await.refused(403, "denied");
    device.poll(&world, &asked).await.refused(410, "invalid_code");
    device.refresh(&world).await.refused(404, "not_found");
    assert!(world.store.agents_of(&world.ada).await.unwrap().is_empty());
}

/// The person asks back; the answer is the agent's own word.
#[tokio::test]
async fn a_question_is_answered() {
    let world = World::new().await;
    let device = Device::new("planner");
    let asked = device.register(&world).await;
    world.decide(&world.ada, &asked, Decision::Ask { question: "Who are you?".into(), options: Vec::new() }).await;
    let told = device.poll(&world, &asked).await;
    assert_eq!((told.status, told.requirement()), (202, Requirement::Clarification));
    let path = asked.header("location");
    let wrong = json!({ "action": "updated_request" });
    device.send(&world, "POST", path, Some(wrong)).await.refused(400, "invalid_request");
    let answer = json!({ "action": "clarification_response", "clarification_response": "Your assistant." });
    let answered = device.send(&world, "POST", path, Some(answer)).await;
    assert_eq!((answered.status, answered.requirement()), (202, Requirement::Approval), "{answered:?}");
    world.approve(&world.ada, &asked).await;
    assert_eq!(device.poll(&world, &asked).await.status, 200);
}

#[tokio::test]
async fn an_agent_gives_up() {
    let world = World::new().await;
    let device = Device::new("planner");
    let asked = device.register(&world).await;
    let path = asked.header("location");
    assert_eq!(device.send(&world, "DELETE", path, None).await.status, 204);
    device.send(&world, "DELETE", path, None).await.refused(410, "invalid_code");
    device.poll(&world, &asked).await.refused(410, "invalid_code");
    // It may ask again.
    assert_eq!(device.register(&world).await.status, 202);
}

/// What the person ends gets no token any more, and what it holds is worth nothing here.
#[tokio::test]
async fn an_agent_is_ended() {
    let world = World::new().await;
    let device = Device::new("planner");
    let agent = device.enrolled(&world).await;
    let second = device.agent(&world, &device.refresh(&world).await);
    let asked = asks_for_orders(&world, &agent).await;
    assert_eq!(asked.status, 202);
    let bob = world.person("bob").await;
    assert!(world.server.end_agent(&bob, &agent.agent_key()).await.is_err());
    assert_eq!(device.refresh(&world).await.status, 200);

    world.server.end_agent(&world.ada, &agent.agent_key()).await.unwrap();
    device.refresh(&world).await.refused(403, "denied");
    device.register(&world).await.refused(403, "denied");
    for held in [&agent, &second] {
        asks_for_orders(&world, held).await.refused(401, "revoked_jwt");
    }
    let pending = world.store.pending(&super::support_pending(&asked)).await.unwrap().unwrap();
    assert_eq!(pending.state.name(), "ended");
    assert!(world.server.end_agent(&world.ada, &agent.agent_key()).await.is_err(), "it is ended already");
    let events = world.store.events_of(&world.ada, AuditQuery { limit: 100, ..AuditQuery::default() }).await.unwrap();
    assert!(events.iter().any(|entry| entry.event.kind == "agent.ended"), "{events:?}");
}

/// An agent of another provider is ended here too: its tokens are not taken any more.
#[tokio::test]
async fn another_providers_agent_is_ended() {
    let world = World::new().await;
    let agent = Agent::new("planner");
    world.person_token(&agent, ORDERS).await;
    world.server.end_agent(&world.ada, &agent.agent_key()).await.unwrap();
    asks_for_orders(&world, &agent).await.refused(401, "revoked_jwt");
}

/// A lost device is ended, and the agent lives on elsewhere.
#[tokio::test]
async fn a_device_is_ended() {
    let world = World::new().await;
    let laptop = Device::new("laptop");
    let agent = laptop.enrolled(&world).await;
    let phone = Device::new("phone");
    let asked = phone.register(&world).await;
    let linked = Approval { link: Some(agent.claims.sub.clone()), ..Approval::default() };
    world.decide(&world.ada, &asked, Decision::Approve(Box::new(linked))).await;
    assert_eq!(phone.poll(&world, &asked).await.status, 200);

    let lost = laptop.stable.public().thumbprint().as_str();
    let bob = world.person("bob").await;
    assert!(world.server.end_device(&bob, lost).await.is_err());
    world.server.end_device(&world.ada, lost).await.unwrap();
    asks_for_orders(&world, &agent).await.refused(401, "revoked_jwt");
    laptop.refresh(&world).await.refused(403, "denied");
    let kept = phone.agent(&world, &phone.refresh(&world).await);
    assert_eq!(asks_for_orders(&world, &kept).await.status, 202);
}

/// What an operator forbids is not asked; what an operator permits still is, since whose agent it is nobody said.
#[tokio::test]
async fn policies_may_refuse_an_enrolment_and_not_grant_it() {
    let policy = |effect: &str, reason: &str| {
        format!(r#"@id("enrolments") {reason} {effect} (principal, action == Governance::Action::"enroll", resource);"#)
    };
    let world = World::governed(&policy("forbid", r#"@reason("no new agents")"#)).await;
    let refused = Device::new("planner").register(&world).await;
    refused.refused(403, "denied");
    assert_eq!(refused.body["detail"], "no new agents");
    let world = World::governed(&policy("permit", "")).await;
    assert_eq!(Device::new("planner").register(&world).await.status, 202);
}

/// Resources see the identifier.
#[tokio::test]
async fn agents_have_names_that_tell_nothing() {
    let world = World::new().await;
    let subs: Vec<_> = [Device::new("one").enrolled(&world).await, Device::new("other").enrolled(&world).await]
        .map(|agent| agent.claims.sub.as_str().to_owned())
        .into();
    assert_ne!(subs[0], subs[1]);
    assert!(subs.iter().all(|sub| !sub.contains("esearch")), "{subs:?}");
}

#[tokio::test]
async fn the_provider_says_where_to_register() {
    let world = World::new().await;
    let metadata = world.raw("GET", "/.well-known/aauth-agent.json", &[], Vec::new()).await.body;
    assert_eq!(metadata["registration_endpoint"], "https://ps.example/register");
    assert_eq!(metadata["refresh_endpoint"], "https://ps.example/refresh");
}

/// Unknown members are ignored, known ones are bounded.
#[tokio::test]
async fn what_an_agent_says_of_itself_is_bounded() {
    let world = World::new().await;
    let device = Device::new("planner");
    for body in [
        json!({}),
        json!({ "agent_name": "" }),
        json!({ "agent_name": "   " }),
        json!({ "agent_name": "a\nb" }),
        json!({ "agent_name": "n".repeat(257) }),
        json!({ "agent_name": ["Research assistant"] }),
        json!({ "agent_name": "n", "device": "a\u{7}b" }),
        json!({ "agent_name": "n", "device": "d".repeat(65) }),
        json!({ "agent_name": "n", "platform": 7 }),
        json!({ "agent_name": "n", "capabilities": "interaction" }),
    ] {
        device.send(&world, "POST", "/register", Some(body)).await.refused(400, "invalid_request");
    }
    let waiting = world.store.waiting_for(&world.ada, NOW).await.unwrap();
    assert!(waiting.is_empty());
    let body = json!({ "agent_name": "n".repeat(256), "stable_pub": {}, "expected": Value::Null });
    assert_eq!(device.send(&world, "POST", "/register", Some(body)).await.status, 202);
}

mod attacks {
    use super::*;

    /// Who only knows somebody's stable public key gets nothing for it: the key vouches for nobody.
    #[tokio::test]
    async fn a_known_stable_key_without_its_proof_is_worth_nothing() {
        let world = World::new().await;
        let device = Device::new("planner");
        let agent = device.enrolled(&world).await;
        let mallory = Device::new("mallory");
        let jwk = device.stable.public().to_jwk();

        // As the earlier generation had it: the key in the body, signed by another.
        let body = json!({ "stable_pub": jwk, "agent_name": "Research assistant" });
        let signer = Signer::Pseudonymous;
        let answer = world.signed((signer, &mallory.signing), "POST", "/register", Some(body), &[]).await;
        assert_eq!(answer.status, 202, "a stranger, who has to be approved: {answer:?}");

        // A naming token for Mallory's key, said to be of the stable key, signed by Mallory.
        let mut claims = mallory.naming_claims(&world);
        claims["iss"] = json!(format!("urn:jkt:sha-256:{}", device.stable.public().thumbprint()));
        let forged = mallory.stable.sign_jwt_with_inline_key("jkt-s256+jwt", claims.as_object().unwrap());
        for path in ["/register", "/refresh"] {
            let body = Some(json!({ "agent_name": "Research assistant" }));
            mallory.send_named(&world, &forged, "POST", path, body).await.refused(401, "invalid_jwt");
        }
        // The device's own naming token, sent by another key than it names.
        let naming = device.naming(&device.naming_claims(&world));
        for path in ["/register", "/refresh"] {
            let body = Some(json!({ "agent_name": "Research assistant" }));
            let answer = mallory.send_named(&world, &naming, "POST", path, body).await;
            answer.refused(401, "invalid_signature");
        }
        // The agent token itself opens nothing here.
        world.post(&agent, "/refresh", json!({})).await.refused(401, "unsupported_scheme");
    }

    /// The same key that asks again is told the same: one ask, one code.
    #[tokio::test]
    async fn a_registration_is_not_doubled() {
        let world = World::new().await;
        let device = Device::new("planner");
        let first = device.register(&world).await;
        let again = device.register(&world).await;
        let restarted = device.started_again("second").register(&world).await;
        for other in [&again, &restarted] {
            assert_eq!(other.header("location"), first.header("location"));
            assert_eq!(other.code(), first.code());
        }
        let at_once = futures_join(&world).await;
        assert_eq!(at_once[0].header("location"), at_once[1].header("location"));
        // Whoever proves the stable key collects, for the key it signs with.
        world.approve(&world.ada, &first).await;
        let collected = device.started_again("third").poll(&world, &first).await;
        assert_eq!(collected.status, 200, "{collected:?}");
        let key = device.started_again("third").signing;
        assert_eq!(collected.claims("agent_token")["cnf"]["jwk"]["x"], key.public().to_jwk()["x"]);
    }

    async fn futures_join(world: &World) -> [super::super::support::Reply; 2] {
        let device = Device::new("twice at once");
        let (one, other) = tokio::join!(device.register(world), device.register(world));
        [one, other]
    }

    #[tokio::test]
    async fn a_registration_nobody_approves_expires() {
        let world = World::new().await;
        let device = Device::new("planner");
        let asked = device.register(&world).await;
        world.clock.set(NOW + 601);
        device.poll(&world, &asked).await.refused(408, "expired");
        device.poll(&world, &asked).await.refused(410, "invalid_code");
        assert!(world.server.arrive(&world.ada, &asked.code(), None).await.is_err());
        let again = device.register(&world).await;
        assert_eq!(again.status, 202);
        assert_ne!(again.header("location"), asked.header("location"));
    }

    /// An approval that is not collected in time is none.
    #[tokio::test]
    async fn an_approval_is_collected_in_time() {
        let world = World::new().await;
        let device = Device::new("planner");
        let asked = device.register(&world).await;
        world.approve(&world.ada, &asked).await;
        world.clock.set(NOW + 601);
        device.poll(&world, &asked).await.refused(410, "invalid_code");
        assert!(world.store.agents_of(&world.ada).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn only_the_stable_key_that_asked_polls() {
        let world = World::new().await;
        let device = Device::new("planner");
        let asked = device.register(&world).await;
        world.approve(&world.ada, &asked).await;
        let path = asked.header("location");
        for other in [Device::new("mallory"), Device::single("mallory")] {
            for method in ["GET", "DELETE"] {
                other.send(&world, method, path, None).await.refused(404, "not_found");
            }
        }
        // The key it signs with is not the key that asked.
        let bare = world.signed((Signer::Pseudonymous, &device.signing), "GET", path, None, &[]).await;
        bare.refused(404, "not_found");
        let agent = Agent::new("planner");
        world.send(&agent, "GET", path, None).await.refused(401, "unsupported_scheme");
        let elsewhere = path.replace("/register", "");
        world.send(&agent, "GET", &elsewhere, None).await.refused(404, "not_found");
        assert_eq!(device.poll(&world, &asked).await.status, 200);
    }

    /// A naming token is for a moment, for us, and of the right type; the request is for this URL of ours.
    #[tokio::test]
    async fn a_naming_token_is_not_kept() {
        let world = World::new().await;
        let device = Device::new("planner");
        device.enrolled(&world).await;
        let fresh = device.naming_claims(&world);
        let kept = device.naming(&fresh);
        let refresh = async |naming: &str| device.send_named(&world, naming, "POST", "/refresh", Some(json!({}))).await;
        assert_eq!(refresh(&kept).await.status, 200);
        world.clock.set(NOW + 299);
        assert_eq!(refresh(&kept).await.status, 200, "within its life");
        world.clock.set(NOW + 300);
        refresh(&kept).await.refused(401, "expired_jwt");
        world.clock.set(NOW);

        let with = |name: &str, value: Value| {
            let mut claims = fresh.clone();
            claims[name] = value;
            device.naming(&claims)
        };
        refresh(&with("exp", json!(NOW + 301))).await.refused(401, "invalid_jwt");
        refresh(&with("iat", json!(NOW + 61))).await.refused(401, "clock_skew");
        refresh(&with("aud", json!("https://other.example"))).await.refused(401, "invalid_jwt");
        assert_eq!(refresh(&with("aud", json!("https://ps.example"))).await.status, 200);
        let untyped = device.stable.sign_jwt_with_inline_key("JWT", fresh.as_object().unwrap());
        refresh(&untyped).await.refused(401, "invalid_jwt");

        // Signed for another path, or another host.
        let body = b"{}".to_vec();
        let signer = Signer::Delegated { token: &kept };
        let headers = world.headers((signer, &device.signing), "POST", "/register", &body, &[]);
        world.raw("POST", "/refresh", &headers, body.clone()).await.refused(401, "invalid_signature");
        let other_body = world.headers((signer, &device.signing), "POST", "/refresh", &body, &[]);
        let swapped = br#"{"a":1}"#.to_vec();
        world.raw("POST", "/refresh", &other_body, swapped).await.refused(401, "invalid_signature");
        let late = world.headers((signer, &device.signing), "POST", "/refresh", &body, &[]);
        world.clock.set(NOW + 61);
        world.raw("POST", "/refresh", &late, body).await.refused(401, "invalid_signature");
    }

    #[tokio::test]
    async fn who_does_not_sign_is_told_how_to() {
        let world = World::new().await;
        let body = json!({ "agent_name": "n" }).to_string().into_bytes();
        let json = [("content-type".to_owned(), "application/json".to_owned())];
        for path in ["/register", "/refresh", "/subagent"] {
            world.raw("POST", path, &json, body.clone()).await.refused(401, "invalid_signature");
        }
        let agent = Agent::new("planner");
        let answer = world.post(&agent, "/register", json!({ "agent_name": "n" })).await;
        answer.refused(401, "unsupported_scheme");
        assert_eq!(answer.header("accept-signature-scheme"), "jkt-jwt, hwk");
        // A body that is not covered is not read.
        let signer = Signer::Pseudonymous;
        let mut headers = world.headers((signer, &key("k")), "POST", "/register", b"", &[]);
        headers.extend(json);
        world.raw("POST", "/register", &headers, body).await.refused(401, "invalid_input");
    }

    /// Strangers cannot fill the server, nor one of them the others' room.
    #[tokio::test]
    async fn strangers_are_limited() {
        let world = World::with(|settings| settings.limits.enrollments_waiting = 2).await;
        for name in ["one", "two"] {
            assert_eq!(Device::new(name).register(&world).await.status, 202);
        }
        let third = Device::new("three").register(&world).await;
        third.refused(429, "rate_limited");
        assert!(!third.header("retry-after").is_empty());
        assert_eq!(Device::new("one").register(&world).await.status, 202, "who waits already is told so");
        // An agent of another provider is not shut out by them.
        assert_eq!(asks_for_orders(&world, &Agent::new("planner")).await.status, 202);

        let world = World::with(|settings| settings.limits.enrollments_per_minute = 1).await;
        assert_eq!(Device::new("one").register(&world).await.status, 202);
        Device::new("two").register(&world).await.refused(429, "rate_limited");
        assert_eq!(Device::new("one").register(&world).await.status, 202);
    }

    /// With several persons here, nobody approves an agent without its code.
    #[tokio::test]
    async fn an_agent_is_whose_code_it_showed() {
        let world = World::new().await;
        let bob = world.person("bob").await;
        let device = Device::new("planner");
        let asked = device.register(&world).await;
        let id = super::super::support_pending(&asked);
        let yes = || Decision::Approve(Box::default());
        assert!(world.server.decide(&bob, &id, yes()).await.is_err());
        world.server.arrive(&world.ada, &asked.code(), None).await.unwrap();
        assert!(world.server.decide(&bob, &id, yes()).await.is_err());
        world.server.decide(&world.ada, &id, yes()).await.unwrap();
        let agent = device.agent(&world, &device.poll(&world, &asked).await);
        let key = AgentKey { iss: agent.claims.common.iss.clone(), sub: agent.claims.sub.clone() };
        assert_eq!(world.store.agent(&key).await.unwrap().unwrap().person, world.ada);
    }
}
