//! The sample API behind the gateway. It knows nothing of AAuth: it believes the headers it is given, and shows them.

use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Map, Value, json};

/// The API.
pub(super) fn router() -> Router {
    Router::new()
        .route("/public/catalog", get(catalog))
        .route("/v1/orders", get(orders).post(place))
        .route("/v1/orders/{id}", get(order))
        .route("/internal/ledger", get(ledger))
}

async fn catalog(headers: HeaderMap) -> Json<Value> {
    Json(json!({ "items": ["tea", "biscuits"], "told": told(&headers) }))
}

async fn orders(headers: HeaderMap) -> Json<Value> {
    Json(json!({ "orders": [41, 42], "told": told(&headers) }))
}

async fn order(Path(id): Path<String>, headers: HeaderMap) -> Json<Value> {
    Json(json!({ "order": id, "item": "tea", "told": told(&headers) }))
}

async fn place(headers: HeaderMap, Json(order): Json<Value>) -> (StatusCode, Json<Value>) {
    (StatusCode::CREATED, Json(json!({ "order": 43, "of": order, "told": told(&headers) })))
}

/// Whoever gets here has passed a guard rail that should have held them.
async fn ledger(headers: HeaderMap) -> Json<Value> {
    Json(json!({ "ledger": "confidential", "told": told(&headers) }))
}

/// Who is calling, by the headers of the gateway.
fn told(headers: &HeaderMap) -> Value {
    let identity = headers.iter().filter(|(name, _)| name.as_str().starts_with("x-aauth-"));
    let told: Map<_, _> = identity
        .map(|(name, value)| (name.to_string(), Value::from(String::from_utf8_lossy(value.as_bytes()))))
        .collect();
    told.into()
}
