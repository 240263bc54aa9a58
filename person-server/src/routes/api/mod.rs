//! What persons call: JSON, by a session's cookie or an API token, described by `/api/openapi.json`.
//!
//! Everything but logging in and the description is behind `enter`, which every request passes before its handler is
//! chosen a body. There is no CORS: a page of another origin reads nothing here, and changes nothing.
//!
//! | file | what it does |
//! |---|---|
//! | `enter` | who calls, and that no other site makes them |
//! | `cookie`, `extract`, `paging` | cookies; bodies, queries, ids; pages of lists |
//! | `openapi` | the description |
//! | the rest | one file a part of the API |

mod agents;
mod api_tokens;
mod approvals;
mod audit;
mod consents;
mod cookie;
mod enter;
mod events;
mod extract;
mod interact;
mod me;
mod missions;
mod openapi;
mod page;
mod paging;
mod providers;
mod revocations;
mod session;
mod settings;
mod tokens;

use axum::Router;
use axum::http::{HeaderValue, Method, header};
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::Response;
use axum::routing::{MethodRouter, any, delete, get, post};

use super::Shared;
use crate::app::Refusal;

/// The path of the API's root.
const ROOT: &str = "/api";

pub(super) fn router(server: &Shared) -> Router<Shared> {
    let entered = Router::new()
        .route("/me", get(me::me))
        .route("/sessions", get(session::list).delete(session::end_all))
        .route("/sessions/{id}", delete(session::end))
        .route("/api-tokens", get(api_tokens::list).post(api_tokens::add))
        .route("/api-tokens/{id}", delete(api_tokens::end))
        .route("/approvals", get(approvals::list))
        .route("/approvals/{id}", get(approvals::one))
        .route("/approvals/{id}/decision", post(approvals::decide))
        .route("/arrivals", post(approvals::arrive))
        .route("/agents", get(agents::list))
        .route("/agents/{id}", get(agents::one).patch(agents::rename).delete(agents::end))
        .route("/agents/{id}/devices", get(agents::devices))
        .route("/devices/{id}", delete(agents::end_device))
        .route("/consents", get(consents::list))
        .route("/consents/{id}", delete(consents::end))
        .route("/missions", get(missions::list))
        .route("/missions/{id}", get(missions::one))
        .route("/missions/{id}/log", get(missions::log))
        .route("/missions/{id}/termination", post(missions::terminate))
        .route("/tokens", get(tokens::list))
        .route("/tokens/{id}", delete(tokens::end))
        .route("/revocations/{id}", get(revocations::one))
        .route("/audit", get(audit::list))
        .route("/settings", get(settings::get).put(settings::put))
        .route("/providers", get(providers::list))
        .route("/events", get(events::stream));
    let session: MethodRouter<Shared> =
        get(session::this).delete(session::log_out).route_layer(from_fn_with_state(server.clone(), enter::enter));
    let api = entered
        .route_layer(from_fn_with_state(server.clone(), enter::enter))
        .route("/session", session.post(session::log_in))
        .route("/openapi.json", get(openapi::document))
        .fallback(nothing)
        .method_not_allowed_fallback(not_allowed)
        .layer(map_response(hardened));
    // A nest has no room for its root with a slash.
    let pages = interact::router().route("/api/", any(nothing)).layer(map_response(hardened));
    Router::new().nest(ROOT, api).merge(pages)
}

async fn nothing() -> Refusal {
    Refusal::not_found()
}

async fn not_allowed(method: Method) -> Refusal {
    Refusal::problem(405, "method_not_allowed", format!("`{}` does nothing here", method.as_str().escape_debug()))
}

/// What every answer to a browser says: keep nothing, guess nothing, be framed by nobody.
async fn hardened(mut response: Response) -> Response {
    const HEADERS: [(header::HeaderName, &str); 4] = [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ];
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    if response.status() == axum::http::StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"person\""));
    }
    response
}
