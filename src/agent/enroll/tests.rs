//! An agent against a scripted provider, which verifies what it is sent.

use std::collections::VecDeque;
use std::sync::Mutex;

use serde_json::{Map, json};

use super::*;
use crate::aauth::digest;
use crate::aauth::message::{Fields, Message};
use crate::aauth::signature::{Scheme, SignatureKey, SignatureRules, SignedRequest};
use crate::aauth::token::Common;
use crate::aauth::token::agent::AgentToken;
use crate::aauth::verify::{self, VerifiedIdentity};
use crate::agent::Sending;
use crate::clock::{Clock as _, FixedClock};

const NOW: i64 = 1_800_000_000;
const PROVIDER: &str = "https://ap.example";
const ADA: &str = "aauth:ada@ap.example";

/// Answers in turn, and who asked for what.
#[derive(Debug)]
struct Provider {
    answers: Mutex<VecDeque<Response>>,
    asked: Mutex<Vec<String>>,
    clock: FixedClock,
}

impl Transport for Provider {
    fn send(&self, request: Request) -> Sending<'_> {
        if request.endpoint.url() == format!("{PROVIDER}/.well-known/aauth-agent.json") {
            return Box::pin(async { Ok(answer(200, &[], &metadata())) });
        }
        self.asked.lock().unwrap().push(seen(&request, self.clock.now()));
        let answer = self.answers.lock().unwrap().pop_front();
        Box::pin(async move { answer.ok_or(HttpFault::Unreachable) })
    }
}

/// A request in a line, its signer proved: method, path, who is the agent and which key signed.
fn seen(request: &Request, now: i64) -> String {
    let headers = request.headers.iter().map(|(name, value)| (name.clone(), value.clone().into_bytes()));
    let fields = Fields::lines(headers);
    let (authority, target) = (request.endpoint.authority(), request.endpoint.target());
    let message = Message::request(&request.method, request.endpoint.scheme(), &authority, &target, fields);
    let mut rules = SignatureRules { schemes: vec![Scheme::Hwk, Scheme::JktJwt], ..SignatureRules::default() };
    if !request.body.is_empty() {
        rules.additional_components = vec!["content-digest".into(), "content-type".into()];
        assert_eq!(digest::matches(&message.fields().text("content-digest").unwrap(), &request.body), Ok(()));
    }
    let signed = SignedRequest::read(&message, &rules, now).unwrap().unwrap();
    let proved = match signed.key() {
        SignatureKey::Hwk(key) => verify::request_of_key(&signed, &message, key),
        SignatureKey::JktJwt(naming) => verify::request_of_delegated_key(&signed, &message, naming, 60, now),
        SignatureKey::Jwt(_) | SignatureKey::JwksUri { .. } => panic!("another scheme"),
    };
    let proved = proved.unwrap();
    let agent = match proved.identity() {
        VerifiedIdentity::DelegatedKey { stable } => name(stable.as_str()),
        VerifiedIdentity::Key => name(proved.thumbprint().as_str()),
        VerifiedIdentity::Token(_) | VerifiedIdentity::Server { .. } => panic!("another identity"),
    };
    let by = name(proved.thumbprint().as_str());
    let body = String::from_utf8_lossy(&request.body);
    format!("{} {target} as {agent} by {by} {body}", request.method).trim_end().to_owned()
}

fn key(name: &str) -> SigningKey {
    let mut seed = [7; 32];
    seed.iter_mut().zip(name.bytes()).for_each(|(byte, letter)| *byte = letter);
    SigningKey::ed25519(name, &seed)
}

/// Whose thumbprint it is.
fn name(thumbprint: &str) -> &'static str {
    let known =
        ["stable", "first", "second"].into_iter().find(|it| key(it).public().thumbprint().as_str() == thumbprint);
    known.unwrap_or("nobody")
}

fn metadata() -> Value {
    json!({
        "issuer": PROVIDER,
        "jwks_uri": format!("{PROVIDER}/jwks"),
        "registration_endpoint": format!("{PROVIDER}/register"),
        "refresh_endpoint": format!("{PROVIDER}/refresh"),
    })
}

fn answer(status: u16, headers: &[(&str, &str)], body: &Value) -> Response {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Response { status, headers, body: body.to_string().into_bytes() }
}

