//! What happened.

use person_server::domain::audit::AuditEvent;
use person_server::store::{AuditQuery, Store};
use serde_json::json;

use super::given::{NOW, ada, person};

pub(crate) async fn events_are_read_in_pages(store: Store) {
    let ada = ada(&store).await;
    let bob = person(&store, "bob").await;
    for number in 0..5 {
        let kind = if number % 2 == 0 { "even" } else { "odd" };
        let detail = json!({ "number": number }).as_object().unwrap().clone();
        store.note(AuditEvent { detail, ..AuditEvent::new(NOW, Some(ada.clone()), kind) }).await.unwrap();
    }
    store.note(AuditEvent::new(NOW, Some(bob.clone()), "even")).await.unwrap();
    store.note(AuditEvent::new(NOW, None, "started")).await.unwrap();
    let numbers = async |query: AuditQuery| {
        let page = store.events_of(&ada, query).await.unwrap();
        let last = page.last().map(|entry| entry.id);
        let numbers: Vec<_> = page.iter().map(|entry| entry.event.detail["number"].as_i64().unwrap()).collect();
        (numbers, last)
    };
    let page = AuditQuery { limit: 3, ..AuditQuery::default() };
    let (first, last) = numbers(page.clone()).await;
    assert_eq!(first, [4, 3, 2]);
    assert_eq!(numbers(AuditQuery { before: last, ..page.clone() }).await.0, [1, 0]);
    assert_eq!(numbers(AuditQuery { kind: Some("odd".to_owned()), ..page.clone() }).await.0, [3, 1]);
    assert_eq!(numbers(AuditQuery { agent: Some("a".to_owned()), ..page.clone() }).await.0, Vec::<i64>::new());
    assert_eq!(store.events_of(&bob, page).await.unwrap().len(), 1);
}
