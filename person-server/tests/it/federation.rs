//! "Access Server Federation": the resource's access server issues, and this server stands between it and the agent.

use aauth_authorizer::aauth::identifier::ServerId;
use aauth_authorizer::aauth::key::PublicKey;
use aauth_authorizer::aauth::metadata::Dwk;
use aauth_authorizer::aauth::requirement::Requirement;
use aauth_authorizer::aauth::token::Common;
use aauth_authorizer::aauth::token::auth::AuthToken;
use aauth_authorizer::discovery::{DiscoveryFault, ServerResponse};
use person_server::domain::decision::{Approval, Decision};
use serde_json::{Map, Value, json};

use super::support::{Agent, NOW, PS, Reply, Resource, World, answer, claims, deferred, key, pending_id};

const ORDERS: &str = "https://orders.example";
const ACCESS: &str = "https://access.example";
const ASK: &str = "POST https://access.example/token";
const POLL: &str = "GET https://access.example/pending/1";
const TELL: &str = "POST https://access.example/pending/1";

/// Makes a token what it must not be.
type Spoils = Box<dyn Fn(&mut AuthToken)>;

struct Scene {
    world: World,
    agent: Agent,
    orders: Resource,
    person_token: String,
}

async fn scene() -> Scene {
    let world = World::new().await;
    let orders = Resource::published(&world, ORDERS);
    let more = json!({ "auth_token_endpoint": format!("{ACCESS}/token") });
    world.network.publish(ACCESS, &key("access-1"), &more);
    let agent = Agent::new("planner");
    let person_token = world.person_token(&agent, ORDERS).await;
    Scene { world, agent, orders, person_token }
}

impl Scene {
    fn body(&self) -> Value {
        self.asks(&["orders.read"], &["interaction", "clarification"])
    }

    fn asks(&self, scopes: &[&str], capabilities: &[&str]) -> Value {
        let mut asked = self.orders.asks(&self.world, &self.person_token, scopes);
        asked.aud = ServerId::parse(ACCESS).unwrap();
        json!({
            "resource_token": asked.sign(&self.orders.key),
            "presented_token": self.person_token,
            "capabilities": capabilities,
        })
    }

    /// The token the access server would issue.
    fn token(&self) -> AuthToken {
        let shown = claims(&self.person_token);
        AuthToken {
            common: Common {
                iss: ServerId::parse(ACCESS).unwrap(),
                dwk: Dwk::Access,
                jti: "as-1".into(),
                iat: self.world.now(),
                exp: NOW + 1800,
            },
            aud: ServerId::parse(ORDERS).unwrap(),
            ps: ServerId::parse(PS).unwrap(),
            sub: shown["sub"].as_str().unwrap().to_owned(),
            key: PublicKey::from_jwk(shown["cnf"]["jwk"].as_object().unwrap()).unwrap(),
            scopes: vec!["orders.read".into()],
            account: None,
            mission_s256: None,
            tenant: None,
            more: Map::new(),
        }
    }

    fn grants(&self) -> ServerResponse {
        granted(&self.token())
    }

    /// Asks, and has the person approve: what the agent hears at its next poll, and where it polls.
    async fn approved(&self, body: Value) -> (Reply, Reply) {
        let asked = self.world.post(&self.agent, "/token", body).await;
        assert_eq!(asked.status, 202, "{asked:?}");
        assert_eq!(self.world.others.count(), 0, "the access server is asked after the person");
        self.world.approve(&self.world.ada, &asked).await;
        (self.world.poll(&self.agent, &asked).await, asked)
    }
}

fn granted(token: &AuthToken) -> ServerResponse {
    answer(200, &json!({ "auth_token": token.sign(&key("access-1")), "expires_in": 1800 }))
}

fn interacts() -> ServerResponse {
    let requirement = r#"requirement=interaction; url="https://access.example/bind"; code="A1B2-C3D4""#;
    deferred("https://access.example/pending/1", Some(requirement), &json!({ "status": "pending" }))
}