/// An answer with an agent token of this provider's, for this agent and this key.
fn enrolled(provider: &str, agent: &str, bound_to: &str) -> Response {
    let iss = ServerId::parse(provider).unwrap();
    let token = AgentToken {
        common: Common { iss, dwk: Dwk::Agent, jti: "a-1".into(), iat: NOW, exp: NOW + 3600 },
        sub: AgentId::parse(agent).unwrap(),
        key: key(bound_to).public().clone(),
        ps: None,
        parent_agent: None,
        more: Map::new(),
    };
    let body = json!({ "agent_token": token.sign(&key("provider")), "agent": ADA, "expires_in": 3600 });
    answer(200, &[], &body)
}

const REQUIREMENT: &str = r#"requirement=interaction;url="https://ap.example/approve";code="A1B2-C3D4""#;

fn pending() -> Response {
    let headers = [("location", "/pending/1"), ("retry-after", "0"), ("aauth-requirement", REQUIREMENT)];
    answer(202, &headers, &json!({ "status": "pending" }))
}

fn two_keys() -> AgentKeys {
    AgentKeys::Two { stable: key("stable"), signing: key("first") }
}

fn agent(keys: AgentKeys, answers: impl IntoIterator<Item = Response>) -> (Enrollment, Arc<Provider>) {
    let clock = FixedClock::at(NOW);
    let answers = Mutex::new(answers.into_iter().collect());
    let provider = Arc::new(Provider { answers, asked: Mutex::default(), clock: clock.clone() });
    let config = EnrollConfig {
        provider: ServerId::parse(PROVIDER).unwrap(),
        keys,
        reach: Development::default(),
        clock: Arc::new(clock),
    };
    (Enrollment::with_transport(config, provider.clone()).unwrap(), provider)
}

fn introduction() -> Introduction {
    Introduction { agent_name: "Ada".into(), ..Introduction::default() }
}

async fn start(enrollment: &Enrollment) -> Result<Progress, EnrollError> {
    enrollment.start(&introduction()).await
}

fn waiting(progress: Progress) -> Waiting {
    match progress {
        Progress::Waiting(waiting) => waiting,
        Progress::Enrolled(_) => panic!("enrolled at once"),
    }
}

#[track_caller]
fn refused(result: Result<Progress, EnrollError>) -> Fault {
    match result.unwrap_err() {
        EnrollError::Provider { fault, .. } => fault,
        EnrollError::Agent(error) => panic!("{error}"),
    }
}

/// The stable key is proved by each request, the naming token is made anew, and a refresh asks nobody.
#[tokio::test]
async fn an_agent_with_two_keys() {
    let answers = [
        pending(),
        answer(202, &[("retry-after", "0")], &json!({ "status": "interacting" })),
        enrolled(PROVIDER, ADA, "first"),
        enrolled(PROVIDER, ADA, "second"),
        enrolled(PROVIDER, ADA, "second"),
    ];
    let (mut enrollment, provider) = agent(two_keys(), answers);
    let asked = waiting(start(&enrollment).await.unwrap());
    let interaction = asked.interaction.clone().unwrap();
    assert_eq!(interaction.link(), "https://ap.example/approve?code=A1B2-C3D4");
    provider.clock.advance(300);
    let credentials = enrollment.finish(asked, Duration::from_mins(1)).await.unwrap();
    assert_eq!((credentials.agent.as_str(), credentials.expires_in), (ADA, 3600));
    assert!(!format!("{credentials:?} {interaction:?}").contains("eyJ"));
    enrollment.refresh(Some(key("second"))).await.unwrap();
    assert_eq!(enrollment.signing_key().public(), key("second").public());
    enrollment.refresh(None).await.unwrap();
    assert_eq!(
        *provider.asked.lock().unwrap(),
        [
            r#"POST /register as stable by first {"agent_name":"Ada"}"#,
            "GET /pending/1 as stable by first",
            "GET /pending/1 as stable by first",
            "POST /refresh as stable by second {}",
            "POST /refresh as stable by second {}",
        ]
    );
}

