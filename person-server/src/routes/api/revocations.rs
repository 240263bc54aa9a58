//! `/api/revocations`: what came of withdrawing tokens. "A PS MAY report the outcome of a revocation the person initiated
//! to that person, per recipient".

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::Shared;
use super::extract::{Id, Me};
use super::openapi::{Problems, TOKENS};
use crate::app::{Informed, Outcome, Revoked};
use crate::domain::withdrawal::Downstream;

/// What came of withdrawing tokens.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RevokedView {
    /// Its id, to look again.
    id: String,
    /// How many tokens were withdrawn.
    tokens: i64,
    /// When.
    at: i64,
    /// Whether everybody has been told, or cannot be.
    settled: bool,
    /// Who is told, and how far that is.
    recipients: Vec<RecipientView>,
}

/// Somebody who is told.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RecipientView {
    /// Who.
    recipient: String,
    /// `resource` or `access`: as what.
    role: &'static str,
    /// `due`, `awaited`, `recorded`, `unsupported`, `unavailable`.
    outcome: &'static str,
    /// What went wrong: until the token ends by itself, it is honored there.
    error: Option<&'static str>,
    /// When the token ends by itself.
    expires_at: i64,
    /// What an access server says of those it tells.
    downstream: Vec<DownstreamView>,
}

/// Somebody whom an access server tells.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DownstreamView {
    /// Who.
    recipient: String,
    /// What went wrong there.
    error: Option<String>,
}

#[utoipa::path(get, path = "/api/revocations/{id}", tag = TOKENS, summary = "How far a withdrawal of the caller's is",
    params(("id" = String, Path)), responses((status = 200, body = RevokedView), Problems))]
pub(super) async fn one(State(server): State<Shared>, Me(caller): Me, Id(id): Id) -> Outcome<Json<RevokedView>> {
    server.revoked(&caller.person, &id).await.map(view)
}

/// What the person is told.
pub(super) fn view(revoked: Revoked) -> Json<RevokedView> {
    let Revoked { id, tokens, at, settled, recipients } = revoked;
    Json(RevokedView { id, tokens, at, settled, recipients: recipients.into_iter().map(recipient).collect() })
}

fn recipient(informed: Informed) -> RecipientView {
    let downstream = |one: Downstream| DownstreamView { recipient: one.recipient, error: one.error };
    RecipientView {
        recipient: informed.recipient,
        role: informed.role.name(),
        outcome: informed.outcome,
        error: informed.error,
        expires_at: informed.exp,
        downstream: informed.downstream.into_iter().map(downstream).collect(),
    }
}
