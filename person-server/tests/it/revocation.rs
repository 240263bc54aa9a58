//! "Token Revocation": told by others, told to others, and what ends with it.

use aauth_authorizer::aauth::identifier::{AgentId, ServerId};
use aauth_authorizer::aauth::key::SigningKey;
use aauth_authorizer::aauth::metadata::Dwk;
use aauth_authorizer::aauth::signing::Signer;
use aauth_authorizer::discovery::{DiscoveryFault, ServerResponse};
use person_server::domain::issued::{Issued, SeenAgentToken, TokenRef};
use person_server::store::{Issuance, IssueOutcome, Record, Retention};
use serde_json::{Value, json};

use super::support::{AGENTS, Agent, NOW, PS, Reply, Resource, World, answer, claims, deferred, key, pending_id};

const ORDERS: &str = "https://orders.example";
const FILES: &str = "https://files.example";
const ACCESS: &str = "https://access.example";
const AT_ORDERS: &str = "POST https://orders.example/revoke";
const AT_FILES: &str = "POST https://files.example/revoke";
const AT_ACCESS: &str = "POST https://access.example/revoke";

struct Scene {
    world: World,
    agent: Agent,
    orders: Resource,
    person_token: String,
}

/// A resource that takes revocations, and an agent with a person token for it.
async fn scene() -> Scene {
    let world = World::new().await;
    let orders = taking_revocations(&world, ORDERS);
    world.others.answers(AT_ORDERS, answer(200, &Value::Null));
    let agent = Agent::new("planner");
    let person_token = world.person_token(&agent, ORDERS).await;
    Scene { world, agent, orders, person_token }
}

fn taking_revocations(world: &World, id: &'static str) -> Resource {
    let resource = Resource { id, key: key(id) };
    world.network.publish(id, &resource.key, &json!({ "revocation_endpoint": format!("{id}/revoke") }));
    resource
}

/// A server's signed request.
async fn server(
    world: &World,
    (id, dwk, key): (&str, Dwk, &SigningKey),
    request: (&str, &str),
    body: Option<Value>,
    more: &[(&str, &str)],
) -> Reply {
    let id = ServerId::parse(id).unwrap();
    world.signed((Signer::Server { id: &id, dwk }, key), request.0, request.1, body, more).await
}

/// A revocation by the agent provider.
async fn provider_revokes(world: &World, jti: &str) -> Reply {
    let body = json!({ "jti": jti, "exp": NOW + 86_400 });
    server(world, (AGENTS, Dwk::Agent, &key("agents-1")), ("POST", "/revoke"), Some(body), &[]).await
}

impl Scene {
    async fn auth_token(&self, scope: &str) -> String {
        let body = json!({
            "resource_token": self.orders.resource_token(&self.world, &self.person_token, &[scope]),
            "presented_token": self.person_token,
            "capabilities": ["interaction"],
        });
        let asked = self.world.post(&self.agent, "/token", body).await;
        self.world.approve(&self.world.ada, &asked).await;
        self.world.poll(&self.agent, &asked).await.text("auth_token")
    }

    fn told(&self, request: &str) -> Vec<String> {
        let mut told: Vec<String> = self
            .world
            .others
            .asked(request)
            .iter()
            .map(|asked| asked.body["jti"].as_str().unwrap().to_owned())
            .collect();
        told.sort();
        told
    }
}

fn jti(token: &str) -> String {
    claims(token)["jti"].as_str().unwrap().to_owned()
}

fn sorted<const N: usize>(mut jtis: [String; N]) -> Vec<String> {
    jtis.sort();
    jtis.to_vec()
}

