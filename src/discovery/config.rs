//! What an operator may set about discovery. Reading it from a file is `authorizer`'s.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::aauth::identifier::{IdentifierRules, InvalidIdentifier, ServerId};

/// How issuers' keys are fetched and kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscoveryConfig {
    /// How long a key set stays fresh when its response does not say.
    pub success_ttl: Duration,
    /// How long the first failure to reach an issuer is remembered; later ones back off from a minute upwards.
    pub error_ttl: Duration,
    /// How many issuers are remembered; the least recently used go first.
    pub max_entries: u64,
    /// Origins, besides the issuer's own, that a `jwks_uri` may point to (`https://keys.example`).
    pub admit_jwks_origins: Vec<String>,
    /// The one `jwks_uri` that an issuer's metadata may name, by issuer. It may be on any origin.
    pub pinned_jwks: BTreeMap<ServerId, String>,
    /// What is relaxed on a developer's machine.
    pub development: Development,
}

impl Default for DiscoveryConfig {
    fn default() -> Self {
        Self {
            success_ttl: Duration::from_mins(5),
            error_ttl: Duration::from_secs(30),
            max_entries: 1000,
            admit_jwks_origins: Vec::new(),
            pinned_jwks: BTreeMap::new(),
            development: Development::default(),
        }
    }
}

/// What is relaxed on a developer's machine. Everything off is production.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Development {
    /// Admits `http`, ports and loopback addresses, for loopback hosts and `*.localhost` alone.
    pub loopback_issuers: bool,
    /// Where an origin is reached, for outgoing fetches only: `https://ps.example` to `http://127.0.0.1:8765`.
    pub connect: BTreeMap<String, String>,
}

impl Development {
    /// The identifier rules that go with it.
    pub fn identifier_rules(&self) -> IdentifierRules {
        if self.loopback_issuers { IdentifierRules::LoopbackAllowed } else { IdentifierRules::Strict }
    }

    /// Whether anything is relaxed, which is worth a loud line at start.
    pub fn is_active(&self) -> bool {
        self.loopback_issuers || !self.connect.is_empty()
    }
}

/// A discovery configuration that cannot be used: the operator's to mend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDiscovery {
    /// An admitted `jwks_uri` origin is none.
    #[error("`admit_jwks_origins`: {0}")]
    JwksOrigin(InvalidIdentifier),
    /// A `connect` key is no origin of an issuer.
    #[error("`development.connect`: {0}")]
    ConnectFrom(InvalidIdentifier),
    /// A `connect` value leads away from this machine.
    #[error("`development.connect`: `{0}` must be http://, a loopback host and a port, without a path")]
    ConnectTo(String),
    /// The HTTP client could not be made, for want of trusted root certificates for one.
    #[error("the HTTP client for discovery cannot start: {0}")]
    Client(String),
}
