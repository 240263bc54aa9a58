//! Which tokens their issuers have withdrawn.
//!
//! Implements the recipient's part of "Token Revocation" of draft-hardt-oauth-aauth-protocol-11. State is keyed by
//! `(iss, jti)`, where `iss` is whoever signed the revocation, and is bounded for each issuer in entries and in rate.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use crate::aauth::identifier::ServerId;
use crate::aauth::token::MAX_AGENT_LIFETIME;
use crate::clock::Seconds;

/// Bounds on what one issuer may make us remember.
#[derive(Debug, Clone, Copy)]
pub struct RevocationLimits {
    /// Entries held for one issuer.
    pub per_issuer: usize,
    /// Revocations taken from one issuer in a minute.
    pub per_minute: u32,
}

/// Why a revocation is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RevocationRefused {
    /// Try again after so many seconds.
    #[error("too many revocations from this issuer")]
    RateLimited {
        /// Seconds.
        retry_after: Seconds,
    },
    /// `exp` is further away than any token's.
    #[error("`exp` is further in the future than any token lives")]
    TooFar,
}

/// The tokens withdrawn.
#[derive(Debug)]
pub struct Revocations {
    limits: RevocationLimits,
    issuers: RwLock<HashMap<ServerId, Issuer>>,
}

#[derive(Debug, Default)]
struct Issuer {
    revoked: HashMap<String, Seconds>,
    minute: Seconds,
    taken: u32,
}

/// Issuers held at once: only an open federation could have so many.
const MAX_ISSUERS: usize = 10_000;

/// Seconds an entry outlives its token.
const SKEW: Seconds = 60;

impl Revocations {
    /// No revocations yet.
    pub fn new(limits: RevocationLimits) -> Self {
        Self { limits, issuers: RwLock::default() }
    }

    /// Records that `issuer` withdraws its token `jti`. Again is no error: nothing new is recorded.
    pub fn record(&self, issuer: &ServerId, jti: &str, exp: Seconds, now: Seconds) -> Result<(), RevocationRefused> {
        if exp > now.saturating_add(MAX_AGENT_LIFETIME + SKEW) {
            return Err(RevocationRefused::TooFar);
        }
        let mut issuers = self.issuers.write().unwrap_or_else(PoisonError::into_inner);
        if issuers.len() >= MAX_ISSUERS && !issuers.contains_key(issuer) {
            return Err(RevocationRefused::RateLimited { retry_after: 60 });
        }
        let state = issuers.entry(issuer.clone()).or_default();
        state.within_rate(self.limits.per_minute, now)?;
        if state.revoked.contains_key(jti) || exp.saturating_add(SKEW) <= now {
            return Ok(());
        }
        state.make_room(self.limits.per_issuer, now)?;
        state.revoked.insert(jti.to_owned(), exp);
        Ok(())
    }

    /// Whether a token was withdrawn.
    pub fn is_revoked(&self, issuer: &ServerId, jti: &str) -> bool {
        let issuers = self.issuers.read().unwrap_or_else(PoisonError::into_inner);
        issuers.get(issuer).is_some_and(|state| state.revoked.contains_key(jti))
    }

    /// How many entries are held.
    pub fn len(&self) -> usize {
        let issuers = self.issuers.read().unwrap_or_else(PoisonError::into_inner);
        issuers.values().map(|state| state.revoked.len()).sum()
    }

    /// Whether none is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Issuer {
    fn within_rate(&mut self, per_minute: u32, now: Seconds) -> Result<(), RevocationRefused> {
        let minute = now.div_euclid(60);
        if minute != self.minute {
            (self.minute, self.taken) = (minute, 0);
        }
        if self.taken >= per_minute {
            return Err(RevocationRefused::RateLimited { retry_after: 60 - now.rem_euclid(60) });
        }
        self.taken += 1;
        Ok(())
    }

    fn make_room(&mut self, per_issuer: usize, now: Seconds) -> Result<(), RevocationRefused> {
        if self.revoked.len() < per_issuer {
            return Ok(());
        }
        self.revoked.retain(|_, exp| exp.saturating_add(SKEW) > now);
        if self.revoked.len() < per_issuer {
            return Ok(());
        }
        let soonest = self.revoked.values().min().copied().unwrap_or(now);
        Err(RevocationRefused::RateLimited { retry_after: (soonest + SKEW - now).max(1) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Seconds = 1_000_000;

    fn issuer(name: &str) -> ServerId {
        ServerId::parse(&format!("https://{name}.example")).unwrap()
    }

    fn revocations(per_issuer: usize, per_minute: u32) -> Revocations {
        Revocations::new(RevocationLimits { per_issuer, per_minute })
    }

    /// "Revocation Request": an issuer revokes its own tokens only.
    #[test]
    fn a_revocation_counts_for_its_issuer_alone() {
        let held = revocations(10, 10);
        held.record(&issuer("ps"), "t1", NOW + 60, NOW).unwrap();
        assert!(held.is_revoked(&issuer("ps"), "t1"));
        assert!(!held.is_revoked(&issuer("other"), "t1"));
        assert!(!held.is_revoked(&issuer("ps"), "t2"));
    }

    /// "Idempotence".
    #[test]
    fn the_same_again_records_nothing_new() {
        let held = revocations(10, 10);
        for _ in 0..3 {
            held.record(&issuer("ps"), "t1", NOW + 60, NOW).unwrap();
        }
        assert_eq!(held.len(), 1);
    }

    /// "What a recipient will accept": bounded in entries and in rate, for each issuer by itself.
    #[test]
    fn one_issuer_cannot_fill_the_memory_of_all() {
        let held = revocations(2, 100);
        held.record(&issuer("a"), "1", NOW + 60, NOW).unwrap();
        held.record(&issuer("a"), "2", NOW + 60, NOW).unwrap();
        let refused = held.record(&issuer("a"), "3", NOW + 60, NOW);
        assert_eq!(refused, Err(RevocationRefused::RateLimited { retry_after: 120 }));
        held.record(&issuer("b"), "1", NOW + 60, NOW).unwrap();
        // Once the first two are over, there is room.
        held.record(&issuer("a"), "3", NOW + 200, NOW + 121).unwrap();
        assert!(!held.is_revoked(&issuer("a"), "1"));

        let slow = revocations(100, 1);
        slow.record(&issuer("a"), "1", NOW + 60, NOW).unwrap();
        let refused = slow.record(&issuer("a"), "2", NOW + 60, NOW);
        assert_eq!(refused, Err(RevocationRefused::RateLimited { retry_after: 60 - NOW % 60 }));
        slow.record(&issuer("a"), "2", NOW + 90, NOW + 60).unwrap();
    }

    #[test]
    fn an_entry_longer_than_any_token_is_refused() {
        let held = revocations(10, 10);
        let far = NOW + MAX_AGENT_LIFETIME + SKEW + 1;
        assert_eq!(held.record(&issuer("a"), "1", far, NOW), Err(RevocationRefused::TooFar));
        held.record(&issuer("a"), "old", NOW - 61, NOW).unwrap();
        assert!(held.is_empty());
    }
}
