//! "Call Chaining" and "Upstream Token Verification": a resource acts on for whoever called it. And sub-agents, whose
//! parents ask for them.

use aauth_authorizer::aauth::identifier::{AgentId, ServerId};
use aauth_authorizer::aauth::key::PublicKey;
use aauth_authorizer::aauth::metadata::Dwk;
use aauth_authorizer::aauth::token::Common;
use aauth_authorizer::aauth::token::auth::AuthToken;
use aauth_authorizer::aauth::token::person::PersonToken;
use person_server::domain::agent::AgentKey;
use person_server::domain::issued::TokenRef;
use serde_json::{Map, Value, json};

use super::support::{AGENTS, Agent, NOW, PS, Reply, Resource, World, answer, claims, key};

const TRIPS: &str = "https://trips.example";
const FLIGHTS: &str = "https://flights.example";
const PAYMENTS: &str = "https://payments.example";
const ACCESS: &str = "https://access.example";

struct Scene {
    world: World,
    /// The person's own agent.
    caller: Agent,
    /// The resource it calls, as an agent of its own.
    trips: Agent,
    /// The resource that one calls.
    flights: Resource,
    /// What the caller presented to `trips`.
    upstream: String,
}

/// Resources that are their own agent providers, which the operator has listed.
async fn scene() -> Scene {
    let world = World::with(|settings| {
        for provider in [TRIPS, FLIGHTS] {
            settings.agent_providers.listed.insert(ServerId::parse(provider).unwrap());
        }
    })
    .await;
    world.others.answers("POST https://flights.example/revoke", answer(200, &Value::Null));
    for id in [TRIPS, PAYMENTS] {
        Resource::published(&world, id);
    }
    let flights = Resource { id: FLIGHTS, key: key(FLIGHTS) };
    world.network.publish(FLIGHTS, &flights.key, &json!({ "revocation_endpoint": format!("{FLIGHTS}/revoke") }));
    let caller = Agent::new("planner");
    let upstream = world.person_token(&caller, TRIPS).await;
    Scene { world, caller, trips: intermediary(TRIPS), flights, upstream }
}

/// A resource as the agent it is when it calls on. Its own `ps` is of no account.
fn intermediary(id: &str) -> Agent {
    let mut agent = Agent::of("service", id, id);
    agent.claims.ps = Some(ServerId::parse("https://ps.of-the-service.example").unwrap());
    agent.token = agent.claims.sign(&key(id));
    agent
}

fn asks(resource: &str, upstream: &str) -> Value {
    json!({ "resource": resource, "upstream_token": upstream, "capabilities": ["interaction"] })
}

impl Scene {
    /// What the person server answers once the person has approved.
    async fn approved(&self, agent: &Agent, path: &str, body: Value) -> Reply {
        let asked = self.world.post(agent, path, body).await;
        assert_eq!(asked.status, 202, "{asked:?}");
        self.world.approve(&self.world.ada, &asked).await;
        self.world.poll(agent, &asked).await
    }

    async fn downstream(&self) -> String {
        self.approved(&self.trips, "/person", asks(FLIGHTS, &self.upstream)).await.text("person_token")
    }

    fn authorizes(&self, downstream: &str) -> Value {
        json!({
            "resource_token": self.flights.resource_token(&self.world, downstream, &["orders.read"]),
            "presented_token": downstream,
            "upstream_token": self.upstream,
            "capabilities": ["interaction"],
        })
    }

    async fn refused(&self, upstream: &str, error: &str, why: &str) {
        let refused = self.world.post(&self.trips, "/person", asks(FLIGHTS, upstream)).await;
        assert_eq!((refused.status, refused.error()), (400, error), "{why}: {refused:?}");
    }

