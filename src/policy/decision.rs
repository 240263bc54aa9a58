//! The answer: permit, or denied with what would change it.

use std::sync::Arc;

use super::annotations::Require;

/// What the policies say to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Yes or no.
    pub outcome: Outcome,
    /// The ids of the policies that determined it, sorted: the forbids that matched, else the permits that did.
    pub policies: Vec<Arc<str>>,
    /// The policies that failed to evaluate. Any of them makes the outcome a denial.
    pub errors: Vec<PolicyError>,
    /// The generation of the policies that were asked.
    pub generation: u64,
    /// What the `@shadow` policies would have said. None of it was enforced.
    pub shadow: Vec<ShadowVerdict>,
}

impl Decision {
    /// Whether the request may pass.
    pub fn is_permit(&self) -> bool {
        matches!(self.outcome, Outcome::Permit { .. })
    }
}

/// Yes or no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The request may pass.
    Permit {
        /// Headers for the upstream, from `@header_NAME`; names in lower case, each once.
        headers: Vec<(Arc<str>, Arc<str>)>,
        /// Dynamic metadata, from `@metadata_NAME`; each name once.
        metadata: Vec<(Arc<str>, Arc<str>)>,
    },
    /// It may not.
    Deny(Denial),
}

/// Why a request is denied, and what to tell the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// Why.
    pub cause: Cause,
    /// For the caller, from `@reason`.
    pub reason: Option<Arc<str>>,
    /// The status of the response when there is no challenge.
    pub status: u16,
    /// What would change the answer.
    pub challenge: Option<Ask>,
}

impl Denial {
    /// A denial with nothing to say but its cause.
    pub(super) fn plain(cause: Cause) -> Self {
        Self { cause, reason: None, status: 403, challenge: None }
    }
}

/// Why a request is denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// A forbid matched.
    Forbidden,
    /// No permit matched.
    NothingPermits,
    /// A policy failed to evaluate, or the question could not be put.
    EvaluationError,
    /// The resource, the method, or the caller asking for this method is not in the schema.
    NotInSchema,
    /// The path or the query could be read in two ways, or is too large to read.
    Unreadable,
}

impl Cause {
    /// Its name in logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Forbidden => "forbidden",
            Self::NothingPermits => "nothing_permits",
            Self::EvaluationError => "evaluation_error",
            Self::NotInSchema => "not_in_schema",
            Self::Unreadable => "unreadable",
        }
    }
}

/// What to ask the caller for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// The requirement.
    pub require: Require,
    /// Every scope the token asked for has to hold, sorted.
    pub scopes: Vec<String>,
}

/// A policy that failed to evaluate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyError {
    /// Its id; empty when the question itself could not be put.
    pub policy: Arc<str>,
    /// How it failed.
    pub message: String,
}

/// Which way a policy decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// It permits.
    Permit,
    /// It forbids.
    Forbid,
}

/// What a `@shadow` policy that matched, or failed, would have done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShadowVerdict {
    /// Its id.
    pub policy: Arc<str>,
    /// Which way it decides.
    pub effect: Effect,
    /// How it failed to evaluate, if it did.
    pub error: Option<String>,
}
