//! What the database holds before the first request: persons, their agents, and grants. Each grant is what one leaves
//! behind: the consent, the record of the token that was issued on it, and the event in the person's log.

use std::path::Path;

use aauth_authorizer::aauth::identifier::ServerId;
use aauth_authorizer::clock::{Clock as _, Seconds, SystemClock};
use person_server::domain::agent::{AgentKey, Binding};
use person_server::domain::audit::AuditEvent;
use person_server::domain::consent::Consent;
use person_server::domain::directed::SubjectKey;
use person_server::domain::issued::{Issued, IssuedKind, SeenAgentToken, TokenRef};
use person_server::domain::person::{Person, PersonKey};
use person_server::store::{Issuance, IssueOutcome, Record, Store, StoreConfig};
use serde_json::Map;
use tokio::task::JoinSet;

use super::cast::{AT_ONCE, Cast, ORDERS, PERSONS, agent_key, person, server};

/// How many resources one agent was granted.
const RESOURCES: usize = 25;

/// How many transactions wait at once.
const WAITING: usize = 1024;

/// Fills a new database with `count` grants, and with those the agents' requests rest on. All are the persons' whose
/// agents will ask, in equal parts, so that nothing about them is short to search.
pub(crate) async fn fill(path: &Path, cast: &Cast, subjects: &SubjectKey, count: usize) {
    let store = Store::open(&StoreConfig::at(format!("sqlite://{}", path.display()))).await.unwrap();
    let now = SystemClock.now();
    for number in 0..AT_ONCE {
        store.keep_person(named(number, now)).await.unwrap();
    }
    let workers = cast.workers.iter().zip(0..).map(|(worker, number)| (number, worker.id.clone(), server(ORDERS)));
    let others = (0..count).map(|number| {
        let (person, serial) = (number % AT_ONCE, number / AT_ONCE);
        let agent = agent_key(&format!("agent-{person:02}-{:05}", serial / RESOURCES));
        (person, agent, server(&format!("https://resource-{:02}.example", serial % RESOURCES)))
    });
    let mut grants = workers.chain(others).zip(0..).map(|((number, agent, resource), serial)| {
        let person = person(number);
        Grant { sub: subjects.subject(&person, &resource), person, agent, resource, serial, at: now - 1000 }
    });
    let mut under_way = JoinSet::new();
    loop {
        for grant in grants.by_ref().take(WAITING) {
            let store = store.clone();
            under_way.spawn(async move { grant.keep(&store).await });
        }
        if under_way.is_empty() {
            break;
        }
        std::mem::take(&mut under_way).join_all().await;
    }
    store.close().await.unwrap();
}

fn named(number: usize, now: Seconds) -> Person {
    let name = format!("Person {number}");
    Person { key: person(number), name, tenant: None, claims: Map::new(), created_at: now }
}

struct Grant {
    person: PersonKey,
    agent: AgentKey,
    resource: ServerId,
    sub: String,
    serial: usize,
    at: Seconds,
}

impl Grant {
    async fn keep(self, store: &Store) {
        store.bind_agent(self.binding()).await.unwrap();
        let agent_token = SeenAgentToken {
            agent: self.agent.clone(),
            jti: format!("seen-{}", self.agent.sub.as_str()),
            exp: self.at + 86_000,
        };
        let mut event = AuditEvent::new(self.at, Some(self.person.clone()), "token.issued");
        event.agent = Some(self.agent.sub.as_str().to_owned());
        event.resource = Some(self.resource.as_str().to_owned());
        let record = Record { consents: vec![self.consent()], events: vec![event], ..Record::default() };
        let issuance = Issuance { issued: self.issued(), agent_token, rests_on: Vec::new(), collects: None, record };
        assert_eq!(store.issue(issuance).await.unwrap(), IssueOutcome::Recorded);
    }

    fn binding(&self) -> Binding {
        Binding {
            agent: self.agent.clone(),
            person: self.person.clone(),
            name: None,
            platform: None,
            device: None,
            bound_at: self.at,
            seen_at: self.at,
            revoked_at: None,
        }
    }

    fn consent(&self) -> Consent {
        Consent {
            id: format!("consent-{:06}", self.serial),
            person: self.person.clone(),
            agent: self.agent.clone(),
            resource: self.resource.clone(),
            account: None,
            mission: None,
            scopes: vec!["orders.read".to_owned(), "orders.write".to_owned()],
            created_at: self.at,
            expires_at: None,
            revoked_at: None,
        }
    }

    fn issued(&self) -> Issued {
        let jti = format!("auth-token-{:06}", self.serial);
        Issued {
            kind: IssuedKind::Auth,
            token: TokenRef { iss: server(PERSONS), jti: jti.clone() },
            resource: self.resource.clone(),
            agent: self.agent.clone(),
            subagent: None,
            person: self.person.clone(),
            sub: self.sub.clone(),
            scopes: vec!["orders.read".to_owned()],
            mission: None,
            root: jti,
            upstream: None,
            decided_by: "person".to_owned(),
            issued_at: self.at,
            exp: self.at + 3600,
        }
    }
}
