//! `/api/approvals` and `/api/arrivals`: what waits for the person, and what they say to it.

mod body;
mod says;
mod view;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::Shared;
use super::extract::{Body, Id, Me, Params, bounded, line};
use super::openapi::{APPROVALS, Problems};
use super::paging::{Listed, Paging, listed};
use crate::app::Outcome;
use crate::domain::pending::PendingId;

use body::DecisionBody;
use view::{ApprovalView, view};

/// The person arrives with a code.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ArrivalBody {
    /// The code that the agent showed.
    #[schema(max_length = 64)]
    code: String,
    /// Where the person's browser goes afterwards, if it may.
    #[serde(default)]
    callback: Option<String>,
}

/// What became of a decision.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DecidedView {
    /// The request as it stands now.
    approval: ApprovalView,
    /// Where the person's browser goes now.
    redirect: Option<String>,
}

#[utoipa::path(get, path = "/api/approvals", tag = APPROVALS, summary = "What waits for the caller, the earliest first",
    params(Paging), responses((status = 200, body = Listed<ApprovalView>), Problems))]
pub(super) async fn list(
    State(server): State<Shared>,
    Me(caller): Me,
    Params(paging): Params<Paging>,
) -> Outcome<Json<Listed<ApprovalView>>> {
    let limit = paging.limit()?;
    let more = usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(1);
    let approvals = server.approvals(&caller, paging.cursor(), more).await?;
    let issuer = &server.settings().issuer;
    let after = |approval: &crate::app::persons::Approval| approval.pending.id.as_str().to_owned();
    Ok(Json(listed(approvals, limit, |approval| view(approval, issuer), after)))
}

#[utoipa::path(get, path = "/api/approvals/{id}", tag = APPROVALS, summary = "A request of the caller's, decided or not",
    params(("id" = String, Path)), responses((status = 200, body = ApprovalView), Problems))]
pub(super) async fn one(State(server): State<Shared>, Me(caller): Me, Id(id): Id) -> Outcome<Json<ApprovalView>> {
    let approval = server.approval(&caller, &PendingId::new(id)).await?;
    Ok(Json(view(&approval, &server.settings().issuer)))
}

#[utoipa::path(post, path = "/api/approvals/{id}/decision", tag = APPROVALS, summary = "Decide", params(("id" = String, Path)),
    description = "Approve, deny, or ask the agent something first. 409 where it was decided, withdrawn or changed meanwhile.",
    request_body = DecisionBody, responses((status = 200, body = DecidedView), Problems))]
pub(super) async fn decide(
    State(server): State<Shared>,
    Me(caller): Me,
    Id(id): Id,
    Body(body): Body<DecisionBody>,
) -> Outcome<Json<DecidedView>> {
    let (approval, redirect) = server.said(&caller, &PendingId::new(id), body.said()?).await?;
    Ok(Json(DecidedView { approval: view(&approval, &server.settings().issuer), redirect }))
}

#[utoipa::path(post, path = "/api/arrivals", tag = APPROVALS, summary = "Arrive with a code that an agent showed",
    request_body = ArrivalBody, responses((status = 200, body = ApprovalView), Problems))]
pub(super) async fn arrive(
    State(server): State<Shared>,
    Me(caller): Me,
    Body(body): Body<ArrivalBody>,
) -> Outcome<Json<ApprovalView>> {
    let code = line("code", body.code, 64)?;
    let callback = body.callback.map(|callback| bounded("callback", callback, 2048)).transpose()?;
    let approval = server.arrival(&caller, &code, callback).await?;
    Ok(Json(view(&approval, &server.settings().issuer)))
}
