//! PostgreSQL: a server that several replicas share.
//!
//! Transactions are serializable, so that a job may read, decide and write as if it were alone; one that meets another
//! is rolled back by the database and run again here, a few times, with a random pause between.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aauth_authorizer::aauth::identifier::is_loopback_host;
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{AnyConnection, AnyPool, ConnectOptions as _, Executor as _, Row as _};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout};
use tracing::{debug, warn};

use super::config::StoreConfig;
use super::database::{Database, Kind, micros};
use super::error::StoreError;
use super::job::{Job, Step};
use super::migrations::migrate;

/// How often a transaction is begun before its caller is told that the database is contended.
const TRIES: u32 = 6;

/// The longest pause before the second try; it doubles for each further one.
const PAUSE: Duration = Duration::from_millis(10);

/// Each connection's settings: whatever the server's defaults are, a commit is durable and nothing waits for ever. A
/// scan of a small table would count as having read all of it, and collide with everyone's writes to it.
const SETTINGS: &str = "SET default_transaction_isolation = 'serializable'; SET synchronous_commit = on; SET statement_timeout = '10s'; SET lock_timeout = '5s'; \
                        SET idle_in_transaction_session_timeout = '30s'; SET enable_seqscan = off";

/// A server in use.
#[derive(Debug)]
pub(super) struct Postgres {
    pool: AnyPool,
    /// Bounds how many jobs wait for a connection.
    places: Semaphore,
    queue: usize,
    within: Duration,
}

impl Postgres {
    /// Connects, and brings the schema up to date.
    pub(super) async fn open(url: &str, config: &StoreConfig) -> Result<Self, StoreError> {
        // The driver's words could quote the URL, and with it a password.
        let unreadable = |_| StoreError::BadUrl { why: "it is not of the form `postgres://user@host/name`".to_owned() };
        let options = url.parse::<AnyConnectOptions>().map_err(unreadable)?.disable_statement_logging();
        warn_if_unauthenticated(&options);
        let pool = AnyPoolOptions::new()
            .max_connections(config.connections)
            .acquire_timeout(config.acquire_within)
            .after_connect(|connection, _| {
                Box::pin(async move {
                    connection.execute(SETTINGS).await?;
                    Ok(())
                })
            })
            .connect_with(options)
            .await?;
        let mut connection = pool.acquire().await?;
        expect_utf8(&mut connection).await?;
        // A replica that starts meanwhile waits for this one, and a large table takes its time.
        connection.execute("SET statement_timeout = 0; SET lock_timeout = 0").await?;
        migrate(Kind::Postgres, &mut connection).await?;
        connection.execute(SETTINGS).await?;
        drop(connection);
        Ok(Self { pool, places: Semaphore::new(config.queue), queue: config.queue, within: config.write_within })
    }

    /// Runs the job until it is committed, or the last try is lost. Answers how often it was tried, too.
    async fn run(&self, job: &dyn Job, span: Span) -> (u32, Result<(), StoreError>) {
        let mut tries = 1;
        loop {
            match self.attempt(job, span).await {
                Err(StoreError::Contended) if tries < TRIES => {
                    sleep(pause(tries)).await;
                    tries += 1;
                }
                outcome => return (tries, outcome),
            }
        }
    }

    async fn attempt(&self, job: &dyn Job, span: Span) -> Result<(), StoreError> {
        let begin = match span {
            Span::Statement => return job.run(&mut *self.pool.acquire().await?).await,
            Span::View => "BEGIN READ ONLY",
            Span::Change => "BEGIN",
        };
        let mut transaction = self.pool.begin_with(begin).await?;
        job.run(&mut transaction).await?;
        transaction.commit().await?;
        Ok(())
    }
}

/// What a job is run in. All are serializable, those that only read too: a lesser view could hold a withdrawal and yet
/// lack a token that was recorded before it.
#[derive(Debug, Clone, Copy)]
enum Span {
    /// Its one statement.
    Statement,
    /// A transaction that changes nothing.
    View,
    /// A transaction.
    Change,
}

impl Database for Postgres {
    fn kind(&self) -> Kind {
        Kind::Postgres
    }

    fn read(&self, job: Arc<dyn Job>) -> Step<'_, ()> {
        Box::pin(async move { self.run(&*job, Span::Statement).await.1 })
    }

    fn view(&self, job: Arc<dyn Job>) -> Step<'_, ()> {
        Box::pin(async move { self.run(&*job, Span::View).await.1 })
    }

    fn write(&self, name: &'static str, job: Arc<dyn Job>) -> Step<'_, ()> {
        Box::pin(async move {
            let _place = self.places.try_acquire().map_err(|_| StoreError::Busy)?;
            let since = Instant::now();
            let ran = timeout(self.within, self.run(&*job, Span::Change)).await;
            let (tries, outcome) = ran.unwrap_or_else(|_| (TRIES, Err(StoreError::late())));
            let took = since.elapsed();
            debug!(transaction = name, tries, ok = outcome.is_ok(), duration_us = micros(took), "written");
            outcome
        })
    }

    fn waiting(&self) -> usize {
        self.queue.saturating_sub(self.places.available_permits())
    }

    fn backup<'a>(&'a self, _to: &'a Path) -> Step<'a, ()> {
        Box::pin(async { Err(StoreError::NotOurs) })
    }

    fn close(&self) -> Step<'_, ()> {
        Box::pin(async move {
            self.pool.close().await;
            Ok(())
        })
    }
}

/// Random, so that two that met do not meet again.
fn pause(tries: u32) -> Duration {
    PAUSE.saturating_mul(1 << tries.min(8)).mul_f64(rand::random::<f64>())
}

/// The driver's default takes any certificate, and none.
fn warn_if_unauthenticated(options: &AnyConnectOptions) {
    let url = &options.database_url;
    let mode = url.query_pairs().find(|(name, _)| matches!(&**name, "sslmode" | "ssl-mode"));
    let chosen = mode.is_some_and(|(_, mode)| matches!(&*mode, "verify-full" | "verify-ca" | "disable"));
    let here = url.host_str().is_none_or(|host| host.is_empty() || host.starts_with('/') || is_loopback_host(host));
    if !here && !chosen {
        warn!(
            "the database is on another machine, and whether it is the right one is not checked: add `sslmode=verify-full` to its url"
        );
    }
}

async fn expect_utf8(connection: &mut AnyConnection) -> Result<(), StoreError> {
    let row = sqlx::query("SELECT current_setting('server_encoding')").fetch_one(connection).await?;
    let found: String = row.try_get(0)?;
    if found == "UTF8" { Ok(()) } else { Err(StoreError::Encoding { found }) }
}
