//! Time as a parameter. The system clock is read here and nowhere else, so every rule about lifetimes can be
//! tested at an exact second.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since the Unix epoch, as JWT `NumericDate` and RFC 9421 `created` count them.
pub type Seconds = i64;

/// Where "now" comes from.
pub trait Clock: std::fmt::Debug + Send + Sync {
    /// The current time, in whole seconds since the Unix epoch.
    fn now(&self) -> Seconds;
}

/// A shared clock.
pub type SharedClock = Arc<dyn Clock>;

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Seconds {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the system clock")]
        let now = SystemTime::now();
        // A clock before 1970 makes every token expired, which fails closed.
        now.duration_since(UNIX_EPOCH).map_or(i64::MAX, |d| i64::try_from(d.as_secs()).unwrap_or(i64::MAX))
    }
}

/// A clock that stands where it is put, for tests and for `authorizer test`.
#[derive(Debug, Clone)]
pub struct FixedClock(Arc<AtomicI64>);

impl FixedClock {
    /// A clock standing at `now`.
    pub fn at(now: Seconds) -> Self {
        Self(Arc::new(AtomicI64::new(now)))
    }

    /// Moves this clock, and each clone of it, to `now`.
    pub fn set(&self, now: Seconds) {
        self.0.store(now, Ordering::Relaxed);
    }

    /// Moves this clock, and each clone of it, `seconds` ahead.
    pub fn advance(&self, seconds: Seconds) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Seconds {
        self.0.load(Ordering::Relaxed)
    }
}
