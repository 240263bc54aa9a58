//! Agents of our own provider: enrolled once, given tokens as long as they are the person's.

use person_server::domain::ask::{Ask, EnrollAsk, Hints};
use person_server::domain::audit::AuditEvent;
use person_server::domain::decision::Approval;
use person_server::domain::enrollment::Device;
use person_server::domain::issued::{SeenAgentToken, TokenRef};
use person_server::domain::pending::{Approved, Asker, Pending, PendingId, State};
use person_server::domain::person::PersonKey;
use person_server::domain::withdrawal::{Cause, Withdrawn};
use person_server::store::{
    Added, Change, EnrollOutcome, Enrollment, GrantOutcome, Granting, Record, Retention, Store, SubAgency,
    SubAgencyOutcome, Withdraw,
};

use super::given::{
    NOW, ada, agent, binding, identify, keep, key, pending, person, public_key, server, withdrawn_by_issuer,
};

fn enrolling(id: &str, code: &str, stable: &str) -> Pending {
    let ask =
        EnrollAsk { stable: stable.to_owned(), key: public_key(), name: "Helper".to_owned(), hints: Hints::default() };
    let asker = Asker::Key { thumbprint: stable.to_owned() };
    Pending { asker, ..pending(id, code, None, Ask::Enroll(ask)) }
}

async fn approved(store: &Store, id: &str, code: &str, stable: &str) -> Pending {
    let pending = enrolling(id, code, stable);
    assert_eq!(store.add_enrollment(pending.clone(), 10, NOW).await.unwrap(), Added::Yes);
    let approved = Approved { approval: Approval::default(), by: key("ada"), at: NOW };
    let yes = move |_: &Pending| Change::to(State::Approved(approved.clone()), ());
    store.change_pending("approve", &pending.id, yes).await.unwrap();
    pending
}

fn seen(name: &str, jti: &str) -> SeenAgentToken {
    SeenAgentToken { agent: agent(name), jti: jti.to_owned(), exp: NOW + 86_400 }
}

fn device(stable: &str, name: &str) -> Device {
    Device {
        stable: stable.to_owned(),
        agent: agent(name),
        name: "Helper".to_owned(),
        platform: Some("linux".to_owned()),
        device: None,
        enrolled_at: NOW,
        refreshed_at: NOW,
        revoked_at: None,
    }
}

fn enrollment(stable: &str, name: &str, pending: &Pending) -> Enrollment {
    Enrollment {
        device: device(stable, name),
        person: key("ada"),
        binding: Some(binding(name, "ada")),
        token: seen(name, &format!("first-of-{stable}")),
        collects: pending.id.clone(),
        record: Record { events: vec![AuditEvent::new(NOW, Some(key("ada")), "agent.enrolled")], ..Record::default() },
    }
}

async fn enrolled(store: &Store, stable: &str, name: &str) {
    let code = format!("{:A<4}ZZZZZZZZZZZZ", stable.to_uppercase());
    let pending = approved(store, stable, &code, stable).await;
    assert_eq!(store.enroll(enrollment(stable, name, &pending)).await.unwrap(), EnrollOutcome::Enrolled);
}

fn granting(stable: &str, name: &str, jti: &str) -> Granting {
    Granting { stable: stable.to_owned(), token: seen(name, jti), at: NOW + 10, record: Record::default() }
}

async fn withdrawn(store: &Store, jti: &str) -> bool {
    let token = TokenRef { iss: agent("a").iss, jti: jti.to_owned() };
    !store.revoked_of(vec![token]).await.unwrap().is_empty()
}

/// One a key, so many in all, and only enrolments count.
pub(crate) async fn enrolments_that_wait_are_limited(store: Store) {
    ada(&store).await;
    keep(&store, pending("other", "OTHR1111", None, identify())).await;
    let add = async |id: &str, code: &str, stable: &str, now| {
        let pending = Pending { expires_at: now + 600, ..enrolling(id, code, stable) };
        store.add_enrollment(pending, 2, now).await.unwrap()
    };
    assert_eq!(add("e1", "AAAA1111", "s1", NOW).await, Added::Yes);
    assert_eq!(add("e2", "BBBB1111", "s1", NOW).await, Added::TooManyOfAsker);
    assert_eq!(add("e3", "AAAA2222", "s2", NOW).await, Added::CodeTaken);
    assert_eq!(add("e3", "CCCC1111", "s2", NOW).await, Added::Yes);
    assert_eq!(add("e4", "DDDD1111", "s3", NOW).await, Added::TooManyForPerson);
    // Who was taken up by a person leaves room.
    store.arrive(&key("ada"), "AAAA1111", None, NOW).await.unwrap();
    assert_eq!(add("e4", "DDDD1111", "s3", NOW).await, Added::Yes);
    assert_eq!(add("e5", "EEEE1111", "s4", NOW + 601).await, Added::Yes);
}

