//! What PostgreSQL alone does.

use std::path::Path;

use person_server::store::{Kind, Store, StoreConfig, StoreError};

use super::given::{ada, agent};
use crate::support::postgres::Postgres;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_share_it_and_an_outage_is_of_the_moment() {
    let server = Postgres::start().await;
    let url = server.database().await;
    let config = StoreConfig { acquire_within: std::time::Duration::from_millis(500), ..StoreConfig::at(url) };
    let (one, other) = (Store::open(&config).await.unwrap(), Store::open(&config).await.unwrap());
    assert_eq!(one.kind(), Kind::Postgres);
    ada(&one).await;
    assert!(other.agent(&agent("a")).await.unwrap().is_some());
    assert_eq!(one.backup(Path::new("/nowhere")).await, Err(StoreError::NotOurs));
    drop(server);
    let error = one.ping().await.unwrap_err();
    assert!(error.is_of_the_moment(), "{error:?}");
    assert!(Store::open(&config).await.unwrap_err().is_of_the_moment());
}
