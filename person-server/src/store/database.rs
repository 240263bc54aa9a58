//! What a database does for the store: reads, writes, each in one transaction.
//!
//! The SQL is the same for both databases: `$1` placeholders, `TEXT`, `BIGINT`, `ON CONFLICT`, `RETURNING`. They
//! differ in how a transaction is begun, bounded and retried, and that is what the implementations are.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::job::{Job, Step};

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One file on this machine.
    Sqlite,
    /// A server, which several replicas share.
    Postgres,
}

impl Kind {
    /// Its name in logs and status.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

/// A database that keeps what it acknowledged: `Ok` from `write` means that it is durable.
pub(super) trait Database: Send + Sync + fmt::Debug {
    /// Which one it is.
    fn kind(&self) -> Kind;

    /// Runs a job of one statement that changes nothing.
    fn read(&self, job: Arc<dyn Job>) -> Step<'_, ()>;

    /// Runs a job of several statements that changes nothing, over one consistent view.
    fn view(&self, job: Arc<dyn Job>) -> Step<'_, ()>;

    /// Runs a job in one transaction, named for logs and metrics. All of it happens, or nothing; which of the two is not
    /// known where the answer does not come in time.
    fn write(&self, name: &'static str, job: Arc<dyn Job>) -> Step<'_, ()>;

    /// How many writes are waiting or under way.
    fn waiting(&self) -> usize;

    /// Writes a consistent copy to a file that does not exist yet, while the database is in use.
    fn backup<'a>(&'a self, to: &'a Path) -> Step<'a, ()>;

    /// Finishes what is under way and closes the connections.
    fn close(&self) -> Step<'_, ()>;
}

/// A duration as the log has it.
pub(super) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
