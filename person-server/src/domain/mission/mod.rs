//! A mission: what the person agreed that an agent does, and what became of it.
//!
//! Implements "Mission Approval", "Mission Identifier" and "Mission Management" of draft-hardt-oauth-aauth-protocol-11,
//! as values. What was approved is the exact bytes of the blob and never changes; a mission that has ended stays so,
//! because there is no transition to [`MissionState::Active`].
//!
//! | file | what it is |
//! |---|---|
//! | `terms` | what was approved, and the blob that says so |
//! | `log` | what happened under a mission, in order |
//! | `iso8601` | times as the blob writes them |

mod iso8601;
mod log;
mod terms;

use aauth_authorizer::clock::Seconds;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use sha2::{Digest as _, Sha256};

use super::agent::AgentKey;
use super::person::PersonKey;

pub use log::{LogEntry, LogKind, NewEntry, update_text};
pub use terms::{MAX_RESOURCES, MAX_TOOLS, Terms};

/// A mission.
#[derive(Debug, Clone, PartialEq)]
pub struct Mission {
    /// Its identifier: the digest of the blob.
    pub s256: String,
    /// Whose work it is.
    pub agent: AgentKey,
    /// Who approved it.
    pub person: PersonKey,
    /// The exact bytes that were approved, which are JSON.
    pub blob: String,
    /// What they say.
    pub terms: Terms,
    /// Where it stands.
    pub state: MissionState,
}

impl Mission {
    /// A mission that the person has just approved. `salt` is random.
    pub fn approved(agent: &AgentKey, person: &PersonKey, terms: Terms, salt: &str) -> Self {
        let blob = terms.blob(&agent.sub, salt);
        Self {
            s256: digest(blob.as_bytes()),
            agent: agent.clone(),
            person: person.clone(),
            blob,
            terms,
            state: MissionState::Active,
        }
    }

    /// Where it stands at this time, whether or not that was written down: "Every PS decision path that acts on a
    /// mission MUST compare the current time to expires_at".
    pub fn state_at(&self, now: Seconds) -> MissionState {
        match (self.state, self.terms.expires_at) {
            (MissionState::Active, Some(end)) if end <= now => {
                MissionState::Terminated(Termination { reason: Reason::Expired, at: end })
            }
            (state, _) => state,
        }
    }

    /// How it ended, if it has.
    pub fn over(&self, now: Seconds) -> Option<Termination> {
        match self.state_at(now) {
            MissionState::Active => None,
            MissionState::Terminated(termination) => Some(termination),
        }
    }

    /// The names of the tools that need no permission.
    pub fn tool_names(&self) -> impl Iterator<Item = &str> {
        self.terms.tools.iter().map(|tool| tool.name.as_str())
    }
}

/// One of two states. Why a mission ended is no state of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissionState {
    /// The agent works on it.
    Active,
    /// It is over, for good.
    Terminated(Termination),
}

/// How a mission ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Termination {
    /// Why.
    pub reason: Reason,
    /// When.
    pub at: Seconds,
}

/// Why a mission ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The person accepted that it is done.
    Completed,
    /// It was withdrawn.
    Revoked,
    /// Its time was up.
    Expired,
    /// Another mission took its place.
    Superseded,
    /// An operator ended it.
    Administrative,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 5] = [Self::Completed, Self::Revoked, Self::Expired, Self::Superseded, Self::Administrative];

    /// `termination_reason`, in the store too.
    pub fn name(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Superseded => "superseded",
            Self::Administrative => "administrative",
        }
    }

    /// The reason of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }
}

/// The unpadded base64url SHA-256 of the bytes: what `s256` is of a blob and of an update.
pub fn digest(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(bytes))
}

/// Whether the text has the form of a digest. 43 symbols are 258 bits, so the last of them ends in two zeros.
pub fn is_digest(text: &str) -> bool {
    BASE64_URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 32)
}

#[cfg(test)]
mod tests;
