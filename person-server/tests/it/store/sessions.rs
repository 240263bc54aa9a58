//! Setup links, API tokens, sessions, and pages of lists.

use person_server::domain::audit::AuditEvent;
use person_server::domain::person::{Person, PersonKey};
use person_server::domain::session::{ApiToken, Presented, Secret, SecretKind};
use person_server::domain::settings::Settings;
use person_server::store::{AuditQuery, Page, Store};
use serde_json::Map;

use super::given::{NOW, ada, consent, key, person};

fn secret(kind: SecretKind, byte: u8) -> Secret {
    Secret::new(kind, [byte; 32])
}

fn session_secret(byte: u8) -> Secret {
    secret(SecretKind::Session, byte)
}

fn event(person: &PersonKey, kind: &str) -> AuditEvent {
    AuditEvent::new(NOW, Some(person.clone()), kind)
}

fn bob() -> Person {
    Person { key: key("bob"), name: "Bob".to_owned(), tenant: None, claims: Map::new(), created_at: NOW }
}

fn token(id: &str, person: &PersonKey, until: Option<i64>) -> ApiToken {
    let (id, person, name) = (id.to_owned(), person.clone(), "cron".to_owned());
    ApiToken { id, person, name, created_at: NOW, expires_at: until, used_at: None }
}

pub(crate) async fn a_setup_link_is_used_once(store: Store) {
    let setup = secret(SecretKind::Setup, 1).digest();
    assert!(store.add_first_person(bob(), setup, NOW + 60).await.unwrap());
    assert!(!store.add_first_person(bob(), setup, NOW + 60).await.unwrap());
    let begin = |id: &str, byte| store.begin_by_setup(setup, id.to_owned(), session_secret(byte), NOW);
    let (one, two) = tokio::join!(begin("s1", 1), begin("s2", 2));
    let sessions: Vec<_> = [one.unwrap(), two.unwrap()].into_iter().flatten().collect();
    assert_eq!(sessions.iter().map(|session| session.person.as_str()).collect::<Vec<_>>(), ["bob"]);
    assert_eq!(store.sessions_of(&key("bob"), NOW).await.unwrap(), sessions);
    // One that is late is used up all the same.
    assert!(store.invite(&key("bob"), setup, NOW).await.unwrap());
    assert_eq!(begin("s3", 3).await.unwrap(), None);
    assert!(!store.invite(&key("nobody"), setup, NOW + 60).await.unwrap());
    let query = AuditQuery { kind: Some("session.begun".into()), limit: 10, ..AuditQuery::default() };
    assert_eq!(store.events_of(&key("bob"), query).await.unwrap().len(), 1);
}

pub(crate) async fn a_sessions_secret_is_offered_and_confirmed(store: Store) {
    let setup = secret(SecretKind::Setup, 1).digest();
    store.add_person(bob(), setup, NOW + 60).await.unwrap();
    let [one, two, three] = [1, 2, 3].map(|byte| session_secret(byte).digest());
    store.begin_by_setup(setup, "s".to_owned(), session_secret(1), NOW).await.unwrap().unwrap();
    assert!(store.offer_secret("s", two, NOW + 3600).await.unwrap());
    assert!(!store.offer_secret("s", three, NOW + 3601).await.unwrap(), "one offer at a time");
    let found = store.session(two, NOW + 3602).await.unwrap().unwrap();
    assert_eq!(found.presented(two, NOW + 3602), Presented::Confirms);
    store.confirm_secret("s", two, NOW + 3602).await.unwrap();
    let kept = store.session(one, NOW + 3603).await.unwrap().unwrap();
    assert_eq!((kept.secrets.current, kept.secrets.offered), (two, None));
    assert!(matches!(kept.presented(one, NOW + 3603), Presented::Counts { .. }));
    assert_eq!(kept.presented(one, NOW + 3662), Presented::Copied);
    assert!(!store.end_session(&key("ada"), "s", event(&key("bob"), "session.ended")).await.unwrap());
    assert!(store.end_session(&key("bob"), "s", event(&key("bob"), "session.ended")).await.unwrap());
    assert_eq!(store.session(two, NOW).await.unwrap(), None);
}

