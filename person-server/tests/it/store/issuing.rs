//! Tokens that are recorded, and withdrawn.

use person_server::domain::audit::AuditEvent;
use person_server::domain::decision::Approval;
use person_server::domain::issued::{Issued, IssuedKind, Revocation};
use person_server::domain::pending::{Approved, State};
use person_server::store::{AuditQuery, Change, Issuance, IssueOutcome, Record, Revoked, Store};

use super::given::{NOW, ada, agent, identify, issuance, keep, key, pending, person, server, token};

fn revocation(iss: &str, jti: &str) -> Revocation {
    Revocation { token: token(iss, jti), exp: NOW + 3600, at: NOW }
}

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
        let revocation = Revocation { token: withdrawn.clone(), exp: NOW + 60, at: NOW };
        assert_eq!(store.revoke(revocation, 10).await.unwrap(), Revoked::Now);
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
    // "Which person": an intermediary acts for the upstream token's person.
    let upstream = Some(token("ps", "upstream"));
    let chained = Issuance { issued: Issued { upstream, ..for_bob.issued.clone() }, ..for_bob.clone() };
    assert_eq!(store.issue(chained).await.unwrap(), IssueOutcome::Recorded);
    let unknown = Issuance { issued: Issued { agent: agent("b"), ..issuance("t").issued }, ..issuance("t") };
    assert_eq!(store.issue(unknown).await.unwrap(), IssueOutcome::NotBound);
    store.revoke_agent(&ada, &agent("a"), NOW).await.unwrap();
    assert_eq!(store.issue(issuance("t")).await.unwrap(), IssueOutcome::NotBound);
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

/// "Revocation Cascade": by agent, by mission, by the token it goes back to and by the upstream token.
pub(crate) async fn a_withdrawal_finds_what_rests_on_it(store: Store) {
    ada(&store).await;
    let jtis = |issued: Vec<Issued>| {
        let mut all: Vec<_> = issued.into_iter().map(|one| one.token.jti).collect();
        all.sort();
        all
    };
    let issued = |jti: &str, change: fn(&mut Issued)| {
        let mut issuance = issuance(jti);
        change(&mut issuance.issued);
        issuance
    };
    for issuance in [
        issued("person", |_| ()),
        issued("auth", |issued| {
            issued.kind = IssuedKind::Auth;
            "person".clone_into(&mut issued.root);
        }),
        issued("chained", |issued| {
            issued.resource = server("downstream");
            issued.upstream = Some(token("ps", "person"));
        }),
        issued("mission", |issued| issued.mission = Some("m".to_owned())),
        issued("over", |issued| issued.exp = NOW - 61),
    ] {
        assert_eq!(store.issue(issuance).await.unwrap(), IssueOutcome::Recorded);
    }
    let all = store.held_by(&agent("a"), NOW).await.unwrap();
    assert_eq!(jtis(all), ["auth", "chained", "mission", "person"]);
    assert_eq!(jtis(store.held_under("m", NOW).await.unwrap()), ["mission"]);
    assert_eq!(jtis(store.resting_on(&token("ps", "person"), NOW).await.unwrap()), ["auth", "chained"]);
    store.revoke_all(vec![revocation("ps", "auth"), revocation("ps", "mission")]).await.unwrap();
    assert_eq!(jtis(store.resting_on(&token("ps", "person"), NOW).await.unwrap()), ["chained"]);
    assert_eq!(jtis(store.held_under("m", NOW).await.unwrap()), Vec::<String>::new());
    assert_eq!(jtis(store.held_by(&agent("a"), NOW).await.unwrap()), ["chained", "person"]);
}

/// "Revocation Request": kept by issuer and identifier, once, and not without bound.
pub(crate) async fn withdrawals_are_remembered_once(store: Store) {
    assert_eq!(store.revoke(revocation("ap", "1"), 2).await.unwrap(), Revoked::Now);
    assert_eq!(store.revoke(revocation("ap", "1"), 2).await.unwrap(), Revoked::Before);
    assert_eq!(store.revoke(revocation("ap", "2"), 2).await.unwrap(), Revoked::Now);
    assert_eq!(store.revoke(revocation("ap", "3"), 2).await.unwrap(), Revoked::TooMany);
    assert_eq!(store.revoke(revocation("ap", "2"), 2).await.unwrap(), Revoked::Before);
    assert_eq!(store.revoke(revocation("other", "1"), 2).await.unwrap(), Revoked::Now);
    let asked = vec![token("ap", "1"), token("ap", "3"), token("third", "1")];
    assert_eq!(store.revoked_of(asked).await.unwrap(), [token("ap", "1")]);
}
