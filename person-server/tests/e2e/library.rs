//! Our own agents' library against the running program: enrolled, asked about, let pass by the resource.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aauth_authorizer::aauth::identifier::ServerId;
use aauth_authorizer::aauth::key::SigningKey;
use aauth_authorizer::aauth::token::TokenType;
use aauth_authorizer::agent::enroll::{AgentKeys, Credentials, EnrollConfig, Enrollment, Introduction, Progress};
use aauth_authorizer::agent::{Agent, AgentConfig, Call, Step};
use aauth_authorizer::clock::SystemClock;
use aauth_authorizer::discovery::{Development, DiscoveryConfig, Issuers};
use serde_json::json;
use tokio::runtime::Runtime;

use super::support::upstream::Received;
use super::support::{ORDERS, PS, Scene, claims};

const PATIENCE: Duration = Duration::from_secs(15);

fn ps() -> ServerId {
    ServerId::parse(PS).unwrap()
}

fn reach<const N: usize>(connect: [(&str, std::net::SocketAddr); N]) -> Development {
    let connect = connect.map(|(origin, at)| (origin.to_owned(), format!("http://{at}")));
    Development { loopback_issuers: false, connect: BTreeMap::from(connect) }
}

/// An enrolment that the person has approved.
fn enrolled(scene: &Scene, runtime: &Runtime, keys: AgentKeys) -> (Enrollment, Credentials) {
    let reach = reach([(PS, scene.server.address)]);
    let config = EnrollConfig { provider: ps(), keys, reach, clock: Arc::new(SystemClock) };
    let enrollment = Enrollment::new(config).unwrap();
    let introduction = Introduction { agent_name: "Research assistant".to_owned(), ..Introduction::default() };
    let Progress::Waiting(waiting) = runtime.block_on(enrollment.start(&introduction)).unwrap() else {
        panic!("a stranger is enrolled without asking");
    };
    let interaction = waiting.interaction.clone().unwrap();
    assert_eq!(interaction.link(), format!("{PS}/interact?code={}", interaction.code));
    let shown = scene.ada.arrive(&interaction.code);
    assert_eq!(shown["agent_says"]["name"], "Research assistant");
    scene.ada.approve(&shown);
    let credentials = runtime.block_on(enrollment.finish(waiting, PATIENCE)).unwrap();
    (enrollment, credentials)
}

fn agent(scene: &Scene, key: &SigningKey, credentials: &Credentials) -> Agent {
    let server = scene.server.address;
    let discovery = DiscoveryConfig {
        development: reach([(PS, server), (ORDERS, scene.resource.published)]),
        ..DiscoveryConfig::default()
    };
    let config = AgentConfig {
        key: key.clone(),
        agent_token: credentials.agent_token.clone(),
        person_server: Some(ps()),
        reach: reach([(PS, server), (ORDERS, scene.resource.gateway.address)]),
        issuers: Issuers::new(&discovery, Arc::new(SystemClock)).unwrap(),
        clock: Arc::new(SystemClock),
        patience: PATIENCE,
    };
    Agent::new(config).unwrap()
}

fn read_an_order() -> Call {
    Call { method: "GET".to_owned(), url: format!("{ORDERS}/v1/orders/42"), ..Call::default() }
}

#[test]
fn it_climbs_from_its_identity_to_an_order() {
    let (scene, runtime) = (Scene::new(), Runtime::new().unwrap());
    let key = SigningKey::ed25519("", &[41; 32]);
    let (_, credentials) = enrolled(&scene, &runtime, AgentKeys::Single(key.clone()));
    let agent = Arc::new(agent(&scene, &key, &credentials));

    // It waits for its person twice; meanwhile the person decides at their page.
    let calling = Arc::clone(&agent);
    let call = runtime.spawn(async move { calling.call(read_an_order()).await });
    for kind in ["identify", "authorize"] {
        let asked = scene.ada.asked();
        assert_eq!((&asked["kind"], &asked["agent"]["agent"]), (&json!(kind), &json!(credentials.agent.as_str())));
        scene.ada.approve(&asked);
    }
    let reply = runtime.block_on(call).unwrap().unwrap();
    assert_eq!(reply.status, 200, "{reply:?}");
    assert!(matches!(
        reply.steps.as_slice(),
        [
            Step::Called { presented: TokenType::Agent, status: 401, .. },
            Step::GotPersonToken { .. },
            Step::Called { presented: TokenType::Person, status: 401, .. },
            Step::GotAuthToken { .. },
            Step::Called { presented: TokenType::Auth, status: 200, .. },
        ]
    ));
    let received = Received::of(serde_json::from_slice(&reply.body).unwrap());
    assert_eq!(received.values("x-aauth-scope"), ["orders.read"]);

    // A new start of the same agent asks nobody.
    let again = self::agent(&scene, &key, &credentials);
    assert_eq!(runtime.block_on(again.call(read_an_order())).unwrap().status, 200);
    assert_eq!(scene.ada.waiting().len(), 0);
}

#[test]
fn it_changes_the_key_it_signs_with() {
    let (scene, runtime) = (Scene::new(), Runtime::new().unwrap());
    let [stable, first, second] = [42, 43, 44].map(|byte| SigningKey::ed25519("", &[byte; 32]));
    let keys = AgentKeys::Two { stable, signing: first };
    let (mut enrollment, former) = enrolled(&scene, &runtime, keys);
    let next = runtime.block_on(enrollment.refresh(Some(second.clone()))).unwrap();
    assert_eq!(next.agent, former.agent);
    let bound = &claims(&next.agent_token)["cnf"]["jwk"]["x"];
    assert_eq!(bound, &second.public().to_jwk()["x"]);
    assert_eq!(scene.ada.waiting().len(), 0);

    let path = format!("/api/agents/{}", scene.ada.get("/api/agents")["items"][0]["id"].as_str().unwrap());
    assert_eq!(scene.ada.send("DELETE", &path, None).status, 204);
    let refusal = runtime.block_on(enrollment.refresh(None)).unwrap_err();
    assert!(refusal.to_string().contains("403"), "{refusal}");
}
