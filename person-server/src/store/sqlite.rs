//! SQLite: one file, many readers, one writer that commits in groups.
//!
//! A durable commit waits for the disk, a millisecond or more, and SQLite has one writer at a time. So the writer takes
//! all that waits, runs it in one transaction, commits once, and answers all: under load a hundred writes share the
//! wait, alone a write waits for nobody. A job that fails disturbs no other of its group.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::{AnyConnection, Connection as _, Executor as _};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout};
use tracing::debug;

use super::config::StoreConfig;
use super::database::{Database, Kind, micros};
use super::error::StoreError;
use super::file;
use super::job::{Job, Step};
use super::migrations::migrate;
use super::readers::Readers;

/// How many jobs share one commit. Bounds how long the first of them waits for the last.
const GROUP: usize = 128;

/// Each connection's settings. Foreign keys hold; a commit is on the disk before it is acknowledged; another process
/// (a backup, an operator) may hold the file for a while; what is deleted is overwritten.
const SETTINGS: &str = "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
                        PRAGMA secure_delete = FAST; PRAGMA cache_size = -16000; PRAGMA journal_size_limit = 67108864;";

/// A database file in use.
#[derive(Debug)]
pub(super) struct Sqlite {
    readers: Readers,
    queue: mpsc::Sender<Request>,
    within: Duration,
}

#[derive(Debug)]
enum Request {
    Write(Waiting),
    /// Nothing comes after it. Answered, by being dropped, once all before it is.
    Close(oneshot::Sender<()>),
}

#[derive(Debug)]
struct Waiting {
    name: &'static str,
    job: Arc<dyn Job>,
    since: Instant,
    answer: oneshot::Sender<Result<(), StoreError>>,
}

impl Sqlite {
    /// Opens the file, which is made if it is not there, and brings its schema up to date.
    pub(super) async fn open(path: &Path, config: &StoreConfig) -> Result<Self, StoreError> {
        file::make_private(path)?;
        let options = file::options(path)?;
        let mut writer = AnyConnection::connect_with(&options).await?;
        writer.execute(SETTINGS).await?;
        // Another process may be opening the file too: the first one brings it up to date, the other waits.
        let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
        migrate(Kind::Sqlite, &mut transaction).await?;
        transaction.commit().await?;
        let readers = Readers::new(options, SETTINGS, config);
        let (queue, requests) = mpsc::channel(config.queue);
        tokio::spawn(write_all(writer, requests));
        Ok(Self { readers, queue, within: config.write_within })
    }
}

impl Database for Sqlite {
    fn kind(&self) -> Kind {
        Kind::Sqlite
    }

    fn read(&self, job: Arc<dyn Job>) -> Step<'_, ()> {
        Box::pin(async move { self.readers.read(&*job).await })
    }

    fn view(&self, job: Arc<dyn Job>) -> Step<'_, ()> {
        Box::pin(async move { self.readers.view(&*job).await })
    }

    fn write(&self, name: &'static str, job: Arc<dyn Job>) -> Step<'_, ()> {
        Box::pin(async move {
            let (answer, answered) = oneshot::channel();
            let waiting = Waiting { name, job, since: Instant::now(), answer };
            self.queue.try_send(Request::Write(waiting)).map_err(|error| match error {
                TrySendError::Full(_) => StoreError::Busy,
                TrySendError::Closed(_) => stopped(),
            })?;
            match timeout(self.within, answered).await {
                Ok(answer) => answer.unwrap_or_else(|_| Err(stopped())),
                Err(_) => Err(StoreError::late()),
            }
        })
    }

    fn waiting(&self) -> usize {
        self.queue.max_capacity().saturating_sub(self.queue.capacity())
    }

    fn backup<'a>(&'a self, to: &'a Path) -> Step<'a, ()> {
        Box::pin(async move {
            let path = file::new_private(to)?;
            // Not a reader's connection, which may not write; not the writer's, which others wait for.
            let mut connection = AnyConnection::connect_with(self.readers.options()).await?;
            let copied = sqlx::query("VACUUM INTO $1").bind(path).execute(&mut connection).await;
            drop(connection.close().await);
            match copied {
                Ok(_) => file::sync(to).await,
                Err(error) => {
                    drop(tokio::fs::remove_file(to).await);
                    Err(error.into())
                }
            }
        })
    }

    fn close(&self) -> Step<'_, ()> {
        Box::pin(async move {
            let (answer, answered) = oneshot::channel();
            if self.queue.send(Request::Close(answer)).await.is_ok() {
                drop(answered.await);
            }
            self.readers.close().await;
            Ok(())
        })
    }
}

