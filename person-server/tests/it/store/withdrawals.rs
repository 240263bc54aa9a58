//! Withdrawals: what they reach, whom they tell, and that they happen whole.

use person_server::domain::issued::{Issued, IssuedKind, Revocation, TokenRef};
use person_server::domain::withdrawal::{Asker, Cause, Downstream, Notice, Role, Told, Withdrawn};
use person_server::store::{Presentation, Store, Withdraw};

use super::given::{
    NOW, ada, agent, authorize, consent, identify, issuance, keep, key, pending, person, server, token,
};

fn withdraw(id: &str, cause: Cause) -> Withdraw {
    Withdraw { id: id.to_owned(), cause, issuer: server("ps"), now: NOW }
}

async fn recorded(store: &Store, id: &str, cause: Cause) -> Vec<String> {
    let Withdrawn::Recorded { id, ended } = store.withdraw(withdraw(id, cause)).await.unwrap() else {
        panic!("not recorded")
    };
    assert_eq!(store.withdrawal(&id).await.unwrap().unwrap().id, id);
    let mut ended: Vec<_> = ended.iter().map(|id| id.as_str().to_owned()).collect();
    ended.sort();
    ended
}

/// Who is told of what.
async fn told(store: &Store, id: &str) -> Vec<(String, String, Role)> {
    let mut told: Vec<_> = store
        .notices(id)
        .await
        .unwrap()
        .into_iter()
        .map(|notice| (notice.jti, notice.recipient.host().to_owned(), notice.role))
        .collect();
    told.sort_by(|one, other| (&one.0, &one.1, one.2.name()).cmp(&(&other.0, &other.1, other.2.name())));
    told
}

fn line(jti: &str, host: &str, role: Role) -> (String, String, Role) {
    (jti.to_owned(), format!("{host}.example"), role)
}

/// A person token, an auth token on it, one of an access server on it, and a call of the resource's on that.
async fn tokens(store: &Store) {
    let issue = async |jti: &str, change: fn(&mut Issued)| {
        let mut issuance = issuance(jti);
        change(&mut issuance.issued);
        store.issue(issuance).await.unwrap()
    };
    issue("person", |_| ()).await;
    issue("auth", |issued| {
        issued.kind = IssuedKind::Auth;
        "person".clone_into(&mut issued.root);
    })
    .await;
    issue("theirs", |issued| {
        issued.kind = IssuedKind::Federated;
        issued.token.iss = server("as");
        "person".clone_into(&mut issued.root);
    })
    .await;
    issue("downstream", |issued| {
        issued.agent = agent("service");
        issued.resource = server("far");
        issued.upstream = Some(TokenRef { iss: server("as"), jti: "theirs".to_owned() });
    })
    .await;
    issue("elsewhere", |issued| {
        issued.resource = server("other");
        issued.mission = Some("m".to_owned());
    })
    .await;
    issue("over", |issued| issued.exp = NOW - 61).await;
    let presentation =
        Presentation { root: "person".to_owned(), server: server("as"), exp: NOW + 3600, rests_on: Vec::new() };
    assert_eq!(store.present(presentation).await.unwrap(), None);
}

/// "Revocation Cascade": down the chain, and by the person token where an access server issued.
pub(crate) async fn it_reaches_what_rests_on_what_it_begins_with(store: Store) {
    let ada = ada(&store).await;
    tokens(&store).await;
    recorded(&store, "w", Cause::Token(ada, token("as", "theirs"))).await;
    let reached = [
        line("auth", "r", Role::Resource),
        line("downstream", "far", Role::Resource),
        line("person", "as", Role::Access),
        line("person", "r", Role::Resource),
    ];
    assert_eq!(told(&store, "w").await, reached);
    let all = ["person", "auth", "downstream", "elsewhere"].map(|jti| token("ps", jti));
    let mut revoked = store.revoked_of([all.to_vec(), vec![token("as", "theirs")]].concat()).await.unwrap();
    revoked.sort_by(|one, other| one.jti.cmp(&other.jti));
    assert_eq!(
        revoked.iter().map(|one| one.jti.as_str()).collect::<Vec<_>>(),
        ["auth", "downstream", "person", "theirs"]
    );
    // What rests on any of them is stopped.
    let late = person_server::store::Issuance { rests_on: vec![token("ps", "auth")], ..issuance("late") };
    let outcome = store.issue(late).await.unwrap();
    assert_eq!(outcome, person_server::store::IssueOutcome::Revoked(token("ps", "auth")));
}

