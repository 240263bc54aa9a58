//! `/api/api-tokens`: what stands for the person in their scripts.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::Shared;
use super::extract::{Body, Id, Me, line};
use super::openapi::{API_TOKENS, Problems};
use crate::app::Outcome;
use crate::domain::session::ApiToken;

/// A new API token.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewApiToken {
    /// What the person calls it.
    #[schema(max_length = 64)]
    name: String,
    /// Until when it counts. Until it is ended, where it is not said.
    #[serde(default)]
    expires_at: Option<i64>,
}

/// An API token, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ApiTokenView {
    /// Its id.
    id: String,
    /// What the person calls it.
    name: String,
    /// Since when.
    created_at: i64,
    /// Until when it counts.
    expires_at: Option<i64>,
    /// When it was used last, to a minute.
    used_at: Option<i64>,
}

/// A new API token, with its secret.
#[derive(Serialize, ToSchema)]
pub(super) struct AddedApiToken {
    /// The secret, told this once.
    token: String,
    /// What is kept of it.
    #[serde(flatten)]
    kept: ApiTokenView,
}

/// The caller's API tokens.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ApiTokenList {
    /// The tokens, the latest first.
    items: Vec<ApiTokenView>,
}

#[utoipa::path(get, path = "/api/api-tokens", tag = API_TOKENS, summary = "The caller's API tokens",
    responses((status = 200, body = ApiTokenList), Problems))]
pub(super) async fn list(State(server): State<Shared>, Me(caller): Me) -> Outcome<Json<ApiTokenList>> {
    let tokens = server.api_tokens(&caller).await?;
    Ok(Json(ApiTokenList { items: tokens.iter().map(view).collect() }))
}

#[utoipa::path(post, path = "/api/api-tokens", tag = API_TOKENS, summary = "Make an API token",
    description = "By a session alone: an API token makes no other.", request_body = NewApiToken,
    responses((status = 201, body = AddedApiToken), Problems))]
pub(super) async fn add(
    State(server): State<Shared>,
    Me(caller): Me,
    Body(body): Body<NewApiToken>,
) -> Outcome<(StatusCode, Json<AddedApiToken>)> {
    let name = line("name", body.name, 64)?;
    let (token, secret) = server.add_api_token(&caller, &name, body.expires_at).await?;
    Ok((StatusCode::CREATED, Json(AddedApiToken { token: secret.reveal(), kept: view(&token) })))
}

#[utoipa::path(delete, path = "/api/api-tokens/{id}", tag = API_TOKENS, summary = "End an API token",
    params(("id" = String, Path)),
    responses((status = 204, description = "It is over, and the sessions it began are"), Problems))]
pub(super) async fn end(State(server): State<Shared>, Me(caller): Me, Id(id): Id) -> Outcome<StatusCode> {
    server.end_api_token(&caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn view(token: &ApiToken) -> ApiTokenView {
    ApiTokenView {
        id: token.id.clone(),
        name: token.name.clone(),
        created_at: token.created_at,
        expires_at: token.expires_at,
        used_at: token.used_at,
    }
}
