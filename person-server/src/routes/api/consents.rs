//! `/api/consents`: what the person agreed to, to be remembered.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::Shared;
use super::agents;
use super::extract::{Id, Me, Params};
use super::openapi::{CONSENTS, Problems};
use super::paging::{Listed, Paging, cursor, listed};
use super::revocations::{self, RevokedView};
use crate::app::Outcome;
use crate::domain::consent::Consent;

/// A remembered yes.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ConsentView {
    /// Its id.
    id: String,
    /// The agent's id in this API.
    agent_id: String,
    /// To which agent.
    agent: String,
    /// At which resource.
    resource: String,
    /// For which account there.
    account: Option<String>,
    /// On which mission alone.
    mission: Option<String>,
    /// To what. Nothing beyond being known as the person's agent, where empty.
    scopes: Vec<String>,
    /// Since when.
    created_at: i64,
    /// Until when.
    expires_at: Option<i64>,
    /// When the person took it back.
    revoked_at: Option<i64>,
}

#[utoipa::path(get, path = "/api/consents", tag = CONSENTS, summary = "What the caller agreed to, the latest first",
    params(Paging), responses((status = 200, body = Listed<ConsentView>), Problems))]
pub(super) async fn list(
    State(server): State<Shared>,
    Me(caller): Me,
    Params(paging): Params<Paging>,
) -> Outcome<Json<Listed<ConsentView>>> {
    let limit = paging.limit()?;
    let consents = server.consents(&caller, paging.after()?, limit + 1).await?;
    Ok(Json(listed(consents, limit, view, |consent| cursor(consent.created_at, &consent.id))))
}

#[utoipa::path(delete, path = "/api/consents/{id}", tag = CONSENTS, summary = "Take back what was agreed to",
    description = "And with it what the agent holds at that resource.",
    params(("id" = String, Path)), responses((status = 200, body = RevokedView), Problems))]
pub(super) async fn end(State(server): State<Shared>, Me(caller): Me, Id(id): Id) -> Outcome<Json<RevokedView>> {
    server.revoke_consent(&caller.person, &id).await.map(revocations::view)
}

fn view(consent: &Consent) -> ConsentView {
    ConsentView {
        id: consent.id.clone(),
        agent_id: agents::name(&consent.agent),
        agent: consent.agent.sub.as_str().to_owned(),
        resource: consent.resource.as_str().to_owned(),
        account: consent.account.clone(),
        mission: consent.mission.clone(),
        scopes: consent.scopes.clone(),
        created_at: consent.created_at,
        expires_at: consent.expires_at,
        revoked_at: consent.revoked_at,
    }
}
