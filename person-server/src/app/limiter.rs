//! How often something may be done: so many times in a window, by name.
//!
//! Kept in this process: with several replicas the bound is as many times wider.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use moka::sync::Cache;

/// Names remembered at once; the least recently used go first.
const NAMES: u64 = 100_000;

/// See the module.
#[derive(Debug, Clone)]
pub struct Limiter {
    seen: Cache<String, Arc<AtomicU32>>,
    most: u32,
}

impl Limiter {
    /// At most so many in each window.
    pub fn new(most: u32, window: Duration) -> Self {
        Self { seen: Cache::builder().max_capacity(NAMES).time_to_live(window).build(), most }
    }

    /// Counts one more, and whether it is within the bound.
    pub fn admits(&self, name: &str) -> bool {
        let count = self.seen.get_with_by_ref(name, Arc::default);
        count.fetch_add(1, Ordering::Relaxed) < self.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_has_its_own_bound() {
        let limiter = Limiter::new(2, Duration::from_mins(1));
        assert_eq!(["a", "a", "a", "b"].map(|name| limiter.admits(name)), [true, true, false, true]);
    }
}
