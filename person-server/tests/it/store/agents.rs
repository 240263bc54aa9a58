//! Persons and their agents.

use person_server::store::{Bound, Store};

use super::given::{NOW, ada, agent, binding, consent, key, person, server};

pub(crate) async fn a_person_is_kept_and_changed(store: Store) {
    let ada = person(&store, "ada").await;
    let mut kept = store.person(&ada).await.unwrap().unwrap();
    assert_eq!(kept.claims["email"], "ada@example.org");
    "Ada L.".clone_into(&mut kept.name);
    kept.tenant = Some("acme".to_owned());
    kept.created_at = NOW + 5;
    store.keep_person(kept.clone()).await.unwrap();
    let changed = store.person(&ada).await.unwrap().unwrap();
    assert_eq!((changed.name.as_str(), changed.tenant.as_deref(), changed.created_at), ("Ada L.", Some("acme"), NOW));
    assert_eq!(store.people(10).await.unwrap(), [changed]);
    assert_eq!(store.person(&key("bob")).await.unwrap(), None);
}

/// "Agent-Person Binding": an agent acts for one person.
pub(crate) async fn an_agent_is_bound_to_one_person(store: Store) {
    let ada = ada(&store).await;
    person(&store, "bob").await;
    assert_eq!(store.bind_agent(binding("a", "bob")).await.unwrap(), Bound::ToAnother);
    assert_eq!(store.agent(&agent("a")).await.unwrap().unwrap().person, ada);
    let again = person_server::domain::agent::Binding { name: Some("Helper".to_owned()), ..binding("a", "ada") };
    assert_eq!(store.bind_agent(again).await.unwrap(), Bound::Yes);
    let agents = store.agents_of(&ada).await.unwrap();
    assert_eq!(agents.iter().map(|agent| agent.name.as_deref()).collect::<Vec<_>>(), [Some("Helper")]);
    // Ended by Ada, it is still not Bob's.
    assert!(store.revoke_agent(&ada, &agent("a"), NOW).await.unwrap());
    assert_eq!(store.bind_agent(binding("a", "bob")).await.unwrap(), Bound::ToAnother);
    assert!(!store.agent(&agent("a")).await.unwrap().unwrap().is_active());
    assert_eq!(store.bind_agent(binding("a", "ada")).await.unwrap(), Bound::Yes);
    assert!(store.agent(&agent("a")).await.unwrap().unwrap().is_active());
}

pub(crate) async fn a_revoked_agent_loses_its_consents(store: Store) {
    let ada = ada(&store).await;
    store.remember(consent("c", &["read"])).await.unwrap();
    assert!(store.revoke_agent(&ada, &agent("a"), NOW).await.unwrap());
    assert!(!store.revoke_agent(&ada, &agent("a"), NOW + 1).await.unwrap());
    assert_eq!(store.consents(&agent("a"), &server("r"), NOW).await.unwrap(), []);
    assert_eq!(store.consents_of(&ada, 10).await.unwrap()[0].revoked_at, Some(NOW));
}

pub(crate) async fn what_is_not_theirs_is_left_alone(store: Store) {
    let ada = ada(&store).await;
    let bob = person(&store, "bob").await;
    store.remember(consent("c", &["read"])).await.unwrap();
    assert!(!store.revoke_agent(&bob, &agent("a"), NOW).await.unwrap());
    assert!(!store.rename_agent(&bob, &agent("a"), "Mine").await.unwrap());
    assert_eq!(store.revoke_consent(&bob, "c", NOW).await.unwrap(), None);
    assert!(store.rename_agent(&ada, &agent("a"), "Hers").await.unwrap());
    let kept = store.agent(&agent("a")).await.unwrap().unwrap();
    assert_eq!((kept.name.as_deref(), kept.revoked_at), (Some("Hers"), None));
    assert_eq!(store.consents(&agent("a"), &server("r"), NOW).await.unwrap().len(), 1);
    assert_eq!(store.consents_of(&bob, 10).await.unwrap(), []);
}
