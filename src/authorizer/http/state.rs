//! What every handler shares.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::authorizer::check::Authorizer;
use crate::authorizer::stopwatch::Stopwatch;

use super::wellknown::Documents;

/// Renders the metrics as they are now, in Prometheus' text format.
pub type MetricsText = Arc<dyn Fn() -> String + Send + Sync>;

/// Whether new requests should be sent here. Clones speak of the same process.
#[derive(Debug, Clone, Default)]
pub struct Readiness {
    draining: Arc<AtomicBool>,
}

impl Readiness {
    /// No more, please: the process is about to end.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Whether the process is about to end.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}

/// What every handler shares. Cheap to clone.
#[derive(Clone)]
pub struct HttpState {
    pub(super) authorizer: Arc<Authorizer>,
    pub(super) documents: Arc<Documents>,
    pub(super) metrics: MetricsText,
    pub(super) readiness: Readiness,
    pub(super) running: Stopwatch,
}

impl HttpState {
    /// The state of a process whose policies are in force: an [`Authorizer`] cannot be had without.
    pub fn new(authorizer: Arc<Authorizer>, metrics: MetricsText, readiness: Readiness) -> Self {
        let documents = Arc::new(Documents::of(&authorizer.resources));
        Self { authorizer, documents, metrics, readiness, running: Stopwatch::start() }
    }
}

impl fmt::Debug for HttpState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpState").field("readiness", &self.readiness).finish_non_exhaustive()
    }
}
