//! Persons, agents and what they ask, for cases to start from.

use aauth_authorizer::aauth::identifier::{AgentId, ServerId};
use aauth_authorizer::aauth::key::PublicKey;
use person_server::domain::agent::{AgentKey, Binding};
use person_server::domain::ask::{Ask, AuthorizeAsk, Hints, IdentifyAsk, Presented};
use person_server::domain::consent::Consent;
use person_server::domain::issued::{Issued, IssuedKind, Revocation, SeenAgentToken, TokenRef};
use person_server::domain::pending::{Asker, CodeState, Pending, PendingId, State, Waiting};
use person_server::domain::person::{Person, PersonKey};
use person_server::domain::withdrawal::Cause;
use person_server::store::{Added, Bound, Issuance, Limits, Record, Store, Withdraw};
use serde_json::json;

pub(crate) const NOW: i64 = 1_800_000_000;
pub(crate) const LIMITS: Limits = Limits { of_asker: 10, for_person: 20 };

pub(crate) fn server(host: &str) -> ServerId {
    ServerId::parse(&format!("https://{host}.example")).unwrap()
}

pub(crate) fn key(name: &str) -> PersonKey {
    PersonKey::new(name)
}

pub(crate) fn agent(name: &str) -> AgentKey {
    AgentKey { iss: server("ap"), sub: AgentId::parse(&format!("aauth:{name}@ap.example")).unwrap() }
}

pub(crate) fn public_key() -> PublicKey {
    // The public key of RFC 8037, appendix A.2.
    let jwk = json!({
        "kty": "OKP", "crv": "Ed25519", "alg": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    });
    PublicKey::from_jwk(jwk.as_object().unwrap()).unwrap()
}

pub(crate) fn binding(name: &str, person: &str) -> Binding {
    Binding {
        agent: agent(name),
        person: key(person),
        name: None,
        platform: None,
        device: None,
        bound_at: NOW,
        seen_at: NOW,
        revoked_at: None,
    }
}

pub(crate) async fn person(store: &Store, name: &str) -> PersonKey {
    let claims = json!({"email": format!("{name}@example.org")}).as_object().unwrap().clone();
    let person = Person { key: key(name), name: name.to_owned(), tenant: None, claims, created_at: NOW };
    store.keep_person(person).await.unwrap();
    key(name)
}

/// Ada, and her agent `a`.
pub(crate) async fn ada(store: &Store) -> PersonKey {
    let ada = person(store, "ada").await;
    assert_eq!(store.bind_agent(binding("a", "ada")).await.unwrap(), Bound::Yes);
    ada
}

pub(crate) fn consent(id: &str, scopes: &[&str]) -> Consent {
    Consent {
        id: id.to_owned(),
        person: key("ada"),
        agent: agent("a"),
        resource: server("r"),
        account: None,
        mission: None,
        scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
        created_at: NOW,
        expires_at: None,
        revoked_at: None,
    }
}

pub(crate) fn identify() -> Ask {
    let hints = Hints { justification: Some("to *plan*".to_owned()), ..Hints::default() };
    Ask::Identify(IdentifyAsk { resource: server("r"), mission: None, subagent: None, upstream: None, hints })
}

pub(crate) fn authorize(jti: &str, scopes: &[&str]) -> Ask {
    Ask::Authorize(Box::new(AuthorizeAsk {
        resource: server("r"),
        audience: server("ps"),
        jti: jti.to_owned(),
        exp: NOW + 300,
        sub: "directed".to_owned(),
        scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
        account: None,
        mission: None,
        tenant: None,
        presented: Presented { iss: server("ps"), jti: "p1".to_owned(), exp: NOW + 3600, key: public_key() },
        subagent: None,
        upstream: None,
        interaction: None,
        hints: Hints::default(),
        federation: None,
    }))
}

pub(crate) fn pending(id: &str, code: &str, person: Option<&str>, ask: Ask) -> Pending {
    Pending {
        id: PendingId::new(id),
        asker: Asker::Agent(agent("a")),
        person: person.map(key),
        code: CodeState { code: code.to_owned(), consumed: false, failures: 0 },
        ask,
        state: State::Waiting(Waiting::default()),
        callback: None,
        created_at: NOW,
        expires_at: NOW + 600,
        polled_at: None,
    }
}

pub(crate) async fn keep(store: &Store, pending: Pending) -> Pending {
    assert_eq!(store.add_pending(pending.clone(), LIMITS, NOW).await.unwrap(), Added::Yes);
    pending
}

pub(crate) fn token(iss: &str, jti: &str) -> TokenRef {
    TokenRef { iss: server(iss), jti: jti.to_owned() }
}

/// A person token of ours for agent `a`, asked for with its agent token `at`.
pub(crate) fn issuance(jti: &str) -> Issuance {
    Issuance {
        issued: Issued {
            kind: IssuedKind::Person,
            token: token("ps", jti),
            resource: server("r"),
            agent: agent("a"),
            subagent: None,
            person: key("ada"),
            sub: "directed".to_owned(),
            scopes: vec!["read".to_owned()],
            mission: None,
            root: jti.to_owned(),
            upstream: None,
            decided_by: "consent".to_owned(),
            issued_at: NOW,
            exp: NOW + 3600,
        },
        agent_token: SeenAgentToken { agent: agent("a"), jti: "at".to_owned(), exp: NOW + 86400 },
        rests_on: Vec::new(),
        collects: None,
        record: Record::default(),
    }
}

/// The issuer of a token withdraws it. How many tokens that reaches.
pub(crate) async fn withdrawn_by_issuer(store: &Store, token: TokenRef) -> i64 {
    let id = format!("withdrawal of {}", token.jti);
    let revocation = Revocation { token, exp: NOW + 3600, at: NOW };
    let cause = Cause::Told { revocation, limit: 10 };
    store.withdraw(Withdraw { id: id.clone(), cause, issuer: server("ps"), now: NOW }).await.unwrap();
    store.withdrawal(&id).await.unwrap().unwrap().tokens
}

/// What Ada's agents were issued on a mission.
pub(crate) async fn held_under(store: &Store, mission: &str) -> Vec<Issued> {
    let mut issued = store.issued_for(&key("ada"), 100).await.unwrap();
    issued.retain(|issued| issued.mission.as_deref() == Some(mission));
    issued
}
