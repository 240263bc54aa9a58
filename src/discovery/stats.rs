//! Counters of discovery, for whoever exports metrics.

use std::sync::atomic::{AtomicU64, Ordering};

/// What discovery has done since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DiscoveryStats {
    /// Key sets fetched.
    pub fetch_success: u64,
    /// Fetches that ended in a fault.
    pub fetch_error: u64,
    /// Answers given from a set past its freshness, because the issuer could not be asked.
    pub stale_served: u64,
    /// Refreshes that the once-a-minute floor or the back-off held back.
    pub held_back: u64,
    /// Issuers remembered now (approximate).
    pub entries: u64,
}

impl DiscoveryStats {
    /// What is counted, by the names that metrics give it.
    pub fn events(&self) -> [(&'static str, u64); 5] {
        [
            ("fetch_success", self.fetch_success),
            ("fetch_error", self.fetch_error),
            ("stale_served", self.stale_served),
            ("held_back", self.held_back),
            ("entries", self.entries),
        ]
    }
}

/// The counters themselves.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) fetch_success: Counter,
    pub(super) fetch_error: Counter,
    pub(super) stale_served: Counter,
    pub(super) held_back: Counter,
}

impl Counters {
    pub(super) fn snapshot(&self, entries: u64) -> DiscoveryStats {
        DiscoveryStats {
            fetch_success: self.fetch_success.count(),
            fetch_error: self.fetch_error.count(),
            stale_served: self.stale_served.count(),
            held_back: self.held_back.count(),
            entries,
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    pub(super) fn increment(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
