//! Prometheus metrics of requests, with labels that nobody outside can add values to.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use prometheus::{Encoder as _, HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry, TextEncoder};

/// Seconds: from a grant without asking to one that waited for a person.
const BUCKETS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 20.0, 60.0];

/// The metrics of one process. Cheap to clone.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    registry: Registry,
    requests: IntCounterVec,
    durations: HistogramVec,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

impl Metrics {
    /// All metrics, at zero.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let requests = Opts::new("person_server_requests_total", "Requests answered, by route and status.");
        let requests = IntCounterVec::new(requests, &["route", "method", "status"])?;
        let durations = HistogramOpts::new("person_server_request_duration_seconds", "Time a request took.");
        let durations = HistogramVec::new(durations.buckets(BUCKETS.to_vec()), &["route"])?;
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(durations.clone()))?;
        Ok(Self(Arc::new(Inner { registry, requests, durations })))
    }

    /// The metrics as text.
    pub(super) fn render(&self) -> Vec<u8> {
        let mut text = Vec::new();
        if let Err(error) = TextEncoder::new().encode(&self.0.registry.gather(), &mut text) {
            tracing::error!(%error, "the metrics cannot be written");
        }
        text
    }
}

/// Counts a request under the route that it matched.
pub(super) async fn count(State(metrics): State<Metrics>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let method = match request.method().as_str() {
        known @ ("GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD" | "OPTIONS") => known.to_owned(),
        _ => "other".to_owned(),
    };
    #[expect(clippy::disallowed_methods, reason = "a duration is measured, no decision rests on it")]
    let began = Instant::now();
    let response = next.run(request).await;
    metrics.0.durations.with_label_values(&[&route]).observe(began.elapsed().as_secs_f64());
    metrics.0.requests.with_label_values(&[&route, &method, response.status().as_str()]).inc();
    response
}