    /// A person token as this server would issue it for `trips`, signed with its key.
    fn person_token(&self, edit: impl FnOnce(&mut PersonToken)) -> String {
        let shown = claims(&self.upstream);
        let mut token = PersonToken {
            common: Common {
                iss: ServerId::parse(PS).unwrap(),
                dwk: Dwk::Person,
                jti: shown["jti"].as_str().unwrap().into(),
                iat: NOW,
                exp: NOW + 3600,
            },
            aud: ServerId::parse(TRIPS).unwrap(),
            sub: shown["sub"].as_str().unwrap().into(),
            key: PublicKey::from_jwk(shown["cnf"]["jwk"].as_object().unwrap()).unwrap(),
            mission_s256: None,
            tenant: None,
            more: Map::new(),
        };
        edit(&mut token);
        token.sign(&key("ps-1"))
    }
}

/// From the call to the downstream auth token.
#[tokio::test]
async fn an_intermediary_acts_for_the_person_of_the_upstream_token() {
    let scene = scene().await;
    let world = &scene.world;
    world.clock.advance(600);
    let downstream = scene.downstream().await;
    let (up, down) = (claims(&scene.upstream), claims(&downstream));
    assert_eq!((down["aud"].as_str(), down["iss"].as_str()), (Some(FLIGHTS), Some(PS)));
    // "An issuer MUST NOT copy a directed sub", and is bound to the intermediary's key.
    assert_ne!(down["sub"], up["sub"]);
    assert_eq!(down["cnf"]["jwk"]["x"], json!(scene.trips.key.public().to_jwk())["x"]);
    assert_eq!(down["exp"], up["exp"], "it does not outlive the upstream token");

    let granted = scene.approved(&scene.trips, "/token", scene.authorizes(&downstream)).await;
    let token = granted.claims("auth_token");
    assert_eq!((token["sub"].clone(), token["exp"].clone()), (down["sub"].clone(), up["exp"].clone()));
    assert!(token.get("act").is_none() && token.get("agent").is_none());

    // "A request carrying upstream_token neither uses nor establishes an agent-person binding."
    let service = AgentKey { iss: ServerId::parse(TRIPS).unwrap(), sub: scene.trips.claims.sub.clone() };
    assert_eq!(world.store.agent(&service).await.unwrap(), None);
    // The chain is on record, for a revocation to walk.
    let record = TokenRef { iss: ServerId::parse(PS).unwrap(), jti: down["jti"].as_str().unwrap().into() };
    let issued = world.store.issued(&record).await.unwrap().unwrap();
    assert_eq!(issued.upstream.unwrap().jti, up["jti"].as_str().unwrap());
}

/// What the person agreed to for their own agent says nothing of what a service may do: each hop is its own question.
#[tokio::test]
async fn each_call_of_an_intermediary_is_put_before_the_person() {
    let scene = scene().await;
    scene.downstream().await;
    let again = scene.world.post(&scene.trips, "/person", asks(FLIGHTS, &scene.upstream)).await;
    assert_eq!(again.status, 202, "{again:?}");
}

/// "An auth token when it required authorization": of this server, or of an access server that it asked.
#[tokio::test]
async fn an_auth_token_is_an_upstream_token_too() {
    let scene = scene().await;
    let world = &scene.world;
    let trips = Resource { id: TRIPS, key: key(TRIPS) };
    let body = |audience: &str, scopes: &[&str]| {
        let mut asked = trips.asks(world, &scene.upstream, scopes);
        asked.aud = ServerId::parse(audience).unwrap();
        json!({
            "resource_token": asked.sign(&trips.key),
            "presented_token": scene.upstream,
            "capabilities": ["interaction"],
        })
    };
    let own = scene.approved(&scene.caller, "/token", body(PS, &["orders.read"])).await.text("auth_token");
    assert_eq!(world.post(&scene.trips, "/person", asks(FLIGHTS, &own)).await.status, 202);

    world.network.publish(ACCESS, &key("access-1"), &json!({ "auth_token_endpoint": format!("{ACCESS}/token") }));
    let theirs = access_token(&scene, "as-1");
    world.others.answers("POST https://access.example/token", answer(200, &json!({ "auth_token": theirs })));
    let handed_on = scene.approved(&scene.caller, "/token", body(ACCESS, &["orders.write"])).await.text("auth_token");
    assert_eq!(handed_on, theirs);
    let asked = world.post(&scene.trips, "/person", asks(FLIGHTS, &theirs)).await;
    assert_eq!(asked.status, 202, "{asked:?}");
    // "Its iss MUST be this PS or an AS this PS presented a person token to": one that nobody here obtained is none.
    scene.refused(&access_token(&scene, "as-2"), "invalid_upstream_token", "not obtained here").await;
}

