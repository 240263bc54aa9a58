//! Connections that only read: opened when they are needed, and kept.
//!
//! The driver has a pool of its own, which asks each connection that comes back whether it still answers. A file does
//! not hang up, and asking costs as much as a read.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sqlx::any::AnyConnectOptions;
use sqlx::{AnyConnection, Connection as _, Executor as _};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use super::config::StoreConfig;
use super::error::StoreError;
use super::job::Job;

/// The readers of one file.
#[derive(Debug)]
pub(super) struct Readers {
    options: AnyConnectOptions,
    /// What each connection is told before it is used.
    settings: &'static str,
    count: u32,
    places: Semaphore,
    /// How long to wait for a place.
    within: Duration,
    /// The one used last is used first: its cache is warm.
    idle: Mutex<Vec<AnyConnection>>,
}

impl Readers {
    /// As many as `config` says, none of which is open yet.
    pub(super) fn new(options: AnyConnectOptions, settings: &'static str, config: &StoreConfig) -> Self {
        let places = Semaphore::new(usize::try_from(config.connections).unwrap_or(Semaphore::MAX_PERMITS));
        let (count, within) = (config.connections, config.acquire_within);
        Self { options, settings, count, places, within, idle: Mutex::default() }
    }

    /// How the file is opened.
    pub(super) fn options(&self) -> &AnyConnectOptions {
        &self.options
    }

    /// Runs a job of one statement.
    pub(super) async fn read(&self, job: &dyn Job) -> Result<(), StoreError> {
        let _place = self.place().await?;
        let mut connection = self.connection().await?;
        job.run(&mut connection).await?;
        self.keep(connection);
        Ok(())
    }

    /// Runs a job of several statements, all of which see the same.
    pub(super) async fn view(&self, job: &dyn Job) -> Result<(), StoreError> {
        let _place = self.place().await?;
        let mut connection = self.connection().await?;
        let mut transaction = connection.begin().await?;
        job.run(&mut transaction).await?;
        transaction.rollback().await?;
        self.keep(connection);
        Ok(())
    }

    /// Waits for what is under way, and closes.
    pub(super) async fn close(&self) {
        drop(self.places.acquire_many(self.count).await);
        self.places.close();
        let idle = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        for connection in idle {
            drop(connection.close().await);
        }
    }

    async fn place(&self) -> Result<SemaphorePermit<'_>, StoreError> {
        let place = timeout(self.within, self.places.acquire()).await.map_err(|_| StoreError::late())?;
        place.map_err(|_| StoreError::unavailable("it is closed"))
    }

    async fn connection(&self) -> Result<AnyConnection, StoreError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        if let Some(connection) = idle {
            return Ok(connection);
        }
        let mut connection = AnyConnection::connect_with(&self.options).await?;
        connection.execute(self.settings).await?;
        connection.execute("PRAGMA query_only = ON").await?;
        Ok(connection)
    }

    /// Only after work that ended well: where it failed, or nobody waits for it any longer, the connection is dropped.
    fn keep(&self, connection: AnyConnection) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::Arc;

    use tempfile::TempDir;

    use super::*;
    use crate::store::file;
    use crate::store::job::Task;

    fn readers(dir: &TempDir) -> Readers {
        sqlx::any::install_default_drivers();
        let path = dir.path().join("ps.db");
        file::make_private(&path).unwrap();
        let config =
            StoreConfig { connections: 1, acquire_within: Duration::from_millis(50), ..StoreConfig::at("sqlite://x") };
        Readers::new(file::options(&path).unwrap(), "PRAGMA busy_timeout = 5000", &config)
    }

    fn one() -> Arc<impl Job> {
        Task::new((), |connection, ()| {
            Box::pin(async move {
                sqlx::query("SELECT 1").execute(connection).await?;
                Ok(())
            })
        })
    }

    fn endless() -> Arc<impl Job> {
        Task::new((), |_, ()| Box::pin(pending::<Result<(), StoreError>>()))
    }

    #[tokio::test]
    async fn a_connection_is_kept() {
        let dir = TempDir::new().unwrap();
        let readers = readers(&dir);
        for _ in 0..3 {
            readers.read(&*one()).await.unwrap();
            readers.view(&*one()).await.unwrap();
            assert_eq!(readers.idle.lock().unwrap().len(), 1);
        }
    }

    /// Whoever asked may go at any time. What they leave half done is nobody else's.
    #[tokio::test]
    async fn work_that_is_broken_off_frees_its_place() {
        let dir = TempDir::new().unwrap();
        let readers = readers(&dir);
        readers.read(&*one()).await.unwrap();
        timeout(Duration::from_millis(20), readers.view(&*endless())).await.unwrap_err();
        assert!(readers.idle.lock().unwrap().is_empty());
        readers.read(&*one()).await.unwrap();
    }

    #[tokio::test]
    async fn a_place_is_waited_for_so_long() {
        let dir = TempDir::new().unwrap();
        let readers = readers(&dir);
        let (job, other) = (endless(), one());
        let late = tokio::select! {
            biased;
            _ = readers.read(&*job) => None,
            read = readers.read(&*other) => read.err(),
        };
        assert!(late.unwrap().is_of_the_moment());
    }

    #[tokio::test]
    async fn what_is_closed_reads_no_more() {
        let dir = TempDir::new().unwrap();
        let readers = readers(&dir);
        readers.read(&*one()).await.unwrap();
        readers.close().await;
        assert!(readers.read(&*one()).await.unwrap_err().is_of_the_moment());
    }
}
