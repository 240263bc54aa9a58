//! Asks that wait, and how they move.

use person_server::domain::ask::Ask;
use person_server::domain::audit::AuditEvent;
use person_server::domain::decision::Approval;
use person_server::domain::pending::{Approved, Asker, Ended, Pending, State};
use person_server::store::{Added, Arrival, Change, Decided, Limits, Record, Store, StoreError, Touching};

use super::given::{
    LIMITS, NOW, ada, agent, authorize, binding, consent, identify, keep, key, pending, person, server, token,
};

fn approved() -> State {
    State::Approved(Approved { approval: Approval::default(), by: key("ada"), at: NOW })
}

fn denied() -> State {
    State::Ended(Ended::new(403, "denied", "the person said no", NOW))
}

async fn state(store: &Store, pending: &Pending) -> &'static str {
    store.pending(&pending.id).await.unwrap().unwrap().state.name()
}

pub(crate) async fn an_ask_comes_back_as_it_was_kept(store: Store) {
    let ada = ada(&store).await;
    for (id, code, ask) in [("p1", "AAAA1111", identify()), ("p2", "BBBB2222", authorize("r1", &["read"]))] {
        let kept = keep(&store, pending(id, code, Some("ada"), ask)).await;
        let found = store.pending(&kept.id).await.unwrap().unwrap();
        assert_eq!(format!("{found:?}"), format!("{kept:?}"));
    }
    assert_eq!(store.waiting_for(&ada, NOW).await.unwrap().len(), 2);
    assert_eq!(store.under_way(&Asker::Agent(agent("a")), NOW).await.unwrap().len(), 2);
    assert_eq!(store.waiting_for(&ada, NOW + 600).await.unwrap().len(), 0);
    assert_eq!(store.under_way(&Asker::Agent(agent("b")), NOW).await.unwrap().len(), 0);
}

/// "Interaction Codes": single use.
pub(crate) async fn a_code_works_once(store: Store) {
    let ada = ada(&store).await;
    let kept = keep(&store, pending("p", "AAAA1111", None, identify())).await;
    assert!(matches!(store.arrive(&ada, "ZZZZ1111", None, NOW).await.unwrap(), Arrival::Unknown));
    let Arrival::Here(here) = store.arrive(&ada, "AAAA1111", Some("https://ap.example/cb"), NOW).await.unwrap() else {
        panic!("the code is right");
    };
    assert_eq!((here.person.as_ref(), here.callback.as_deref()), (Some(&ada), Some("https://ap.example/cb")));
    assert!(here.code.consumed && matches!(&here.state, State::Waiting(waiting) if waiting.arrived));
    assert!(matches!(store.arrive(&ada, "AAAA1111", None, NOW).await.unwrap(), Arrival::Used));
    assert_eq!(store.waiting_for(&ada, NOW).await.unwrap()[0].id, kept.id);
}

/// "Interaction Codes": after a few wrong codes the ask has failed. The symbols that find it give nothing away.
pub(crate) async fn a_wrong_code_counts_and_then_the_ask_fails(store: Store) {
    let ada = ada(&store).await;
    let kept = keep(&store, pending("p", "AAAA1111", None, identify())).await;
    for _ in 0..4 {
        assert!(matches!(store.arrive(&ada, "AAAA2222", None, NOW).await.unwrap(), Arrival::Wrong));
    }
    assert!(matches!(store.arrive(&ada, "AAAA", None, NOW).await.unwrap(), Arrival::Failed(_)));
    let State::Ended(ended) = store.pending(&kept.id).await.unwrap().unwrap().state else { panic!("it has failed") };
    assert_eq!((ended.status, ended.error.as_str()), (410, "invalid_code"));
    assert!(matches!(store.arrive(&ada, "AAAA1111", None, NOW).await.unwrap(), Arrival::Unknown));
}

pub(crate) async fn a_code_is_for_its_person(store: Store) {
    let ada = ada(&store).await;
    let bob = person(&store, "bob").await;
    keep(&store, pending("p", "AAAA1111", Some("ada"), identify())).await;
    assert!(matches!(store.arrive(&bob, "AAAA1111", None, NOW).await.unwrap(), Arrival::NotTheirs));
    assert!(matches!(store.arrive(&ada, "AAAA1111", None, NOW + 600).await.unwrap(), Arrival::Expired));
    assert!(matches!(store.arrive(&ada, "AAAA1111", None, NOW).await.unwrap(), Arrival::Here(_)));
}

