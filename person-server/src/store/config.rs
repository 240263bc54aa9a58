//! What the store is told when it is opened.

use std::fmt;
use std::time::Duration;

/// Where the store is and how much of it may be in use at once.
#[derive(Clone)]
pub struct StoreConfig {
    /// `sqlite://path/to/file` or `postgres://user@host/name`. May hold a password, so it is never shown.
    pub url: String,
    /// Connections: for SQLite, of readers; for PostgreSQL, of all.
    pub connections: u32,
    /// How many writes may wait before the next is refused.
    pub queue: usize,
    /// How long to wait for a connection.
    pub acquire_within: Duration,
    /// How long to wait for a write to be acknowledged.
    pub write_within: Duration,
}

impl StoreConfig {
    /// The usual configuration for a database at `url`.
    pub fn at(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            connections: 8,
            queue: 4096,
            acquire_within: Duration::from_secs(5),
            write_within: Duration::from_secs(15),
        }
    }
}

impl fmt::Debug for StoreConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, connections, queue, acquire_within, write_within } = self;
        f.debug_struct("StoreConfig")
            .field("scheme", &url.split_once(':').map_or("", |(scheme, _)| scheme))
            .field("connections", connections)
            .field("queue", queue)
            .field("acquire_within", acquire_within)
            .field("write_within", write_within)
            .finish()
    }
}
