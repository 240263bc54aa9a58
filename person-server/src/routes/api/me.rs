//! `/api/me`: who the caller is.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::super::Shared;
use super::extract::Me;
use super::openapi::{ME, Problems};
use crate::app::Outcome;
use crate::app::persons::By;

/// The caller.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PersonView {
    /// The person's key in this server's own records. Resources never see it.
    id: String,
    /// What they are called here.
    name: String,
    /// The organization they belong to, told to every resource.
    tenant: Option<String>,
    /// Identity claims that agents may ask to tell, with the person's consent. The operator's to change.
    #[schema(value_type = Object)]
    claims: Map<String, Value>,
    /// Since when, in seconds since 1970, as all times here.
    created_at: i64,
    /// `session` or `api_token`: what the caller came with.
    by: &'static str,
}

#[utoipa::path(get, path = "/api/me", tag = ME, summary = "Who the caller is",
    responses((status = 200, body = PersonView), Problems))]
pub(super) async fn me(State(server): State<Shared>, Me(caller): Me) -> Outcome<Json<PersonView>> {
    let person = server.me(&caller).await?;
    Ok(Json(PersonView {
        id: person.key.as_str().to_owned(),
        name: person.name,
        tenant: person.tenant,
        claims: person.claims,
        created_at: person.created_at,
        by: match caller.by {
            By::Session { .. } => "session",
            By::ApiToken { .. } => "api_token",
        },
    }))
}