pub(crate) async fn a_key_is_enrolled_once(store: Store) {
    ada(&store).await;
    let pending = approved(&store, "e1", "AAAA1111", "s1").await;
    let first = enrollment("s1", "new", &pending);
    assert_eq!(store.enroll(first.clone()).await.unwrap(), EnrollOutcome::Enrolled);
    assert_eq!(store.device("s1").await.unwrap(), Some(device("s1", "new")));
    assert_eq!(store.agent(&agent("new")).await.unwrap(), Some(binding("new", "ada")));
    assert_eq!(
        store.agent_of_token(&TokenRef { iss: agent("a").iss, jti: "first-of-s1".into() }).await.unwrap(),
        Some(agent("new"))
    );
    assert_eq!(store.enroll(first.clone()).await.unwrap(), EnrollOutcome::KnownKey);
    let other = Enrollment { device: device("s2", "newer"), binding: Some(binding("newer", "ada")), ..first };
    assert_eq!(store.enroll(other).await.unwrap(), EnrollOutcome::NotPending);
    assert_eq!((store.device("s2").await.unwrap(), store.agent(&agent("newer")).await.unwrap()), (None, None));
}

/// An identifier is one agent's for ever.
pub(crate) async fn a_new_agent_takes_nobodys_place(store: Store) {
    ada(&store).await;
    let pending = approved(&store, "e1", "AAAA1111", "s1").await;
    assert!(store.enroll(enrollment("s1", "a", &pending)).await.is_err());
    assert_eq!(store.device("s1").await.unwrap(), None);
    assert_eq!(store.pending(&pending.id).await.unwrap().unwrap().state.name(), "approved");
}

pub(crate) async fn a_device_is_linked_to_an_agent_of_the_persons(store: Store) {
    ada(&store).await;
    person(&store, "bob").await;
    enrolled(&store, "s1", "new").await;
    let pending = approved(&store, "e2", "BBBB1111", "s2").await;
    let linked = Enrollment { binding: None, ..enrollment("s2", "new", &pending) };
    let bobs = Enrollment { person: key("bob"), ..linked.clone() };
    assert_eq!(store.enroll(bobs).await.unwrap(), EnrollOutcome::NotTheirs);
    assert_eq!(store.enroll(linked).await.unwrap(), EnrollOutcome::Enrolled);
    let stables: Vec<_> =
        store.devices_of(&agent("new")).await.unwrap().into_iter().map(|device| device.stable).collect();
    assert_eq!(stables, ["s1", "s2"]);
}

pub(crate) async fn tokens_are_granted_while_the_agent_is_the_persons(store: Store) {
    let ada = ada(&store).await;
    enrolled(&store, "s1", "new").await;
    assert_eq!(store.grant_agent_token(granting("s1", "new", "t1")).await.unwrap(), GrantOutcome::Recorded);
    assert_eq!(store.device("s1").await.unwrap().unwrap().refreshed_at, NOW + 10);
    assert_eq!(store.grant_agent_token(granting("s1", "a", "t2")).await.unwrap(), GrantOutcome::Unknown);
    assert_eq!(store.grant_agent_token(granting("s9", "new", "t2")).await.unwrap(), GrantOutcome::Unknown);
    end_agent(&store, &ada).await.unwrap();
    assert_eq!(store.grant_agent_token(granting("s1", "new", "t2")).await.unwrap(), GrantOutcome::Ended);
}

/// The person ends the agent `new`. The asks that ended with it, if it is theirs.
async fn end_agent(store: &Store, person: &PersonKey) -> Option<Vec<PendingId>> {
    let cause = Cause::Agent(person.clone(), agent("new"));
    let id = format!("{person} ends it");
    match store.withdraw(Withdraw { id, cause, issuer: server("ps"), now: NOW + 20 }).await.unwrap() {
        Withdrawn::Recorded { ended, .. } => Some(ended),
        Withdrawn::Before { .. } | Withdrawn::TooMany | Withdrawn::NotTheirs => None,
    }
}

