//! The whole process: the listener, the policy watch, the housekeeping; started together and stopped in order.

use std::fs;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aauth_authorizer::clock::{SharedClock, SystemClock};
use aauth_authorizer::discovery::{InvalidDiscovery, Issuers};
use aauth_authorizer::policy::{LoadErrors, WatchError};
use aauth_authorizer::serving::{HttpListener, HttpSettings, HttpTls, ServeError};
use tokio::time::{MissedTickBehavior, interval};

use crate::app::{Keys, Parts, PersonServer};
use crate::config::{Config, TlsFiles};
use crate::domain::directed::SubjectKey;
use crate::governance::Governance;
use crate::routes::{self, Metrics, Operating};
use crate::store::{Retention, Store, StoreError};

/// How often what is no longer to be kept is pruned.
const PRUNED_EVERY: Duration = Duration::from_mins(10);
/// How long the process goes on after it has begun to say that it is not ready.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Why the process does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The database.
    #[error("the store: {0}")]
    Store(#[from] StoreError),
    /// The keys.
    #[error(transparent)]
    Keys(#[from] crate::keys::KeysError),
    /// The policies.
    #[error("the policies:\n{0}")]
    Policies(#[from] LoadErrors),
    /// The policy folder cannot be watched.
    #[error("the policies cannot be watched: {0}")]
    Watch(#[from] WatchError),
    /// How others are reached.
    #[error(transparent)]
    Discovery(#[from] InvalidDiscovery),
    /// The listener.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// The certificate.
    #[error("`{}` cannot be read: {why}", file.display())]
    Certificate {
        /// Which file.
        file: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// The metrics are defined twice, which is our own mistake.
    #[error("the metrics cannot be set up")]
    Metrics,
}
