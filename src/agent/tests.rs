//! An agent against a scripted resource and a scripted person server.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::*;
use crate::aauth::identifier::AgentId;
use crate::aauth::key::Jwks;
use crate::aauth::metadata::Dwk;
use crate::aauth::requirement::Requirement;
use crate::aauth::token::agent::AgentToken;
use crate::aauth::token::auth::AuthToken;
use crate::aauth::token::person::PersonToken;
use crate::aauth::token::resource::ResourceToken;
use crate::aauth::token::{Common, TokenFault, TokenType};
use crate::clock::FixedClock;
use crate::discovery::{DiscoveryConfig, DiscoveryFault, Document, Fetch, Fetching, Target};

const NOW: i64 = 1_800_000_000;
const ORDERS: &str = "https://orders.example";
const PERSONS: &str = "https://ps.example";
const URL: &str = "https://orders.example/v1/orders/42";

/// Answers in turn, and a record of what was asked.
#[derive(Debug, Default)]
struct Script {
    answers: Mutex<VecDeque<Response>>,
    asked: Mutex<Vec<Request>>,
}

impl Transport for Script {
    fn send(&self, request: Request) -> Sending<'_> {
        let documents = request.endpoint.url() == format!("{PERSONS}/.well-known/aauth-person.json");
        if documents {
            return Box::pin(async { Ok(answer(200, &[], &person_metadata(PERSONS))) });
        }
        self.asked.lock().unwrap().push(request);
        let answer = self.answers.lock().unwrap().pop_front();
        Box::pin(async move { answer.ok_or(HttpFault::Unreachable) })
    }
}

impl Script {
    fn asked(&self) -> Vec<String> {
        let line = |request: &Request| format!("{} {}", request.method, request.endpoint.url());
        self.asked.lock().unwrap().iter().map(line).collect()
    }

    fn last(&self) -> Request {
        self.asked.lock().unwrap().last().unwrap().clone()
    }
}

/// The keys of both servers, which are made from their hosts.
#[derive(Debug)]
struct Documents;

impl Fetch for Documents {
    fn fetch<'a>(&'a self, target: &'a Target) -> Fetching<'a> {
        let known = [(ORDERS, Dwk::Resource), (PERSONS, Dwk::Person)].into_iter().find_map(|(issuer, dwk)| {
            if target.url() == server(issuer).well_known(dwk.name()) {
                return Some(json!({ "issuer": issuer, "jwks_uri": format!("{issuer}/jwks") }));
            }
            (target.url() == format!("{issuer}/jwks")).then(|| Jwks::of([key(issuer).public()]).to_json())
        });
        Box::pin(async move {
            let body = known.ok_or(DiscoveryFault::Status(404))?.to_string().into_bytes();
            Ok(Document { body, ..Document::default() })
        })
    }
}

fn person_metadata(issuer: &str) -> Value {
    json!({
        "issuer": issuer,
        "jwks_uri": format!("{issuer}/jwks"),
        "person_token_endpoint": format!("{issuer}/person"),
        "auth_token_endpoint": format!("{issuer}/token"),
    })
}

fn server(id: &str) -> ServerId {
    ServerId::parse(id).unwrap()
}

fn key(name: &str) -> SigningKey {
    let mut seed = [7; 32];
    seed.iter_mut().zip(name.bytes().rev()).for_each(|(byte, letter)| *byte = letter);
    SigningKey::ed25519("key-1", &seed)
}

fn answer(status: u16, headers: &[(&str, &str)], body: &Value) -> Response {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Response { status, headers, body: body.to_string().into_bytes() }
}

fn challenge(requirement: &Requirement) -> Response {
    answer(401, &[("aauth-requirement", &requirement.header())], &Value::Null)
}

fn common(issuer: &str, dwk: Dwk, jti: &str, lifetime: i64) -> Common {
    Common { iss: server(issuer), dwk, jti: jti.into(), iat: NOW - 10, exp: NOW - 10 + lifetime }
}

fn person_token() -> PersonToken {
    PersonToken {
        common: common(PERSONS, Dwk::Person, "person-1", 3600),
        aud: server(ORDERS),
        sub: "ada".into(),
        key: key("agent").public().clone(),
        mission_s256: None,
        tenant: None,
        more: Map::new(),
    }
}

fn auth_token(scope: &str) -> AuthToken {
    AuthToken {
        common: common(PERSONS, Dwk::Person, "auth-1", 3600),
        aud: server(ORDERS),
        ps: server(PERSONS),
        sub: "ada".into(),
        key: key("agent").public().clone(),
        scopes: vec![scope.into()],
        account: None,
        mission_s256: None,
        tenant: None,
        more: Map::new(),
    }
}

