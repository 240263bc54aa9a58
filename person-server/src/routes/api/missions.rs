//! `/api/missions`: what the person's agents are set out on, how it goes, and its end. "Mission Management"

use axum::Json;
use axum::extract::State;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::super::Shared;
use super::agents;
use super::extract::{Body, Id, Me, Params};
use super::openapi::{MISSIONS, Problems};
use super::paging::{Listed, Paging, cursor, listed};
use crate::app::{Outcome, Refusal};
use crate::domain::mission::{LogEntry, Mission, MissionState, Reason};

/// A mission.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MissionView {
    /// Its identifier: the digest of `blob`.
    id: String,
    /// The agent's id in this API.
    agent_id: String,
    /// Whose work it is.
    agent: String,
    /// What the person approved, in Markdown.
    description: String,
    /// The tools that need no permission.
    tools: Vec<String>,
    /// Where the agent may be known without the person being asked.
    resources: Vec<String>,
    /// When it was approved.
    approved_at: i64,
    /// When it ends by itself.
    expires_at: Option<i64>,
    /// `active` or `terminated`.
    state: &'static str,
    /// Why it ended: `completed`, `revoked`, `expired`, `superseded`, `administrative`.
    termination_reason: Option<&'static str>,
    /// When it ended.
    terminated_at: Option<i64>,
    /// The exact bytes that were approved, in base64url.
    blob: String,
    /// The updates that were accepted, in order. Not in lists.
    updates: Vec<UpdateView>,
}

/// An accepted update.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UpdateView {
    /// The digest of its bytes.
    id: Option<String>,
    /// When it was accepted.
    at: i64,
    /// What it says.
    #[schema(value_type = Object)]
    update: Value,
}

/// Something that happened under a mission.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EntryView {
    /// Its place in the log.
    number: i64,
    /// When.
    at: i64,
    /// What it is about: `token_request`, `permission`, `audit`, `interaction`, `clarification`, `update`, `completion`, ...
    kind: &'static str,
    /// The digest of an accepted update.
    id: Option<String>,
    /// What was asked, the agent's words among it, and what came of it.
    detail: Value,
}

/// Why a mission is ended.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TerminationBody {
    /// Why.
    reason: TerminationReason,
}

/// What a person ends a mission for.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum TerminationReason {
    /// It is not wanted any more.
    Revoked,
    /// Another takes its place.
    Superseded,
}

#[utoipa::path(get, path = "/api/missions", tag = MISSIONS, summary = "The caller's missions, the latest first",
    params(Paging), responses((status = 200, body = Listed<MissionView>), Problems))]
pub(super) async fn list(
    State(server): State<Shared>,
    Me(caller): Me,
    Params(paging): Params<Paging>,
) -> Outcome<Json<Listed<MissionView>>> {
    let limit = paging.limit()?;
    let missions = server.missions(&caller, paging.after()?, limit + 1).await?;
    let after = |mission: &Mission| cursor(mission.terms.approved_at, &mission.s256);
    Ok(Json(listed(missions, limit, |mission| view(mission, &[]), after)))
}

#[utoipa::path(get, path = "/api/missions/{id}", tag = MISSIONS, summary = "A mission of the caller's, with its updates",
    params(("id" = String, Path)), responses((status = 200, body = MissionView), Problems))]
pub(super) async fn one(State(server): State<Shared>, Me(caller): Me, Id(id): Id) -> Outcome<Json<MissionView>> {
    let mission = server.mission(&caller.person, &id).await?;
    Ok(Json(view(&mission, &server.mission_updates(&caller.person, &id).await?)))
}

#[utoipa::path(get, path = "/api/missions/{id}/log", tag = MISSIONS, summary = "What happened under a mission, in order",
    params(("id" = String, Path), Paging), responses((status = 200, body = Listed<EntryView>), Problems))]
pub(super) async fn log(
    State(server): State<Shared>,
    Me(caller): Me,
    Id(id): Id,
    Params(paging): Params<Paging>,
) -> Outcome<Json<Listed<EntryView>>> {
    let limit = paging.limit()?;
    let wrong = |_| Refusal::invalid_request("`cursor` is not one that a page gave");
    let after = paging.cursor().map(str::parse::<i64>).transpose().map_err(wrong)?.unwrap_or(0);
    let entries = server.mission_log(&caller.person, &id, after, limit + 1).await?;
    Ok(Json(listed(entries, limit, entry, |entry| entry.number.to_string())))
}

#[utoipa::path(post, path = "/api/missions/{id}/termination", tag = MISSIONS, summary = "End a mission",
    description = "For good. One that is over stays as it ended.", request_body = TerminationBody,
    params(("id" = String, Path)), responses((status = 200, body = MissionView), Problems))]
pub(super) async fn terminate(
    State(server): State<Shared>,
    Me(caller): Me,
    Id(id): Id,
    Body(body): Body<TerminationBody>,
) -> Outcome<Json<MissionView>> {
    let reason = match body.reason {
        TerminationReason::Revoked => Reason::Revoked,
        TerminationReason::Superseded => Reason::Superseded,
    };
    let mission = server.terminate_mission(&caller.person, &id, reason).await?;
    Ok(Json(view(&mission, &server.mission_updates(&caller.person, &id).await?)))
}

/// A mission as the person sees it.
pub(super) fn view(mission: &Mission, updates: &[LogEntry]) -> MissionView {
    let (state, termination) = match mission.state {
        MissionState::Active => ("active", None),
        MissionState::Terminated(termination) => ("terminated", Some(termination)),
    };
    let update = |entry: &LogEntry| UpdateView { id: entry.s256.clone(), at: entry.at, update: entry.detail() };
    MissionView {
        id: mission.s256.clone(),
        agent_id: agents::name(&mission.agent),
        agent: mission.agent.sub.as_str().to_owned(),
        description: mission.terms.description.clone(),
        tools: mission.tool_names().map(str::to_owned).collect(),
        resources: mission.terms.resources.iter().map(ToString::to_string).collect(),
        approved_at: mission.terms.approved_at,
        expires_at: mission.terms.expires_at,
        state,
        termination_reason: termination.map(|termination| termination.reason.name()),
        terminated_at: termination.map(|termination| termination.at),
        blob: BASE64_URL_SAFE_NO_PAD.encode(&mission.blob),
        updates: updates.iter().map(update).collect(),
    }
}

fn entry(entry: &LogEntry) -> EntryView {
    EntryView {
        number: entry.number,
        at: entry.at,
        kind: entry.kind.name(),
        id: entry.s256.clone(),
        detail: entry.detail(),
    }
}
