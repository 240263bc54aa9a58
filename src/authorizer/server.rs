//! The whole process: both listeners, the policy watch, the log and the metrics, started together and stopped in order.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::build::BuildError;
use super::check::Authorizer;
use super::config::{Config, DecisionSink, Tls};
use super::decision_log::DecisionLog;
use super::envoy::{self, GrpcServer, GrpcSettings, HealthHandle, TlsSettings};
use super::http::{self, HttpListener, HttpSettings, HttpState, HttpTls, Readiness};
use super::inbound::InboundRequest;
use super::metrics::Metrics;
use super::observe::Observer;
use super::record::Record;
use super::shadow;
use super::trace;
use crate::clock::SharedClock;
use crate::policy::{PolicyStore, ReloadOutcome, WatchError, WatchGuard, watch as watch_policies};

/// Why the process does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// What the configuration names cannot be used.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The policy folders cannot be watched.
    #[error("the policies cannot be watched: {0}")]
    Watch(#[from] WatchError),
    /// The gRPC side.
    #[error(transparent)]
    Grpc(#[from] envoy::ServeError),
    /// The HTTP side.
    #[error(transparent)]
    Http(#[from] http::ServeError),
    /// A certificate file.
    #[error("`{}` cannot be read: {source}", file.display())]
    Certificate {
        /// Which.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The decision log.
    #[error("the decision log cannot be opened: {0}")]
    DecisionLog(io::Error),
    /// The metrics are defined twice, which is our own mistake.
    #[error("the metrics cannot be set up")]
    Metrics,
    /// A listener's task broke down.
    #[error("a listener ended: {0}")]
    Task(#[from] tokio::task::JoinError),
}

/// How long the HTTP side goes on after it has begun to say that it is not ready.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// A running authorizer.
#[derive(Debug)]
pub struct Running {
    authorizer: Arc<Authorizer>,
    grpc_address: Option<SocketAddr>,
    http_address: SocketAddr,
    grpc: JoinHandle<Result<(), envoy::ServeError>>,
    http: JoinHandle<Result<(), http::ServeError>>,
    stop: watch::Sender<bool>,
    readiness: Readiness,
    watching: Option<WatchGuard>,
    watching_candidate: Option<WatchGuard>,
}

impl Running {
    /// Starts everything that `config` describes. Both listeners are bound before either is served.
    pub async fn start(config: &Config, clock: SharedClock) -> Result<Self, ServerError> {
        if config.development.is_on() {
            tracing::warn!("DEVELOPMENT: http and loopback issuers are admitted; never run this in production");
        }
        let authorizer = Arc::new(Authorizer::build(config, clock.clone())?);
        let candidate = shadow::open(config).map_err(BuildError::Candidate)?;
        let metrics = Arc::new(Metrics::new().map_err(|_| ServerError::Metrics)?);
        metrics.went_live(clock.now());
        let log = Arc::new(decision_log(config).map_err(ServerError::DecisionLog)?);
        let grpc = GrpcServer::bind(grpc_settings(config)?).await?;
        let http = HttpListener::bind(&http_settings(config)?)?;
        let (grpc_address, http_address) = (grpc.local_addr(), http.address());

        let watching = if config.policies.watch {
            let (metrics, clock) = (Arc::clone(&metrics), clock.clone());
            let guard = watch_policies(Arc::clone(&authorizer.policies), move |outcome| {
                metrics.reloaded(outcome);
                if matches!(outcome, ReloadOutcome::Replaced(_)) {
                    metrics.went_live(clock.now());
                }
                tell_of_reload(outcome);
            })?;
            if let Some(trouble) = guard.trouble() {
                tracing::warn!(%trouble, "policies are looked at every few seconds only");
            }
            Some(guard)
        } else {
            None
        };
        let watching_candidate =
            candidate.as_ref().filter(|_| config.policies.watch).map(watch_candidate).transpose()?;

        let (stop, _) = watch::channel(false);
        let (health, readiness) = (HealthHandle::default(), Readiness::default());
        // Policies are live, or `build` had failed.
        health.set_serving(true);
        let inputs = config.decision_log.inputs && config.decision_log.to != DecisionSink::Off;
        let observer =
            Arc::new(Observed { metrics: Arc::clone(&metrics), log: Arc::clone(&log), inputs, candidate, clock });
        let told = told_to_stop(stop.subscribe());
        let grpc = tokio::spawn(grpc.serve(Arc::clone(&authorizer), observer, health, told));
        let scraped = Arc::clone(&authorizer);
        let text = Arc::new(move || metrics.render(&scraped, log.dropped()));
        let state = HttpState::new(Arc::clone(&authorizer), text, readiness.clone());
        let told = told_to_stop(stop.subscribe());
        let routes = http::router(state, http.patience);
        let http = tokio::spawn(http.serve(routes, async move {
            told.await;
            // Long enough for a prober to read that this process is no longer ready.
            tokio::time::sleep(LAST_WORDS).await;
        }));
        Ok(Self { authorizer, grpc_address, http_address, grpc, http, stop, readiness, watching, watching_candidate })
    }

    /// Where gateways ask, when that is an address and no Unix socket.
    pub fn grpc_address(&self) -> Option<SocketAddr> {
        self.grpc_address
    }

    /// Where metadata, keys and metrics are.
    pub fn http_address(&self) -> SocketAddr {
        self.http_address
    }

    /// What decides.
    pub fn authorizer(&self) -> &Arc<Authorizer> {
        &self.authorizer
    }

    /// Runs until `signal`, or until a listener fails; then drains.
    pub async fn until(mut self, signal: impl Future<Output = ()>) -> Result<(), ServerError> {
        tokio::select! {
            () = signal => self.stop().await,
            ended = &mut self.grpc => Ok(ended??),
            ended = &mut self.http => Ok(ended??),
        }
    }

    /// Says that it is about to stop, lets what is under way end, and stops.
    pub async fn stop(self) -> Result<(), ServerError> {
        self.readiness.drain();
        drop(self.watching);
        drop(self.watching_candidate);
        let _ = self.stop.send(true);
        let (grpc, http) = tokio::join!(self.grpc, self.http);
        grpc??;
        Ok(http??)
    }
}

async fn told_to_stop(mut told: watch::Receiver<bool>) {
    // A sender that is gone has nothing left to say but this.
    let _ = told.wait_for(|stop| *stop).await;
}

/// Metrics, decision log and traces, told of each check.
#[derive(Debug)]
struct Observed {
    metrics: Arc<Metrics>,
    log: Arc<DecisionLog>,
    /// Whether the log holds what the policies were asked.
    inputs: bool,
    candidate: Option<Arc<PolicyStore>>,
    clock: SharedClock,
}

impl Observer for Observed {
    fn span(&self, request: &InboundRequest) -> tracing::Span {
        let fields = request.message.fields();
        trace::check(fields.single("traceparent"), fields.single("tracestate"))
    }

    fn is_attentive(&self) -> bool {
        self.inputs || self.candidate.is_some()
    }

    fn checked(&self, record: &Record) {
        let divergence = self.candidate.as_ref().and_then(|candidate| shadow::diverges(candidate, record));
        self.metrics.checked(record, divergence.as_ref());
        self.log.log(record, divergence.as_ref(), self.clock.now());
        trace::conclude(&tracing::Span::current(), record);
    }
}

fn watch_candidate(candidate: &Arc<PolicyStore>) -> Result<WatchGuard, WatchError> {
    watch_policies(Arc::clone(candidate), |outcome| match outcome {
        ReloadOutcome::Unchanged => {}
        ReloadOutcome::Replaced(set) => tracing::info!(policies = set.policy_count(), "a new candidate set is asked"),
        ReloadOutcome::Refused(errors) => {
            tracing::warn!("the edited candidate set is refused, and the last good one goes on being asked");
            for fault in errors.faults() {
                tracing::warn!("{fault}");
            }
        }
    })
}

fn tell_of_reload(outcome: &ReloadOutcome) {
    match outcome {
        ReloadOutcome::Unchanged => {}
        ReloadOutcome::Replaced(set) => {
            tracing::info!(generation = set.generation(), policies = set.policy_count(), "new policies are in force");
        }
        ReloadOutcome::Refused(errors) => {
            tracing::error!("the edited policies are refused, and the last good ones stay in force");
            for fault in errors.faults() {
                tracing::error!("{fault}");
            }
        }
    }
}

fn decision_log(config: &Config) -> io::Result<DecisionLog> {
    let with_inputs = |log: DecisionLog| log.with_inputs(config.decision_log.inputs);
    match &config.decision_log.to {
        DecisionSink::Off => Ok(DecisionLog::off()),
        DecisionSink::Stdout => DecisionLog::to_stdout(config.decision_log.queue).map(with_inputs),
        DecisionSink::File(path) => DecisionLog::to_file(path, config.decision_log.queue).map(with_inputs),
    }
}

fn grpc_settings(config: &Config) -> Result<GrpcSettings, ServerError> {
    let tls = config.listen.grpc_tls.as_ref().map(read_tls).transpose()?;
    let tls = tls.map(|pem| TlsSettings { cert: pem.chain, key: pem.key, client_ca: pem.client_authorities });
    let limits = &config.limits;
    Ok(GrpcSettings {
        tls,
        max_concurrent_checks: limits.max_concurrent_checks,
        check_timeout: limits.check_timeout,
        // A check carries the body and, beside it, the head and the gateway's own attributes.
        max_message: limits.max_body.saturating_add(1 << 20),
        reflection: config.reflection,
        drain: limits.drain,
        ..GrpcSettings::new(config.listen.grpc.clone())
    })
}

fn http_settings(config: &Config) -> Result<HttpSettings, ServerError> {
    let tls = config.listen.http_tls.as_ref().map(read_tls).transpose()?.map(|pem| HttpTls {
        certificates: pem.chain,
        key: pem.key,
        client_authorities: pem.client_authorities,
    });
    Ok(HttpSettings { address: config.listen.http, tls, drain: config.limits.drain })
}

/// What the certificate files of a listener hold.
struct Pem {
    chain: Vec<u8>,
    key: Vec<u8>,
    client_authorities: Option<Vec<u8>>,
}

fn read_tls(tls: &Tls) -> Result<Pem, ServerError> {
    let read =
        |file: &Path| std::fs::read(file).map_err(|source| ServerError::Certificate { file: file.to_owned(), source });
    Ok(Pem {
        chain: read(&tls.cert_file)?,
        key: read(&tls.key_file)?,
        client_authorities: tls.client_ca_file.as_deref().map(read).transpose()?,
    })
}
