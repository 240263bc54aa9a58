//! What agents call about missions, and about what no resource governs.

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::post;

use super::Shared;
use crate::app::{Answer, Inbound, Outcome, Reply};

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/mission", post(propose))
        .route("/mission/{s256}", post(act))
        .route("/permission", post(permission))
        .route("/audit", post(audit))
        .route("/interaction", post(interaction))
}

async fn propose(State(server): State<Shared>, request: Inbound) -> Outcome<Answer> {
    server.mission_request(&request).await
}

async fn act(State(server): State<Shared>, Path(s256): Path<String>, request: Inbound) -> Outcome<Answer> {
    server.mission_action(&request, &s256).await
}

async fn permission(State(server): State<Shared>, request: Inbound) -> Outcome<Answer> {
    server.permission_request(&request).await
}

async fn audit(State(server): State<Shared>, request: Inbound) -> Outcome<Reply> {
    server.audit_request(&request).await
}

async fn interaction(State(server): State<Shared>, request: Inbound) -> Outcome<Answer> {
    server.interaction_request(&request).await
}
