//! Pages for the operator and for whatever watches the process.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::reply;
use super::state::HttpState;

/// The process runs; whether it is any use is `ready`'s to say.
pub(super) fn live() -> Response {
    reply::json(StatusCode::OK, "no-store", json!({ "status": "ok" }).to_string())
}

/// Whether the process wants requests.
pub(super) fn ready(state: &HttpState) -> Response {
    let policies = state.authorizer.policies.status();
    let draining = state.readiness.is_draining();
    let body = json!({
        "status": if draining { "draining" } else { "ready" },
        "policies": { "live": true, "generation": policies.generation, "stale": policies.last_error.is_some() },
        "draining": draining,
    });
    let status = if draining { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    reply::json(status, "no-store", body.to_string())
}

/// The metrics as they are now.
pub(super) fn metrics(state: &HttpState) -> Response {
    reply::typed(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", "no-store", (state.metrics)())
}

/// What is in force, and what was last refused.
pub(super) fn status(state: &HttpState) -> Response {
    let mut status = state.authorizer.status();
    if let Value::Object(status) = &mut status {
        status.insert("uptime_seconds".into(), (state.running.micros() / 1_000_000).into());
        status.insert("draining".into(), state.readiness.is_draining().into());
    }
    reply::json(StatusCode::OK, "no-store", status.to_string())
}
