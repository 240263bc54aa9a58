//! How the person server says no.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::aauth::error::{Problem, SignatureError, SignatureErrorCode as Code, TokenParameter, accept_signature_alg};
use crate::aauth::token::TokenFault;
use crate::discovery::DiscoveryFault;

/// A refusal: a signature failure, or a token endpoint error.
#[derive(Debug)]
pub(super) enum Refusal {
    Signature(SignatureError),
    Problem(Box<Problem>),
}

impl Refusal {
    /// A request that lacks something.
    pub(super) fn invalid_request(detail: &str) -> Self {
        Self::problem("invalid_request", detail)
    }

    /// A token that came as a parameter.
    pub(super) fn token(parameter: TokenParameter, fault: &TokenFault) -> Self {
        Self::problem(fault.parameter_code(parameter).code(), &fault.to_string())
    }

    /// A resource token that says something else than the token it came with.
    pub(super) fn tampered(claim: &str) -> Self {
        Self::problem("invalid_resource_token", &format!("its `{claim}` is not what the presented token says"))
    }

    fn problem(error: &str, detail: &str) -> Self {
        Self::Problem(Box::new(Problem::new(400, error, detail)))
    }
}

impl From<SignatureError> for Refusal {
    fn from(error: SignatureError) -> Self {
        Self::Signature(error)
    }
}

impl From<DiscoveryFault> for Refusal {
    fn from(fault: DiscoveryFault) -> Self {
        Self::Signature(SignatureError::new(Code::InvalidKey, fault.to_string()))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (problem, headers) = match self {
            Self::Problem(problem) => (*problem, Vec::new()),
            Self::Signature(error) => {
                let headers = [
                    ("signature-error", error.header()),
                    ("accept-signature-scheme", "jwt".to_owned()),
                    ("accept-signature-alg", accept_signature_alg()),
                ];
                (error.problem(), headers.to_vec())
            }
        };
        let mut response = problem.body().into_response();
        *response.status_mut() = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(Problem::MEDIA_TYPE));
        for (name, value) in headers {
            if let Ok(value) = HeaderValue::try_from(value) {
                response.headers_mut().insert(HeaderName::from_static(name), value);
            }
        }
        response
    }
}
