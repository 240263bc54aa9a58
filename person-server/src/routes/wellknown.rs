//! What this server says of itself: `aauth-person.json`, `aauth-agent.json` and its keys.
//!
//! Implements "Person Server Metadata" and "Agent Provider Metadata" of draft-hardt-oauth-aauth-protocol-11.

use aauth_authorizer::aauth::key::Algorithm;
use aauth_authorizer::aauth::metadata::{About, AgentProviderMetadata, PersonServerMetadata};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};

use super::Shared;
use crate::app::identity;

/// How long a document may be kept. A new key is published for longer than this before it signs.
const KEPT: &str = "public, max-age=300";

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/.well-known/aauth-person.json", get(person))
        .route("/.well-known/aauth-agent.json", get(agent))
        .route("/.well-known/jwks.json", get(jwks))
}

async fn person(State(server): State<Shared>) -> Response {
    let at = |path: &str| format!("{}{path}", server.settings().issuer);
    published(Json(PersonServerMetadata {
        issuer: at(""),
        jwks_uri: at("/.well-known/jwks.json"),
        about: about(&server),
        person_token_endpoint: at("/person"),
        auth_token_endpoint: at("/token"),
        mission_endpoint: Some(at("/mission")),
        permission_endpoint: Some(at("/permission")),
        audit_endpoint: Some(at("/audit")),
        interaction_endpoint: Some(at("/interaction")),
        mission_control_endpoint: Some(at("/api/missions")),
        revocation_endpoint: Some(at("/revoke")),
        scopes_supported: identity::scopes().map(str::to_owned).collect(),
        claims_supported: identity::claim_names().map(str::to_owned).collect(),
    }))
}

async fn agent(State(server): State<Shared>) -> Response {
    let at = |path: &str| format!("{}{path}", server.settings().issuer);
    published(Json(AgentProviderMetadata {
        issuer: at(""),
        jwks_uri: at("/.well-known/jwks.json"),
        about: about(&server),
        callback_endpoint: None,
        event_endpoint: None,
        localhost_callback_allowed: true,
        registration_endpoint: Some(at("/register")),
        refresh_endpoint: Some(at("/refresh")),
    }))
}

async fn jwks(State(server): State<Shared>) -> Response {
    published(Json(server.keys().jwks().to_json()))
}

fn about(server: &Shared) -> About {
    About {
        accept_signature_algs: Algorithm::ALL.map(|algorithm| algorithm.name().to_owned()).to_vec(),
        name: Some(server.settings().name.clone()),
        ..About::default()
    }
}

fn published(document: impl IntoResponse) -> Response {
    ([(header::CACHE_CONTROL, KEPT)], document).into_response()
}
