//! Tokens that are recorded, and withdrawn.

use person_server::domain::audit::AuditEvent;
use person_server::domain::decision::Approval;
use person_server::domain::issued::Issued;
use person_server::domain::pending::{Approved, State};
use person_server::store::{AuditQuery, Change, Issuance, IssueOutcome, Record, Store};

use super::given::{
    NOW, ada, agent, identify, issuance, keep, key, pending, person, server, token, withdrawn_by_issuer,
};

pub(crate) async fn a_token_is_recorded_with_what_it_rests_on(store: Store) {
    let ada = ada(&store).await;
    let event = AuditEvent::new(NOW, Some(ada.clone()), "token.issued");
    let issuance = Issuance { record: Record { events: vec![event], ..Record::default() }, ..issuance("t") };
    assert_eq!(store.issue(issuance.clone()).await.unwrap(), IssueOutcome::Recorded);
    assert_eq!(store.issued(&token("ps", "t")).await.unwrap(), Some(issuance.issued.clone()));
    assert_eq!(store.agent_of_token(&token("ap", "at")).await.unwrap(), Some(agent("a")));
    assert_eq!(store.agent_of_token(&token("other", "at")).await.unwrap(), None);
    assert_eq!(store.person_called(&server("r"), "directed").await.unwrap(), Some(ada.clone()));
    assert_eq!(store.person_called(&server("other"), "directed").await.unwrap(), None);
    assert!(store.has_been_at(&ada, &server("r")).await.unwrap());
    assert_eq!(store.issued_for(&ada, 10).await.unwrap(), [issuance.issued]);
    let page = AuditQuery { limit: 10, ..AuditQuery::default() };
    assert_eq!(store.events_of(&ada, page).await.unwrap().len(), 1);
}

/// "Revocation Cascade": each of the tokens it rests on stops it, and then nothing is kept of it.
pub(crate) async fn nothing_rests_on_a_withdrawn_token(store: Store) {
    let ada = ada(&store).await;
    for withdrawn in [token("r", "resource"), token("ps", "upstream"), token("ap", "at-old")] {
        withdrawn_by_issuer(&store, withdrawn.clone()).await;
        let mut issuance = Issuance { rests_on: vec![token("r", "fine")], ..issuance("t") };
        match withdrawn.jti.as_str() {
            "resource" => issuance.rests_on.push(withdrawn.clone()),
            "upstream" => issuance.issued.upstream = Some(withdrawn.clone()),
            _ => issuance.agent_token.jti.clone_from(&withdrawn.jti),
        }
        assert_eq!(store.issue(issuance).await.unwrap(), IssueOutcome::Revoked(withdrawn));
    }
    assert_eq!(store.issued_for(&ada, 10).await.unwrap(), []);
    assert!(!store.has_been_at(&ada, &server("r")).await.unwrap());
}

pub(crate) async fn only_for_the_agents_person(store: Store) {
    let ada = ada(&store).await;
    person(&store, "bob").await;
    let for_bob = Issuance { issued: Issued { person: key("bob"), ..issuance("t").issued }, ..issuance("t") };
    assert_eq!(store.issue(for_bob.clone()).await.unwrap(), IssueOutcome::NotBound);
    // "Which person": an intermediary acts for the upstream token's person, if that is on record.
    let chained = |jti: &str, upstream: &str, agent_name: &str| {
        let upstream = Some(token("ps", upstream));
        Issuance { issued: Issued { upstream, agent: agent(agent_name), ..issuance(jti).issued }, ..issuance(jti) }
    };
    assert_eq!(store.issue(chained("first", "call", "svc1")).await.unwrap(), IssueOutcome::NotBound);
    assert_eq!(store.issue(issuance("call")).await.unwrap(), IssueOutcome::Recorded);
    assert_eq!(store.issue(chained("first", "call", "svc1")).await.unwrap(), IssueOutcome::Recorded);
    assert_eq!(store.issue(chained("second", "first", "svc2")).await.unwrap(), IssueOutcome::Recorded);
    let began = store.chain_began_with(&token("ps", "second")).await.unwrap().unwrap();
    assert_eq!((began.token.jti.as_str(), began.agent), ("call", agent("a")));
    let third = chained("third", "first", "svc2");
    let for_another = Issuance { issued: Issued { person: key("bob"), ..third.issued.clone() }, ..third };
    assert_eq!(store.issue(for_another).await.unwrap(), IssueOutcome::NotBound);
    let unknown = Issuance { issued: Issued { agent: agent("b"), ..issuance("t").issued }, ..issuance("t") };
    assert_eq!(store.issue(unknown).await.unwrap(), IssueOutcome::NotBound);
    store.revoke_agent(&ada, &agent("a"), NOW).await.unwrap();
    assert_eq!(store.issue(issuance("t")).await.unwrap(), IssueOutcome::NotBound);
    assert_eq!(store.issue(chained("fourth", "second", "svc3")).await.unwrap(), IssueOutcome::NotBound);
}

pub(crate) async fn what_was_approved_is_collected_once(store: Store) {
    ada(&store).await;
    let kept = keep(&store, pending("p", "AAAA1111", Some("ada"), identify())).await;
    let collecting = |jti| Issuance { collects: Some(kept.id.clone()), ..issuance(jti) };
    assert_eq!(store.issue(collecting("t0")).await.unwrap(), IssueOutcome::NotPending);
    let approved = State::Approved(Approved { approval: Approval::default(), by: key("ada"), at: NOW });
    store.change_pending("approve", &kept.id, move |_| Change::to(approved.clone(), ())).await.unwrap();
    assert_eq!(store.issue(collecting("t1")).await.unwrap(), IssueOutcome::Recorded);
    assert_eq!(store.issue(collecting("t2")).await.unwrap(), IssueOutcome::NotPending);
    assert_eq!(store.issued(&token("ps", "t2")).await.unwrap(), None);
    assert_eq!(store.pending(&kept.id).await.unwrap().unwrap().state.name(), "gone");
}
