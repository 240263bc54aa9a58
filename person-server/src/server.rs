//! The whole process: the listener, the policy watch, the housekeeping; started together and stopped in order.

use std::fs;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aauth_authorizer::clock::{SharedClock, SystemClock};
use aauth_authorizer::discovery::{Documents, InvalidDiscovery, Issuers, Outgoing};
use aauth_authorizer::policy::{LoadErrors, WatchError};
use aauth_authorizer::serving::{HttpListener, HttpSettings, HttpTls, ServeError};
use tokio::time::{MissedTickBehavior, interval};

use crate::app::keys::KeysError;
use crate::app::persons::People;
use crate::app::{Keys, Parts, PersonServer};
use crate::config::{Config, TlsFiles};
use crate::governance::Governance;
use crate::routes::{self, Metrics, Operating};
use crate::store::{Retention, Store, StoreError};

/// How often what is no longer to be kept is pruned.
const PRUNED_EVERY: Duration = Duration::from_mins(10);
/// How often missions whose time is up are ended.
const EXPIRED_EVERY: Duration = Duration::from_mins(1);
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
    Keys(#[from] KeysError),
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

/// A running person server.
#[derive(Debug)]
pub struct Running {
    server: Arc<PersonServer>,
    store: Store,
    listener: HttpListener,
    operating: Operating,
    keys: Keys,
    governance: Governance,
    config: Config,
    clock: SharedClock,
}

impl Running {
    /// Opens everything that `config` describes, and binds the address. Nothing is served yet.
    pub async fn open(config: Config) -> Result<Self, ServerError> {
        Self::open_at(config, Arc::new(SystemClock)).await
    }

    /// The same by another clock.
    pub async fn open_at(config: Config, clock: SharedClock) -> Result<Self, ServerError> {
        let (keys, subjects) = Keys::open(&config.keys_dir, clock.now())?;
        let governance = Governance::open(&config.governance)?;
        let store = Store::open(&config.store).await?;
        let server = Arc::new(PersonServer::new(Parts {
            settings: config.settings.clone(),
            keys: keys.clone(),
            subjects,
            store: store.clone(),
            issuers: Issuers::new(&config.discovery, clock.clone())?,
            documents: Documents::new(&config.discovery, clock.clone())?,
            outgoing: Outgoing::new(&config.discovery, clock.clone())?,
            governance: governance.clone(),
            clock: clock.clone(),
        }));
        let tls = config.listen.tls.as_ref().map(certificates).transpose()?;
        let settings = HttpSettings { address: config.listen.address, tls, drain: config.listen.drain };
        let mut listener = HttpListener::bind(&settings)?;
        listener.connections = config.listen.connections;
        let metrics = Metrics::new().map_err(|_| ServerError::Metrics)?;
        let operating = Operating::new(Arc::clone(&server), metrics);
        Ok(Self { server, store, listener, operating, keys, governance, config, clock })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    /// The use cases.
    pub fn server(&self) -> &Arc<PersonServer> {
        &self.server
    }

    /// Who is a person of this server.
    pub fn people(&self) -> People {
        People::new(self.store.clone(), self.clock.clone(), self.config.settings.issuer.clone())
    }

    /// Serves until `shutdown` comes; then finishes what is under way and closes the store. What was acknowledged is
    /// durable before it is, so nothing is lost however this ends.
    pub async fn serve(self, shutdown: impl Future<Output = ()> + Send) -> Result<(), ServerError> {
        let Self { server, store, listener, operating, keys, governance, config, clock } = self;
        let watching = if config.watch_policies { governance.watch()? } else { None };
        let keys = tokio::spawn(keys.follow(clock.clone()));
        let pruning = tokio::spawn(prune(store.clone(), Retention { audit: config.audit_kept }, clock));
        let expiring = tokio::spawn(expire_missions(Arc::clone(&server)));
        let notifier = server.notifier().clone();
        let notices = tokio::spawn(async move { notifier.run().await });
        let told = async {
            shutdown.await;
            operating.drain();
            server.end_streams();
            // Long enough for a prober to read that this process is no longer ready.
            tokio::time::sleep(LAST_WORDS).await;
        };
        let served = listener.serve(routes::whole(operating.clone()), told).await;
        keys.abort();
        pruning.abort();
        expiring.abort();
        // What was not told yet is in the store, for the next run to tell.
        notices.abort();
        drop(watching);
        store.close().await?;
        Ok(served?)
    }
}

/// Ends the missions whose time is up, for whoever waits on them and for the person's page. No decision rests on it.
async fn expire_missions(server: Arc<PersonServer>) {
    let mut ticks = interval(EXPIRED_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(refusal) = server.expire_missions().await {
            tracing::warn!(?refusal, "missions could not be ended");
        }
    }
}

/// Drops what is no longer to be kept, now and then.
async fn prune(store: Store, retention: Retention, clock: SharedClock) {
    let mut ticks = interval(PRUNED_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match store.prune(retention, clock.now()).await {
            Ok(rows) => tracing::debug!(rows, "pruned"),
            Err(error) => tracing::warn!(%error, "the store could not be pruned"),
        }
        if let Err(error) = store.prune_sessions(clock.now()).await {
            tracing::warn!(%error, "sessions could not be pruned");
        }
    }
}

fn certificates(files: &TlsFiles) -> Result<HttpTls, ServerError> {
    let read = |file: &Path| fs::read(file).map_err(|why| ServerError::Certificate { file: file.to_owned(), why });
    Ok(HttpTls { certificates: read(&files.certificate)?, key: read(&files.key)?, client_authorities: None })
}