fn resource_token() -> ResourceToken {
    ResourceToken {
        common: common(ORDERS, Dwk::Resource, "resource-1", 300),
        aud: server(PERSONS),
        ps: server(PERSONS),
        sub: "ada".into(),
        presented_jti: "person-1".into(),
        agent_jkt: key("agent").public().thumbprint().to_string(),
        scopes: vec!["orders.read".into()],
        account: None,
        login_hint: None,
        mission_s256: None,
        tenant: None,
        interaction: None,
    }
}

fn asks_for_auth(token: &ResourceToken) -> Response {
    challenge(&Requirement::AuthToken { resource_token: token.sign(&key(ORDERS)) })
}

fn gives_person(token: &PersonToken) -> Response {
    answer(200, &[], &json!({ "person_token": token.sign(&key(PERSONS)) }))
}

fn gives_auth(token: &AuthToken) -> Response {
    answer(200, &[], &json!({ "auth_token": token.sign(&key(PERSONS)) }))
}

struct Kit {
    agent: Agent,
    script: Arc<Script>,
    clock: FixedClock,
}

fn kit(answers: impl IntoIterator<Item = Response>) -> Kit {
    let script = Arc::new(Script { answers: Mutex::new(answers.into_iter().collect()), ..Script::default() });
    let clock = FixedClock::at(NOW);
    let issuers = Issuers::with_fetch(&DiscoveryConfig::default(), Arc::new(clock.clone()), Arc::new(Documents));
    let token = AgentToken {
        common: common("https://agents.example", Dwk::Agent, "agent-1", 86_400),
        sub: AgentId::parse("aauth:helper@agents.example").unwrap(),
        key: key("agent").public().clone(),
        ps: Some(server(PERSONS)),
        parent_agent: None,
        more: Map::new(),
    };
    let config = AgentConfig {
        key: key("agent"),
        agent_token: token.sign(&key("https://agents.example")),
        person_server: Some(server(PERSONS)),
        reach: Development::default(),
        issuers: issuers.unwrap(),
        clock: Arc::new(clock.clone()),
        patience: Duration::from_secs(2),
    };
    Kit { agent: Agent::with_transport(config, script.clone()).unwrap(), script, clock }
}

impl Kit {
    async fn get(&self) -> Result<Reply, AgentError> {
        self.agent.call(Call { method: "GET".into(), url: URL.into(), ..Call::default() }).await
    }

    async fn resource_fault(&self) -> ResourceFault {
        match self.get().await {
            Err(AgentError::Resource { resource, fault }) if resource == server(ORDERS) => fault,
            other => panic!("{other:?}"),
        }
    }

    async fn person_server_fault(&self) -> PersonServerFault {
        match self.get().await {
            Err(AgentError::PersonServer { server: at, fault }) if at == server(PERSONS) => fault,
            other => panic!("{other:?}"),
        }
    }
}

fn ok() -> Response {
    answer(200, &[], &json!({ "order": 42 }))
}

fn the_whole_way() -> Vec<Response> {
    vec![
        challenge(&Requirement::PersonToken),
        gives_person(&person_token()),
        asks_for_auth(&resource_token()),
        gives_auth(&auth_token("orders.read")),
        ok(),
    ]
}

/// "Resource Access": each requirement is satisfied in turn, and what was obtained is presented from then on.
#[tokio::test]
async fn it_follows_every_requirement_once() {
    let kit = kit(the_whole_way().into_iter().chain([ok()]));
    let reply = kit.get().await.unwrap();
    assert_eq!(reply.status, 200);
    let called = |presented, status, requirement| Step::Called { presented, status, requirement };
    assert_eq!(
        reply.steps,
        [
            called(TokenType::Agent, 401, Some("person-token")),
            Step::GotPersonToken { server: server(PERSONS) },
            called(TokenType::Person, 401, Some("auth-token")),
            Step::GotAuthToken { server: server(PERSONS), scopes: vec!["orders.read".into()] },
            called(TokenType::Auth, 200, None),
        ]
    );
    let get = format!("GET {URL}");
    let way = [&get, "POST https://ps.example/person", &get, "POST https://ps.example/token", &get];
    assert_eq!(kit.script.asked(), way);
    assert_eq!(kit.get().await.unwrap().steps, [called(TokenType::Auth, 200, None)]);
}

