//! How a request is refused, whoever's fault it is. What it looks like on the wire is `routes`'s.

use aauth_authorizer::aauth::error::{
    Problem, SignatureError, SignatureErrorCode, TokenEndpointErrorCode as Code, TokenParameter,
};
use aauth_authorizer::aauth::token::TokenFault;
use aauth_authorizer::clock::Seconds;
use aauth_authorizer::discovery::DiscoveryFault;

use crate::store::StoreError;

/// A refusal.
#[derive(Debug, Clone)]
pub enum Refusal {
    /// The signature does not prove who calls: 401 and `Signature-Error`.
    Signature(SignatureError),
    /// Anything else: a problem details body.
    Problem(Box<Problem>),
    /// Too much of something: a problem details body and `Retry-After`.
    Later(Box<Problem>, Seconds),
}

/// What a use case gives.
pub type Outcome<T> = Result<T, Refusal>;

impl Refusal {
    /// A token endpoint error.
    pub fn token_endpoint(code: Code, detail: impl Into<String>) -> Self {
        Self::problem(code.status(), code.code(), detail)
    }

    /// A request that lacks something, or holds what it must not.
    pub fn invalid_request(detail: impl Into<String>) -> Self {
        Self::token_endpoint(Code::InvalidRequest, detail)
    }

    /// A token that came as a request parameter.
    pub fn token(parameter: TokenParameter, fault: &TokenFault) -> Self {
        Self::token_endpoint(fault.parameter_code(parameter), fault.to_string())
    }

    /// The keys of the issuer of a parameter's token cannot be had.
    pub fn undiscovered(parameter: TokenParameter, fault: &DiscoveryFault) -> Self {
        Self::token_endpoint(parameter.invalid(), fault.to_string())
    }

    /// A problem of this status and code.
    pub fn problem(status: u16, error: &str, detail: impl Into<String>) -> Self {
        Self::Problem(Box::new(Problem::new(status, error, detail)))
    }

    /// Not now.
    pub fn later(status: u16, error: &str, detail: impl Into<String>, retry_after: Seconds) -> Self {
        Self::Later(Box::new(Problem::new(status, error, detail)), retry_after)
    }

    /// Nothing is here, for this caller.
    pub fn not_found() -> Self {
        Self::problem(404, "not_found", "there is nothing here for this caller")
    }

    /// Our fault. What exactly is in our log.
    pub fn server_error() -> Self {
        Self::token_endpoint(Code::ServerError, "the person server failed; its operator can see why")
    }
}

impl From<SignatureError> for Refusal {
    fn from(error: SignatureError) -> Self {
        Self::Signature(error)
    }
}

impl From<DiscoveryFault> for Refusal {
    /// The keys of whoever signs cannot be had.
    fn from(fault: DiscoveryFault) -> Self {
        let code = match fault {
            DiscoveryFault::IssuerMissing => SignatureErrorCode::IssuerMissing,
            DiscoveryFault::IssuerMismatch => SignatureErrorCode::IssuerMismatch,
            DiscoveryFault::NotAdmitted(_)
            | DiscoveryFault::InvalidMetadata(_)
            | DiscoveryFault::InvalidJwks(_)
            | DiscoveryFault::TooLarge(_)
            | DiscoveryFault::Status(_)
            | DiscoveryFault::Unsendable(_)
            | DiscoveryFault::Unreachable(_)
            | DiscoveryFault::TimedOut => SignatureErrorCode::InvalidKey,
        };
        Self::Signature(SignatureError::new(code, fault.to_string()))
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        if error.is_of_the_moment() {
            return Self::later(503, "temporarily_unavailable", "the person server is busy", 1);
        }
        tracing::error!(%error, "the store failed");
        Self::server_error()
    }
}
