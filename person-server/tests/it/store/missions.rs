//! Missions: kept whole, ended once, with a log in order.

use person_server::domain::ask::{Ask, CompleteAsk, Hints, MissionAsk, PermitAsk};
use person_server::domain::decision::Approval;
use person_server::domain::issued::SeenAgentToken;
use person_server::domain::mission::{
    LogKind, Mission, MissionState, NewEntry, Reason, Termination, Terms, digest, update_text,
};
use person_server::domain::pending::{Approved, PendingId, State};
use person_server::store::{Appended, IssueOutcome, MissionEnd, MissionStart, Record, Retention, Store, StoreError};
use serde_json::Map;

use super::given::{
    NOW, ada, agent, binding, held_under, issuance, keep, key, pending, person, token, withdrawn_by_issuer,
};

fn mission(salt: &str, expires_at: Option<i64>) -> Mission {
    let ask = MissionAsk {
        description: "# Trip\n\"\u{fc}\"".to_owned(),
        tools: Vec::new(),
        resources: vec!["https://r.example".to_owned()],
        hints: Hints::default(),
    };
    let terms = Terms { expires_at, ..Terms::of(&ask, None, NOW) };
    Mission::approved(&agent("a"), &key("ada"), terms, salt)
}

fn entry(mission: &Mission, text: &str, at: i64) -> NewEntry {
    NewEntry { mission: mission.s256.clone(), at, kind: LogKind::Audit, text: text.to_owned() }
}

fn start(mission: &Mission) -> MissionStart {
    let mut issued = issuance(&format!("pt-{}", mission.s256)).issued;
    issued.mission = Some(mission.s256.clone());
    MissionStart {
        mission: mission.clone(),
        issued: vec![issued],
        agent_token: SeenAgentToken { agent: agent("a"), jti: "at".to_owned(), exp: NOW + 86400 },
        collects: None,
        entry: NewEntry { kind: LogKind::Approved, ..entry(mission, "{}", NOW) },
        record: Record::default(),
    }
}

async fn begun(store: &Store, mission: &Mission) {
    assert_eq!(store.begin_mission(start(mission)).await.unwrap(), IssueOutcome::Recorded);
}

fn end(reason: Reason, at: i64) -> Termination {
    Termination { reason, at }
}

fn complete(mission: &Mission) -> Ask {
    Ask::Complete(CompleteAsk { mission: mission.s256.clone(), summary: "done".to_owned() })
}

fn permit(mission: &Mission) -> Ask {
    let mission = Some(mission.s256.clone());
    Ask::Permit(PermitAsk { action: "Send".to_owned(), description: None, parameters: None, mission })
}

async fn state(store: &Store, id: &str) -> &'static str {
    store.pending(&PendingId::new(id)).await.unwrap().unwrap().state.name()
}

pub(crate) async fn a_mission_comes_back_as_it_was_kept(store: Store) {
    let ada = ada(&store).await;
    let mission = mission("s", Some(NOW + 60));
    begun(&store, &mission).await;
    assert_eq!(store.mission(&mission.s256).await.unwrap().as_ref(), Some(&mission));
    assert_eq!(store.mission_of_agent(&agent("a"), &mission.s256).await.unwrap().as_ref(), Some(&mission));
    assert_eq!(store.mission_of_agent(&agent("b"), &mission.s256).await.unwrap(), None);
    assert_eq!(store.missions_of(&ada, None, 10).await.unwrap(), std::slice::from_ref(&mission));
    assert_eq!(store.missions_of(&ada, Some(NOW), 10).await.unwrap(), []);
    assert_eq!(store.missions_of(&key("bob"), None, 10).await.unwrap(), []);
    assert_eq!(held_under(&store, &mission.s256).await.len(), 1);
    let log = store.mission_log(&mission.s256, 0, 10).await.unwrap();
    assert_eq!(log.iter().map(|entry| (entry.number, entry.kind)).collect::<Vec<_>>(), [(1, LogKind::Approved)]);
}

pub(crate) async fn a_mission_begins_whole_or_not_at_all(store: Store) {
    let ada = ada(&store).await;
    let mission = mission("s", None);
    let collects = Some(PendingId::new("nowhere"));
    let outcome = store.begin_mission(MissionStart { collects, ..start(&mission) }).await.unwrap();
    assert_eq!(outcome, IssueOutcome::NotPending);
    withdrawn_by_issuer(&store, token("ap", "at")).await;
    assert_eq!(store.begin_mission(start(&mission)).await.unwrap(), IssueOutcome::Revoked(token("ap", "at")));
    store.revoke_agent(&ada, &agent("a"), NOW).await.unwrap();
    assert_eq!(store.begin_mission(start(&mission)).await.unwrap(), IssueOutcome::NotBound);
    assert_eq!(store.mission(&mission.s256).await.unwrap(), None);
    assert_eq!(held_under(&store, &mission.s256).await, []);
}