fn access_token(scene: &Scene, jti: &str) -> String {
    let shown = claims(&scene.upstream);
    AuthToken {
        common: Common {
            iss: ServerId::parse(ACCESS).unwrap(),
            dwk: Dwk::Access,
            jti: jti.into(),
            iat: NOW,
            exp: NOW + 1800,
        },
        aud: ServerId::parse(TRIPS).unwrap(),
        ps: ServerId::parse(PS).unwrap(),
        sub: shown["sub"].as_str().unwrap().into(),
        key: PublicKey::from_jwk(shown["cnf"]["jwk"].as_object().unwrap()).unwrap(),
        scopes: vec!["orders.write".into()],
        account: None,
        mission_s256: None,
        tenant: None,
        more: Map::new(),
    }
    .sign(&key("access-1"))
}

/// "Upstream Token Verification", steps 1 to 4, each failing by itself.
#[tokio::test]
async fn an_upstream_token_that_proves_nothing_is_refused() {
    let scene = scene().await;
    let world = &scene.world;
    let invalid = "invalid_upstream_token";
    let good = world.post(&scene.trips, "/person", asks(FLIGHTS, &scene.person_token(|_| {}))).await;
    assert_eq!(good.status, 202, "what is spoiled below is good before: {good:?}");
    world.send(&scene.trips, "DELETE", good.header("location"), None).await;
    scene.refused("not.a.token", invalid, "malformed").await;
    scene.refused(&scene.caller.token, invalid, "an agent token").await;
    scene.refused(&scene.trips.token, invalid, "its own agent token").await;
    let (signed, _) = scene.upstream.rsplit_once('.').unwrap();
    let forged = format!("{signed}.{}", "A".repeat(86));
    scene.refused(&forged, invalid, "forged").await;
    let elsewhere = world.person_token(&scene.caller, PAYMENTS).await;
    scene.refused(&elsewhere, invalid, "for another resource").await;
    scene.refused(&scene.person_token(|token| token.common.jti = "unknown".into()), invalid, "not on record").await;
    scene.refused(&scene.person_token(|token| token.sub = "somebody".into()), invalid, "nobody's name").await;
    let other_server = scene.person_token(|token| token.common.iss = ServerId::parse(AGENTS).unwrap());
    scene.refused(&other_server, invalid, "another person server's").await;
    scene.refused(&scene.person_token(|token| token.common.exp = NOW), "expired_upstream_token", "expired").await;

    // Step 3: whoever signs has to be whom the token was presented to.
    let stranger = world.post(&intermediary(FLIGHTS), "/person", asks(PAYMENTS, &scene.upstream)).await;
    stranger.refused(400, invalid);
    let not_a_resource = world.post(&scene.caller, "/person", asks(FLIGHTS, &scene.upstream)).await;
    not_a_resource.refused(400, invalid);
    let with_mission = json!({ "resource": FLIGHTS, "upstream_token": scene.upstream, "mission_s256": "x".repeat(43) });
    world.post(&scene.trips, "/person", with_mission).await.refused(400, "invalid_request");
    assert!(world.store.waiting_for(&world.ada, NOW).await.unwrap().is_empty());
}