fn stopped() -> StoreError {
    StoreError::unavailable("the writer has stopped")
}

async fn write_all(mut connection: AnyConnection, mut requests: mpsc::Receiver<Request>) {
    let mut taken = Vec::with_capacity(GROUP);
    let mut closing = Vec::new();
    while requests.recv_many(&mut taken, GROUP).await > 0 {
        let mut group = Vec::with_capacity(taken.len());
        for request in taken.drain(..) {
            match request {
                // Whoever asked has gone, and was told nothing: the work is for those who wait.
                Request::Write(waiting) if waiting.answer.is_closed() => {}
                Request::Write(waiting) => group.push(waiting),
                Request::Close(answer) => {
                    requests.close();
                    closing.push(answer);
                }
            }
        }
        answer(group, &mut connection).await;
    }
    drop(connection.close().await);
}

async fn answer(group: Vec<Waiting>, connection: &mut AnyConnection) {
    // Savepoints cost two statements a job, and failures are rare: only a group that has one is run again with them.
    let mut outcomes = commit(&group, connection, Guard::None).await;
    if outcomes.is_err() && group.len() > 1 {
        outcomes = commit(&group, connection, Guard::Savepoints).await;
    }
    let outcomes = outcomes.unwrap_or_else(|error| vec![Err(error); group.len()]);
    let shared = group.len();
    for (waiting, outcome) in group.into_iter().zip(outcomes) {
        let took = waiting.since.elapsed();
        debug!(transaction = waiting.name, shared, ok = outcome.is_ok(), duration_us = micros(took), "written");
        // Whoever asked may have gone meanwhile.
        drop(waiting.answer.send(outcome));
    }
}

/// Whether a job may fail alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Guard {
    None,
    Savepoints,
}

/// `Err` where nothing of the group was kept; in `Ok`, how each job fared.
async fn commit(
    group: &[Waiting],
    connection: &mut AnyConnection,
    guard: Guard,
) -> Result<Vec<Result<(), StoreError>>, StoreError> {
    connection.execute("BEGIN IMMEDIATE").await?;
    let outcomes = match run(group, connection, guard).await {
        Ok(outcomes) => connection.execute("COMMIT").await.map(|_| outcomes).map_err(StoreError::from),
        Err(error) => Err(error),
    };
    if outcomes.is_err() {
        // The transaction may have ended by itself, so the answer does not matter.
        drop(connection.execute("ROLLBACK").await);
    }
    outcomes
}

async fn run(
    group: &[Waiting],
    connection: &mut AnyConnection,
    guard: Guard,
) -> Result<Vec<Result<(), StoreError>>, StoreError> {
    let mut outcomes = Vec::with_capacity(group.len());
    for waiting in group {
        let outcome = match guard {
            Guard::None => Ok(waiting.job.run(connection).await?),
            Guard::Savepoints => in_savepoint(&*waiting.job, connection).await?,
        };
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

async fn in_savepoint(job: &dyn Job, connection: &mut AnyConnection) -> Result<Result<(), StoreError>, StoreError> {
    connection.execute("SAVEPOINT job").await?;
    let outcome = job.run(connection).await;
    if outcome.is_err() {
        connection.execute("ROLLBACK TO job").await?;
    }
    connection.execute("RELEASE job").await?;
    Ok(outcome)
}
