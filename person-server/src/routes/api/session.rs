//! `/api/session` and `/api/sessions`: logging in and out.

use axum::Json;
use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::Shared;
use super::cookie;
use super::enter::{Said, origin_says};
use super::extract::{Body, Id, Me};
use super::openapi::{Problems, SESSIONS};
use crate::app::persons::{By, Login};
use crate::app::{Outcome, Refusal, Source};
use crate::domain::session::Session;

/// What a person logs in with: one of the two.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LoginBody {
    /// The secret of a setup link, which is used up.
    #[serde(default)]
    setup_token: Option<String>,
    /// An API token.
    #[serde(default)]
    api_token: Option<String>,
}

/// A session.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SessionView {
    /// Its id.
    id: String,
    /// How it began: `setup` or `api_token`.
    begun_by: &'static str,
    /// Since when.
    created_at: i64,
    /// When it was used last, to a minute.
    seen_at: i64,
    /// When it ends if it is not used again.
    ends_at: i64,
    /// Whether the caller came with it.
    this: bool,
}

/// The caller's sessions.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SessionList {
    /// The sessions, the latest first.
    items: Vec<SessionView>,
}

#[utoipa::path(post, path = "/api/session", tag = SESSIONS, summary = "Log in", request_body = LoginBody, security(()),
    responses((status = 201, body = SessionView, description = "The session's cookie comes with it"), Problems))]
pub(super) async fn log_in(State(server): State<Shared>, source: Source, request: Request) -> Outcome<Response> {
    // Logging somebody in as somebody else is what another site's page could want.
    if origin_says(request.headers(), &server.settings().issuer) == Said::Elsewhere {
        return Err(Refusal::problem(403, "cross_site", "logging in is for pages of this origin"));
    }
    let Body(body) = Body::<LoginBody>::from_request(request, &server).await?;
    let login = match (body.setup_token, body.api_token) {
        (Some(token), None) => Login::Setup(token),
        (None, Some(token)) => Login::ApiToken(token),
        (Some(_), Some(_)) | (None, None) => {
            return Err(Refusal::invalid_request("one of `setup_token` and `api_token` is needed"));
        }
    };
    let (session, secret) = server.log_in(&login, &source).await?;
    let cookie = cookie::keep(&secret, &server.settings().issuer).ok_or_else(Refusal::server_error)?;
    let view = view(&session, &session.id);
    Ok((StatusCode::CREATED, [(header::SET_COOKIE, cookie)], Json(view)).into_response())
}

#[utoipa::path(get, path = "/api/session", tag = SESSIONS, summary = "The session the caller came with",
    responses((status = 200, body = SessionView), Problems))]
pub(super) async fn this(State(server): State<Shared>, Me(caller): Me) -> Outcome<Json<SessionView>> {
    let sessions = server.sessions(&caller).await?;
    let id = match &caller.by {
        By::Session { id } => id.as_str(),
        By::ApiToken { .. } => "",
    };
    let this = sessions.iter().find(|session| session.id == id).ok_or_else(Refusal::not_found)?;
    Ok(Json(view(this, id)))
}

#[utoipa::path(delete, path = "/api/session", tag = SESSIONS, summary = "Log out",
    responses((status = 204, description = "The session is over"), Problems))]
pub(super) async fn log_out(State(server): State<Shared>, Me(caller): Me) -> Outcome<Response> {
    server.log_out(&caller).await?;
    Ok(forgotten(&server))
}

#[utoipa::path(get, path = "/api/sessions", tag = SESSIONS, summary = "The caller's sessions",
    responses((status = 200, body = SessionList), Problems))]
pub(super) async fn list(State(server): State<Shared>, Me(caller): Me) -> Outcome<Json<SessionList>> {
    let this = match &caller.by {
        By::Session { id } => id.clone(),
        By::ApiToken { .. } => String::new(),
    };
    let sessions = server.sessions(&caller).await?;
    Ok(Json(SessionList { items: sessions.iter().map(|session| view(session, &this)).collect() }))
}

#[utoipa::path(delete, path = "/api/sessions", tag = SESSIONS, summary = "Log out everywhere",
    responses((status = 204, description = "All of the caller's sessions are over"), Problems))]
pub(super) async fn end_all(State(server): State<Shared>, Me(caller): Me) -> Outcome<Response> {
    server.log_out_everywhere(&caller).await?;
    Ok(forgotten(&server))
}

#[utoipa::path(delete, path = "/api/sessions/{id}", tag = SESSIONS, summary = "End one of the caller's sessions",
    params(("id" = String, Path)), responses((status = 204, description = "It is over"), Problems))]
pub(super) async fn end(State(server): State<Shared>, Me(caller): Me, Id(id): Id) -> Outcome<StatusCode> {
    server.end_session(&caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn forgotten(server: &Shared) -> Response {
    let cookie = cookie::forget(&server.settings().issuer).map(|line| (header::SET_COOKIE, line));
    (StatusCode::NO_CONTENT, cookie.into_iter().collect::<HeaderMap>()).into_response()
}

fn view(session: &Session, this: &str) -> SessionView {
    SessionView {
        id: session.id.clone(),
        begun_by: session.begun.name(),
        created_at: session.created_at,
        seen_at: session.seen_at,
        ends_at: session.ends_at(),
        this: session.id == this,
    }
}
