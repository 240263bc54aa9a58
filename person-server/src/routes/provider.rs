//! What agents call before they have an agent token, and for the next one.

use std::net::SocketAddr;

use aauth_authorizer::aauth::signature::Scheme;
use axum::Router;
use axum::extract::{ConnectInfo, FromRequestParts, Path, State};
use axum::http::HeaderValue;
use axum::http::request::Parts;
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::{get, post};

use super::Shared;
use crate::app::{Answer, Inbound, Outcome, Refusal, Reply, Source};
use crate::domain::pending::PendingId;

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/register", post(register))
        .route("/register/pending/{id}", get(poll).post(respond).delete(cancel))
        .route("/refresh", post(refresh))
        .layer(map_response(schemes))
        .route("/subagent", post(subagent))
}

async fn register(State(server): State<Shared>, source: Source, request: Inbound) -> Outcome<Answer> {
    server.register(&request, &source).await
}

async fn poll(State(server): State<Shared>, Path(id): Path<String>, request: Inbound) -> Outcome<Answer> {
    server.poll_registration(&request, &PendingId::new(id)).await
}

async fn respond(State(server): State<Shared>, Path(id): Path<String>, request: Inbound) -> Outcome<Answer> {
    server.answer_registration(&request, &PendingId::new(id)).await
}

async fn cancel(State(server): State<Shared>, Path(id): Path<String>, request: Inbound) -> Outcome<Reply> {
    server.cancel_registration(&request, &PendingId::new(id)).await
}

async fn refresh(State(server): State<Shared>, request: Inbound) -> Outcome<Reply> {
    server.refresh_agent_token(&request).await
}

async fn subagent(State(server): State<Shared>, request: Inbound) -> Outcome<Reply> {
    server.subagent_token_request(&request).await
}

impl FromRequestParts<Shared> for Source {
    type Rejection = Refusal;

    /// The address at the other end of the connection.
    async fn from_request_parts(parts: &mut Parts, _server: &Shared) -> Result<Self, Refusal> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(Self::of(peer.map(|ConnectInfo(address)| address.ip())))
    }
}

/// `Accept-Signature-Scheme` of an endpoint that takes keys which are nobody's yet.
async fn schemes(mut response: Response) -> Response {
    const ACCEPTED: &str = "accept-signature-scheme";
    if response.headers().contains_key(ACCEPTED)
        && let Ok(value) = HeaderValue::try_from(format!("{}, {}", Scheme::JktJwt.name(), Scheme::Hwk.name()))
    {
        response.headers_mut().insert(ACCEPTED, value);
    }
    response
}