/// "Agent provider revokes an agent token it issued": everything its agent holds, whichever token it asked with.
#[tokio::test]
async fn a_revoked_agent_token_takes_with_it_what_the_agent_holds() {
    let scene = scene().await;
    let (world, agent) = (&scene.world, &scene.agent);
    let auth_token = scene.auth_token("orders.read").await;
    let later = agent.clone().with(|claims| claims.common.jti = "at-planner-2".into());

    let answered = provider_revokes(world, "at-planner").await;
    assert_eq!((answered.status, &answered.body), (200, &Value::Null), "{answered:?}");
    assert_eq!(answered.header("content-type"), "");
    assert_eq!(scene.told(AT_ORDERS), sorted([jti(&scene.person_token), jti(&auth_token)]));
    let sent = &world.others.asked(AT_ORDERS)[0];
    assert!(sent.header("signature-key").contains(r#"id="https://ps.example";dwk="aauth-person.json""#));
    assert!(sent.header("signature-input").contains("content-digest"));
    assert!(sent.body["exp"].is_i64() && sent.body.as_object().unwrap().len() == 2);

    let denied = world.post(agent, "/person", json!({ "resource": ORDERS })).await;
    assert_eq!(denied.status, 401);
    assert!(denied.header("signature-error").contains("error=revoked_jwt"), "{denied:?}");
    // "The revocation does not alter the agent-person binding": a later token is verified on its own terms.
    let again = world.post(&later, "/person", json!({ "resource": ORDERS })).await;
    assert_eq!(again.status, 200, "{again:?}");
    // What it held is no token to ask with.
    let body = json!({
        "resource_token": scene.orders.resource_token(world, &scene.person_token, &["orders.read"]),
        "presented_token": scene.person_token,
    });
    world.post(&later, "/token", body).await.refused(400, "revoked_presented_token");
}

/// "Idempotence": nothing new is recorded, and nobody who knows is told again.
#[tokio::test]
async fn revoking_twice_tells_once() {
    let scene = scene().await;
    assert_eq!(provider_revokes(&scene.world, "at-planner").await.status, 200);
    let later = scene.agent.clone().with(|claims| claims.common.jti = "at-planner-2".into());
    assert_eq!(scene.world.post(&later, "/person", json!({ "resource": ORDERS })).await.status, 200);
    assert_eq!(provider_revokes(&scene.world, "at-planner").await.status, 200);
    assert_eq!(scene.told(AT_ORDERS), [jti(&scene.person_token)]);
}

/// "Re-attempts each downstream revocation that did not succeed", and a failed one is terminal all the same.
#[tokio::test]
async fn who_could_not_be_told_is_told_again() {
    let scene = scene().await;
    let world = &scene.world;
    world.others.forget(AT_ORDERS);
    world.others.answers(AT_ORDERS, answer(500, &Value::Null));
    assert_eq!(provider_revokes(world, "at-planner").await.status, 200);
    world.others.forget(AT_ORDERS);
    world.others.answers(AT_ORDERS, answer(200, &Value::Null));
    assert_eq!(provider_revokes(world, "at-planner").await.status, 200);
    assert_eq!(scene.told(AT_ORDERS).len(), 2);
    assert_eq!(provider_revokes(world, "at-planner").await.status, 200);
    assert_eq!(scene.told(AT_ORDERS).len(), 2);
}

/// By itself too, in the background, less and less often; notices are rows, so another process goes on with them.
#[tokio::test]
async fn failed_notices_are_retried_in_the_background() {
    let scene = scene().await;
    let world = &scene.world;
    world.others.forget(AT_ORDERS);
    world.others.fails(AT_ORDERS, DiscoveryFault::TimedOut);
    let revoked = world.server.end_agent(&world.ada, &scene.agent.agent_key()).await.unwrap();
    assert_eq!(revoked.recipients[0].error, Some("revocation_unavailable"));
    assert!(revoked.settled);
    world.others.forget(AT_ORDERS);
    world.others.answers(AT_ORDERS, answer(200, &Value::Null));
    let other_process = world.another();
    let notifier = other_process.notifier().clone();
    let running = tokio::spawn(async move { notifier.run().await });
    world.clock.advance(14);
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert_eq!(scene.told(AT_ORDERS).len(), 1, "not yet");
    running.abort();
    world.clock.advance(1);
    let notifier = other_process.notifier().clone();
    let running = tokio::spawn(async move { notifier.run().await });
    for _ in 0..200 {
        if world.server.revoked(&world.ada, &revoked.id).await.unwrap().recipients[0].outcome == "recorded" {
            running.abort();
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("{:?}", world.server.revoked(&world.ada, &revoked.id).await);
}

/// "A 200 says the cascade is finished": until then 202, for the caller alone to poll.
#[tokio::test]
async fn a_cascade_that_takes_long_is_polled_for() {
    let scene = scene().await;
    let world = &scene.world;
    world.others.forget(AT_ORDERS);
    world.others.answers(AT_ORDERS, deferred("/revocations/7", None, &json!({ "status": "pending" })));
    let poll = "GET https://orders.example/revocations/7";
    world.others.answers(poll, deferred("/revocations/7", None, &json!({ "status": "pending" })));
    let provider_key = key("agents-1");
    let provider = (AGENTS, Dwk::Agent, &provider_key);
    let body = json!({ "jti": "at-planner", "exp": NOW + 86_400 });
    let answered = server(world, provider, ("POST", "/revoke"), Some(body.clone()), &[("prefer", "wait=1")]).await;
    assert_eq!(answered.status, 202, "{answered:?}");
    assert_eq!(answered.body, json!({ "status": "pending" }));
    assert_eq!((answered.header("retry-after"), answered.header("cache-control")), ("5", "no-store"));
    assert_eq!(answered.header("aauth-requirement"), "");
    let place = answered.header("location").to_owned();
    assert!(place.starts_with("/revocations/"));

    // Nobody else has any business there: not another server, and no agent.
    server(world, (ORDERS, Dwk::Resource, &scene.orders.key), ("GET", &place), None, &[])
        .await
        .refused(404, "not_found");
    assert_eq!(world.send(&scene.agent, "GET", &place, None).await.status, 401);
    server(world, provider, ("GET", "/revocations/none"), None, &[]).await.refused(404, "not_found");
    assert_eq!(server(world, provider, ("GET", &place), None, &[]).await.status, 202);

    world.others.forget(poll);
    world.others.answers(poll, answer(200, &Value::Null));
    let done = server(world, provider, ("GET", &place), None, &[("prefer", "wait=10")]).await;
    assert_eq!((done.status, &done.body), (200, &Value::Null), "{done:?}");
    // The same revocation again has the same answer.
    assert_eq!(server(world, provider, ("POST", "/revoke"), Some(body), &[]).await.status, 200);
}

/// "Resource revokes a resource token it issued", seen or not.
#[tokio::test]
async fn a_revoked_resource_token_is_refused_and_ends_what_waits_on_it() {
    let scene = scene().await;
    let (world, agent, orders) = (&scene.world, &scene.agent, &scene.orders);
    let body = json!({
        "resource_token": orders.resource_token(world, &scene.person_token, &["orders.read"]),
        "presented_token": scene.person_token,
        "capabilities": ["interaction"],
    });
    let asked = world.post(agent, "/token", body.clone()).await;
    assert_eq!(asked.status, 202);
    let named = json!({ "jti": format!("rt-{}", jti(&scene.person_token)), "exp": NOW + 300 });
    let answered = server(world, (ORDERS, Dwk::Resource, &orders.key), ("POST", "/revoke"), Some(named), &[]).await;
    assert_eq!((answered.status, &answered.body), (200, &Value::Null), "{answered:?}");
    let ended = world.poll(agent, &asked).await;
    ended.refused(403, "revoked");
    assert!(ended.text("detail").contains("resource token"), "{ended:?}");
    world.poll(agent, &asked).await.refused(410, "invalid_code");
    world.post(agent, "/token", body).await.refused(400, "revoked_resource_token");
    assert_eq!(world.others.count(), 0, "a resource token was shown to nobody");
}

/// "The agent token of the agent that started it": approved or not, nothing is collected.
#[tokio::test]
async fn what_an_agent_waits_for_ends_with_its_agent_token() {
    let scene = scene().await;
    let (world, agent) = (&scene.world, &scene.agent);
    let waiting = world.post(agent, "/person", json!({ "resource": FILES, "capabilities": ["interaction"] })).await;
    let approved = world.post(agent, "/person", json!({ "resource": ACCESS, "capabilities": ["interaction"] })).await;
    world.approve(&world.ada, &approved).await;
    provider_revokes(world, "at-planner").await;
    let later = agent.clone().with(|claims| claims.common.jti = "at-planner-2".into());
    for pending in [waiting, approved] {
        let ended = world.poll(&later, &pending).await;
        ended.refused(403, "revoked");
        assert!(ended.text("detail").contains("agent token"), "{ended:?}");
    }
    assert_eq!(world.store.issued_for(&world.ada, 10).await.unwrap().len(), 1);
}

/// What waits is looked at again when it is collected, also for what no revocation touches directly.
#[tokio::test]
async fn an_approved_ask_rests_on_its_presented_token() {
    let scene = scene().await;
    let (world, agent) = (&scene.world, &scene.agent);
    let body = json!({
        "resource_token": scene.orders.resource_token(world, &scene.person_token, &["orders.read"]),
        "presented_token": scene.person_token,
        "capabilities": ["interaction"],
    });
    let asked = world.post(agent, "/token", body).await;
    world.approve(&world.ada, &asked).await;
    let token = TokenRef { iss: ServerId::parse(PS).unwrap(), jti: jti(&scene.person_token) };
    let revoked = world.server.revoke_token(&world.ada, &token).await.unwrap();
    assert_eq!((revoked.tokens, revoked.settled), (1, true));
    let ended = world.poll(agent, &asked).await;
    ended.refused(403, "revoked");
    assert!(ended.text("detail").contains("presented token"), "{ended:?}");
}

/// "PS terminates access it federated": the person token is revoked at the access server, the auth token by nobody here.
#[tokio::test]
async fn what_was_federated_is_revoked_at_the_access_server() {
    let scene = scene().await;
    let (world, agent) = (&scene.world, &scene.agent);
    let more =
        json!({ "auth_token_endpoint": format!("{ACCESS}/token"), "revocation_endpoint": format!("{ACCESS}/revoke") });
    world.network.publish(ACCESS, &key("access-1"), &more);
    let mut asked = scene.orders.asks(world, &scene.person_token, &["orders.read"]);
    asked.aud = ServerId::parse(ACCESS).unwrap();
    let body = json!({
        "resource_token": asked.sign(&scene.orders.key),
        "presented_token": scene.person_token,
        "capabilities": ["interaction"],
    });
    // It was shown the token, and that is what counts: it may have issued something, whatever it answered.
    world.others.answers("POST https://access.example/token", answer(500, &Value::Null));
    let pending = world.post(agent, "/token", body).await;
    world.approve(&world.ada, &pending).await;
    world.poll(agent, &pending).await.refused(502, "as_unreachable");

    let reported = json!({ "downstream": [{ "recipient": ORDERS, "error": "revocation_unavailable" }] });
    world.others.answers(AT_ACCESS, answer(200, &reported));
    let revoked = world.server.end_agent(&world.ada, &agent.agent_key()).await.unwrap();
    assert_eq!(scene.told(AT_ACCESS), [jti(&scene.person_token)]);
    assert_eq!(scene.told(AT_ORDERS), [jti(&scene.person_token)]);
    let access = revoked.recipients.iter().find(|one| one.recipient == ACCESS).unwrap();
    assert_eq!((access.outcome, access.downstream[0].recipient.as_str()), ("recorded", ORDERS));
    assert_eq!(access.downstream[0].error.as_deref(), Some("revocation_unavailable"));
    // "A PS does not report to the agent provider."
    assert_eq!(provider_revokes(world, "at-planner").await.body, Value::Null);
}

/// "revocation_unsupported" and "revocation_unavailable": both are ends, and the person is told which.
#[tokio::test]
async fn outcomes_are_told_apart() {
    let world = World::new().await;
    let agent = Agent::new("planner");
    let outcomes: [(&'static str, Value, Option<ServerResponse>, Option<&str>); 5] = [
        ("https://r0.example", json!({}), None, Some("revocation_unsupported")),
        (
            "https://r1.example",
            endpoint("https://r1.example"),
            Some(answer(403, &json!({ "error": "unsupported_iss" }))),
            Some("revocation_unsupported"),
        ),
        (
            "https://r2.example",
            endpoint("https://r2.example"),
            Some(answer(200, &json!("what?"))),
            Some("revocation_unavailable"),
        ),
        ("https://r3.example", endpoint("https://r3.example"), None, Some("revocation_unavailable")),
        ("https://r4.example", endpoint("https://r4.example"), Some(answer(200, &json!({}))), None),
    ];
    for (id, metadata, answers, _) in &outcomes {
        world.network.publish(id, &key(id), metadata);
        if let Some(answers) = answers {
            world.others.answers(&format!("POST {id}/revoke"), answers.clone());
        }
        world.person_token(&agent, id).await;
    }
    let revoked = world.server.end_agent(&world.ada, &agent.agent_key()).await.unwrap();
    for (id, _, _, error) in outcomes {
        let told = revoked.recipients.iter().find(|one| one.recipient == id).unwrap();
        assert_eq!(told.error, error, "{id}");
    }
}

fn endpoint(id: &str) -> Value {
    json!({ "revocation_endpoint": format!("{id}/revoke") })
}

/// The person ends an agent: it is denied here, and everywhere it was known.
#[tokio::test]
async fn the_person_ends_an_agent() {
    let scene = scene().await;
    let (world, agent) = (&scene.world, &scene.agent);
    let waiting = world.post(agent, "/person", json!({ "resource": FILES, "capabilities": ["interaction"] })).await;
    let bob = world.person("bob").await;
    assert!(world.server.end_agent(&bob, &agent.agent_key()).await.is_err(), "another person's");
    assert_eq!(world.others.count(), 0);
    let revoked = world.server.end_agent(&world.ada, &agent.agent_key()).await.unwrap();
    assert_eq!(scene.told(AT_ORDERS), [jti(&scene.person_token)]);
    assert!(world.server.revoked(&bob, &revoked.id).await.is_err());
    let pending = world.store.pending(&pending_id(&waiting)).await.unwrap().unwrap();
    assert_eq!(pending.state.name(), "ended");
    for refused in
        [world.poll(agent, &waiting).await, world.post(agent, "/person", json!({ "resource": ORDERS })).await]
    {
        refused.refused(401, "revoked_jwt");
    }
    // Nor does a token help that its provider issues later.
    let later = agent.clone().with(|claims| claims.common.jti = "at-planner-2".into());
    world.poll(&later, &waiting).await.refused(403, "revoked");
    world.post(&later, "/person", json!({ "resource": ORDERS })).await.refused(403, "denied");
}

/// A consent taken back takes what it gave: at this resource, not at others.
#[tokio::test]
async fn the_person_takes_a_consent_back() {
    let scene = scene().await;
    let world = &scene.world;
    taking_revocations(world, FILES);
    world.others.answers(AT_FILES, answer(200, &Value::Null));
    world.person_token(&scene.agent, FILES).await;
    let auth_token = scene.auth_token("orders.read").await;
    let consents = world.store.consents_of(&world.ada, 10).await.unwrap();
    let consent = consents.iter().find(|consent| consent.scopes == ["orders.read"]).unwrap();
    let bob = world.person("bob").await;
    assert!(world.server.revoke_consent(&bob, &consent.id).await.is_err());
    world.server.revoke_consent(&world.ada, &consent.id).await.unwrap();
    assert_eq!(scene.told(AT_ORDERS), sorted([jti(&scene.person_token), jti(&auth_token)]));
    assert_eq!(scene.told(AT_FILES).len(), 0);
    let asked = world.post(&scene.agent, "/person", json!({ "resource": FILES })).await;
    assert_eq!(asked.status, 200, "{asked:?}");
}

/// One token, and nothing beside it.
#[tokio::test]
async fn the_person_takes_one_token_back() {
    let scene = scene().await;
    let world = &scene.world;
    let auth_token = scene.auth_token("orders.read").await;
    let token = TokenRef { iss: ServerId::parse(PS).unwrap(), jti: jti(&auth_token) };
    let bob = world.person("bob").await;
    assert!(world.server.revoke_token(&bob, &token).await.is_err());
    world.server.revoke_token(&world.ada, &token).await.unwrap();
    assert_eq!(scene.told(AT_ORDERS), [jti(&auth_token)]);
    // The person token is what it was; the auth token is none to step up with.
    assert_eq!(scene.auth_token("orders.write").await.split('.').count(), 3);
    let body = json!({
        "resource_token": scene.orders.resource_token(world, &auth_token, &["orders.write"]),
        "presented_token": auth_token,
    });
    world.post(&scene.agent, "/token", body).await.refused(400, "revoked_presented_token");
}

/// A sub-agent's token is its own: what it holds goes, what its parent holds stays. Not so the other way round.
#[tokio::test]
async fn a_sub_agent_is_revoked_by_itself_or_with_its_parent() {
    let scene = scene().await;
    let (world, parent) = (&scene.world, &scene.agent);
    let child = Agent::new("planner+search").with(|claims| {
        claims.parent_agent = Some(AgentId::parse("aauth:planner@agents.example").unwrap());
    });
    let body = json!({ "resource": ORDERS, "subagent_token": child.token });
    let of_child = world.post(parent, "/person", body.clone()).await.text("person_token");
    provider_revokes(world, "at-planner+search").await;
    assert_eq!(scene.told(AT_ORDERS), [jti(&of_child)]);
    world.post(parent, "/person", body).await.refused(400, "revoked_subagent_token");
    assert_eq!(world.post(parent, "/person", json!({ "resource": ORDERS })).await.status, 200);

    let second = child.with(|claims| claims.common.jti = "at-search-2".into());
    let body = json!({ "resource": ORDERS, "subagent_token": second.token });
    let of_second = world.post(parent, "/person", body).await.text("person_token");
    provider_revokes(world, "at-planner").await;
    assert!(scene.told(AT_ORDERS).contains(&jti(&of_second)));
}

/// "What a recipient will accept", and everything else that is not a revocation. Nothing is recorded of it.
#[tokio::test]
async fn what_is_no_revocation_is_refused() {
    let scene = scene().await;
    let world = &scene.world;
    let (provider_key, access_key) = (key("agents-1"), key("access-1"));
    let provider = (AGENTS, Dwk::Agent, &provider_key);
    let good = json!({ "jti": "at-planner", "exp": NOW + 86_400 });
    // Strangers: nothing is fetched for them.
    for (id, dwk) in
        [("https://evil.example", Dwk::Agent), (FILES, Dwk::Resource), (ACCESS, Dwk::Access), (AGENTS, Dwk::Person)]
    {
        let refused = server(world, (id, dwk, &access_key), ("POST", "/revoke"), Some(good.clone()), &[]).await;
        refused.refused(403, "unsupported_iss");
    }
    // Somebody else's signature.
    let forged = server(world, (AGENTS, Dwk::Agent, &access_key), ("POST", "/revoke"), Some(good.clone()), &[]).await;
    assert_eq!(forged.status, 401, "{forged:?}");
    assert!(!forged.header("signature-error").is_empty());
    let unsigned = world
        .raw("POST", "/revoke", &[("content-type".into(), "application/json".into())], good.to_string().into())
        .await;
    assert_eq!(unsigned.status, 401);
    let by_agent = world.post(&scene.agent, "/revoke", good.clone()).await;
    assert_eq!(by_agent.status, 401);
    let far = NOW + 86_400 + 61;
    for bad in [
        json!({}),
        json!([]),
        json!({ "jti": "at-planner" }),
        json!({ "exp": NOW }),
        json!({ "jti": 7, "exp": NOW }),
        json!({ "jti": "", "exp": NOW }),
        json!({ "jti": "x".repeat(256), "exp": NOW }),
        json!({ "jti": "at-planner", "exp": "soon" }),
        json!({ "jti": "at-planner", "exp": -1 }),
        json!({ "jti": "at-planner", "exp": 1.5 }),
        json!({ "jti": "at-planner", "exp": far }),
    ] {
        let what = bad.to_string();
        let refused = server(world, provider, ("POST", "/revoke"), Some(bad), &[]).await;
        assert_eq!((refused.status, refused.error()), (400, "invalid_request"), "{what}");
    }
    let ours = world.post(&scene.agent, "/person", json!({ "resource": ORDERS })).await;
    assert_eq!((ours.status, world.others.count()), (200, 0));
}

/// "A recipient that accepts any verified issuer SHOULD bound what one issuer can hold, in entries and in rate".
#[tokio::test]
async fn too_many_revocations_are_put_off() {
    let scene = scene().await;
    for count in 0..300 {
        let answered = provider_revokes(&scene.world, &format!("t{count}")).await;
        assert_eq!(answered.status, 200, "{count}: {answered:?}");
    }
    let refused = provider_revokes(&scene.world, "one-more").await;
    refused.refused(429, "rate_limited");
    assert_eq!(refused.header("retry-after"), "60");
}

/// "The PS SHOULD revoke outstanding auth tokens issued under the mission."
#[tokio::test]
async fn a_mission_that_is_over_takes_its_tokens_along() {
    let scene = scene().await;
    let world = &scene.world;
    let token = TokenRef { iss: ServerId::parse(PS).unwrap(), jti: jti(&scene.person_token) };
    let first = world.store.issued(&token).await.unwrap().unwrap();
    let on_mission = |jti: &str, mission: &str| Issued {
        token: TokenRef { jti: jti.to_owned(), ..token.clone() },
        root: jti.to_owned(),
        mission: Some(mission.to_owned()),
        ..first.clone()
    };
    for issued in [on_mission("t1", "trip"), on_mission("t2", "other")] {
        let agent_token =
            SeenAgentToken { agent: scene.agent.agent_key(), jti: "at-planner".into(), exp: NOW + 86_400 };
        let record = Record::default();
        let issuance = Issuance { issued, agent_token, rests_on: Vec::new(), collects: None, record };
        assert_eq!(world.store.issue(issuance).await.unwrap(), IssueOutcome::Recorded);
    }
    let mut revoked = world.server.revoke_all_under(&world.ada, "trip").await.unwrap();
    assert_eq!(revoked.tokens, 1);
    for _ in 0..200 {
        if revoked.settled {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        revoked = world.server.revoked(&world.ada, &revoked.id).await.unwrap();
    }
    assert_eq!((revoked.settled, scene.told(AT_ORDERS)), (true, vec!["t1".to_owned()]));
}

/// What is over is forgotten, and what is not is not.
#[tokio::test]
async fn old_withdrawals_are_forgotten() {
    let scene = scene().await;
    let world = &scene.world;
    let revoked = world.server.end_agent(&world.ada, &scene.agent.agent_key()).await.unwrap();
    let retention = Retention { audit: 86_400 };
    world.store.prune(retention, NOW + 3600).await.unwrap();
    assert_eq!(world.server.revoked(&world.ada, &revoked.id).await.unwrap().recipients.len(), 1);
    world.store.prune(retention, NOW + 7200).await.unwrap();
    assert!(world.server.revoked(&world.ada, &revoked.id).await.is_err());
}