#[tokio::test]
async fn an_agent_with_a_single_key() {
    let (mut enrollment, provider) =
        agent(AgentKeys::Single(key("first")), [enrolled(PROVIDER, ADA, "first"), enrolled(PROVIDER, ADA, "first")]);
    let progress = start(&enrollment).await.unwrap();
    assert!(matches!(progress, Progress::Enrolled(_)));
    assert!(matches!(enrollment.refresh(Some(key("second"))).await, Err(EnrollError::Agent(_))));
    enrollment.refresh(None).await.unwrap();
    let expected = [r#"POST /register as first by first {"agent_name":"Ada"}"#, "POST /refresh as first by first {}"];
    assert_eq!(*provider.asked.lock().unwrap(), expected);
}

/// Somebody else's token, however it comes, is not held.
#[tokio::test]
async fn a_token_is_this_providers_for_this_agent_and_key() {
    for (response, fault) in [
        (enrolled(PROVIDER, ADA, "second"), Fault::OtherKey),
        (
            enrolled("https://evil.example", "aauth:ada@evil.example", "first"),
            Fault::Nonsense("an agent token of another issuer or for another agent"),
        ),
        (
            enrolled(PROVIDER, "aauth:bob@ap.example", "first"),
            Fault::Nonsense("an agent token of another issuer or for another agent"),
        ),
        (answer(200, &[], &json!({})), Fault::Nonsense("a 200 without `agent_token`, `agent` and `expires_in`")),
    ] {
        let (enrollment, _) = agent(two_keys(), [response]);
        assert_eq!(refused(start(&enrollment).await), fault);
    }
}

#[tokio::test]
async fn a_refused_refresh_leaves_the_keys_as_they_were() {
    let problem = json!({ "error": "revoked", "detail": "the person removed this agent" });
    let (mut enrollment, _) = agent(two_keys(), [answer(403, &[], &problem), enrolled(PROVIDER, ADA, "first")]);
    for _ in 0..2 {
        let error = enrollment.refresh(Some(key("second"))).await.unwrap_err();
        assert!(matches!(error, EnrollError::Provider { .. }), "{error}");
        assert_eq!(enrollment.signing_key().public(), key("first").public());
    }
}

#[tokio::test]
async fn a_person_who_says_no_ends_it() {
    let denied = answer(403, &[], &json!({ "error": "denied", "detail": "not this one" }));
    let (enrollment, _) = agent(two_keys(), [pending(), denied]);
    let asked = waiting(start(&enrollment).await.unwrap());
    let error = enrollment.finish(asked, Duration::from_mins(1)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the agent provider `https://ap.example` refuses with status 403, `denied`: not this one"
    );
}

#[tokio::test]
async fn it_does_not_wait_for_ever_and_slows_down_when_told() {
    let (enrollment, provider) =
        agent(two_keys(), [pending(), answer(429, &[], &json!({ "error": "slow_down" })), pending()]);
    let asked = waiting(start(&enrollment).await.unwrap());
    let asked = waiting(enrollment.poll(asked).await.unwrap());
    assert_eq!((asked.after, asked.interaction.is_some()), (Duration::from_secs(10), true));
    let asked = waiting(enrollment.poll(asked).await.unwrap());
    assert_eq!(asked.after, Duration::from_secs(5));
    provider.answers.lock().unwrap().extend((0..100).map(|_| pending()));
    let error = enrollment.finish(asked, Duration::from_secs(1)).await.unwrap_err();
    assert!(matches!(error, EnrollError::Provider { fault: Fault::Undecided(1), .. }));
    assert!(provider.asked.lock().unwrap().len() == 3);
}

/// What a provider says of where to go is followed only where it may lead.
#[tokio::test]
async fn neither_the_agent_nor_the_person_is_sent_astray() {
    let elsewhere = [("location", "https://evil.example/pending/1")];
    let insecure = r#"requirement=interaction;url="http://ap.example/approve";code="A1B2-C3D4""#;
    let injected = r#"requirement=interaction;url="https://ap.example/approve";code="A&callback=x""#;
    for response in [
        answer(202, &[], &json!({})),
        answer(202, &elsewhere, &json!({})),
        answer(202, &[("location", "/pending/1"), ("aauth-requirement", insecure)], &json!({})),
        answer(202, &[("location", "/pending/1"), ("aauth-requirement", injected)], &json!({})),
        answer(302, &elsewhere, &json!({})),
    ] {
        let shown = format!("{response:?}");
        let (enrollment, provider) = agent(two_keys(), [response]);
        refused(start(&enrollment).await);
        assert_eq!(provider.asked.lock().unwrap().len(), 1, "{shown}");
    }
}
