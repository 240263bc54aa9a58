//! Responses. Whatever goes wrong is problem details that nobody may store.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;

use crate::aauth::error::Problem;
use crate::authorizer::answer::{self, Answer};

/// The header values that are always the same.
const NO_STORE: &str = "no-store";

/// A JSON body.
pub(super) fn json(status: StatusCode, cache: &'static str, body: impl Into<Body>) -> Response {
    typed(status, "application/json", cache, body)
}

/// A body of some type.
pub(super) fn typed(
    status: StatusCode,
    content_type: &'static str,
    cache: &'static str,
    body: impl Into<Body>,
) -> Response {
    let mut response = empty(status, cache);
    *response.body_mut() = body.into();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// No body, and so no content type.
pub(super) fn empty(status: StatusCode, cache: &'static str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    response
}

/// Problem details.
pub(super) fn problem(status: u16, error: &str, detail: impl Into<String>) -> Response {
    let body = Problem::new(status, error, detail).body();
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    typed(status, Problem::MEDIA_TYPE, NO_STORE, body)
}

/// The same response with one more header.
pub(super) fn with(mut response: Response, name: HeaderName, value: &str) -> Response {
    // Values of ours are ASCII; one that is not is left out rather than sent broken.
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
    response
}

/// What the pipeline says of a caller.
pub(super) fn of_answer(answer: Answer) -> Response {
    let Ok(answer::Response { status, headers, body }) = answer.into_response() else {
        // A permit is no refusal; nothing here lets anybody through by it.
        return problem(500, "server_error", "the request was not answered");
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = empty(status, NO_STORE);
    *response.body_mut() = body.into();
    headers.iter().fold(response, |response, (name, value)| with(response, HeaderName::from_static(name), value))
}
