//! What other servers call: the revocation endpoint.

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{get, post};

use super::Shared;
use crate::app::{Answer, Inbound, Outcome};

pub(super) fn router() -> Router<Shared> {
    Router::new().route("/revoke", post(revoke)).route("/revocations/{id}", get(poll))
}

async fn revoke(State(server): State<Shared>, request: Inbound) -> Outcome<Answer> {
    server.revocation_request(&request).await
}

async fn poll(State(server): State<Shared>, Path(id): Path<String>, request: Inbound) -> Outcome<Answer> {
    server.poll_revocation(&request, &id).await
}