/// "If the PS has revoked that agent's agent token or its binding to the person", whether or not the token itself.
#[tokio::test]
async fn nothing_is_issued_on_a_call_of_an_agent_that_is_over() {
    let scene = scene().await;
    let world = &scene.world;
    let waiting = world.post(&scene.trips, "/person", asks(AGENTS, &scene.upstream)).await;
    let approved = world.post(&scene.trips, "/person", asks(PAYMENTS, &scene.upstream)).await;
    world.approve(&world.ada, &approved).await;
    let downstream = scene.downstream().await;
    world.server.end_agent(&world.ada, &scene.caller.agent_key()).await.unwrap();

    scene.refused(&scene.upstream, "revoked_upstream_token", "revoked").await;
    for pending in [waiting, approved] {
        let ended = world.poll(&scene.trips, &pending).await;
        ended.refused(403, "revoked");
        assert!(ended.text("detail").contains("upstream token"), "{ended:?}");
    }
    // "The PS SHOULD revoke the person tokens it issued from it in the same cascade, at their resources".
    let told = world.others.asked("POST https://flights.example/revoke");
    assert_eq!(
        told.iter().map(|asked| asked.body["jti"].clone()).collect::<Vec<_>>(),
        [claims(&downstream)["jti"].clone()]
    );
}

/// A binding that ended by any other way than a revocation of tokens counts as well.
#[tokio::test]
async fn an_ended_binding_is_enough() {
    let scene = scene().await;
    let world = &scene.world;
    assert!(world.store.revoke_agent(&world.ada, &scene.caller.agent_key(), NOW).await.unwrap());
    scene.refused(&scene.upstream, "revoked_upstream_token", "its agent is over").await;
}

/// A call that leads to a call that leads to a call, and one end for all of them.
#[tokio::test]
async fn a_chain_may_be_longer_than_one_call() {
    let scene = scene().await;
    let world = &scene.world;
    let downstream = scene.downstream().await;
    let flights = intermediary(FLIGHTS);
    let further = scene.approved(&flights, "/person", asks(PAYMENTS, &downstream)).await;
    assert_eq!(further.claims("person_token")["aud"], PAYMENTS);
    assert_eq!(further.claims("person_token")["exp"], claims(&scene.upstream)["exp"]);

    let revoked = world.server.end_agent(&world.ada, &scene.caller.agent_key()).await.unwrap();
    assert_eq!(revoked.tokens, 3);
    let refused = world.post(&flights, "/person", asks(PAYMENTS, &downstream)).await;
    refused.refused(400, "revoked_upstream_token");
}

/// The first agent's end reaches the last call even where no token was revoked.
#[tokio::test]
async fn the_agent_a_long_chain_began_with_counts() {
    let scene = scene().await;
    let downstream = scene.downstream().await;
    scene.world.store.revoke_agent(&scene.world.ada, &scene.caller.agent_key(), NOW).await.unwrap();
    let refused = scene.world.post(&intermediary(FLIGHTS), "/person", asks(PAYMENTS, &downstream)).await;
    refused.refused(400, "revoked_upstream_token");
}

/// "A pending downstream request whose upstream token expires before it completes ends with expired".
#[tokio::test]
async fn a_wait_is_no_longer_than_the_upstream_token() {
    let scene = scene().await;
    let world = &scene.world;
    world.clock.set(NOW + 3500);
    let waiting = world.post(&scene.trips, "/person", asks(FLIGHTS, &scene.upstream)).await;
    let seen = world.post(&scene.trips, "/person", asks(PAYMENTS, &scene.upstream)).await;
    world.server.arrive(&world.ada, &seen.code(), None).await.unwrap();
    let approved = world.post(&scene.trips, "/person", asks(AGENTS, &scene.upstream)).await;
    world.approve(&world.ada, &approved).await;
    world.clock.set(NOW + 3600);
    for pending in [waiting, seen, approved] {
        let ended = world.poll(&scene.trips, &pending).await;
        ended.refused(408, "expired");
        assert!(ended.text("detail").contains("upstream token"), "{ended:?}");
        world.poll(&scene.trips, &pending).await.refused(410, "invalid_code");
    }
}

