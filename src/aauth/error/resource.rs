//! The codes of a resource's authorization endpoint, and of the revocation endpoint that resources, person servers and
//! access servers have.

use super::wire_codes_with_status;

wire_codes_with_status! {
    /// "Authorization Endpoint Error Responses".
    AuthorizationErrorCode {
        /// Missing or invalid parameters.
        InvalidRequest = "invalid_request" @ 400,
        /// A scope that the resource does not define.
        InvalidScope = "invalid_scope" @ 400,
        /// The account is not held by this person.
        InvalidAccount = "invalid_account" @ 400,
        /// Internal error.
        ServerError = "server_error" @ 500,
    }
}

wire_codes_with_status! {
    /// "Revocation Response", errors.
    RevocationErrorCode {
        /// Malformed JSON, or a missing or malformed `jti` or `exp`.
        InvalidRequest = "invalid_request" @ 400,
        /// We accept no revocations from this caller.
        UnsupportedIss = "unsupported_iss" @ 403,
        /// Too many for now; `Retry-After` says when.
        RateLimited = "rate_limited" @ 429,
        /// Internal error.
        ServerError = "server_error" @ 500,
    }
}
