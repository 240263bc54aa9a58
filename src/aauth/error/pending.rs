//! The codes of a request that waits: what its pending URL answers in the end, what a callback reports of an interaction,
//! and what the interaction endpoint says when it cannot relay one.
//!
//! Implements "Polling Error Codes", "Interaction Callback Errors" and "Interaction Endpoint Errors".

use super::{wire_codes, wire_codes_with_status};

wire_codes_with_status! {
    /// "Polling Error Codes": the end of a pending request, but for `slow_down`.
    PollErrorCode {
        /// The person, or whoever approves, said no.
        Denied = "denied" @ 403,
        /// The person came with the code and did not finish.
        Abandoned = "abandoned" @ 403,
        /// Nobody decided in time.
        Expired = "expired" @ 408,
        /// A token that the request rests on was revoked.
        Revoked = "revoked" @ 403,
        /// The interaction code is unknown or used up.
        InvalidCode = "invalid_code" @ 410,
        /// The poller must wait 5 seconds longer between polls.
        SlowDown = "slow_down" @ 429,
        /// Internal error.
        ServerError = "server_error" @ 500,
    }
}

impl PollErrorCode {
    /// Whether polling is over.
    pub const fn is_terminal(self) -> bool {
        match self {
            Self::SlowDown => false,
            Self::Denied | Self::Abandoned | Self::Expired | Self::Revoked | Self::InvalidCode | Self::ServerError => {
                true
            }
        }
    }
}

wire_codes! {
    /// "Interaction Callback Errors": the `error` parameter of a callback URL.
    CallbackErrorCode {
        /// The person said no.
        AccessDenied = "access_denied",
        /// The person began and did not finish.
        UserAbandoned = "user_abandoned",
        /// Whoever handles the interaction failed.
        ServerError = "server_error",
        /// Whoever handles the interaction cannot for now.
        TemporarilyUnavailable = "temporarily_unavailable",
        /// The person did not finish in time.
        InteractionExpired = "interaction_expired",
    }
}

impl CallbackErrorCode {
    /// What a poller is told, where a resource's interaction failed on the way to an auth token: "Resource-Initiated
    /// Interaction".
    pub const fn as_poll_error(self) -> PollErrorCode {
        match self {
            Self::AccessDenied => PollErrorCode::Denied,
            Self::UserAbandoned => PollErrorCode::Abandoned,
            Self::InteractionExpired => PollErrorCode::Expired,
            Self::ServerError | Self::TemporarilyUnavailable => PollErrorCode::ServerError,
        }
    }
}

impl From<CallbackErrorCode> for PollErrorCode {
    fn from(code: CallbackErrorCode) -> Self {
        code.as_poll_error()
    }
}

wire_codes_with_status! {
    /// "Interaction Endpoint Errors".
    InteractionErrorCode {
        /// There is no channel to the person for this; the agent directs them itself. Not the end.
        InteractionUnavailable = "interaction_unavailable" @ 424,
    }
}
