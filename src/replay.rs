//! Has this very request been let through before?
//!
//! Implements "Freshness and Replay" of draft-hardt-oauth-aauth-protocol-11 for requests with an effect. A request is
//! known by what its signature covers, so two requests that differ in a covered body or header are two. Only requests
//! that pass are remembered: a challenged request may come again.

use std::time::Duration;

use moka::ops::compute::{CompResult, Op};
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use sha2::{Digest as _, Sha256};

use crate::aauth::identifier::Thumbprint;
use crate::clock::Seconds;

/// Remembers signed requests for as long as their signature would be fresh.
#[derive(Debug)]
pub struct ReplayCache {
    seen: Cache<[u8; 32], ()>,
}

impl ReplayCache {
    /// A cache of at most `max_entries` requests. `window` is the longest of the resources', in seconds.
    pub fn new(max_entries: u64, window: Seconds) -> Self {
        // `created` may lie a window ahead, and then stays acceptable for two.
        let keep = u64::try_from(window).unwrap_or(0).saturating_mul(2).saturating_add(1);
        let seen = Cache::builder()
            .max_capacity(max_entries)
            // The oldest goes first. By frequency of use, a newcomer would be the one that is forgotten.
            .eviction_policy(EvictionPolicy::lru())
            .time_to_live(Duration::from_secs(keep))
            .build();
        Self { seen }
    }

    /// Whether this is the first request of this key over this signature base. Of several at once, one is first.
    pub fn is_first(&self, key: &Thumbprint, base: &[u8]) -> bool {
        let mut hash = Sha256::new();
        hash.update(key.as_str().as_bytes());
        hash.update(base);
        // Computed under the key's own lock: `or_insert` lets two racers both believe they were fresh.
        let entry = self.seen.entry(hash.finalize().into());
        let put = entry.and_compute_with(|seen| if seen.is_some() { Op::Nop } else { Op::Put(()) });
        matches!(put, CompResult::Inserted(_))
    }
}

impl ReplayCache {
    /// How many requests are remembered, about.
    pub fn len(&self) -> u64 {
        self.seen.entry_count()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Methods without effect may be repeated.
pub fn is_safe(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS" | "TRACE")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aauth::key::SigningKey;

    #[test]
    fn the_second_time_is_not_the_first() {
        let cache = ReplayCache::new(10, 60);
        let (one, two) = (SigningKey::ed25519("a", &[1; 32]), SigningKey::ed25519("a", &[2; 32]));
        assert!(cache.is_first(one.public().thumbprint(), b"base"));
        assert!(!cache.is_first(one.public().thumbprint(), b"base"));
        assert!(cache.is_first(two.public().thumbprint(), b"base"));
        assert!(cache.is_first(one.public().thumbprint(), b"other"));
    }

    #[test]
    fn one_of_many_at_once_is_first() {
        let cache = ReplayCache::new(1000, 60);
        let key = SigningKey::ed25519("a", &[1; 32]);
        for round in 0..200_u32 {
            let base = round.to_be_bytes();
            let race = || usize::from(cache.is_first(key.public().thumbprint(), &base));
            let firsts: usize = std::thread::scope(|scope| {
                let racers: Vec<_> = (0..8).map(|_| scope.spawn(race)).collect();
                racers.into_iter().map(|racer| racer.join().unwrap()).sum()
            });
            assert_eq!(firsts, 1, "round {round}");
        }
    }
}
