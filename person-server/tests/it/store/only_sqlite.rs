//! What SQLite alone does.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use person_server::store::{Kind, Store, StoreConfig, StoreError};
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Executor as _};
use tempfile::TempDir;

use super::given::{ada, agent, binding, consent, issuance, key};
use super::sqlite;

async fn sql(dir: &TempDir, statements: &str) {
    let url = format!("sqlite://{}/ps.db", dir.path().display());
    let mut connection = AnyConnection::connect(&url).await.unwrap();
    connection.execute(AssertSqlSafe(statements.to_owned())).await.unwrap();
    connection.close().await.unwrap();
}

fn at(path: &Path) -> StoreConfig {
    StoreConfig::at(format!("sqlite://{}", path.display()))
}

#[tokio::test]
async fn the_file_is_its_owners_alone() {
    let dir = TempDir::new().unwrap();
    let store = sqlite(&dir).await;
    ada(&store).await;
    assert_eq!(store.kind(), Kind::Sqlite);
    store.ping().await.unwrap();
    for file in ["ps.db", "ps.db-wal", "ps.db-shm"] {
        let mode = std::fs::metadata(dir.path().join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_opening_again() {
    let dir = TempDir::new().unwrap();
    let store = sqlite(&dir).await;
    ada(&store).await;
    store.close().await.unwrap();
    assert!(matches!(store.bind_agent(binding("b", "ada")).await, Err(StoreError::Unavailable { .. })));
    let again = sqlite(&dir).await;
    assert!(again.agent(&agent("a")).await.unwrap().is_some());
    assert!(again.agent(&agent("b")).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_may_open_it_at_once() {
    let dir = TempDir::new().unwrap();
    let opening = (0..4).map(|_| {
        let config = at(&dir.path().join("ps.db"));
        tokio::spawn(async move { Store::open(&config).await.unwrap() })
    });
    let mut stores = Vec::new();
    for store in opening.collect::<Vec<_>>() {
        stores.push(store.await.unwrap());
    }
    ada(&stores[0]).await;
    assert!(stores[3].agent(&agent("a")).await.unwrap().is_some());
    assert_eq!(stores[0].waiting(), 0);
}

#[tokio::test]
async fn a_place_that_cannot_be_is_refused_with_its_reason() {
    let dir = TempDir::new().unwrap();
    for (url, said) in [
        (format!("sqlite://{}/no/ps.db", dir.path().display()), "its directory does not exist"),
        ("mysql://root@localhost/ps".to_owned(), "`mysql` is not a database"),
        ("ps.db".to_owned(), "it has no scheme"),
        ("sqlite::memory:".to_owned(), "it is not of the form `sqlite://path/to/file`"),
        (format!("sqlite://{}/ps.db?mode=memory", dir.path().display()), "it is not of the form"),
        ("sqlite:".to_owned(), "it is not of the form `sqlite://path/to/file`"),
        ("postgres://ps:secret@[/x".to_owned(), "it is not of the form `postgres://user@host/name`"),
    ] {
        let error = Store::open(&StoreConfig::at(url.clone())).await.unwrap_err().to_string();
        assert!(error.contains(said) && !error.contains("secret"), "{url}: {error}");
    }
    let config = format!("{:?}", StoreConfig::at("postgres://ps:secret@db/ps"));
    assert!(!config.contains("secret"), "{config}");
}

#[tokio::test]
async fn a_strange_file_name_is_a_file_name() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("a b#é%20.db");
    let store = Store::open(&at(&path)).await.unwrap();
    ada(&store).await;
    assert!(path.exists());
}

#[tokio::test]
async fn a_newer_database_is_refused() {
    let dir = TempDir::new().unwrap();
    sqlite(&dir).await.close().await.unwrap();
    sql(
        &dir,
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (999, 'from the future', TRUE, X'00', 0)",
    )
    .await;
    let error = Store::open(&at(&dir.path().join("ps.db"))).await.unwrap_err();
    assert!(matches!(error, StoreError::Newer { found: 999, .. }), "{error:?}");
    sql(&dir, "DELETE FROM _sqlx_migrations WHERE version = 999; UPDATE _sqlx_migrations SET checksum = X'00'").await;
    let error = Store::open(&at(&dir.path().join("ps.db"))).await.unwrap_err();
    assert_eq!(error, StoreError::Foreign { version: 1 });
}

#[tokio::test]
async fn nonsense_in_a_cell_is_named() {
    let dir = TempDir::new().unwrap();
    let store = sqlite(&dir).await;
    let ada = ada(&store).await;
    store.remember(consent("c", &["read"])).await.unwrap();
    for (column, nonsense) in [("scopes", "'read'"), ("resource", "'r'"), ("agent_sub", "'a'"), ("created_at", "'x'")] {
        // Foreign keys are a connection's choice.
        let change = format!("PRAGMA foreign_keys = OFF; UPDATE consents SET {column} = {nonsense} WHERE id = 'c'");
        sql(&dir, &change).await;
        let error = store.consents_of(&ada, 10).await.unwrap_err();
        assert_eq!(error, StoreError::Corrupt { table: "consents", column, row: "c".to_owned() });
        sql(&dir, "DELETE FROM consents").await;
        store.remember(consent("c", &["read"])).await.unwrap();
    }
}

/// A job that fails takes nothing of its group with it.
#[tokio::test]
async fn one_failure_of_a_group_disturbs_no_other() {
    let dir = TempDir::new().unwrap();
    let store = sqlite(&dir).await;
    ada(&store).await;
    // One's foreign key points nowhere. Sent at once, they are committed together.
    let writes = (0..20).map(|number| {
        let (store, person) = (store.clone(), if number == 7 { "nobody" } else { "ada" });
        tokio::spawn(async move { store.bind_agent(binding(&format!("b{number}"), person)).await })
    });
    let writes: Vec<_> = writes.collect();
    let mut failed = 0;
    for write in writes {
        failed += u32::from(write.await.unwrap().is_err());
    }
    assert_eq!(failed, 1);
    assert_eq!(store.agents_of(&key("ada")).await.unwrap().len(), 20);
}

#[tokio::test]
async fn too_much_to_write_is_refused_at_once() {
    let dir = TempDir::new().unwrap();
    let config = StoreConfig { queue: 4, ..at(&dir.path().join("ps.db")) };
    let store = Store::open(&config).await.unwrap();
    ada(&store).await;
    // Another process holds the file, so that the writer cannot go on.
    let url = format!("sqlite://{}/ps.db", dir.path().display());
    let mut other = AnyConnection::connect(&url).await.unwrap();
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    let writes: Vec<_> = (0..200)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move { store.bind_agent(binding(&format!("b{number}"), "ada")).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(100)).await;
    other.execute("COMMIT").await.unwrap();
    let (mut kept, mut busy) = (0, 0);
    for write in writes {
        match write.await.unwrap() {
            Ok(_) => kept += 1,
            Err(StoreError::Busy) => busy += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(busy > 0 && kept > 0, "{kept} kept, {busy} refused");
    assert_eq!(store.agents_of(&key("ada")).await.unwrap().len(), kept + 1);
}

/// A disk that hangs does not hang whoever asks; what nobody waits for any longer is not done.
#[tokio::test]
async fn a_write_is_waited_for_so_long() {
    let dir = TempDir::new().unwrap();
    let config = StoreConfig { write_within: Duration::from_millis(50), ..at(&dir.path().join("ps.db")) };
    let store = Store::open(&config).await.unwrap();
    ada(&store).await;
    let url = format!("sqlite://{}/ps.db", dir.path().display());
    let mut other = AnyConnection::connect(&url).await.unwrap();
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    let under_way = store.bind_agent(binding("b", "ada")).await.unwrap_err();
    let waiting = store.bind_agent(binding("c", "ada")).await.unwrap_err();
    assert!(under_way.is_of_the_moment() && waiting.is_of_the_moment(), "{under_way} {waiting}");
    other.execute("COMMIT").await.unwrap();
    // Comes after both.
    store.close().await.unwrap();
    let store = Store::open(&at(&dir.path().join("ps.db"))).await.unwrap();
    assert!(store.agent(&agent("c")).await.unwrap().is_none());
}

/// A backup is a whole database, taken while the store is in use, and overwrites nothing.
#[tokio::test]
async fn a_backup_can_be_opened() {
    let dir = TempDir::new().unwrap();
    let store = sqlite(&dir).await;
    let ada = ada(&store).await;
    store.issue(issuance("t")).await.unwrap();
    let copy = dir.path().join("copy.db");
    let (copied, written) = tokio::join!(store.backup(&copy), store.bind_agent(binding("b", "ada")));
    copied.unwrap();
    written.unwrap();
    assert_eq!(std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    let again = store.backup(&copy).await.unwrap_err().to_string();
    assert!(again.contains("nothing is overwritten"), "{again}");
    let restored = Store::open(&at(&copy)).await.unwrap();
    assert_eq!(restored.issued_for(&ada, 10).await.unwrap(), store.issued_for(&ada, 10).await.unwrap());
}
