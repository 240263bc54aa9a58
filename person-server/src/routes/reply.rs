//! Responses: settled, pending, refused.
//!
//! Implements "Pending Response", "Error Response Format" and "Authentication Errors" of
//! draft-hardt-oauth-aauth-protocol-11. Nothing an agent gets may be kept by a cache.

use aauth_authorizer::aauth::error::{Problem, SignatureErrorCode, accept_signature_alg};
use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::app::{Answer, PendingView, Refusal, Reply};

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        match self {
            Self::Done(reply) => reply.into_response(),
            Self::Pending(view) => view.into_response(),
        }
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        match self.body {
            Some(body) => with((status, Json(body)).into_response(), [("cache-control", "no-store".to_owned())]),
            None => with(status.into_response(), [("cache-control", "no-store".to_owned())]),
        }
    }
}

impl IntoResponse for PendingView {
    fn into_response(self) -> Response {
        let headers = [
            // Absolute paths are of this origin, as the draft has it.
            Some(("location", format!("{}{}", self.path.prefix(), self.id))),
            Some(("retry-after", self.retry_after.to_string())),
            Some(("cache-control", "no-store".to_owned())),
            self.requirement.as_ref().map(|requirement| ("aauth-requirement", requirement.header())),
        ];
        with((StatusCode::ACCEPTED, Json(self.body())).into_response(), headers.into_iter().flatten())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Problem(problem) => self::problem(&problem, []),
            Self::Later(problem, seconds) => self::problem(&problem, [("retry-after", seconds.to_string())]),
            Self::Signature(error) => {
                let mut headers = vec![("signature-error", error.header())];
                if error.code == SignatureErrorCode::UnsupportedScheme {
                    headers.push(("accept-signature-scheme", "jwt".to_owned()));
                }
                if error.code == SignatureErrorCode::UnsupportedAlgorithm {
                    headers.push(("accept-signature-alg", accept_signature_alg()));
                }
                self::problem(&error.problem(), headers)
            }
        }
    }
}

fn problem(problem: &Problem, headers: impl IntoIterator<Item = (&'static str, String)>) -> Response {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static(Problem::MEDIA_TYPE))];
    let no_store = ("cache-control", "no-store".to_owned());
    with((status, kind, problem.body()).into_response(), headers.into_iter().chain([no_store]))
}

fn with(mut response: Response, headers: impl IntoIterator<Item = (&'static str, String)>) -> Response {
    for (name, value) in headers {
        // Values are made of ours and of parsed tokens; one that is no header value is left out.
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    response
}
