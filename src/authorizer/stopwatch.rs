//! How long something took. Durations are for logs and metrics; nothing is decided by them.

use std::time::Instant;

/// A running measurement.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    pub(crate) fn start() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the one place that measures durations")]
        let start = Instant::now();
        Self(start)
    }

    /// Microseconds since the start.
    pub(crate) fn micros(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}
