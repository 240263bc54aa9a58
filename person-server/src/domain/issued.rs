//! What is kept of a token, so that it can be withdrawn: never the token.
//!
//! Implements the records of "Revocation Cascade" and "Person Token Endpoint", retention.

use aauth_authorizer::aauth::identifier::ServerId;
use aauth_authorizer::clock::Seconds;

use super::agent::AgentKey;
use super::person::PersonKey;

/// How long a record outlives its token, in seconds.
pub const SKEW: Seconds = 60;

/// An agent token that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenAgentToken {
    /// Whose.
    pub agent: AgentKey,
    /// Its identifier.
    pub jti: String,
    /// Its end.
    pub exp: Seconds,
}

/// A token, by who issued it and which one it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TokenRef {
    /// The issuer.
    pub iss: ServerId,
    /// Its identifier.
    pub jti: String,
}

/// Which of the two tokens that a person server issues or obtains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssuedKind {
    /// A person token.
    Person,
    /// An auth token of ours.
    Auth,
    /// An auth token of an access server's.
    Federated,
}

impl IssuedKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Person, Self::Auth, Self::Federated];

    /// Its name in the store and in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Auth => "auth",
            Self::Federated => "federated",
        }
    }
}

/// A token that was issued, or obtained of an access server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// Which kind.
    pub kind: IssuedKind,
    /// Which token. The issuer is this server, or the access server.
    pub token: TokenRef,
    /// For which resource.
    pub resource: ServerId,
    /// To which agent; the parent, for a sub-agent.
    pub agent: AgentKey,
    /// To which sub-agent.
    pub subagent: Option<String>,
    /// For which person.
    pub person: PersonKey,
    /// Under which name.
    pub sub: String,
    /// To what.
    pub scopes: Vec<String>,
    /// On which mission.
    pub mission: Option<String>,
    /// The person token it goes back to; itself, for a person token.
    pub root: String,
    /// The token of an earlier call it was issued on.
    pub upstream: Option<TokenRef>,
    /// How it was decided: `policy`, `consent` or `person`.
    pub decided_by: String,
    /// When.
    pub issued_at: Seconds,
    /// Its end.
    pub exp: Seconds,
}

/// A token somebody withdrew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    /// Which.
    pub token: TokenRef,
    /// Its end, which is how long this has to be remembered.
    pub exp: Seconds,
    /// When.
    pub at: Seconds,
}
