//! `/api/settings`: what the person prefers.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::Shared;
use super::extract::{Body, Me};
use super::openapi::{Problems, SETTINGS};
use crate::app::Outcome;
use crate::domain::settings::Settings;

/// What the person prefers.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SettingsView {
    /// How many days a yes is remembered where it is not said until when. Until it is taken back, where it is null.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 3650)]
    remember_days: Option<u32>,
}

#[utoipa::path(get, path = "/api/settings", tag = SETTINGS, summary = "What the caller prefers",
    responses((status = 200, body = SettingsView), Problems))]
pub(super) async fn get(State(server): State<Shared>, Me(caller): Me) -> Outcome<Json<SettingsView>> {
    server.preferences(&caller).await.map(view)
}

#[utoipa::path(put, path = "/api/settings", tag = SETTINGS, summary = "Prefer something else",
    request_body = SettingsView, responses((status = 200, body = SettingsView), Problems))]
pub(super) async fn put(
    State(server): State<Shared>,
    Me(caller): Me,
    Body(body): Body<SettingsView>,
) -> Outcome<Json<SettingsView>> {
    server.prefer(&caller, Settings { remember_days: body.remember_days }).await.map(view)
}

fn view(settings: Settings) -> Json<SettingsView> {
    Json(SettingsView { remember_days: settings.remember_days })
}
