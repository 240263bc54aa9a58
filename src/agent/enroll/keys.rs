//! An agent's keys towards its provider: one key, or a stable one that vouches for the one that signs.

use crate::aauth::key::SigningKey;
use crate::aauth::signing::{Signer, naming_token};
use crate::clock::Seconds;

use super::super::error::AgentError;
use super::super::signed::Unsigned;

/// Seconds that a stable key's word for another key lasts: one request's time.
const NAMING_LIFETIME: Seconds = 120;

/// An agent's keys.
#[derive(Debug, Clone)]
pub enum AgentKeys {
    /// One key, which is the agent and signs.
    Single(SigningKey),
    /// Two, of which one is the agent and may rest in hardware, and the other signs for a while.
    Two {
        /// The one that stays.
        stable: SigningKey,
        /// The one that agent tokens are bound to.
        signing: SigningKey,
    },
}

impl AgentKeys {
    /// The key that agent tokens are bound to.
    pub fn signing(&self) -> &SigningKey {
        match self {
            Self::Single(key) => key,
            Self::Two { signing, .. } => signing,
        }
    }

    /// The same agent, signing by another key from now on.
    pub(super) fn signing_by(&self, next: SigningKey) -> Result<Self, AgentError> {
        match self {
            Self::Single(_) => Err(AgentError::BadRequest("an agent with a single key cannot change it".to_owned())),
            Self::Two { stable, .. } => Ok(Self::Two { stable: stable.clone(), signing: next }),
        }
    }

    /// A request's headers, signed under `hwk` or `jkt-jwt`.
    pub(super) fn signed(&self, request: Unsigned<'_>, now: Seconds) -> Result<Vec<(String, String)>, String> {
        match self {
            Self::Single(key) => request.signed(Signer::Pseudonymous, key, now),
            Self::Two { stable, signing } => {
                let token = naming_token(stable, signing.public(), now, NAMING_LIFETIME);
                request.signed(Signer::Delegated { token: &token }, signing, now)
            }
        }
    }
}
