//! The codes of token endpoints: "Token Endpoint Error Codes".
//!
//! Codes of a token exist only where it came as a parameter; the token in `Signature-Key` fails as a signature does.

use super::wire_codes_with_status;

wire_codes_with_status! {
    /// "Token Endpoint Error Codes".
    TokenEndpointErrorCode {
        /// Malformed JSON, or a field is missing or is not what it must be.
        InvalidRequest = "invalid_request" @ 400,
        /// The resource token is malformed, not signed by its issuer, or speaks of something else.
        InvalidResourceToken = "invalid_resource_token" @ 400,
        /// The resource token has expired.
        ExpiredResourceToken = "expired_resource_token" @ 400,
        /// The resource has withdrawn the resource token.
        RevokedResourceToken = "revoked_resource_token" @ 400,
        /// The presented token is malformed, not signed by its issuer, or neither a person token nor an auth token.
        InvalidPresentedToken = "invalid_presented_token" @ 400,
        /// The presented token has expired.
        ExpiredPresentedToken = "expired_presented_token" @ 400,
        /// The presented token's issuer has withdrawn it.
        RevokedPresentedToken = "revoked_presented_token" @ 400,
        /// The upstream token is malformed, not signed by its issuer, or was not for the intermediary.
        InvalidUpstreamToken = "invalid_upstream_token" @ 400,
        /// The upstream token has expired.
        ExpiredUpstreamToken = "expired_upstream_token" @ 400,
        /// The upstream token was withdrawn, or its agent was.
        RevokedUpstreamToken = "revoked_upstream_token" @ 400,
        /// The sub-agent's token is malformed, not signed by its issuer, or not of a sub-agent of the signer's.
        InvalidSubagentToken = "invalid_subagent_token" @ 400,
        /// The sub-agent's token has expired.
        ExpiredSubagentToken = "expired_subagent_token" @ 400,
        /// The sub-agent's token was withdrawn.
        RevokedSubagentToken = "revoked_subagent_token" @ 400,
        /// A parameter's `iat` is further ahead of our clock than the signature window.
        ClockSkew = "clock_skew" @ 400,
        /// The person cannot be reached, and the agent cannot direct them.
        UserUnreachable = "user_unreachable" @ 403,
        /// The access server gave nothing that can be passed on.
        AsUnreachable = "as_unreachable" @ 502,
        /// Internal error.
        ServerError = "server_error" @ 500,
    }
}

/// A token that came as a parameter of a token request, and so has codes of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenParameter {
    /// `resource_token`
    Resource,
    /// `presented_token`
    Presented,
    /// `upstream_token`
    Upstream,
    /// `subagent_token`
    Subagent,
}

impl TokenParameter {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Resource, Self::Presented, Self::Upstream, Self::Subagent];

    /// The parameter's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Resource => "resource_token",
            Self::Presented => "presented_token",
            Self::Upstream => "upstream_token",
            Self::Subagent => "subagent_token",
        }
    }

    /// It cannot be believed.
    pub const fn invalid(self) -> TokenEndpointErrorCode {
        match self {
            Self::Resource => TokenEndpointErrorCode::InvalidResourceToken,
            Self::Presented => TokenEndpointErrorCode::InvalidPresentedToken,
            Self::Upstream => TokenEndpointErrorCode::InvalidUpstreamToken,
            Self::Subagent => TokenEndpointErrorCode::InvalidSubagentToken,
        }
    }

    /// It is over.
    pub const fn expired(self) -> TokenEndpointErrorCode {
        match self {
            Self::Resource => TokenEndpointErrorCode::ExpiredResourceToken,
            Self::Presented => TokenEndpointErrorCode::ExpiredPresentedToken,
            Self::Upstream => TokenEndpointErrorCode::ExpiredUpstreamToken,
            Self::Subagent => TokenEndpointErrorCode::ExpiredSubagentToken,
        }
    }

    /// It was withdrawn.
    pub const fn revoked(self) -> TokenEndpointErrorCode {
        match self {
            Self::Resource => TokenEndpointErrorCode::RevokedResourceToken,
            Self::Presented => TokenEndpointErrorCode::RevokedPresentedToken,
            Self::Upstream => TokenEndpointErrorCode::RevokedUpstreamToken,
            Self::Subagent => TokenEndpointErrorCode::RevokedSubagentToken,
        }
    }
}
