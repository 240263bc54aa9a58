//! `/api/agents`: the agents that act for the person.

use aauth_authorizer::aauth::identifier::{AgentId, ServerId};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::Shared;
use super::extract::{Body, Id, Me, Params, line};
use super::openapi::{AGENTS, Problems};
use super::paging::{Listed, Paging, cursor, listed};
use super::revocations::{self, RevokedView};
use crate::app::{Outcome, Refusal};
use crate::domain::agent::{AgentKey, Binding};
use crate::domain::enrollment::Device;
use crate::domain::stored::RULES;

/// An agent of the person's.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AgentView {
    /// Its id in this API.
    id: String,
    /// The agent.
    agent: String,
    /// Its provider, which vouches for it.
    provider: String,
    /// Whether that is this server.
    provider_is_ours: bool,
    /// What the person calls it.
    name: Option<String>,
    /// Where it runs and on what, by its own account.
    agent_says: Whereabouts,
    /// Since when it is the person's.
    bound_at: i64,
    /// When it last got something, to a minute.
    seen_at: i64,
    /// When the person ended it.
    revoked_at: Option<i64>,
}

/// Words of the agent's own.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Whereabouts {
    /// Where it runs.
    platform: Option<String>,
    /// On what device.
    device: Option<String>,
}

/// A device that an agent of this server's runs on.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DeviceView {
    /// Its id in this API: the thumbprint of the key it keeps.
    id: String,
    /// What the agent calls itself there, where it runs and on what: its own words.
    agent_says: DeviceSays,
    /// Since when it stands for the agent.
    enrolled_at: i64,
    /// When it last got an agent token.
    refreshed_at: i64,
    /// When the person ended it.
    revoked_at: Option<i64>,
}

/// Words of the agent's own.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DeviceSays {
    /// What it calls itself.
    name: String,
    /// Where it runs.
    platform: Option<String>,
    /// On what device.
    device: Option<String>,
}

/// The devices of an agent.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DeviceList {
    /// The devices.
    items: Vec<DeviceView>,
}

/// What is to change about an agent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AgentChange {
    /// What the person calls it.
    #[schema(max_length = 64)]
    name: String,
}

#[utoipa::path(get, path = "/api/agents", tag = AGENTS, summary = "The caller's agents, the latest first", params(Paging),
    responses((status = 200, body = Listed<AgentView>), Problems))]
pub(super) async fn list(
    State(server): State<Shared>,
    Me(caller): Me,
    Params(paging): Params<Paging>,
) -> Outcome<Json<Listed<AgentView>>> {
    let limit = paging.limit()?;
    let agents = server.agents(&caller, paging.after()?, limit + 1).await?;
    let after = |binding: &Binding| cursor(binding.bound_at, binding.agent.sub.as_str());
    Ok(Json(listed(agents, limit, |binding| view(&server, binding), after)))
}

#[utoipa::path(get, path = "/api/agents/{id}", tag = AGENTS, summary = "One of the caller's agents",
    params(("id" = String, Path)), responses((status = 200, body = AgentView), Problems))]
pub(super) async fn one(State(server): State<Shared>, Me(caller): Me, Id(id): Id) -> Outcome<Json<AgentView>> {
    let binding = server.agent_of(&caller, &named(&id)?).await?;
    Ok(Json(view(&server, &binding)))
}

#[utoipa::path(patch, path = "/api/agents/{id}", tag = AGENTS, summary = "Call an agent something else",
    params(("id" = String, Path)), request_body = AgentChange, responses((status = 200, body = AgentView), Problems))]
pub(super) async fn rename(
    State(server): State<Shared>,
    Me(caller): Me,
    Id(id): Id,
    Body(body): Body<AgentChange>,
) -> Outcome<Json<AgentView>> {
    let name = line("name", body.name, 64)?;
    let binding = server.rename(&caller, &named(&id)?, &name).await?;
    Ok(Json(view(&server, &binding)))
}

#[utoipa::path(delete, path = "/api/agents/{id}", tag = AGENTS, summary = "End an agent's access",
    description = "It gets nothing more, what it asked is over, and what it holds is withdrawn.",
    params(("id" = String, Path)), responses((status = 200, body = RevokedView),
        (status = 204, description = "It was ended before"), Problems))]
pub(super) async fn end(State(server): State<Shared>, Me(caller): Me, Id(id): Id) -> Outcome<Response> {
    let revoked = server.dismiss(&caller, &named(&id)?).await?;
    Ok(revoked
        .map_or_else(|| StatusCode::NO_CONTENT.into_response(), |revoked| revocations::view(revoked).into_response()))
}

#[utoipa::path(get, path = "/api/agents/{id}/devices", tag = AGENTS, summary = "The devices of an agent of this server's",
    params(("id" = String, Path)), responses((status = 200, body = DeviceList), Problems))]
pub(super) async fn devices(State(server): State<Shared>, Me(caller): Me, Id(id): Id) -> Outcome<Json<DeviceList>> {
    let devices = server.devices(&caller, &named(&id)?).await?;
    Ok(Json(DeviceList { items: devices.iter().map(device).collect() }))
}

#[utoipa::path(delete, path = "/api/devices/{id}", tag = AGENTS, summary = "End a device of an agent's",
    description = "The agent's other devices go on.",
    params(("id" = String, Path)), responses((status = 204, description = "It is ended"), Problems))]
pub(super) async fn end_device(State(server): State<Shared>, Me(caller): Me, Id(id): Id) -> Outcome<StatusCode> {
    server.dismiss_device(&caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn device(device: &Device) -> DeviceView {
    DeviceView {
        id: device.stable.clone(),
        agent_says: DeviceSays {
            name: device.name.clone(),
            platform: device.platform.clone(),
            device: device.device.clone(),
        },
        enrolled_at: device.enrolled_at,
        refreshed_at: device.refreshed_at,
        revoked_at: device.revoked_at,
    }
}

fn view(server: &Shared, binding: &Binding) -> AgentView {
    AgentView {
        id: name(&binding.agent),
        agent: binding.agent.sub.as_str().to_owned(),
        provider: binding.agent.iss.as_str().to_owned(),
        provider_is_ours: binding.agent.iss == server.settings().issuer,
        name: binding.name.clone(),
        agent_says: Whereabouts { platform: binding.platform.clone(), device: binding.device.clone() },
        bound_at: binding.bound_at,
        seen_at: binding.seen_at,
        revoked_at: binding.revoked_at,
    }
}

/// An agent's id in this API: both its names in one segment of a path.
pub(super) fn name(agent: &AgentKey) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(format!("{} {}", agent.iss, agent.sub))
}

fn named(id: &str) -> Outcome<AgentKey> {
    let read = || {
        let text = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(id).ok()?).ok()?;
        let (iss, sub) = text.split_once(' ')?;
        Some(AgentKey { iss: ServerId::parse_under(iss, RULES).ok()?, sub: AgentId::parse_under(sub, RULES).ok()? })
    };
    read().ok_or_else(Refusal::not_found)
}