/// "Agents SHOULD cache": but a token that is about to end is not presented any more.
#[tokio::test]
async fn a_token_about_to_end_is_replaced() {
    let kit = kit(the_whole_way().into_iter().chain([ok()]));
    kit.get().await.unwrap();
    kit.clock.advance(3600 - 10 - 300);
    let reply = kit.get().await.unwrap();
    assert!(matches!(reply.steps[0], Step::Called { presented: TokenType::Agent, .. }), "{:?}", reply.steps);
}

/// "Resource Challenge Verification": nothing goes to the person server that was not asked of this agent.
#[tokio::test]
async fn a_challenge_that_is_not_about_us_is_not_carried() {
    type Change = fn(&mut ResourceToken);
    let other_claims: [(&str, Change); 4] = [
        ("agent_jkt", |token| token.agent_jkt = key("other").public().thumbprint().to_string()),
        ("ps", |token| token.ps = server("https://other.example")),
        ("sub", |token| token.sub = "mallory".into()),
        ("presented_jti", |token| token.presented_jti = "another".into()),
    ];
    for (claim, change) in other_claims {
        let mut token = resource_token();
        change(&mut token);
        let before = the_whole_way().into_iter().take(2);
        let kit = kit(before.chain([asks_for_auth(&token), ok(), ok()]));
        assert_eq!(kit.resource_fault().await, ChallengeFault::Claim(claim).into());
        assert_eq!(kit.script.asked().len(), 3, "{claim}");
    }
}

#[tokio::test]
async fn a_resource_token_that_does_not_verify_is_not_carried() {
    let [mut foreign, mut late] = [resource_token(), resource_token()];
    foreign.common.iss = server("https://other.example");
    late.common.exp = NOW;
    let forged = Requirement::AuthToken { resource_token: resource_token().sign(&key("mallory")) };
    for (sent, fault) in [
        (asks_for_auth(&foreign), ChallengeFault::Claim("iss")),
        (asks_for_auth(&late), TokenFault::Expired.into()),
        (challenge(&forged), TokenFault::BadSignature.into()),
    ] {
        let kit = kit([challenge(&Requirement::PersonToken), gives_person(&person_token()), sent]);
        assert_eq!(kit.resource_fault().await, fault.into());
    }
}

#[tokio::test]
async fn a_resource_that_asks_out_of_turn_or_for_ever_is_at_fault() {
    assert_eq!(kit([asks_for_auth(&resource_token())]).resource_fault().await, ResourceFault::TooEarly);
    let rounds = [challenge(&Requirement::PersonToken), gives_person(&person_token())];
    let insatiable = rounds.clone().into_iter().cycle().take(8);
    assert_eq!(kit(insatiable).resource_fault().await, ResourceFault::Insatiable(4));
    let unknown = answer(401, &[("aauth-requirement", "requirement=teleport")], &Value::Null);
    assert!(matches!(kit([unknown]).resource_fault().await, ResourceFault::Requirement(_)));
    assert_eq!(kit([]).resource_fault().await, ResourceFault::Http(HttpFault::Unreachable));
}

/// A refusal is an answer: it is the caller's to read.
#[tokio::test]
async fn a_refusal_comes_back_as_it_is() {
    let forbidden = answer(403, &[("content-type", "application/problem+json")], &json!({ "error": "forbidden" }));
    let reply = kit([forbidden]).get().await.unwrap();
    assert_eq!((reply.status, reply.steps.len()), (403, 1));
    // The agent token is all there is to show.
    assert_eq!(kit([challenge(&Requirement::AgentToken)]).get().await.unwrap().status, 401);
}

/// A token that was withdrawn before its time is forgotten, and the next is fetched.
#[tokio::test]
async fn a_revoked_token_is_forgotten() {
    let revoked = answer(401, &[("signature-error", "error=revoked_jwt")], &Value::Null);
    let kit = kit(the_whole_way().into_iter().chain([revoked]).chain([ok()]));
    kit.get().await.unwrap();
    let reply = kit.get().await.unwrap();
    assert!(matches!(reply.steps[1], Step::Called { presented: TokenType::Agent, status: 200, .. }));
}

/// The agent "MUST verify that aud and cnf match": whoever else's token it is, it is not held.
#[tokio::test]
async fn a_token_that_is_not_ours_is_not_held() {
    let [mut other_key, mut other_aud, mut late] = [person_token(), person_token(), person_token()];
    other_key.key = key("other").public().clone();
    other_aud.aud = server("https://other.example");
    late.common.exp = NOW;
    let forged = answer(200, &[], &json!({ "person_token": person_token().sign(&key("mallory")) }));
    let wrong_type = answer(200, &[], &json!({ "person_token": auth_token("x").sign(&key(PERSONS)) }));
    for (sent, fault) in [
        (gives_person(&other_key), PersonServerFault::OtherKey),
        (gives_person(&other_aud), TokenFault::WrongAudience.into()),
        (gives_person(&late), TokenFault::Expired.into()),
        (forged, TokenFault::BadSignature.into()),
        (wrong_type, TokenFault::WrongType("aa-auth+jwt".into()).into()),
    ] {
        let kit = kit([challenge(&Requirement::PersonToken), sent]);
        assert_eq!(kit.person_server_fault().await, fault);
    }
}

