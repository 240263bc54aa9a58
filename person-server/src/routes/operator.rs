//! Pages for the operator and for whatever watches the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;

use super::Shared;
use super::metrics::Metrics;

/// What the operator's pages tell of.
#[derive(Debug, Clone)]
pub struct Operating {
    pub(super) server: Shared,
    pub(super) metrics: Metrics,
    draining: Arc<AtomicBool>,
}

impl Operating {
    /// A process that has just started.
    pub fn new(server: Shared, metrics: Metrics) -> Self {
        Self { server, metrics, draining: Arc::default() }
    }

    /// From now on the process asks for no more requests.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }
}

pub(super) fn router(operating: Operating) -> Router {
    Router::new()
        .route("/livez", get(live))
        .route("/health", get(ready))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(operating)
}

/// The process runs; whether it is any use is `ready`'s to say.
async fn live() -> Response {
    no_store(Json(json!({ "status": "ok" })))
}

/// Whether the process wants requests: it is not stopping, and its store answers.
async fn ready(State(operating): State<Operating>) -> Response {
    let draining = operating.draining.load(Ordering::Relaxed);
    let store = operating.server.store_answers().await;
    let policies = operating.server.policies();
    let body = json!({
        "status": if draining { "draining" } else if store { "ready" } else { "unavailable" },
        "store": store,
        "policies": {
            "generation": policies.generation,
            "count": policies.policies,
            "last_error": policies.last_error.map(|errors| errors.to_string()),
        },
    });
    let status = if store && !draining { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, no_store(Json(body))).into_response()
}

async fn metrics(State(operating): State<Operating>) -> Response {
    let typed = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    no_store((typed, operating.metrics.render()))
}

fn no_store(body: impl IntoResponse) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], body).into_response()
}
