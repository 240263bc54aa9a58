//! Why a call came to no answer, and whose fault that is.

use crate::aauth::identifier::ServerId;
use crate::aauth::requirement::RequirementFault;
use crate::aauth::token::TokenFault;
use crate::discovery::DiscoveryFault;

/// Why a call came to no answer. A refusal is an answer and no error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AgentError {
    // The caller's.
    /// The URL cannot be called.
    #[error("`{url}` cannot be called: {why}")]
    BadUrl {
        /// Which.
        url: String,
        /// Why.
        why: &'static str,
    },
    /// The request cannot be signed or sent as it is.
    #[error("the request cannot be sent: {0}")]
    BadRequest(String),

    // The agent's own.
    /// The agent token is none, is over, or is bound to another key.
    #[error("the agent token cannot be used: {0}")]
    AgentToken(&'static str),
    /// The agent cannot start.
    #[error("the agent cannot start: {0}")]
    Setup(String),
    /// A person is wanted, and the agent has no person server.
    #[error("`{0}` wants to know for whom the agent acts, and the agent has no person server")]
    NoPersonServer(ServerId),

    // The other parties'.
    /// The resource's.
    #[error("the resource `{resource}` {fault}")]
    Resource {
        /// Which.
        resource: ServerId,
        /// What is wrong.
        fault: ResourceFault,
    },
    /// The person server's.
    #[error("the person server `{server}` {fault}")]
    PersonServer {
        /// Which.
        server: ServerId,
        /// What is wrong.
        fault: PersonServerFault,
    },
}

/// What is wrong with a resource.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResourceFault {
    /// It could not be asked.
    #[error("{0}")]
    Http(#[from] HttpFault),
    /// It requires something this agent cannot satisfy.
    #[error("requires what cannot be satisfied: {0}")]
    Requirement(#[from] RequirementFault),
    /// It asks for an auth token of an agent that has presented neither a person token nor an auth token.
    #[error("asks for an auth token before it knows the person")]
    TooEarly,
    /// Its challenge must not be carried to a person server.
    #[error("sent a challenge that is not to be believed: {0}")]
    Challenge(#[from] ChallengeFault),
    /// It has been given what it asked for, and asks again.
    #[error("still asks for more after {0} rounds")]
    Insatiable(usize),
}

/// Why a challenge is not to be believed: "Resource Challenge Verification".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChallengeFault {
    /// The resource token itself.
    #[error("its resource token: {0}")]
    Token(#[from] TokenFault),
    /// The resource's keys cannot be had.
    #[error("its keys cannot be had: {0}")]
    Keys(#[from] DiscoveryFault),
    /// A claim says something else than this agent knows.
    #[error("its resource token's `{0}` is not what it must be")]
    Claim(&'static str),
}

/// What is wrong with a person server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PersonServerFault {
    /// It could not be asked.
    #[error("{0}")]
    Http(#[from] HttpFault),
    /// Its metadata document cannot be used.
    #[error("publishes metadata that cannot be used: {0}")]
    Metadata(&'static str),
    /// It says no.
    #[error("refuses with status {status}, `{code}`: {detail}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The error code.
        code: String,
        /// What it says about it.
        detail: String,
    },
    /// It answers what it must not answer.
    #[error("answers wrongly: {0}")]
    Nonsense(&'static str),
    /// It issued a token that is not what was asked for.
    #[error("issued a token that cannot be used: {0}")]
    Token(#[from] TokenFault),
    /// The token's issuer's keys cannot be had.
    #[error("issued a token whose issuer's keys cannot be had: {0}")]
    Keys(#[from] DiscoveryFault),
    /// The token is bound to another key.
    #[error("issued a token for another key than the agent's")]
    OtherKey,
    /// It is still not decided.
    #[error("has not decided within {0} s")]
    Undecided(u64),
}

/// Why an exchange did not take place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HttpFault {
    /// Not a URL that is called.
    #[error("names a URL that is not called: {0}")]
    BadUrl(&'static str),
    /// No connection, or a broken one.
    #[error("could not be reached")]
    Unreachable,
    /// No answer in time.
    #[error("did not answer in time")]
    TimedOut,
    /// An answer longer than is read.
    #[error("answered with more than {0} bytes")]
    TooLarge(usize),
    /// A request that HTTP does not allow.
    #[error("cannot be sent this request")]
    NotHttp,
}
