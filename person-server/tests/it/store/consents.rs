//! What persons agreed to.

use person_server::domain::consent::Consent;
use person_server::store::Store;

use super::given::{NOW, ada, agent, consent, server};

async fn ids(store: &Store, now: i64) -> Vec<String> {
    store.consents(&agent("a"), &server("r"), now).await.unwrap().into_iter().map(|consent| consent.id).collect()
}

pub(crate) async fn a_fuller_yes_takes_an_earlier_ones_place(store: Store) {
    ada(&store).await;
    store.remember(consent("narrow", &["read"])).await.unwrap();
    store.remember(Consent { account: Some("work".to_owned()), ..consent("work", &["read"]) }).await.unwrap();
    store.remember(Consent { created_at: NOW + 1, ..consent("wide", &["read", "write"]) }).await.unwrap();
    assert_eq!(ids(&store, NOW).await, ["wide", "work"]);
    // What says less, or ends sooner, takes nothing's place.
    let brief = Consent { expires_at: Some(NOW + 60), created_at: NOW + 2, ..consent("brief", &["read", "write"]) };
    store.remember(brief.clone()).await.unwrap();
    assert_eq!(ids(&store, NOW).await, ["brief", "wide", "work"]);
    assert_eq!(store.consents(&agent("a"), &server("r"), NOW).await.unwrap()[0], brief);
    assert_eq!(store.consents(&agent("a"), &server("other"), NOW).await.unwrap(), []);
}

pub(crate) async fn what_ended_or_was_revoked_is_not_active(store: Store) {
    let ada = ada(&store).await;
    store.remember(Consent { expires_at: Some(NOW + 60), ..consent("brief", &["read"]) }).await.unwrap();
    store.remember(consent("long", &["write"])).await.unwrap();
    assert_eq!(ids(&store, NOW + 59).await, ["brief", "long"]);
    assert_eq!(ids(&store, NOW + 60).await, ["long"]);
    let revoked = store.revoke_consent(&ada, "long", NOW + 61).await.unwrap().unwrap();
    assert_eq!((revoked.id.as_str(), revoked.revoked_at), ("long", Some(NOW + 61)));
    assert_eq!(store.revoke_consent(&ada, "long", NOW + 62).await.unwrap(), None);
    assert_eq!(ids(&store, NOW + 63).await, Vec::<String>::new());
    assert_eq!(store.consents_of(&ada, 10).await.unwrap().len(), 2);
}
