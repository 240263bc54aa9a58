//! How much of everything one process takes on. Each limit has a ceiling, so that none can be switched off.

use std::time::Duration;

use super::reader::Section;
use super::{duration, size, values::count};

/// The bounds of one process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Checks under way at once; one more is answered 503.
    pub max_concurrent_checks: usize,
    /// How long a check may take, discovery included; then 503.
    pub check_timeout: Duration,
    /// The largest body whose `Content-Digest` is checked, in bytes.
    pub max_body: usize,
    /// The largest token that is looked at, in bytes.
    pub max_token_bytes: usize,
    /// How long checks under way may go on after a signal to stop.
    pub drain: Duration,
    /// Verified tokens that are remembered.
    pub token_cache_entries: usize,
    /// Signatures that are remembered against replay.
    pub replay_cache_entries: usize,
    /// Revoked tokens that are remembered of one issuer.
    pub revocations_per_issuer: usize,
    /// Revocations one issuer may send in a minute.
    pub revocation_rate_per_minute: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_concurrent_checks: 1024,
            check_timeout: Duration::from_secs(1),
            max_body: 64 << 10,
            max_token_bytes: 16 << 10,
            drain: Duration::from_secs(10),
            token_cache_entries: 10_000,
            replay_cache_entries: 100_000,
            revocations_per_issuer: 10_000,
            revocation_rate_per_minute: 600,
        }
    }
}

impl Limits {
    pub(super) fn read(section: &Section<'_>) -> Self {
        let mut limits = Self::default();
        let (millisecond, minute) = (Duration::from_millis(1), Duration::from_mins(1));
        section.set("max_concurrent_checks", &mut limits.max_concurrent_checks, count(1..=100_000));
        section.set("check_timeout", &mut limits.check_timeout, duration::within(10 * millisecond..=minute));
        section.set("max_body", &mut limits.max_body, size::within(0..=64 << 20));
        section.set("max_token_bytes", &mut limits.max_token_bytes, size::within(1 << 10..=256 << 10));
        section.set("drain", &mut limits.drain, duration::within(Duration::ZERO..=10 * minute));
        section.set("token_cache_entries", &mut limits.token_cache_entries, count(0..=1_000_000));
        section.set("replay_cache_entries", &mut limits.replay_cache_entries, count(1..=10_000_000));
        section.set("revocations_per_issuer", &mut limits.revocations_per_issuer, count(1..=1_000_000));
        section.set("revocation_rate_per_minute", &mut limits.revocation_rate_per_minute, count(1..=100_000));
        limits
    }
}