/// "PS-to-AS Token Request" and "Auth Token Delivery".
#[tokio::test]
async fn the_access_server_is_asked_after_the_person_and_its_token_is_handed_on() {
    let scene = scene().await;
    let (world, agent) = (&scene.world, &scene.agent);
    world.others.answers(ASK, scene.grants());
    let body = scene.body();
    let (got, asked) = scene.approved(body.clone()).await;
    assert_eq!(got.status, 200, "{got:?}");
    assert_eq!(got.claims("auth_token")["iss"], ACCESS);
    assert_eq!(got.body["expires_in"], 1800);

    let sent = &world.others.asked(ASK)[0];
    assert_eq!(sent.body["resource_token"], body["resource_token"]);
    assert_eq!(sent.body["presented_token"], scene.person_token);
    assert_eq!(sent.body["agent_token"], agent.token);
    assert!(sent.body.get("subagent_token").is_none() && sent.body.get("upstream_token").is_none());
    let signed_by = sent.header("signature-key");
    assert!(
        signed_by.contains(r#"jwks_uri;id="https://ps.example";dwk="aauth-person.json";kid="ps-1""#),
        "{signed_by}"
    );
    let covered = sent.header("signature-input");
    assert!(covered.contains(r#""content-digest""#) && covered.contains(r#""content-type""#), "{covered}");

    world.poll(agent, &asked).await.refused(410, "invalid_code");
    // What was agreed to once and for all needs nobody, and the access server is asked all the same.
    assert_eq!(world.post(agent, "/token", scene.body()).await.error(), "as_unreachable", "one `jti` is issued once");
    let again = AuthToken { common: Common { jti: "as-2".into(), ..scene.token().common }, ..scene.token() };
    world.others.forget(ASK);
    world.others.answers(ASK, granted(&again));
    assert_eq!(world.post(agent, "/token", scene.body()).await.status, 200);
}

/// "The PS MUST verify the auth token before returning it to the agent", steps 1 to 7: each on its own.
#[tokio::test]
async fn a_token_that_is_not_what_was_asked_for_is_none() {
    let scene = scene().await;
    let other = Agent::new("other").claims.key;
    // It publishes the very key, and is not whom we asked.
    scene.world.network.publish("https://evil.example", &key("access-1"), &json!({}));
    let spoiled: [(&str, Spoils); 11] = [
        ("issuer", Box::new(|token| token.common.iss = ServerId::parse("https://evil.example").unwrap())),
        ("dwk", Box::new(|token| token.common.dwk = Dwk::Person)),
        ("aud", Box::new(|token| token.aud = ServerId::parse("https://files.example").unwrap())),
        ("key", Box::new(move |token| token.key = other.clone())),
        ("sub", Box::new(|token| token.sub = "somebody".into())),
        ("ps", Box::new(|token| token.ps = ServerId::parse("https://evil.example").unwrap())),
        ("scope", Box::new(|token| token.scopes.push("orders.write".into()))),
        ("exp", Box::new(|token| token.common.exp = NOW + 3601)),
        ("expired", Box::new(|token| token.common.exp = NOW)),
        ("account", Box::new(|token| token.account = Some("work".into()))),
        ("mission", Box::new(|token| token.mission_s256 = Some("x".repeat(43)))),
    ];
    for (what, spoil) in spoiled {
        let mut token = scene.token();
        spoil(&mut token);
        scene.world.others.forget(ASK);
        scene.world.others.answers(ASK, granted(&token));
        let asked = scene.world.post(&scene.agent, "/token", scene.body()).await;
        let got = if asked.status == 202 {
            scene.world.approve(&scene.world.ada, &asked).await;
            scene.world.poll(&scene.agent, &asked).await
        } else {
            asked
        };
        assert_eq!((got.status, got.error()), (502, "as_unreachable"), "{what}: {got:?}");
        let issued = scene.world.store.issued_for(&scene.world.ada, 10).await.unwrap();
        assert_eq!(issued.len(), 1, "{what}: only the person token is on record");
    }
    scene.world.others.forget(ASK);
    let forged = scene.token().sign(&key("another key"));
    scene.world.others.answers(ASK, answer(200, &json!({ "auth_token": forged })));
    scene.world.post(&scene.agent, "/token", scene.body()).await.refused(502, "as_unreachable");
}

/// "The response to the agent carries the AS's error value and status", once, on the pending request.
#[tokio::test]
async fn a_refusal_is_relayed() {
    let scene = scene().await;
    let detail = json!({ "error": "insufficient_trust", "detail": "This person server is not known here." });
    scene.world.others.answers(ASK, answer(403, &detail));
    let (got, asked) = scene.approved(scene.body()).await;
    got.refused(403, "insufficient_trust");
    assert!(got.text("detail").contains("not known here"), "{got:?}");
    scene.world.poll(&scene.agent, &asked).await.refused(410, "invalid_code");
}

/// "When the PS cannot obtain a verifiable auth token at all": distinct from a refusal.
#[tokio::test]
async fn an_access_server_that_makes_no_sense_is_unreachable() {
    let scene = scene().await;
    let (world, agent) = (&scene.world, &scene.agent);
    world.others.fails(ASK, DiscoveryFault::TimedOut);
    let (got, asked) = scene.approved(scene.body()).await;
    got.refused(502, "as_unreachable");
    world.poll(agent, &asked).await.refused(410, "invalid_code");
    let nonsense = [
        answer(200, &json!({})),
        answer(200, &Value::Null),
        answer(401, &json!({ "error": "invalid_signature" })),
        answer(400, &Value::Null),
        answer(503, &Value::Null),
        answer(302, &Value::Null),
        // No `Location`.
        ServerResponse { headers: Vec::new(), ..deferred("", None, &json!({ "status": "pending" })) },
        // On another origin.
        deferred("https://evil.example/pending", None, &json!({ "status": "pending" })),
    ];
    for one in nonsense {
        world.others.forget(ASK);
        let what = format!("{one:?}");
        world.others.answers(ASK, one);
        let got = world.post(agent, "/token", scene.body()).await;
        assert_eq!((got.status, got.error()), (502, "as_unreachable"), "{what}: {got:?}");
    }
}

/// An access server that does not exist, or publishes nonsense, or is nowhere that may be called.
#[tokio::test]
async fn an_access_server_without_usable_metadata_is_unreachable() {
    let scene = scene().await;
    scene.world.network.serve(&format!("{ACCESS}/.well-known/aauth-access.json"), &json!({ "issuer": ACCESS }));
    let (got, _) = scene.approved(scene.body()).await;
    got.refused(502, "as_unreachable");
    assert_eq!(scene.world.others.count(), 0);
}

/// "The PS directs the user to the AS's interaction URL, or passes the interaction requirement back to the agent."
#[tokio::test]
async fn an_interaction_is_passed_on_and_polled_for() {
    let scene = scene().await;
    let (world, agent) = (&scene.world, &scene.agent);
    world.others.answers(ASK, interacts());
    let (got, asked) = scene.approved(scene.body()).await;
    assert_eq!(got.status, 202, "{got:?}");
    assert_eq!(got.header("location"), asked.header("location"));
    let there = Requirement::Interaction { url: "https://access.example/bind".into(), code: "A1B2-C3D4".into() };
    assert_eq!(got.requirement(), there);

    world.others.answers(POLL, deferred("/pending/1", None, &json!({ "status": "interacting" })));
    world.others.answers(POLL, scene.grants());
    let meanwhile = world.poll(agent, &asked).await;
    assert_eq!((meanwhile.status, meanwhile.body["status"].as_str()), (202, Some("interacting")), "{meanwhile:?}");
    let got = world.poll(agent, &asked).await;
    assert_eq!(got.claims("auth_token")["iss"], ACCESS);
    assert_eq!(world.others.asked(ASK).len(), 1, "it is asked once, and then polled");
    world.poll(agent, &asked).await.refused(410, "invalid_code");
}

/// Of two polls at once, one asks the access server: a resource token is redeemed once.
#[tokio::test]
async fn two_polls_at_once_ask_once() {
    let scene = scene().await;
    let (world, agent) = (&scene.world, &scene.agent);
    let asked = world.post(agent, "/token", scene.body()).await;
    world.approve(&world.ada, &asked).await;
    world.others.answers(ASK, scene.grants());
    let (one, other) = tokio::join!(world.poll(agent, &asked), world.poll(agent, &asked));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert!(statuses == [200, 202] || statuses == [200, 410], "{one:?} {other:?}");
    assert_eq!(world.others.asked(ASK).len(), 1);
}

/// A hiccup on the way to the access server costs the person no second approval.
#[tokio::test]
async fn a_poll_that_fails_is_made_again() {
    let scene = scene().await;
    let (world, agent) = (&scene.world, &scene.agent);
    world.others.answers(ASK, interacts());
    let (_, asked) = scene.approved(scene.body()).await;
    world.others.fails(POLL, DiscoveryFault::Unreachable("the connection broke"));
    let got = world.poll(agent, &asked).await;
    assert_eq!(got.status, 202, "{got:?}");
    assert!(matches!(got.requirement(), Requirement::Interaction { .. }));
    world.others.forget(POLL);
    world.others.answers(POLL, answer(503, &Value::Null));
    world.others.answers(POLL, scene.grants());
    assert_eq!(world.poll(agent, &asked).await.status, 202);
    assert_eq!(world.poll(agent, &asked).await.status, 200);
}

/// The access server may refuse later as well, and the wait has an end.
#[tokio::test]
async fn a_wait_ends_by_refusal_or_by_time() {
    let scene = scene().await;
    let (world, agent) = (&scene.world, &scene.agent);
    world.others.answers(ASK, interacts());
    let (_, asked) = scene.approved(scene.body()).await;
    world.others.answers(POLL, answer(403, &json!({ "error": "denied" })));
    world.poll(agent, &asked).await.refused(403, "denied");
    world.poll(agent, &asked).await.refused(410, "invalid_code");

    let waits = world.post(agent, "/token", scene.body()).await;
    assert_eq!(waits.status, 202, "what was granted before waits for the access server alone");
    world.clock.advance(601);
    world.poll(agent, &waits).await.refused(408, "expired");
}

/// An agent that cannot get the person anywhere, and a person who is not here: nobody can go there.
#[tokio::test]
async fn an_interaction_that_nobody_can_have_ends_the_request() {
    let scene = scene().await;
    scene.world.server.is_here(&scene.world.ada);
    scene.world.others.answers(ASK, interacts());
    let asked = scene.world.post(&scene.agent, "/token", scene.asks(&["orders.read"], &[])).await;
    scene.world.approve(&scene.world.ada, &asked).await;
    let got = scene.world.poll(&scene.agent, &asked).await;
    assert_eq!(got.requirement(), Requirement::Approval, "the person, who is here, goes by themselves");
}

/// "requirement=clarification": the agent answers, and the answer goes where the question came from.
#[tokio::test]
async fn a_question_of_the_access_servers_is_answered_by_the_agent() {
    let scene = scene().await;
    let (world, agent) = (&scene.world, &scene.agent);
    let question = json!({ "status": "pending", "clarification": "What for?", "options": ["work", "fun"] });
    let asks = || deferred("/pending/1", Some("requirement=clarification"), &question);
    world.others.answers(ASK, asks());
    let (got, asked) = scene.approved(scene.body()).await;
    assert_eq!(got.requirement(), Requirement::Clarification);
    assert_eq!((got.text("clarification"), got.body["options"][1].as_str()), ("What for?".into(), Some("fun")));
    // It waits for the agent: there is nothing to poll.
    world.poll(agent, &asked).await;
    assert_eq!(world.others.asked(POLL).len(), 0);

    world.others.answers(TELL, deferred("/pending/1", None, &json!({ "status": "pending" })));
    let body = json!({ "action": "clarification_response", "clarification_response": "For work." });
    let got = world.post(agent, asked.header("location"), body.clone()).await;
    assert_eq!(got.status, 202, "{got:?}");
    assert_eq!(world.others.asked(TELL)[0].body, body);
    world.post(agent, asked.header("location"), body).await.refused(400, "invalid_request");
    world.others.answers(POLL, scene.grants());
    assert_eq!(world.poll(agent, &asked).await.status, 200);
}

/// "A PS answering an AS clarification with updated_request sends the same body": for less, and for nothing else.
#[tokio::test]
async fn an_agent_answers_by_asking_for_less() {
    let scene = scene().await;
    let (world, agent) = (&scene.world, &scene.agent);
    let question = json!({ "status": "pending", "clarification": "Why write?" });
    world.others.answers(ASK, deferred("/pending/1", Some("requirement=clarification"), &question));
    let both = scene.asks(&["orders.read", "orders.write"], &["interaction", "clarification"]);
    let (_, asked) = scene.approved(both).await;
    let update = |scopes: &[&str], audience: &str| {
        let mut token = scene.orders.asks(world, &scene.person_token, scopes);
        token.aud = ServerId::parse(audience).unwrap();
        token.common.jti = "rt-2".into();
        json!({
            "action": "updated_request",
            "resource_token": token.sign(&scene.orders.key),
            "presented_token": scene.person_token,
            "justification": "Reading is enough.",
        })
    };
    for (scopes, audience) in [(&["orders.admin"][..], ACCESS), (&["orders.read"], PS), (&["orders.read"], ORDERS)] {
        let refused = world.post(agent, asked.header("location"), update(scopes, audience)).await;
        refused.refused(400, "invalid_resource_token");
    }
    assert!(world.others.asked(TELL).is_empty());
    world.others.answers(TELL, scene.grants());
    let less = update(&["orders.read"], ACCESS);
    let got = world.post(agent, asked.header("location"), less.clone()).await;
    assert_eq!(got.status, 200, "{got:?}");
    assert_eq!(world.others.asked(TELL)[0].body, less);
}

/// A step-up: the access server's own token is what the resource saw, and the person token behind it is what is revoked.
#[tokio::test]
async fn a_token_of_the_access_servers_is_presented_to_it_again() {
    let scene = scene().await;
    let (world, agent) = (&scene.world, &scene.agent);
    world.others.answers(ASK, scene.grants());
    let first = scene.approved(scene.body()).await.0.text("auth_token");
    let mut asked = scene.orders.asks(world, &first, &["orders.read", "orders.write"]);
    asked.aud = ServerId::parse(ACCESS).unwrap();
    let body = json!({
        "resource_token": asked.sign(&scene.orders.key),
        "presented_token": first,
        "capabilities": ["interaction"],
    });
    let longer =
        AuthToken { common: Common { jti: "as-2".into(), exp: NOW + 1801, ..scene.token().common }, ..scene.token() };
    world.others.answers(ASK, granted(&longer));
    let pending = world.post(agent, "/token", body.clone()).await;
    world.approve(&world.ada, &pending).await;
    // It was presented a token that ends earlier than the person token behind it.
    world.poll(agent, &pending).await.refused(502, "as_unreachable");
    assert_eq!(world.others.asked(ASK)[1].body["presented_token"], first);

    let revoked = world.server.end_agent(&world.ada, &agent.agent_key()).await.unwrap();
    assert_eq!(revoked.tokens, 2);
    assert!(revoked.recipients.iter().any(|one| one.recipient == ACCESS), "{revoked:?}");
}

#[tokio::test]
async fn an_agent_that_does_not_answer_questions_is_asked_none() {
    let scene = scene().await;
    let question = json!({ "status": "pending", "clarification": "What for?" });
    scene.world.others.answers(ASK, deferred("/pending/1", Some("requirement=clarification"), &question));
    let (got, _) = scene.approved(scene.asks(&["orders.read"], &["interaction"])).await;
    got.refused(403, "denied");
}

/// "Claims Required": what the scopes tell anyway is told, `sub` never.
#[tokio::test]
async fn claims_that_were_granted_are_told() {
    let scene = scene().await;
    let (world, agent) = (&scene.world, &scene.agent);
    describe_ada(world).await;
    let wants = json!({ "status": "pending", "required_claims": ["sub", "email", "nonsense"] });
    world.others.answers(ASK, deferred("/pending/1", Some("requirement=claims"), &wants));
    world.others.answers(TELL, scene.grants());
    let body = scene.asks(&["orders.read", "email"], &["interaction"]);
    let asked = world.post(agent, "/token", body).await;
    world.approve(&world.ada, &asked).await;
    let got = world.poll(agent, &asked).await;
    assert_eq!(got.status, 200, "{got:?}");
    assert_eq!(world.others.asked(TELL)[0].body, json!({ "email": "ada@example.com" }));
}

/// What no scope tells is put before the person, and told once they agree.
#[tokio::test]
async fn other_claims_are_put_before_the_person() {
    let scene = scene().await;
    let (world, agent) = (&scene.world, &scene.agent);
    describe_ada(world).await;
    let wants = json!({ "status": "pending", "required_claims": ["email", "phone_number"] });
    let wants = deferred("/pending/1", Some("requirement=claims"), &wants);
    world.others.answers(ASK, wants.clone());
    world.others.answers(POLL, wants);
    let (got, asked) = scene.approved(scene.body()).await;
    assert_eq!(got.status, 202, "{got:?}");
    assert_eq!(world.others.asked(TELL).len(), 0);
    let waiting = world.store.waiting_for(&world.ada, NOW).await.unwrap();
    let shown = serde_json::to_value(&waiting[0].ask).unwrap();
    assert_eq!(shown["federation"]["claims"], json!(["email"]), "the person has no phone number to tell");

    world.others.answers(TELL, scene.grants());
    world.approve(&world.ada, &asked).await;
    let got = world.poll(agent, &asked).await;
    assert_eq!(got.status, 200, "{got:?}");
    assert_eq!(world.others.asked(TELL)[0].body, json!({ "email": "ada@example.com" }));
}

/// Where the person cannot be asked, what they have not let be told is left out, and the access server decides.
#[tokio::test]
async fn claims_that_nobody_can_be_asked_about_are_not_told() {
    let scene = scene().await;
    let (world, agent) = (&scene.world, &scene.agent);
    describe_ada(world).await;
    world.others.answers(ASK, scene.grants());
    scene.approved(scene.body()).await;
    world.others.forget(ASK);
    let wants = json!({ "status": "pending", "required_claims": ["email"] });
    world.others.answers(ASK, deferred("/pending/1", Some("requirement=claims"), &wants));
    world.others.answers(TELL, answer(403, &json!({ "error": "claims_missing" })));
    let mut body = scene.body();
    body["prompt"] = "none".into();
    world.post(agent, "/token", body).await.refused(403, "claims_missing");
    assert_eq!(world.others.asked(TELL)[0].body, json!({}));
}

#[tokio::test]
async fn claims_that_the_person_refuses_are_not_told() {
    let scene = scene().await;
    let (world, agent) = (&scene.world, &scene.agent);
    describe_ada(world).await;
    let wants = json!({ "status": "pending", "required_claims": ["email"] });
    world.others.answers(ASK, deferred("/pending/1", Some("requirement=claims"), &wants));
    let (_, asked) = scene.approved(scene.body()).await;
    world.decide(&world.ada, &asked, Decision::Deny { reason: None }).await;
    world.poll(agent, &asked).await.refused(403, "denied");
    assert_eq!(world.others.asked(TELL).len(), 0);
}

/// 402: this server pays nothing by itself. It waits for whoever does, and says so.
#[tokio::test]
async fn a_payment_is_waited_for() {
    let scene = scene().await;
    let (world, agent) = (&scene.world, &scene.agent);
    let payment = deferred("https://access.example/pending/1", None, &json!({}));
    world.others.answers(ASK, ServerResponse { status: 402, ..payment });
    let (got, asked) = scene.approved(scene.body()).await;
    assert_eq!(got.requirement(), Requirement::Approval);
    world.others.answers(POLL, scene.grants());
    assert_eq!(world.poll(agent, &asked).await.status, 200);
}

/// Who gives up tells the access server.
#[tokio::test]
async fn a_request_that_is_cancelled_is_cancelled_there_too() {
    let scene = scene().await;
    let (world, agent) = (&scene.world, &scene.agent);
    world.others.answers(ASK, interacts());
    let (_, asked) = scene.approved(scene.body()).await;
    assert_eq!(world.send(agent, "DELETE", asked.header("location"), None).await.status, 204);
    for _ in 0..100 {
        if !world.others.asked("DELETE https://access.example/pending/1").is_empty() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("the access server was not told");
}

/// A resource token asks for what it asks for: the person grants all of it or nothing.
#[tokio::test]
async fn the_person_cannot_narrow_what_another_server_grants() {
    let scene = scene().await;
    let asked =
        scene.world.post(&scene.agent, "/token", scene.asks(&["orders.read", "orders.write"], &["interaction"])).await;
    let less = Approval { scopes: Some(vec!["orders.read".into()]), ..Approval::default() };
    let decision = Decision::Approve(Box::new(less));
    let refused = scene.world.server.decide(&scene.world.ada, &pending_id(&asked), decision).await;
    assert!(refused.is_err());
}

/// "A PS MUST NOT present an expired token".
#[tokio::test]
async fn an_expired_presented_token_is_not_presented() {
    let scene = scene().await;
    let (world, agent) = (&scene.world, &scene.agent);
    world.clock.set(NOW + 3500);
    let asked = world.post(agent, "/token", scene.body()).await;
    world.approve(&world.ada, &asked).await;
    world.clock.set(NOW + 3601);
    world.poll(agent, &asked).await.refused(400, "expired_presented_token");
    assert_eq!(world.others.count(), 0);
}

async fn describe_ada(world: &World) {
    let mut ada = world.store.person(&world.ada).await.unwrap().unwrap();
    ada.claims.clone_from(json!({ "email": "ada@example.com", "name": "Ada" }).as_object().unwrap());
    world.store.keep_person(ada).await.unwrap();
}