/// "Parent-Mediated Authorization", from the person token to the auth token.
#[tokio::test]
async fn a_parent_asks_for_its_sub_agent() {
    let scene = scene().await;
    let (world, parent) = (&scene.world, &scene.caller);
    let child = Agent::new("planner+search").with(|claims| {
        claims.parent_agent = Some(AgentId::parse("aauth:planner@agents.example").unwrap());
    });
    let body = json!({ "resource": TRIPS, "subagent_token": child.token });
    let person_token = world.post(parent, "/person", body).await;
    assert_eq!(person_token.status, 200, "the person knows the parent at this resource: {person_token:?}");
    let person_token = person_token.text("person_token");
    assert_eq!(claims(&person_token)["cnf"]["jwk"]["x"], json!(child.key.public().to_jwk())["x"]);
    assert_eq!(claims(&person_token)["sub"], claims(&scene.upstream)["sub"]);

    let trips = Resource { id: TRIPS, key: key(TRIPS) };
    let body = json!({
        "resource_token": trips.resource_token(world, &person_token, &["orders.read"]),
        "presented_token": person_token,
        "subagent_token": child.token,
        "capabilities": ["interaction"],
    });
    let granted = scene.approved(parent, "/token", body.clone()).await;
    assert_eq!(granted.claims("auth_token")["cnf"]["jwk"]["x"], json!(child.key.public().to_jwk())["x"]);
    assert!(granted.claims("auth_token").get("parent_agent").is_none());
    let record = TokenRef {
        iss: ServerId::parse(PS).unwrap(),
        jti: granted.claims("auth_token")["jti"].as_str().unwrap().into(),
    };
    let issued = world.store.issued(&record).await.unwrap().unwrap();
    assert_eq!(issued.subagent.as_deref(), Some("aauth:planner+search@agents.example"));
    assert_eq!(issued.agent, parent.agent_key());

    // "A sub-agent MUST NOT call the PS directly."
    world.post(&child, "/token", body.clone()).await.refused(400, "invalid_request");
    world.post(&child, "/person", json!({ "resource": TRIPS })).await.refused(400, "invalid_request");
    // `agent_jkt` is the sub-agent's key, so without its token the request is another's.
    let mut alone = body;
    alone.as_object_mut().unwrap().remove("subagent_token");
    world.post(parent, "/token", alone).await.refused(400, "invalid_resource_token");
}

/// Whose sub-agent it is stands in its token, and the signer must be that one, of the same provider.
#[tokio::test]
async fn somebody_elses_sub_agent_is_none() {
    let scene = scene().await;
    let world = &scene.world;
    let with_parent = |name: &str, parent: Option<&str>| {
        Agent::new(name).with(|claims| claims.parent_agent = parent.map(|parent| AgentId::parse(parent).unwrap()))
    };
    let others = with_parent("other+x", Some("aauth:other@agents.example"));
    let nobodys = with_parent("alone", None);
    let expired = with_parent("planner+old", Some("aauth:planner@agents.example")).until(NOW);
    let mut elsewhere = Agent::of("planner+y", TRIPS, TRIPS);
    elsewhere.claims.parent_agent = Some(AgentId::parse("aauth:planner@trips.example").unwrap());
    elsewhere.token = elsewhere.claims.sign(&key(TRIPS));
    for (token, error) in [
        (others.token, "invalid_subagent_token"),
        (nobodys.token, "invalid_subagent_token"),
        (elsewhere.token, "invalid_subagent_token"),
        (scene.upstream.clone(), "invalid_subagent_token"),
        ("x.y.z".to_owned(), "invalid_subagent_token"),
        (expired.token, "expired_subagent_token"),
    ] {
        let body = json!({ "resource": TRIPS, "subagent_token": token });
        world.post(&scene.caller, "/person", body).await.refused(400, error);
    }
    assert_eq!(world.store.issued_for(&world.ada, 10).await.unwrap().len(), 1);
}