/// "A terminated mission MUST NOT return to active."
pub(crate) async fn a_mission_ends_once(store: Store) {
    let ada = ada(&store).await;
    person(&store, "bob").await;
    let mission = mission("s", None);
    begun(&store, &mission).await;
    keep(&store, pending("p", "AAAA1111", Some("ada"), permit(&mission))).await;
    let revoked = end(Reason::Revoked, NOW + 1);
    assert_eq!(store.end_mission(&key("bob"), &mission.s256, revoked).await.unwrap(), MissionEnd::NotTheirs);
    assert_eq!(store.end_mission(&ada, "nowhere", revoked).await.unwrap(), MissionEnd::NotTheirs);
    assert_eq!(state(&store, "p").await, "waiting");
    let now = store.end_mission(&ada, &mission.s256, revoked).await.unwrap();
    assert_eq!(now, MissionEnd::Now { pendings: vec![PendingId::new("p")] });
    assert_eq!(state(&store, "p").await, "ended");
    let again = store.end_mission(&ada, &mission.s256, end(Reason::Superseded, NOW + 2)).await.unwrap();
    assert_eq!(again, MissionEnd::Before(revoked));
    let kept = store.mission(&mission.s256).await.unwrap().unwrap();
    assert_eq!((kept.state, kept.blob), (MissionState::Terminated(revoked), mission.blob));
    let log = store.mission_log(&mission.s256, 1, 10).await.unwrap();
    assert_eq!(log.iter().map(|entry| entry.text.as_str()).collect::<Vec<_>>(), [r#"{"reason":"revoked"}"#]);
}

pub(crate) async fn what_ended_by_its_time_did_not_end_otherwise(store: Store) {
    let ada = ada(&store).await;
    let (early, late) = (mission("early", Some(NOW + 60)), mission("late", Some(NOW + 120)));
    begun(&store, &early).await;
    begun(&store, &late).await;
    assert_eq!(store.expire_missions(NOW + 59, 10).await.unwrap(), []);
    let expired = MissionState::Terminated(end(Reason::Expired, NOW + 60));
    store.end_mission(&ada, &early.s256, end(Reason::Revoked, NOW + 61)).await.unwrap();
    assert_eq!(store.mission(&early.s256).await.unwrap().unwrap().state, expired);
    let ended = store.expire_missions(NOW + 120, 10).await.unwrap();
    assert_eq!(ended.iter().map(|(mission, _)| mission.s256.as_str()).collect::<Vec<_>>(), [late.s256.as_str()]);
    assert_eq!(store.expire_missions(NOW + 120, 10).await.unwrap(), []);
}

/// A withdrawal either stops a token or finds it.
pub(crate) async fn nothing_is_issued_under_a_mission_that_is_over(store: Store) {
    let ada = ada(&store).await;
    let mission = mission("s", Some(NOW + 60));
    begun(&store, &mission).await;
    let under = |jti: &str, at: i64| {
        let mut issuance = issuance(jti);
        issuance.issued.mission = Some(mission.s256.clone());
        issuance.issued.issued_at = at;
        issuance
    };
    assert_eq!(store.issue(under("t1", NOW + 59)).await.unwrap(), IssueOutcome::Recorded);
    let expired = IssueOutcome::MissionOver(end(Reason::Expired, NOW + 60));
    assert_eq!(store.issue(under("t2", NOW + 60)).await.unwrap(), expired);
    let revoked = end(Reason::Revoked, NOW + 1);
    store.end_mission(&ada, &mission.s256, revoked).await.unwrap();
    assert_eq!(store.issue(under("t3", NOW + 1)).await.unwrap(), IssueOutcome::MissionOver(revoked));
    assert_eq!(held_under(&store, &mission.s256).await.len(), 2);
}

pub(crate) async fn the_log_is_numbered_and_bounded(store: Store) {
    let ada = ada(&store).await;
    let mission = mission("s", None);
    begun(&store, &mission).await;
    let append = |text: &str, limit| store.append_to_log(entry(&mission, text, NOW), limit);
    assert_eq!(append(r#"{"a":1}"#, 3).await.unwrap(), Appended::Yes { s256: None });
    assert_eq!(append(r#"{"b":"\u0000"}"#, 3).await.unwrap(), Appended::Yes { s256: None });
    assert_eq!(append("{}", 3).await.unwrap(), Appended::Full);
    let log = store.mission_log(&mission.s256, 1, 1).await.unwrap();
    assert_eq!(log.iter().map(|entry| (entry.number, entry.text.as_str())).collect::<Vec<_>>(), [(2, r#"{"a":1}"#)]);
    let nowhere = NewEntry { mission: "nowhere".to_owned(), ..entry(&mission, "{}", NOW) };
    assert_eq!(store.append_to_log(nowhere, 3).await.unwrap(), Appended::Unknown);
    let revoked = end(Reason::Administrative, NOW + 1);
    store.end_mission(&ada, &mission.s256, revoked).await.unwrap();
    assert_eq!(append("{}", 100).await.unwrap(), Appended::Over(revoked));
    assert_eq!(
        store.mission_log(&mission.s256, 0, 100).await.unwrap().len(),
        4,
        "the end was written, beyond the bound"
    );
}

/// "so the sequence of accepted updates is verifiable, not merely stored"
pub(crate) async fn updates_are_chained(store: Store) {
    ada(&store).await;
    let mission = mission("s", None);
    begun(&store, &mission).await;
    let mut after = mission.s256.clone();
    for (text, at) in [("first", NOW + 1), ("second", NOW + 2)] {
        let expected = digest(update_text(text, &after, at).as_bytes());
        let appended = store.accept_update(&mission.s256, text, None, 100, at).await.unwrap();
        assert_eq!(appended, Appended::Yes { s256: Some(expected.clone()) });
        after = expected;
    }
    let updates = store.mission_updates(&mission.s256).await.unwrap();
    assert!(updates.iter().all(|update| update.s256.as_deref() == Some(&digest(update.text.as_bytes()))));
    assert_eq!(updates.len(), 2);
    let nowhere = Some(PendingId::new("nowhere"));
    let appended = store.accept_update(&mission.s256, "third", nowhere, 100, NOW).await.unwrap();
    assert_eq!(appended, Appended::NotPending);
    assert_eq!(store.mission_updates(&mission.s256).await.unwrap().len(), 2);
}

/// "Only the person's acceptance terminates the mission", and all of it at once.
pub(crate) async fn a_completion_ends_the_mission_with_the_decision(store: Store) {
    let ada = ada(&store).await;
    let mission = mission("s", None);
    begun(&store, &mission).await;
    let shown = keep(&store, pending("c", "AAAA1111", Some("ada"), complete(&mission))).await;
    let late = keep(&store, pending("d", "CCCC1111", Some("ada"), complete(&mission))).await;
    keep(&store, pending("p", "BBBB1111", Some("ada"), permit(&mission))).await;
    let yes = State::Approved(Approved { approval: Approval::default(), by: ada.clone(), at: NOW });
    let completed = end(Reason::Completed, NOW);
    let record = || Record {
        log: NewEntry::about(&complete(&mission), "approved", Map::new(), NOW).into_iter().collect(),
        ends: Some((mission.s256.clone(), completed)),
        ..Record::default()
    };
    store.decide(&ada, &shown, yes.clone(), record(), NOW).await.unwrap();
    assert_eq!(store.mission(&mission.s256).await.unwrap().unwrap().state, MissionState::Terminated(completed));
    assert_eq!(state(&store, "c").await, "approved", "it is still to be told");
    assert_eq!((state(&store, "p").await, state(&store, "d").await), ("ended", "ended"));
    let log = store.mission_log(&mission.s256, 1, 10).await.unwrap();
    let kinds: Vec<_> = log.iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds, [LogKind::Completion, LogKind::Terminated]);
    // What is over is not completed, whatever a decision says.
    let other = keep(&store, pending("e", "DDDD1111", Some("ada"), complete(&mission))).await;
    let refused = store.decide(&ada, &other, yes, record(), NOW).await;
    assert!(matches!(refused, Err(StoreError::Conflict { .. })), "{refused:?}");
    assert_eq!(state(&store, "e").await, "waiting");
    drop(late);
}

pub(crate) async fn old_missions_go_with_their_log(store: Store) {
    let ada = ada(&store).await;
    let (old, new, active) = (mission("old", None), mission("new", None), mission("active", None));
    for mission in [&old, &new, &active] {
        begun(&store, mission).await;
    }
    store.end_mission(&ada, &old.s256, end(Reason::Revoked, NOW)).await.unwrap();
    store.end_mission(&ada, &new.s256, end(Reason::Revoked, NOW + 50)).await.unwrap();
    store.prune(Retention { audit: 100 }, NOW + 101).await.unwrap();
    assert_eq!(store.mission(&old.s256).await.unwrap(), None);
    assert_eq!(store.mission_log(&old.s256, 0, 10).await.unwrap(), []);
    for mission in [&new, &active] {
        assert!(store.mission(&mission.s256).await.unwrap().is_some());
        assert!(!store.mission_log(&mission.s256, 0, 10).await.unwrap().is_empty());
    }
}

pub(crate) async fn an_agent_that_is_ended_leaves_no_mission(store: Store) {
    let ada = ada(&store).await;
    let (mission, brief) = (mission("s", None), mission("brief", Some(NOW + 1)));
    begun(&store, &mission).await;
    begun(&store, &brief).await;
    assert!(store.revoke_agent(&ada, &agent("a"), NOW + 1).await.unwrap());
    // It is the person's again, and has to propose again.
    store.bind_agent(binding("a", "ada")).await.unwrap();
    let ended = |mission: Option<Mission>| mission.unwrap().state;
    let revoked = MissionState::Terminated(end(Reason::Revoked, NOW + 1));
    assert_eq!(ended(store.mission(&mission.s256).await.unwrap()), revoked);
    let expired = MissionState::Terminated(end(Reason::Expired, NOW + 1));
    assert_eq!(ended(store.mission(&brief.s256).await.unwrap()), expired);
}
