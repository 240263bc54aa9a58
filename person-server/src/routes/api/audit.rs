//! `/api/audit`: what happened.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::super::Shared;
use super::extract::{Me, Params};
use super::openapi::{AUDIT, Problems};
use super::paging::{Listed, limit, listed};
use crate::app::{AuditEntry, AuditQuery, Outcome, Refusal};

/// Which events.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Search {
    /// Of this kind alone: `token.issued`, for one.
    #[param(required = false, nullable = false)]
    kind: Option<String>,
    /// Of this agent alone.
    #[param(required = false, nullable = false)]
    agent: Option<String>,
    /// At this resource alone.
    #[param(required = false, nullable = false)]
    resource: Option<String>,
    /// On this mission alone.
    #[param(required = false, nullable = false)]
    mission: Option<String>,
    /// From then on alone.
    #[param(required = false, nullable = false)]
    since: Option<i64>,
    /// Before then alone.
    #[param(required = false, nullable = false)]
    until: Option<i64>,
    /// `next` of the page before.
    #[param(required = false, nullable = false)]
    cursor: Option<String>,
    /// At most so many entries: 50, where it is not said.
    #[param(required = false, nullable = false, minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// Something that happened.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EventView {
    /// Its number, which grows with time.
    id: i64,
    /// When.
    at: i64,
    /// What.
    kind: String,
    /// The agent.
    agent: Option<String>,
    /// The resource.
    resource: Option<String>,
    /// The mission.
    mission: Option<String>,
    /// More, by kind.
    #[schema(value_type = Object)]
    detail: Map<String, Value>,
}

#[utoipa::path(get, path = "/api/audit", tag = AUDIT, summary = "What happened, the latest first", params(Search),
    responses((status = 200, body = Listed<EventView>), Problems))]
pub(super) async fn list(
    State(server): State<Shared>,
    Me(caller): Me,
    Params(search): Params<Search>,
) -> Outcome<Json<Listed<EventView>>> {
    let limit = limit(search.limit)?;
    let wrong = |_| Refusal::invalid_request("`cursor` is not one that a page gave");
    let query = AuditQuery {
        kind: search.kind,
        agent: search.agent,
        resource: search.resource,
        mission: search.mission,
        since: search.since,
        until: search.until,
        before: search.cursor.map(|cursor| cursor.parse::<i64>()).transpose().map_err(wrong)?,
        limit: limit + 1,
    };
    let entries = server.events(&caller, query).await?;
    Ok(Json(listed(entries, limit, view, |entry| entry.id.to_string())))
}

fn view(entry: &AuditEntry) -> EventView {
    EventView {
        id: entry.id,
        at: entry.event.at,
        kind: entry.event.kind.clone(),
        agent: entry.event.agent.clone(),
        resource: entry.event.resource.clone(),
        mission: entry.event.mission.clone(),
        detail: entry.event.detail.clone(),
    }
}
