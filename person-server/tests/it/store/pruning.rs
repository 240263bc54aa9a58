//! What is not kept any longer.

use person_server::domain::audit::AuditEvent;
use person_server::domain::consent::Consent;
use person_server::domain::issued::{Issued, Revocation, SeenAgentToken};
use person_server::domain::pending::{Pending, State};
use person_server::domain::withdrawal::Cause;
use person_server::store::{AuditQuery, Change, Issuance, Retention, Store, Withdraw};

use super::given::{NOW, ada, agent, consent, identify, issuance, keep, pending, server, token};

const MONTH: Retention = Retention { audit: 30 * 86400 };

pub(crate) async fn what_is_over_goes_and_what_counts_stays(store: Store) {
    let ada = ada(&store).await;
    let lasting = |jti: &str, exp| Issuance { issued: Issued { exp, ..issuance(jti).issued }, ..issuance(jti) };
    store.issue(lasting("brief", NOW + 100)).await.unwrap();
    store.issue(lasting("long", NOW + 3600)).await.unwrap();
    for (jti, exp) in [("brief", NOW + 100), ("long", NOW + 3600)] {
        let revocation = Revocation { token: token("x", jti), exp, at: NOW };
        let cause = Cause::Told { revocation, limit: 10 };
        store.withdraw(Withdraw { id: jti.to_owned(), cause, issuer: server("ps"), now: NOW }).await.unwrap();
    }
    let waiting = keep(&store, pending("w", "AAAA1111", Some("ada"), identify())).await;
    let over = keep(&store, Pending { expires_at: NOW + 9000, ..pending("o", "BBBB1111", Some("ada"), identify()) });
    let over = over.await;
    store.change_pending("tell", &over.id, |_| Change::to(State::Gone { at: NOW }, ())).await.unwrap();
    store.remember(Consent { expires_at: Some(NOW + 10), ..consent("brief", &["read"]) }).await.unwrap();
    store.remember(consent("long", &["write"])).await.unwrap();
    store.note(AuditEvent::new(NOW, Some(ada.clone()), "started")).await.unwrap();

    // Not before the clocks' difference has passed, and not while an ask's URL says that it is gone.
    assert_eq!(store.prune(MONTH, NOW + 160).await.unwrap(), 0);
    assert_eq!(store.prune(MONTH, NOW + 161).await.unwrap(), 2);
    assert_eq!(store.issued(&token("ps", "brief")).await.unwrap(), None);
    assert!(store.issued(&token("ps", "long")).await.unwrap().is_some());
    let revoked = store.revoked_of(vec![token("x", "brief"), token("x", "long")]).await.unwrap();
    assert_eq!(revoked, [token("x", "long")]);
    assert_eq!(store.prune(MONTH, NOW + 3601).await.unwrap(), 1);
    assert!(store.pending(&over.id).await.unwrap().is_none());
    assert!(store.pending(&waiting.id).await.unwrap().is_some());
    // The other two tokens' records, both withdrawals and the ask that nobody decided.
    assert_eq!(store.prune(MONTH, NOW + 4201).await.unwrap(), 5);
    assert_eq!(store.withdrawal("long").await.unwrap(), None);
    let month = NOW + MONTH.audit;
    assert_eq!(store.consents_of(&ada, 10).await.unwrap().len(), 2);
    // The ended consent, the event, the agent token.
    assert_eq!(store.prune(MONTH, month + 11).await.unwrap(), 3);
    let ids: Vec<_> = store.consents_of(&ada, 10).await.unwrap().into_iter().map(|consent| consent.id).collect();
    assert_eq!(ids, ["long"]);
    assert_eq!(store.events_of(&ada, AuditQuery { limit: 9, ..AuditQuery::default() }).await.unwrap(), []);
    assert!(store.agent(&agent("a")).await.unwrap().is_some());
    assert!(store.has_been_at(&ada, &server("r")).await.unwrap());
}

pub(crate) async fn a_large_table_is_pruned_in_parts(store: Store) {
    for number in 0..1201 {
        let token = SeenAgentToken { agent: agent("a"), jti: number.to_string(), exp: NOW };
        store.see_agent_token(token).await.unwrap();
    }
    assert_eq!(store.prune(MONTH, NOW + 61).await.unwrap(), 1201);
    assert_eq!(store.prune(MONTH, NOW + 61).await.unwrap(), 0);
}