/// "Deferred Responses": GET at the `Location`, signed, until there is an answer.
#[tokio::test]
async fn it_waits_for_a_person_who_is_asked() {
    let pending = || answer(202, &[("location", "/pending/1"), ("retry-after", "0")], &json!({ "status": "pending" }));
    let kit = kit([challenge(&Requirement::PersonToken), pending(), pending(), gives_person(&person_token()), ok()]);
    assert_eq!(kit.get().await.unwrap().status, 200);
    let polls = "GET https://ps.example/pending/1";
    assert_eq!(kit.script.asked()[2..4], [polls, polls]);
}

#[tokio::test]
async fn it_does_not_wait_elsewhere_or_for_ever() {
    let elsewhere = answer(202, &[("location", "https://evil.example/pending"), ("retry-after", "0")], &Value::Null);
    let fault = kit([challenge(&Requirement::PersonToken), elsewhere]).person_server_fault().await;
    assert_eq!(fault, HttpFault::BadUrl("it is of another origin").into());

    let slow = answer(202, &[("location", "/pending/1"), ("retry-after", "60")], &Value::Null);
    let fault = kit([challenge(&Requirement::PersonToken), slow]).person_server_fault().await;
    assert_eq!(fault, PersonServerFault::Undecided(2));

    let denied = answer(403, &[], &json!({ "error": "denied", "detail": "Ada\nsays no" }));
    let fault = kit([challenge(&Requirement::PersonToken), denied]).person_server_fault().await;
    let expected = PersonServerFault::Refused { status: 403, code: "denied".into(), detail: "Ada\\nsays no".into() };
    assert_eq!(fault, expected);
}

/// Whatever matters of a request is covered: query, body and its type.
#[tokio::test]
async fn query_and_body_are_covered() {
    let kit = kit([ok()]);
    let call = Call {
        method: "POST".into(),
        url: format!("{ORDERS}/v1/orders?draft=1#top"),
        headers: vec![("Content-Type".into(), "application/json".into())],
        body: b"{}".to_vec(),
    };
    kit.agent.call(call).await.unwrap();
    let sent = kit.script.last();
    let input = sent.headers.iter().find(|(name, _)| name == "signature-input").map(|(_, value)| value.as_str());
    let covered = r#"sig=("@method" "@authority" "@path" "@query" "content-digest" "content-type" "signature-key")"#;
    assert!(input.unwrap().starts_with(covered), "{input:?}");
    assert!(sent.headers.iter().any(|(name, _)| name == "content-digest"));
}

#[tokio::test]
async fn what_cannot_be_sent_is_the_callers_fault() {
    let kit = kit([]);
    let call = |url: &str, header: &str| Call {
        method: "GET".into(),
        url: url.into(),
        headers: vec![(header.into(), "x".into())],
        body: Vec::new(),
    };
    for url in ["http://orders.example/", "https://orders.example:8443/", "orders", "https://10.0.0.1/"] {
        assert!(matches!(kit.agent.call(call(url, "x")).await, Err(AgentError::BadUrl { .. })), "{url}");
    }
    for header in ["Signature", "signature-key", "Host", "content-digest"] {
        assert!(matches!(kit.agent.call(call(URL, header)).await, Err(AgentError::BadRequest(_))), "{header}");
    }
    assert!(kit.script.asked().is_empty());
}

#[test]
fn an_agent_token_must_be_this_agents() {
    let read = |token: &str, name: &str| tokens::Own::read(token.to_owned(), key(name).public()).map(|_| ());
    let token = person_token().sign(&key(PERSONS));
    assert!(matches!(read(&token, "agent"), Err(AgentError::AgentToken("its type is another"))));
    assert!(read("nonsense", "agent").is_err());
    let claims = json!({ "cnf": { "jwk": key("agent").public().to_jwk() }, "exp": NOW });
    let token = key("p").sign_jwt("aa-agent+jwt", claims.as_object().unwrap());
    assert_eq!(read(&token, "agent"), Ok(()));
    assert_eq!(read(&token, "other"), Err(AgentError::AgentToken("it is bound to another key")));
}
