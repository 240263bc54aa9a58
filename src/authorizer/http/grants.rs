//! The two endpoints that take signed requests: authorization and revocation.

use axum::http::{StatusCode, header};
use axum::response::Response;
use serde_json::json;

use crate::authorizer::authorize::AuthorizationRefused;
use crate::authorizer::inbound::InboundRequest;
use crate::authorizer::resource::Resource;
use crate::authorizer::revoke::NotRevoked;

use super::reply;
use super::state::HttpState;

/// A resource token, or what the agent has to do first.
pub(super) async fn authorize(state: &HttpState, resource: &Resource, request: InboundRequest) -> Response {
    let outcome = state.authorizer.authorize(resource, request).await;
    let code = match &outcome {
        Ok(_) => "ok",
        Err(AuthorizationRefused::Caller(answer)) => answer.code(),
        Err(AuthorizationRefused::Request { code, .. }) => code.code(),
    };
    tracing::info!(resource.id = resource.id, code, "authorization endpoint");
    match outcome {
        Ok(grant) => {
            let body = json!({ "resource_token": grant.resource_token }).to_string();
            reply::json(StatusCode::OK, "no-store", body)
        }
        Err(AuthorizationRefused::Caller(answer)) => reply::of_answer(*answer),
        Err(AuthorizationRefused::Request { code, detail }) => reply::problem(code.status(), code.code(), detail),
    }
}

/// An empty 200, or why the revocation was not taken.
pub(super) async fn revoke(state: &HttpState, resource: &Resource, request: InboundRequest) -> Response {
    let outcome = state.authorizer.revoke(resource, request).await;
    match outcome {
        Ok(revoked) => {
            let (issuer, jti) = (revoked.issuer.as_str(), revoked.jti.as_str());
            tracing::info!(resource.id = resource.id, token.iss = issuer, token.jti = jti, "token revoked");
            reply::empty(StatusCode::OK, "no-store")
        }
        Err(NotRevoked::Caller(answer)) => {
            tracing::info!(resource.id = resource.id, code = answer.code(), "revocation refused");
            reply::of_answer(*answer)
        }
        Err(NotRevoked::Request { code, detail, retry_after }) => {
            tracing::info!(resource.id = resource.id, code = code.code(), "revocation refused");
            let problem = reply::problem(code.status(), code.code(), detail);
            match retry_after {
                Some(seconds) => reply::with(problem, header::RETRY_AFTER, &seconds.to_string()),
                None => problem,
            }
        }
    }
}
