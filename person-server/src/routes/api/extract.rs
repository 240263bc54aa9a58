//! What handlers are given: the caller, a body, a query, an id. Whatever is wrong with them is a problem details body.

use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::super::Shared;
use super::enter::is_json;
use crate::app::persons::Caller;
use crate::app::{MAX_BODY, Outcome, Refusal};

/// How long a body may take to arrive.
const BODY_WITHIN: Duration = Duration::from_secs(10);

/// Who calls, as `enter` found.
pub(super) struct Me(pub(super) Caller);

impl FromRequestParts<Shared> for Me {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Outcome<Self> {
        // INVARIANT: a route without `enter` before it has no caller, and so answers nobody.
        parts.extensions.get::<Caller>().cloned().map(Self).ok_or_else(Refusal::server_error)
    }
}

/// A JSON body without anything that is not known.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Shared> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &Shared) -> Outcome<Self> {
        if !is_json(request.headers()) {
            return Err(Refusal::problem(415, "invalid_request", "the content type is not `application/json`"));
        }
        let refused = |status, detail| Refusal::problem(status, "invalid_request", detail);
        let body = tokio::time::timeout(BODY_WITHIN, to_bytes(request.into_body(), MAX_BODY));
        let body = body.await.map_err(|_| refused(408, "the body did not arrive in time"))?;
        let body = body.map_err(|_| refused(413, "the body is longer than 64 KiB, or broke off"))?;
        let value = serde_json::from_slice(&body);
        value.map(Self).map_err(|error| Refusal::invalid_request(format!("the body: {error}")))
    }
}

/// A query without anything that is not known.
pub(super) struct Params<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<Shared> for Params<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Outcome<Self> {
        let query = Query::<T>::try_from_uri(&parts.uri);
        query.map(|Query(value)| Self(value)).map_err(|error| Refusal::invalid_request(error.body_text()))
    }
}

/// The id in the path.
pub(super) struct Id(pub(super) String);

impl FromRequestParts<Shared> for Id {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, server: &Shared) -> Outcome<Self> {
        let path = Path::<String>::from_request_parts(parts, server).await;
        let id = path.map(|Path(id)| id).map_err(|_| Refusal::not_found())?;
        // No id of ours is longer, or anything but this.
        let plain =
            id.len() <= 1024 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        plain.then_some(Self(id)).ok_or_else(Refusal::not_found)
    }
}

/// A line of text: not empty, at most `max` characters, all of which can be seen.
pub(super) fn line(name: &str, text: String, max: usize) -> Outcome<String> {
    if text.chars().any(char::is_control) {
        return Err(Refusal::invalid_request(format!("`{name}` holds control characters")));
    }
    bounded(name, text, max)
}

/// Text of several lines: not empty, at most `max` characters.
pub(super) fn bounded(name: &str, text: String, max: usize) -> Outcome<String> {
    if text.trim().is_empty() || text.chars().count() > max || text.contains('\0') {
        return Err(Refusal::invalid_request(format!("`{name}` is empty, or longer than {max} characters")));
    }
    Ok(text)
}

/// A list of lines.
pub(super) fn lines(name: &str, list: Vec<String>, most: usize, max: usize) -> Outcome<Vec<String>> {
    if list.len() > most {
        return Err(Refusal::invalid_request(format!("`{name}` has more than {most} entries")));
    }
    list.into_iter().map(|one| line(name, one, max)).collect()
}
