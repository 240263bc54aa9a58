//! `/api/providers`: whose agents are served. The operator's to change.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::Shared;
use super::extract::Me;
use super::openapi::{Problems, SETTINGS};

/// The agent providers that are trusted.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ProviderList {
    /// Whether every provider's agents are served.
    any: bool,
    /// The providers that are named, this server first.
    items: Vec<ProviderView>,
}

/// An agent provider.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ProviderView {
    /// Its issuer.
    issuer: String,
    /// Whether that is this server.
    ours: bool,
}

#[utoipa::path(get, path = "/api/providers", tag = SETTINGS, summary = "Whose agents are served",
    responses((status = 200, body = ProviderList), Problems))]
pub(super) async fn list(State(server): State<Shared>, Me(_): Me) -> Json<ProviderList> {
    let settings = server.settings();
    let ours = ProviderView { issuer: settings.issuer.to_string(), ours: true };
    let others = settings.agent_providers.listed.iter().filter(|issuer| **issuer != settings.issuer);
    let others = others.map(|issuer| ProviderView { issuer: issuer.to_string(), ours: false });
    Json(ProviderList { any: settings.agent_providers.any, items: std::iter::once(ours).chain(others).collect() })
}