pub(crate) async fn an_api_token_ends_with_what_it_began(store: Store) {
    let ada = person(&store, "ada").await;
    let hash = secret(SecretKind::Api, 1).digest();
    let add = |id: &str, byte, until| {
        let added = event(&ada, "api_token.added");
        store.add_api_token(token(id, &ada, until), secret(SecretKind::Api, byte).digest(), 2, added)
    };
    assert!(add("t1", 1, Some(NOW + 60)).await.unwrap());
    assert!(add("t2", 2, None).await.unwrap());
    assert!(!add("t3", 3, None).await.unwrap(), "two are as many as there may be");
    assert_eq!(store.api_token(hash, NOW).await.unwrap(), Some(token("t1", &ada, Some(NOW + 60))));
    store.note_api_token("t1", NOW + 1).await.unwrap();
    assert_eq!(store.api_token(hash, NOW).await.unwrap().unwrap().used_at, Some(NOW + 1));
    let session = session_secret(1);
    store.begin_by_api_token(hash, "s".to_owned(), session.clone(), NOW).await.unwrap().unwrap();
    assert!(store.session(session.digest(), NOW + 59).await.unwrap().is_some());
    assert_eq!(store.session(session.digest(), NOW + 60).await.unwrap(), None);
    assert_eq!(store.api_token(hash, NOW + 60).await.unwrap(), None);
    assert!(!store.revoke_api_token(&key("bob"), "t1", event(&ada, "api_token.ended")).await.unwrap());
    assert!(store.revoke_api_token(&ada, "t1", event(&ada, "api_token.ended")).await.unwrap());
    assert_eq!(store.session(session.digest(), NOW).await.unwrap(), None);
    assert_eq!(store.api_tokens_of(&ada).await.unwrap(), [token("t2", &ada, None)]);
}

pub(crate) async fn settings_are_kept(store: Store) {
    let ada = person(&store, "ada").await;
    assert_eq!(store.settings(&ada).await.unwrap(), Settings::default());
    for remember_days in [Some(7), None] {
        store.keep_settings(&ada, Settings { remember_days }).await.unwrap();
        assert_eq!(store.settings(&ada).await.unwrap(), Settings { remember_days });
    }
}

pub(crate) async fn pages_go_on_where_they_stopped(store: Store) {
    let ada = ada(&store).await;
    // Three of one second: the page breaks among them.
    for id in ["a", "b", "c"] {
        let resource = super::given::server(id);
        store.remember(person_server::domain::consent::Consent { resource, ..consent(id, &[]) }).await.unwrap();
    }
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = store.consents_page(&ada, Page { after: after.clone(), limit: 2 }).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(person_server::store::After { at: last.created_at, name: last.id.clone() });
        seen.extend(page.into_iter().map(|consent| consent.id));
    }
    assert_eq!(seen, ["a", "b", "c"]);
    assert_eq!(store.agents_page(&ada, Page { after: None, limit: 5 }).await.unwrap().len(), 1);
    assert_eq!(store.issued_page(&ada, Page { after: None, limit: 5 }).await.unwrap(), []);
    assert_eq!(store.missions_page(&ada, Page { after: None, limit: 5 }).await.unwrap(), []);
}

pub(crate) async fn events_are_found_by_time(store: Store) {
    let ada = person(&store, "ada").await;
    for at in [NOW, NOW + 1, NOW + 2] {
        store.note(AuditEvent { at, ..event(&ada, "x") }).await.unwrap();
    }
    let query = AuditQuery { since: Some(NOW + 1), until: Some(NOW + 2), limit: 10, ..AuditQuery::default() };
    let found = store.events_of(&ada, query).await.unwrap();
    assert_eq!(found.iter().map(|entry| entry.event.at).collect::<Vec<_>>(), [NOW + 1]);
}
