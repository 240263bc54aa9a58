//! What agents call: the token endpoints, and the URLs of what waits.

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{get, post};

use super::Shared;
use crate::app::{Answer, Inbound, Outcome, Reply};
use crate::domain::pending::PendingId;

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/person", post(person_token))
        .route("/token", post(auth_token))
        .route("/pending/{id}", get(poll).post(respond).delete(cancel))
}

async fn person_token(State(server): State<Shared>, request: Inbound) -> Outcome<Answer> {
    server.person_token_request(&request).await
}

async fn auth_token(State(server): State<Shared>, request: Inbound) -> Outcome<Answer> {
    server.auth_token_request(&request).await
}

async fn poll(State(server): State<Shared>, Path(id): Path<String>, request: Inbound) -> Outcome<Answer> {
    server.poll(&request, &PendingId::new(id)).await
}

async fn respond(State(server): State<Shared>, Path(id): Path<String>, request: Inbound) -> Outcome<Answer> {
    server.respond(&request, &PendingId::new(id)).await
}

async fn cancel(State(server): State<Shared>, Path(id): Path<String>, request: Inbound) -> Outcome<Reply> {
    server.cancel(&request, &PendingId::new(id)).await
}
