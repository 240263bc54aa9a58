//! The tokens an agent holds: its own, and for each resource a person token and an auth token.
//!
//! Implements the agent's part of "Caching": the strongest token is presented, and none that is about to end.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::aauth::identifier::ServerId;
use crate::aauth::key::{CompactJws, PublicKey, thumbprint};
use crate::aauth::token::TokenType;
use crate::aauth::verify::VerifiedToken;
use crate::clock::Seconds;

use super::error::AgentError;

/// A token is replaced when less than this is left of it, or half of its life where that is shorter.
const MARGIN: Seconds = 300;

/// Resources of which tokens are held; beyond them all are forgotten, which costs an exchange each.
const MAX_RESOURCES: usize = 1024;

/// The agent token: taken on trust, since the provider gave it to us and others will verify it.
#[derive(Clone)]
pub(super) struct Own {
    compact: String,
    exp: Seconds,
}

impl Own {
    pub(super) fn read(compact: String, key: &PublicKey) -> Result<Self, AgentError> {
        let jws = CompactJws::decode(&compact).ok_or(AgentError::AgentToken("it is no JWT"))?;
        if jws.header_str("typ") != Some(TokenType::Agent.typ()) {
            return Err(AgentError::AgentToken("its type is another"));
        }
        let confirmed = jws.claims.get("cnf").and_then(|cnf| cnf.get("jwk")).and_then(|jwk| jwk.as_object());
        if confirmed.and_then(thumbprint).as_ref() != Some(key.thumbprint()) {
            return Err(AgentError::AgentToken("it is bound to another key"));
        }
        let exp = jws.claims.get("exp").and_then(serde_json::Value::as_i64);
        Ok(Self { exp: exp.ok_or(AgentError::AgentToken("it does not say when it ends"))?, compact })
    }

    /// The token, while it lasts.
    pub(super) fn compact(&self, now: Seconds) -> Result<&str, AgentError> {
        if self.exp > now { Ok(&self.compact) } else { Err(AgentError::AgentToken("it has expired")) }
    }
}

impl std::fmt::Debug for Own {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Own(until {})", self.exp)
    }
}

/// A person token or an auth token that was verified when it came.
#[derive(Clone)]
pub(super) struct Grant {
    pub(super) compact: Arc<str>,
    pub(super) token: VerifiedToken,
}

impl Grant {
    fn is_good(&self, now: Seconds) -> bool {
        let common = self.token.common();
        let margin = MARGIN.min((common.exp - common.iat) / 2);
        common.exp - now > margin
    }
}

impl std::fmt::Debug for Grant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Grant({}, until {})", self.token.typ().typ(), self.token.common().exp)
    }
}

/// Tokens by resource.
#[derive(Debug, Default)]
pub(super) struct Tokens(Mutex<HashMap<ServerId, Held>>);

#[derive(Debug, Default)]
struct Held {
    person: Option<Grant>,
    auth: Option<Grant>,
}

impl Tokens {
    /// The strongest token for a resource that is good for a while; `None` leaves the agent token.
    pub(super) fn best(&self, resource: &ServerId, now: Seconds) -> Option<Grant> {
        let held = self.lock();
        let held = held.get(resource)?;
        [&held.auth, &held.person].into_iter().flatten().find(|grant| grant.is_good(now)).cloned()
    }

    /// Holds a token in place of an earlier one of its type.
    pub(super) fn keep(&self, resource: &ServerId, grant: Grant) {
        let mut all = self.lock();
        if all.len() >= MAX_RESOURCES && !all.contains_key(resource) {
            all.clear();
        }
        let held = all.entry(resource.clone()).or_default();
        match grant.token {
            VerifiedToken::Person(_) => held.person = Some(grant),
            VerifiedToken::Auth(_) => held.auth = Some(grant),
            // An agent token is no grant and is held once for all resources.
            VerifiedToken::Agent(_) => {}
        }
    }

    /// Holds nothing for a resource any more.
    pub(super) fn forget(&self, resource: &ServerId) {
        self.lock().remove(resource);
    }

    /// A holder who panicked left a map that is still a map.
    fn lock(&self) -> MutexGuard<'_, HashMap<ServerId, Held>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
