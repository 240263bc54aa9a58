//! Tokens that are withdrawn, and who is told of it.
//!
//! Implements the outcomes of "Revocation Response" and the recipients of "Who Revokes What" in
//! draft-hardt-oauth-aauth-protocol-11. Who tells them, and over what, is `app`'s.

use aauth_authorizer::aauth::identifier::ServerId;
use aauth_authorizer::clock::Seconds;
use serde::{Deserialize, Serialize};

use super::agent::AgentKey;
use super::issued::{Issued, IssuedKind, Revocation, SKEW, TokenRef};
use super::pending::PendingId;
use super::person::PersonKey;

/// The first wait before somebody who could not be told is tried again, in seconds. It doubles each time.
const FIRST_RETRY: Seconds = 15;
/// The longest.
const LAST_RETRY: Seconds = 600;

/// Who asked for a withdrawal, and so who may ask how far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asker {
    /// The server that issued the token.
    Server(ServerId),
    /// The person.
    Person(PersonKey),
}

/// Why tokens are withdrawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// The issuer of another token withdrew it: an agent provider an agent token, a resource a resource token.
    Told {
        /// Which token.
        revocation: Revocation,
        /// How many of one issuer are remembered.
        limit: u32,
    },
    /// The person ended an agent.
    Agent(PersonKey, AgentKey),
    /// What an agent holds is not to be trusted any more, though the agent is.
    Held(PersonKey, AgentKey),
    /// The person took a consent back.
    Consent(PersonKey, String),
    /// A mission is over.
    Mission(PersonKey, String),
    /// The person took one token back.
    Token(PersonKey, TokenRef),
}

impl Cause {
    /// Who asked.
    pub fn asker(&self) -> Asker {
        match self {
            Self::Told { revocation, .. } => Asker::Server(revocation.token.iss.clone()),
            Self::Agent(person, _)
            | Self::Held(person, _)
            | Self::Consent(person, _)
            | Self::Mission(person, _)
            | Self::Token(person, _) => Asker::Person(person.clone()),
        }
    }
}

/// A withdrawal that was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawal {
    /// Its unguessable name.
    pub id: String,
    /// Who asked.
    pub asker: Asker,
    /// How many tokens it reached.
    pub tokens: i64,
    /// When.
    pub at: Seconds,
}

/// What became of asking for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Withdrawn {
    /// It is recorded.
    Recorded {
        /// Its name.
        id: String,
        /// The asks that ended with it.
        ended: Vec<PendingId>,
    },
    /// It was recorded before, under this name. Whoever could not be told is told again.
    Before {
        /// Its name.
        id: String,
    },
    /// Its issuer has withdrawn as many as are remembered of one.
    TooMany,
    /// There is nothing of that name that this person could withdraw.
    NotTheirs,
}

/// In which role somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A resource the token was for.
    Resource,
    /// An access server the token was shown to.
    Access,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 2] = [Self::Resource, Self::Access];

    /// Its name in the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::Resource => "resource",
            Self::Access => "access",
        }
    }
}

/// How far telling somebody got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// Not yet.
    Due,
    /// They tell others first, and are asked again at this URL.
    Awaited {
        /// Where.
        url: String,
    },
    /// They recorded it.
    Recorded,
    /// They take no revocations, of ours or at all, and honor the token until its end.
    Unsupported,
    /// They could not be reached, or made no sense. They are tried again.
    Unavailable,
}

impl Told {
    /// Its name in the store and in the API.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Awaited { .. } => "awaited",
            Self::Recorded => "recorded",
            Self::Unsupported => "unsupported",
            Self::Unavailable => "unavailable",
        }
    }

    /// The draft's name of the failure, where it is one.
    pub fn error(&self) -> Option<&'static str> {
        match self {
            Self::Unsupported => Some("revocation_unsupported"),
            Self::Unavailable => Some("revocation_unavailable"),
            Self::Due | Self::Awaited { .. } | Self::Recorded => None,
        }
    }

    /// "A downstream revocation is terminal when it was recorded there, or when it ended in one of two ways".
    pub fn is_terminal(&self) -> bool {
        match self {
            Self::Recorded | Self::Unsupported | Self::Unavailable => true,
            Self::Due | Self::Awaited { .. } => false,
        }
    }
}

/// What an access server says of a resource that it told in turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Downstream {
    /// The resource, as the access server has it.
    pub recipient: String,
    /// What went wrong there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Somebody who has to know that a token of ours was withdrawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The token.
    pub jti: String,
    /// Who.
    pub recipient: ServerId,
    /// As what.
    pub role: Role,
    /// The token's end.
    pub exp: Seconds,
    /// How far that got.
    pub told: Told,
    /// How often it was tried.
    pub tries: i64,
    /// What an access server says of its own recipients.
    pub downstream: Vec<Downstream>,
}

impl Notice {
    /// Whether there is nothing left to wait for: they know, they never will, or the token is over by itself.
    pub fn is_settled(&self, now: Seconds) -> bool {
        self.told.is_terminal() || now >= self.exp + SKEW
    }

    /// When somebody who could not be told is tried again.
    pub fn retry_at(&self, now: Seconds, asked_to_wait: Option<Seconds>) -> Seconds {
        let doublings = self.tries.clamp(0, 16).unsigned_abs();
        let backoff = FIRST_RETRY.saturating_mul(1 << doublings).min(LAST_RETRY);
        now + backoff.max(asked_to_wait.unwrap_or_default().min(LAST_RETRY))
    }
}

/// Who is told of a token: the resource a person token or an auth token of ours is for, and each access server that was
/// shown a person token. What an access server issued is its own to withdraw, once it knows of the person token.
pub fn recipients(issued: &Issued, shown_to: Vec<ServerId>) -> Vec<(ServerId, Role)> {
    let resource = (issued.resource.clone(), Role::Resource);
    match issued.kind {
        IssuedKind::Person => {
            std::iter::once(resource).chain(shown_to.into_iter().map(|server| (server, Role::Access))).collect()
        }
        IssuedKind::Auth => vec![resource],
        IssuedKind::Federated => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(tries: i64) -> Notice {
        Notice {
            jti: "t".into(),
            recipient: ServerId::parse("https://r.example").unwrap(),
            role: Role::Resource,
            exp: 3600,
            told: Told::Unavailable,
            tries,
            downstream: Vec::new(),
        }
    }

    #[test]
    fn retries_come_further_and_further_apart_within_bounds() {
        let waits: Vec<_> = (0..8).map(|tries| notice(tries).retry_at(100, None) - 100).collect();
        assert_eq!(waits, [15, 30, 60, 120, 240, 480, 600, 600]);
        assert_eq!(notice(i64::MAX).retry_at(0, None), 600);
        assert_eq!(notice(0).retry_at(0, Some(90)), 90);
        assert_eq!(notice(0).retry_at(0, Some(86_400)), 600);
    }

    #[test]
    fn a_notice_is_settled_by_its_outcome_or_by_the_end_of_the_token() {
        let waits = Notice { told: Told::Due, ..notice(0) };
        assert!(!waits.is_settled(3600));
        assert!(waits.is_settled(3600 + SKEW));
        assert!(notice(0).is_settled(0));
        assert!(!Notice { told: Told::Awaited { url: "https://as.example/p".into() }, ..notice(0) }.is_settled(0));
    }
}