/// Two tabs decide at once: one wins, the other is told.
pub(crate) async fn of_two_decisions_one_counts(store: Store) {
    let ada = ada(&store).await;
    let bob = person(&store, "bob").await;
    let shown = keep(&store, pending("p", "AAAA1111", Some("ada"), identify())).await;
    let nothing = Record::default;
    let by_bob = store.decide(&bob, &shown, approved(), nothing(), NOW).await.unwrap();
    assert!(matches!(by_bob, Decided::NotTheirs));
    let late = store.decide(&ada, &shown, approved(), nothing(), NOW + 600).await.unwrap();
    assert!(matches!(late, Decided::Before(_)));
    let (yes, no) = tokio::join!(
        store.decide(&ada, &shown, approved(), nothing(), NOW),
        store.decide(&ada, &shown, denied(), nothing(), NOW),
    );
    let outcomes = [yes.unwrap(), no.unwrap()];
    let won = outcomes.iter().filter(|outcome| matches!(outcome, Decided::Yes(_))).count();
    let told = outcomes.iter().filter(|outcome| matches!(outcome, Decided::Before(_))).count();
    assert_eq!((won, told), (1, 1), "{outcomes:?}");
    // Deciding uses the code up.
    assert!(store.pending(&shown.id).await.unwrap().unwrap().code.consumed);
}

/// "Updated Request": what the agent asks may change while the person reads it; a yes is to what was read.
pub(crate) async fn a_decision_is_about_what_was_shown(store: Store) {
    let ada = ada(&store).await;
    let shown = keep(&store, pending("p", "AAAA1111", Some("ada"), authorize("r1", &["read"]))).await;
    let wider = store.change_pending("update request", &shown.id, |_| Change {
        ask: Some(authorize("r2", &["read", "write"])),
        ..Change::none(())
    });
    assert_eq!(wider.await.unwrap(), Some(()));
    let Decided::Before(now) = store.decide(&ada, &shown, approved(), Record::default(), NOW).await.unwrap() else {
        panic!("the ask is another now");
    };
    assert!(matches!(&now.ask, Ask::Authorize(ask) if ask.scopes.len() == 2));
    let decided = store.decide(&ada, &now, approved(), Record::default(), NOW).await.unwrap();
    assert!(matches!(decided, Decided::Yes(_)));
}

pub(crate) async fn a_decision_and_its_consequences_are_one(store: Store) {
    let ada = ada(&store).await;
    person(&store, "bob").await;
    let shown = keep(&store, pending("p", "AAAA1111", Some("ada"), identify())).await;
    store.bind_agent(binding("bobs", "bob")).await.unwrap();
    let record = |bindings| Record {
        bindings,
        consents: vec![consent("c", &[])],
        events: vec![AuditEvent::new(NOW, Some(key("ada")), "consent.given")],
        ..Record::default()
    };
    let refused = store.decide(&ada, &shown, approved(), record(vec![binding("bobs", "ada")]), NOW).await;
    assert!(matches!(refused, Err(StoreError::Conflict { .. })), "{refused:?}");
    assert_eq!(state(&store, &shown).await, "waiting");
    assert_eq!(store.consents_of(&ada, 10).await.unwrap(), []);
    store.decide(&ada, &shown, approved(), record(vec![binding("b", "ada")]), NOW).await.unwrap();
    assert_eq!(state(&store, &shown).await, "approved");
    assert_eq!(store.consents_of(&ada, 10).await.unwrap().len(), 1);
    assert_eq!(store.agents_of(&ada).await.unwrap().len(), 2);
}