/// Each cause, and what it begins with.
pub(crate) async fn each_cause_has_its_beginning(store: Store) {
    let ada = ada(&store).await;
    person(&store, "bob").await;
    tokens(&store).await;
    store.remember(consent("c", &["read"])).await.unwrap();
    for not_theirs in [
        Cause::Agent(key("bob"), agent("a")),
        Cause::Token(key("bob"), token("ps", "auth")),
        Cause::Token(ada.clone(), token("ps", "none")),
        Cause::Consent(key("bob"), "c".to_owned()),
    ] {
        assert_eq!(store.withdraw(withdraw("x", not_theirs)).await.unwrap(), Withdrawn::NotTheirs);
        assert_eq!(store.withdrawal("x").await.unwrap(), None);
    }
    recorded(&store, "mission", Cause::Mission(ada.clone(), "m".to_owned())).await;
    assert_eq!(told(&store, "mission").await, [line("elsewhere", "other", Role::Resource)]);
    recorded(&store, "token", Cause::Token(ada.clone(), token("ps", "auth"))).await;
    assert_eq!(told(&store, "token").await, [line("auth", "r", Role::Resource)]);
    recorded(&store, "consent", Cause::Consent(ada.clone(), "c".to_owned())).await;
    assert_eq!(store.withdrawal("consent").await.unwrap().unwrap().tokens, 4);
    recorded(&store, "agent", Cause::Agent(ada.clone(), agent("a"))).await;
    let withdrawal = store.withdrawal("agent").await.unwrap().unwrap();
    assert_eq!((withdrawal.tokens, withdrawal.asker), (5, Asker::Person(ada)));
    assert!(!store.agent(&agent("a")).await.unwrap().unwrap().is_active());
    assert_eq!(store.revoked_of(vec![token("ap", "at")]).await.unwrap(), [token("ap", "at")]);
}

/// "Agent provider revokes", "Resource revokes": recorded whatever is known of the token, once, and not without bound.
pub(crate) async fn what_is_told_is_recorded_once(store: Store) {
    ada(&store).await;
    tokens(&store).await;
    keep(&store, pending("p1", "AAAA1111", Some("ada"), identify())).await;
    keep(&store, pending("p2", "BBBB2222", Some("ada"), authorize("rt", &["read"]))).await;
    let told_by = |iss: &str, jti: &str, limit: u32| {
        let revocation = Revocation { token: token(iss, jti), exp: NOW + 86_400, at: NOW };
        Cause::Told { revocation, limit }
    };
    assert_eq!(recorded(&store, "resource", told_by("r", "rt", 2)).await, ["p2"]);
    assert!(told(&store, "resource").await.is_empty());
    assert_eq!(recorded(&store, "agent", told_by("ap", "at", 2)).await, ["p1"]);
    assert_eq!(store.withdrawal("agent").await.unwrap().unwrap().asker, Asker::Server(server("ap")));
    assert_eq!(store.withdrawal("agent").await.unwrap().unwrap().tokens, 5);
    assert!(store.agent(&agent("a")).await.unwrap().unwrap().is_active(), "its binding stays as it is");
    let before = store.withdraw(withdraw("again", told_by("ap", "at", 2))).await.unwrap();
    assert_eq!(before, Withdrawn::Before { id: "agent".to_owned() });
    recorded(&store, "unknown", told_by("ap", "never-seen", 2)).await;
    assert_eq!(store.withdraw(withdraw("x", told_by("ap", "too-many", 2))).await.unwrap(), Withdrawn::TooMany);
    recorded(&store, "other", told_by("other", "too-many", 2)).await;
}

/// A notice is taken by one, given back by time, and kept as it went.
pub(crate) async fn notices_are_taken_and_kept(store: Store) {
    let ada = ada(&store).await;
    tokens(&store).await;
    recorded(&store, "w", Cause::Token(ada, token("ps", "person"))).await;
    let taken = store.take_notices(Some("w"), NOW, 2).await.unwrap();
    let rest = store.take_notices(None, NOW, 10).await.unwrap();
    assert_eq!((taken.len(), rest.len()), (2, 2));
    assert_eq!(store.take_notices(None, NOW, 10).await.unwrap(), []);
    assert_eq!(store.take_notices(Some("other"), NOW + 61, 10).await.unwrap(), []);

    let downstream = vec![Downstream { recipient: "https://r.example".to_owned(), error: Some("x".to_owned()) }];
    let url = "https://as.example/p".to_owned();
    let outcomes = [Told::Recorded, Told::Unsupported, Told::Unavailable, Told::Awaited { url }];
    for (notice, told) in taken.into_iter().chain(rest).zip(outcomes) {
        let notice = Notice { told, tries: 1, downstream: downstream.clone(), ..notice };
        store.keep_notice(notice, NOW + 15).await.unwrap();
    }
    let kept = store.notices("w").await.unwrap();
    assert!(kept.iter().all(|notice| notice.tries == 1 && notice.downstream == downstream));
    assert_eq!(store.take_notices(None, NOW + 14, 10).await.unwrap(), []);
    let again = store.take_notices(None, NOW + 15, 10).await.unwrap();
    let mut outcomes: Vec<_> = again.iter().map(|notice| notice.told.name()).collect();
    outcomes.sort_unstable();
    assert_eq!(outcomes, ["awaited", "unavailable"]);
    assert_eq!(store.take_notices(None, NOW + 3600, 10).await.unwrap(), [], "the token is over");
}

/// Nothing is shown to an access server that rests on what was withdrawn.
pub(crate) async fn nothing_withdrawn_is_presented(store: Store) {
    let ada = ada(&store).await;
    tokens(&store).await;
    recorded(&store, "w", Cause::Token(ada, token("ps", "auth"))).await;
    let presentation = Presentation {
        root: "person".to_owned(),
        server: server("new"),
        exp: NOW + 3600,
        rests_on: vec![token("ps", "person"), token("ps", "auth")],
    };
    assert_eq!(store.present(presentation).await.unwrap(), Some(token("ps", "auth")));
}
