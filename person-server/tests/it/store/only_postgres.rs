//! What PostgreSQL alone does.

use std::path::Path;

use person_server::store::{Kind, Store, StoreConfig, StoreError};

use super::given::{ada, agent, issuance};
use crate::support::postgres::Postgres;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_share_it_and_an_outage_is_of_the_moment() {
    let server = Postgres::start().await;
    let url = server.database().await;
    let config = StoreConfig { acquire_within: std::time::Duration::from_millis(500), ..StoreConfig::at(url) };
    // Both start at once, on an empty database.
    let (one, other) = tokio::join!(Store::open(&config), Store::open(&config));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(one.kind(), Kind::Postgres);
    ada(&one).await;
    assert!(other.agent(&agent("a")).await.unwrap().is_some());
    assert_eq!(one.backup(Path::new("/nowhere")).await, Err(StoreError::NotOurs));
    drop(server);
    let error = one.ping().await.unwrap_err();
    assert!(error.is_of_the_moment(), "{error:?}");
    assert!(Store::open(&config).await.unwrap_err().is_of_the_moment());
}

/// The backup that `docs` tell an operator to make, restored into another database.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dump_can_be_restored() {
    let server = Postgres::start().await;
    let (url, other) = (server.database().await, server.database().await);
    let store = Store::open(&StoreConfig::at(&url)).await.unwrap();
    let ada = ada(&store).await;
    store.issue(issuance("t")).await.unwrap();
    let dumped = server.program("pg_dump").args(["--format=custom", "--dbname", &url]).output().unwrap();
    assert!(dumped.status.success(), "{}", String::from_utf8_lossy(&dumped.stderr));
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), dumped.stdout).unwrap();
    let mut restore = server.program("pg_restore");
    restore.args(["--no-owner", "--single-transaction", "--dbname", &other]).stdin(file.reopen().unwrap());
    let restored = restore.output().unwrap();
    assert!(restored.status.success(), "{}", String::from_utf8_lossy(&restored.stderr));
    let copy = Store::open(&StoreConfig::at(&other)).await.unwrap();
    assert_eq!(copy.issued_for(&ada, 10).await.unwrap(), store.issued_for(&ada, 10).await.unwrap());
}