/// With the agent go its tokens, its sub-agents' tokens and what it asked for; nobody else's do.
pub(crate) async fn an_agent_ends_with_all_it_holds(store: Store) {
    let ada = ada(&store).await;
    let bob = person(&store, "bob").await;
    enrolled(&store, "s1", "new").await;
    store.grant_agent_token(granting("s1", "new", "t1")).await.unwrap();
    let over = SeenAgentToken { exp: NOW + 5, ..seen("new", "over") };
    store.see_agent_token(over).await.unwrap();
    store.see_agent_token(seen("a", "of-another")).await.unwrap();
    assert_eq!(store.grant_subagent_token(agency("new+w", "w1", 5)).await.unwrap(), SubAgencyOutcome::Recorded);
    let waits = keep(
        &store,
        Pending { asker: Asker::Agent(agent("new")), ..pending("w", "WWWW1111", Some("ada"), identify()) },
    );
    let (waits, others) = (waits.await, keep(&store, pending("o", "OOOO1111", Some("ada"), identify())).await);

    assert_eq!(end_agent(&store, &bob).await, None);
    assert!(!withdrawn(&store, "t1").await);
    let woken = end_agent(&store, &ada).await;
    assert_eq!(woken, Some(vec![waits.id.clone()]));
    for (jti, gone) in [("t1", true), ("first-of-s1", true), ("w1", true), ("of-another", false), ("over", false)] {
        assert_eq!(withdrawn(&store, jti).await, gone, "{jti}");
    }
    assert_eq!(store.pending(&others.id).await.unwrap().unwrap().state.name(), "waiting");
    assert_eq!(end_agent(&store, &ada).await, None);
}

pub(crate) async fn a_device_ends_and_the_agent_lives_on(store: Store) {
    let ada = ada(&store).await;
    let bob = person(&store, "bob").await;
    enrolled(&store, "s1", "new").await;
    assert!(!store.end_device(&bob, "s1", Record::default(), NOW + 20).await.unwrap());
    assert!(!store.end_device(&ada, "s9", Record::default(), NOW + 20).await.unwrap());
    assert!(store.end_device(&ada, "s1", Record::default(), NOW + 20).await.unwrap());
    assert!(!store.end_device(&ada, "s1", Record::default(), NOW + 21).await.unwrap());
    assert!(withdrawn(&store, "first-of-s1").await);
    assert_eq!(store.grant_agent_token(granting("s1", "new", "t1")).await.unwrap(), GrantOutcome::Ended);
    assert!(store.agent(&agent("new")).await.unwrap().unwrap().is_active());
}

fn agency(name: &str, jti: &str, limit: u32) -> SubAgency {
    SubAgency {
        parent: agent("new"),
        parent_token: seen("new", "first-of-s1"),
        token: seen(name, jti),
        limit,
        at: NOW + 10,
        record: Record::default(),
    }
}

pub(crate) async fn an_agent_has_so_many_sub_agents(store: Store) {
    ada(&store).await;
    enrolled(&store, "s1", "new").await;
    let grant = async |agency| store.grant_subagent_token(agency).await.unwrap();
    assert_eq!(grant(agency("new+a", "a1", 2)).await, SubAgencyOutcome::Recorded);
    assert_eq!(grant(agency("new+b", "b1", 2)).await, SubAgencyOutcome::Recorded);
    assert_eq!(grant(agency("new+a", "a2", 2)).await, SubAgencyOutcome::Recorded);
    assert_eq!(grant(agency("new+c", "c1", 2)).await, SubAgencyOutcome::TooMany);
    assert_eq!(grant(SubAgency { at: NOW + 86_400, ..agency("new+c", "c1", 2) }).await, SubAgencyOutcome::Recorded);
    let own = TokenRef { iss: agent("a").iss, jti: "first-of-s1".to_owned() };
    withdrawn_by_issuer(&store, own).await;
    assert_eq!(grant(agency("new+a", "a3", 2)).await, SubAgencyOutcome::Ended);
}

/// Of two polls at once, one enrols the key.
pub(crate) async fn of_many_who_collect_an_enrolment_one_does(store: Store) {
    ada(&store).await;
    let pending = approved(&store, "e1", "AAAA1111", "s1").await;
    let tries = (0..8).map(|number| {
        let (store, one) = (store.clone(), enrollment("s1", &format!("new{number}"), &pending));
        tokio::spawn(async move { store.enroll(one).await.unwrap() })
    });
    let mut enrolled = 0;
    for outcome in tries.collect::<Vec<_>>() {
        enrolled += usize::from(outcome.await.unwrap() == EnrollOutcome::Enrolled);
    }
    assert_eq!((enrolled, store.agents_of(&key("ada")).await.unwrap().len()), (1, 2));
}

pub(crate) async fn sub_agents_are_pruned(store: Store) {
    ada(&store).await;
    enrolled(&store, "s1", "new").await;
    let short =
        SubAgency { token: SeenAgentToken { exp: NOW + 100, ..seen("new+a", "a1") }, ..agency("new+a", "a1", 2) };
    store.grant_subagent_token(short).await.unwrap();
    let retention = Retention { audit: 30 * 86_400 };
    assert_eq!(store.prune(retention, NOW + 160).await.unwrap(), 0);
    // The sub-agent and its token.
    assert_eq!(store.prune(retention, NOW + 161).await.unwrap(), 2);
}