pub(crate) async fn limits_hold(store: Store) {
    ada(&store).await;
    let few = Limits { of_asker: 2, for_person: 3 };
    let add = |pending: Pending| store.add_pending(pending, few, NOW);
    let of_key = |id: &str, code: &str, thumbprint: &str| Pending {
        asker: Asker::Key { thumbprint: thumbprint.to_owned() },
        ..pending(id, code, None, identify())
    };
    assert_eq!(add(pending("1", "AAAA1111", Some("ada"), identify())).await.unwrap(), Added::Yes);
    assert_eq!(add(pending("2", "AAAA2222", Some("ada"), identify())).await.unwrap(), Added::CodeTaken);
    assert_eq!(add(pending("2", "BBBB2222", Some("ada"), identify())).await.unwrap(), Added::Yes);
    assert_eq!(add(pending("3", "CCCC3333", Some("ada"), identify())).await.unwrap(), Added::TooManyOfAsker);
    // Nobody's asks are limited as if nobody were a person.
    for (id, code, thumbprint) in [("4", "DDDD", "k1"), ("5", "EEEE", "k2"), ("6", "FFFF", "k3")] {
        assert_eq!(add(of_key(id, code, thumbprint)).await.unwrap(), Added::Yes);
    }
    assert_eq!(add(of_key("7", "GGGG", "k4")).await.unwrap(), Added::TooManyForPerson);
    // What waited too long does not count.
    let later = Pending { expires_at: NOW + 2000, ..pending("8", "HHHH", Some("ada"), identify()) };
    assert_eq!(store.add_pending(later, few, NOW + 600).await.unwrap(), Added::Yes);
}

pub(crate) async fn a_rule_moves_an_ask(store: Store) {
    ada(&store).await;
    let kept = keep(&store, pending("p", "AAAA1111", Some("ada"), identify())).await;
    let polled = store
        .change_pending("poll", &kept.id, |pending| Change {
            polled_at: Some(NOW + 5),
            ..Change::none(pending.polled_at)
        })
        .await;
    assert_eq!(polled.unwrap(), Some(None));
    let ended = store.change_pending("end", &kept.id, |pending| Change::to(denied(), pending.polled_at)).await;
    assert_eq!(ended.unwrap(), Some(Some(NOW + 5)));
    assert_eq!(state(&store, &kept).await, "ended");
    let unknown = pending("q", "BBBB1111", None, identify());
    assert_eq!(store.change_pending("end", &unknown.id, |_| Change::to(denied(), ())).await.unwrap(), None);
}

pub(crate) async fn what_is_gone_stays_gone(store: Store) {
    ada(&store).await;
    let kept = keep(&store, pending("p", "AAAA1111", Some("ada"), identify())).await;
    let gone = |_: &Pending| Change::to(State::Gone { at: NOW }, ());
    store.change_pending("tell", &kept.id, gone).await.unwrap();
    let back = store.change_pending("approve", &kept.id, |_| Change::to(approved(), ())).await;
    assert!(matches!(back, Err(StoreError::Conflict { .. })), "{back:?}");
    assert_eq!(state(&store, &kept).await, "gone");
}

/// "Revocation Cascade": a withdrawn resource token ends the request started for it, an agent's end all of its own.
pub(crate) async fn what_touches_the_same_ends_together(store: Store) {
    ada(&store).await;
    let first = keep(&store, pending("p1", "AAAA1111", Some("ada"), authorize("r1", &[]))).await;
    let second = keep(&store, pending("p2", "BBBB1111", Some("ada"), authorize("r2", &[]))).await;
    let third = keep(&store, pending("p3", "CCCC1111", Some("ada"), identify())).await;
    let revoked = || Ended::new(403, "revoked", "the resource withdrew its token", NOW);
    let by_token = store.end_pendings(Touching::ResourceToken(token("r", "r1")), revoked()).await.unwrap();
    assert_eq!(by_token, [first.id]);
    let elsewhere = store.end_pendings(Touching::ResourceToken(token("other", "r2")), revoked()).await.unwrap();
    assert_eq!(elsewhere, []);
    let mut of_agent = store.end_pendings(Touching::Asker(Asker::Agent(agent("a"))), revoked()).await.unwrap();
    of_agent.sort_by(|one, other| one.as_str().cmp(other.as_str()));
    assert_eq!(of_agent, [second.id, third.id]);
    assert_eq!(store.end_pendings(Touching::Mission("m".to_owned()), revoked()).await.unwrap(), []);
    assert_eq!(store.add_pending(pending("p4", "AAAA9999", None, identify()), LIMITS, NOW).await.unwrap(), Added::Yes);
    assert!(!store.has_been_at(&key("ada"), &server("r")).await.unwrap());
}
