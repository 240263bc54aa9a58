//! What a request is answered, before any proxy's format.
//!
//! There are five answers and each is made on purpose: an allow only from a permit, a 401 only from a challenge or a
//! signature failure, a 403 never with a signature header, and everything that went wrong on our side is a 503, which
//! denies even behind a gateway that fails open.

use serde_json::{Map, Value};

use crate::aauth::error::{Problem, SignatureError, SignatureErrorCode, accept_signature_alg};
use crate::aauth::requirement::Requirement;

/// The answer to one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Let it pass.
    Permit(Permit),
    /// The caller is who they say, and more is needed first.
    Challenge(Challenge),
    /// The signature is missing or fails.
    Unauthenticated(Unauthenticated),
    /// Policy, or the shape of the request, says no.
    Forbidden(Denied),
    /// Something on our side does not work.
    Unavailable(Fault),
}

/// What to pass on with the request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Permit {
    /// Headers for the upstream, each set once, replacing what came.
    pub headers: Vec<(String, String)>,
    /// Headers that must not reach the upstream. None of them is in `headers`.
    pub remove: Vec<String>,
    /// Dynamic metadata for the proxy's log and its other filters.
    pub metadata: Map<String, Value>,
}

/// A requirement for a caller whose signature verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// What is needed.
    pub requirement: Requirement,
    /// One line for the developer or the person.
    pub detail: String,
}

/// A signature failure, with what would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unauthenticated {
    /// The failure.
    pub error: SignatureError,
    /// What to present, where that is known.
    pub requirement: Option<Requirement>,
    /// The value of `Accept-Signature-Scheme`.
    pub accept_scheme: String,
}

/// A refusal that no token changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denied {
    /// 403, or what a policy's `@status` says; 4xx.
    pub status: u16,
    /// The code in the problem body.
    pub code: &'static str,
    /// For the caller.
    pub detail: String,
}

impl Denied {
    /// A plain 403.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self { status: 403, code: "forbidden", detail: detail.into() }
    }

    /// A request that cannot be understood.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self { status: 400, code: "invalid_request", detail: detail.into() }
    }
}

/// Something does not work. What exactly is for our log, not for the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Which part, for log and metrics.
    pub code: &'static str,
    /// For the operator.
    pub detail: String,
}

/// An HTTP response, as far as a denial needs one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status, never 2xx but 202.
    pub status: u16,
    /// The headers, each name once.
    pub headers: Vec<(&'static str, String)>,
    /// A problem details body.
    pub body: String,
}

impl Answer {
    /// The name of the answer in logs and metrics.
    pub fn outcome(&self) -> &'static str {
        match self {
            Self::Permit(_) => "allow",
            Self::Challenge(_) => "challenged",
            Self::Unauthenticated(_) => "unauthenticated",
            Self::Forbidden(_) => "denied",
            Self::Unavailable(_) => "unavailable",
        }
    }

    /// The code that says more, for logs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Permit(_) => "ok",
            Self::Challenge(challenge) => challenge.requirement.value(),
            Self::Unauthenticated(failure) => failure.error.code.code(),
            Self::Forbidden(denied) => denied.code,
            Self::Unavailable(fault) => fault.code,
        }
    }

    /// The response to the caller; `Err` with the permit when there is none to give.
    pub fn into_response(self) -> Result<Response, Permit> {
        let (mut headers, problem) = match self {
            Self::Permit(permit) => return Err(permit),
            Self::Challenge(Challenge { requirement, detail }) => {
                let mut problem = Problem::new(requirement.status(), "authorization_required", detail);
                problem.more.insert("requirement".into(), requirement.value().into());
                (vec![("aauth-requirement", requirement.header())], problem)
            }
            Self::Unauthenticated(failure) => (unauthenticated_headers(&failure), failure.error.problem()),
            Self::Forbidden(denied) => (vec![], Problem::new(denied.status, denied.code, denied.detail)),
            Self::Unavailable(_) => {
                let detail = "this request cannot be authorized right now";
                (vec![("retry-after", "1".to_owned())], Problem::new(503, "temporarily_unavailable", detail))
            }
        };
        headers.push(("content-type", Problem::MEDIA_TYPE.to_owned()));
        headers.push(("cache-control", "no-store".to_owned()));
        Ok(Response { status: problem.status, headers, body: problem.body() })
    }
}

/// "Verification (Server)": the failure, and what this server accepts.
fn unauthenticated_headers(failure: &Unauthenticated) -> Vec<(&'static str, String)> {
    let mut headers = vec![("signature-error", failure.error.header())];
    if let Some(requirement) = &failure.requirement {
        headers.push(("aauth-requirement", requirement.header()));
    }
    // A revoked token's owner has nothing to choose: neither scheme nor algorithm was at fault.
    if failure.error.code != SignatureErrorCode::RevokedJwt {
        headers.push(("accept-signature-scheme", failure.accept_scheme.clone()));
        headers.push(("accept-signature-alg", accept_signature_alg()));
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(code: SignatureErrorCode) -> Answer {
        Answer::Unauthenticated(Unauthenticated {
            error: SignatureError::new(code, "why"),
            requirement: None,
            accept_scheme: "jwt".into(),
        })
    }

    /// "Access Denied" of HTTP Signature Keys: a 403 carries none of the three signature headers.
    #[test]
    fn a_forbidden_answer_has_no_signature_header() {
        let response = Answer::Forbidden(Denied::forbidden("no")).into_response().unwrap();
        assert_eq!(response.status, 403);
        assert!(!response.headers.iter().any(|(name, _)| name.contains("signature")));
    }

    /// "Verification (Server)": every signature failure is a 401 with `Signature-Error`.
    #[test]
    fn every_signature_failure_is_a_401_that_says_what_is_accepted() {
        for &code in SignatureErrorCode::ALL {
            let response = failure(code).into_response().unwrap();
            assert_eq!(response.status, 401);
            assert!(response.headers.contains(&("signature-error", format!("error={}", code.code()))));
        }
        let response = failure(SignatureErrorCode::UnsupportedScheme).into_response().unwrap();
        assert!(response.headers.contains(&("accept-signature-scheme", "jwt".into())));
        assert!(response.headers.contains(&("accept-signature-alg", "Ed25519, ES256".into())));
    }

    #[test]
    fn what_is_broken_is_not_told_to_the_caller() {
        let fault = Fault { code: "discovery", detail: "10.0.0.7 refused".into() };
        let response = Answer::Unavailable(fault).into_response().unwrap();
        assert_eq!(response.status, 503);
        assert!(!response.body.contains("10.0.0.7"));
    }
}
