//! Checks that cannot be understood, and how each is refused. A refusal it is: an RPC error would let the request pass
//! wherever a gateway fails open.

use crate::authorizer::answer::{Answer, Denied};

/// Why a check cannot be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Malformed {
    /// No message, or one that is no `CheckRequest`.
    #[error("the gateway's check cannot be decoded")]
    Undecodable,
    /// More than the listener takes.
    #[error("the request is larger than can be checked")]
    TooLarge,
    /// A check of a connection, or of nothing.
    #[error("the gateway's check holds no HTTP request")]
    NotHttp,
    /// No method, or no token.
    #[error("the request's method is missing or malformed")]
    Method,
    /// Neither `http` nor `https`.
    #[error("the request's scheme is neither http nor https")]
    Scheme,
    /// No host, or none that can be one.
    #[error("the request's host is missing or malformed")]
    Authority,
    /// No path, or one with a character that belongs to none.
    #[error("the request's path is missing or malformed")]
    Path,
    /// A very long path.
    #[error("the request's path is too long")]
    PathTooLong,
    /// A pseudo-header that came twice.
    #[error("the request has two hosts, methods, paths or schemes")]
    Ambiguous,
    /// Too many header fields, or too long ones.
    #[error("the request's header fields are too many or too long")]
    Fields,
}

impl Malformed {
    fn status(self) -> u16 {
        match self {
            Self::Undecodable
            | Self::NotHttp
            | Self::Method
            | Self::Scheme
            | Self::Authority
            | Self::Path
            | Self::Ambiguous => 400,
            Self::TooLarge => 413,
            Self::PathTooLong => 414,
            Self::Fields => 431,
        }
    }
}

impl From<Malformed> for Answer {
    fn from(fault: Malformed) -> Self {
        Self::Forbidden(Denied { status: fault.status(), code: "invalid_request", detail: fault.to_string() })
    }
}
