//! Many at once.

use std::future::Future;

use person_server::domain::decision::Approval;
use person_server::domain::pending::{Approved, State};
use person_server::store::{Bound, Change, Issuance, IssueOutcome, Store};
use tokio::task::JoinSet;

use super::given::{NOW, ada, binding, identify, issuance, keep, key, pending, person, token, withdrawn_by_issuer};

async fn all<T, F>(tasks: impl IntoIterator<Item = F>) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    tasks.into_iter().collect::<JoinSet<_>>().join_all().await
}

pub(crate) async fn of_many_who_bind_one_wins(store: Store) {
    let names: Vec<String> = (0..16).map(|number| format!("person{number}")).collect();
    for name in &names {
        person(&store, name).await;
    }
    let outcomes = all(names.into_iter().map(|name| {
        let store = store.clone();
        async move { store.bind_agent(binding("a", &name)).await.unwrap() }
    }))
    .await;
    assert_eq!(outcomes.iter().filter(|&&outcome| outcome == Bound::Yes).count(), 1);
}

pub(crate) async fn of_many_who_collect_one_wins(store: Store) {
    let ada = ada(&store).await;
    let kept = keep(&store, pending("p", "AAAA1111", Some("ada"), identify())).await;
    let approved = State::Approved(Approved { approval: Approval::default(), by: key("ada"), at: NOW });
    store.change_pending("approve", &kept.id, move |_| Change::to(approved.clone(), ())).await.unwrap();
    let outcomes = all((0..16).map(|number| {
        let store = store.clone();
        let issuance = Issuance { collects: Some(kept.id.clone()), ..issuance(&format!("t{number}")) };
        async move { store.issue(issuance).await.unwrap() }
    }))
    .await;
    let collected = outcomes.iter().filter(|&outcome| *outcome == IssueOutcome::Recorded).count();
    assert_eq!(collected, 1, "{outcomes:?}");
    assert_eq!(store.issued_for(&ada, 20).await.unwrap().len(), 1);
}

/// While 16 agents' tokens are issued, their agent token is withdrawn: each token was stopped, or is found after.
pub(crate) async fn a_withdrawal_stops_a_token_or_finds_it(store: Store) {
    ada(&store).await;
    let issuing = (0..64).map(|number| {
        let store = store.clone();
        async move { store.issue(issuance(&format!("t{number}"))).await.unwrap() }
    });
    let withdrawing = {
        let store = store.clone();
        async move {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            withdrawn_by_issuer(&store, token("ap", "at")).await
        }
    };
    let (outcomes, found) = tokio::join!(all(issuing), withdrawing);
    let recorded = outcomes.iter().filter(|&outcome| *outcome == IssueOutcome::Recorded).count();
    assert_eq!(i64::try_from(recorded).unwrap(), found);
}
