//! `/api/tokens`: what was issued in the person's name. Never the tokens themselves: they are not kept.

use aauth_authorizer::aauth::identifier::ServerId;
use axum::Json;
use axum::extract::State;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::Shared;
use super::agents;
use super::extract::{Id, Me, Params};
use super::openapi::{Problems, TOKENS};
use super::paging::{Listed, Paging, cursor, listed};
use super::revocations::{self, RevokedView};
use crate::app::{Outcome, Refusal};
use crate::domain::issued::{Issued, TokenRef};
use crate::domain::stored::RULES;

/// What is kept of an issued token.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct IssuedView {
    /// Its id in this API.
    id: String,
    /// `person`, `auth`, or `federated`: an access server's.
    kind: &'static str,
    /// The issuer.
    issuer: String,
    /// The token's identifier.
    jti: String,
    /// The resource it is for.
    resource: String,
    /// The agent's id in this API.
    agent_id: String,
    /// The agent it was issued to.
    agent: String,
    /// The sub-agent it was issued for.
    subagent: Option<String>,
    /// What it grants.
    scopes: Vec<String>,
    /// The mission it belongs to.
    mission: Option<String>,
    /// Whether another service's call was behind it.
    chained: bool,
    /// How it was decided: `person`, `consent`, or `policy` and which.
    decided_by: String,
    /// When.
    issued_at: i64,
    /// Until when it counts, unless it is withdrawn.
    expires_at: i64,
}

#[utoipa::path(get, path = "/api/tokens", tag = TOKENS, summary = "What was issued in the caller's name, the latest first",
    params(Paging), responses((status = 200, body = Listed<IssuedView>), Problems))]
pub(super) async fn list(
    State(server): State<Shared>,
    Me(caller): Me,
    Params(paging): Params<Paging>,
) -> Outcome<Json<Listed<IssuedView>>> {
    let limit = paging.limit()?;
    let issued = server.issued(&caller, paging.after()?, limit + 1).await?;
    Ok(Json(listed(issued, limit, view, |issued| cursor(issued.issued_at, &issued.token.jti))))
}

#[utoipa::path(delete, path = "/api/tokens/{id}", tag = TOKENS, summary = "Withdraw a token, and whatever rests on it",
    params(("id" = String, Path)), responses((status = 200, body = RevokedView), Problems))]
pub(super) async fn end(State(server): State<Shared>, Me(caller): Me, Id(id): Id) -> Outcome<Json<RevokedView>> {
    let token = named(&id).ok_or_else(Refusal::not_found)?;
    server.revoke_token(&caller.person, &token).await.map(revocations::view)
}

fn named(id: &str) -> Option<TokenRef> {
    let text = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(id).ok()?).ok()?;
    let (iss, jti) = text.split_once(' ')?;
    Some(TokenRef { iss: ServerId::parse_under(iss, RULES).ok()?, jti: jti.to_owned() })
}

fn view(issued: &Issued) -> IssuedView {
    IssuedView {
        id: BASE64_URL_SAFE_NO_PAD.encode(format!("{} {}", issued.token.iss, issued.token.jti)),
        kind: issued.kind.name(),
        issuer: issued.token.iss.as_str().to_owned(),
        jti: issued.token.jti.clone(),
        resource: issued.resource.as_str().to_owned(),
        agent_id: agents::name(&issued.agent),
        agent: issued.agent.sub.as_str().to_owned(),
        subagent: issued.subagent.clone(),
        scopes: issued.scopes.clone(),
        mission: issued.mission.clone(),
        chained: issued.upstream.is_some(),
        decided_by: issued.decided_by.clone(),
        issued_at: issued.issued_at,
        expires_at: issued.exp,
    }
}
