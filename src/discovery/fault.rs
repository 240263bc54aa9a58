//! Why an issuer's keys could not be had. A fault is remembered for a while, so it is small and cheap to clone.

use crate::aauth::key::InvalidJwks;
use crate::aauth::metadata::MetadataFault;

use super::egress::NotAdmitted;

/// Why an issuer's keys could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DiscoveryFault {
    // The issuer's: it published something that must not be followed or cannot be read.
    /// Egress admission refuses where the issuer, or its `jwks_uri`, leads.
    #[error("the issuer leads where no key is fetched from: {0}")]
    NotAdmitted(#[from] NotAdmitted),
    /// The metadata document has no `issuer`.
    #[error("the issuer's metadata document has no `issuer`")]
    IssuerMissing,
    /// The metadata document names another issuer.
    #[error("the issuer's metadata document names another issuer")]
    IssuerMismatch,
    /// The metadata document cannot be read.
    #[error("the issuer's metadata cannot be used: {0}")]
    InvalidMetadata(MetadataFault),
    /// The key set cannot be read.
    #[error("the issuer's key set cannot be used: {0}")]
    InvalidJwks(#[from] InvalidJwks),
    /// A document is longer than we read.
    #[error("the issuer's document is larger than {0} bytes")]
    TooLarge(usize),
    /// The issuer answered something other than 200; redirects are not followed.
    #[error("the issuer answered with status {0}")]
    Status(u16),

    // The operator's, or ours.
    /// The request is none that can be sent.
    #[error("the request cannot be sent: {0}")]
    Unsendable(&'static str),

    // Nobody's, or the network's: it may be better in a minute.
    /// No connection, or a broken one.
    #[error("the issuer could not be reached: {0}")]
    Unreachable(&'static str),
    /// The answer did not come in time.
    #[error("the issuer did not answer in time")]
    TimedOut,
}

impl DiscoveryFault {
    /// Whether a key set fetched earlier may still stand in. Not when the issuer's own document disowns it.
    pub(super) fn leaves_kept_keys_usable(&self) -> bool {
        match self {
            Self::NotAdmitted(_) | Self::IssuerMissing | Self::IssuerMismatch => false,
            Self::InvalidMetadata(_)
            | Self::InvalidJwks(_)
            | Self::TooLarge(_)
            | Self::Status(_)
            | Self::Unsendable(_)
            | Self::Unreachable(_)
            | Self::TimedOut => true,
        }
    }
}

impl From<MetadataFault> for DiscoveryFault {
    fn from(fault: MetadataFault) -> Self {
        match fault {
            MetadataFault::IssuerMissing => Self::IssuerMissing,
            MetadataFault::IssuerMismatch => Self::IssuerMismatch,
            MetadataFault::NotJson | MetadataFault::JwksUriMissing | MetadataFault::Member { .. } => {
                Self::InvalidMetadata(fault)
            }
        }
    }
}
