//! One key set of one issuer over time: when it is served, when it may be asked for again, when it is given up. Pure.
//!
//! Implements the timing rules of "JWKS Discovery and Caching" in draft-hardt-oauth-aauth-protocol-11:
//!
//! - fresh for as long as the response says, at least a minute and at most 24 hours;
//! - a `kid` it does not hold asks for a refresh;
//! - a set is asked for no more than once a minute, whatever asks;
//! - failures back off: `error_ttl` first, then a minute, doubling to a quarter of an hour, so that an issuer that
//!   recovers is noticed soon;
//! - a set that cannot be refreshed is served stale until it is 24 hours old.

use std::sync::Arc;
use std::time::Duration;

use crate::aauth::key::Jwks;
use crate::clock::Seconds;

use super::fault::DiscoveryFault;

/// A set is asked for no more often than this.
pub(super) const FLOOR: Seconds = 60;
/// A set older than this is never used.
const MAX_AGE: Seconds = 24 * 60 * 60;
/// Failures never wait longer than this.
const MAX_BACKOFF: Seconds = 15 * 60;

/// A key set as it came.
#[derive(Debug, Clone)]
pub(super) struct Fetched {
    pub(super) keys: Arc<Jwks>,
    /// Where it was found.
    pub(super) jwks_uri: String,
    /// For how long the issuer says it is fresh, or what the operator set instead.
    pub(super) lifetime: Duration,
    /// Changes whenever the document does.
    pub(super) fingerprint: u64,
    /// Bytes of the document.
    pub(super) size: usize,
    pub(super) at: Seconds,
}

/// How a fetch failed.
#[derive(Debug, Clone)]
pub(super) struct Failed {
    pub(super) fault: DiscoveryFault,
    /// Whether the key set itself was asked for, to which the floor applies.
    pub(super) asked_for_keys: bool,
}

/// What a caller is given.
#[derive(Debug, Clone)]
pub(super) enum Settled {
    /// Use these.
    Serve(Arc<Jwks>),
    /// Use these, since there is nothing newer to be had.
    ServeStale(Arc<Jwks>),
    /// There is nothing to use.
    Refuse(DiscoveryFault),
}

/// The last time the issuer was asked.
#[derive(Debug)]
struct Attempt {
    at: Seconds,
    wait: Seconds,
    fault: Option<DiscoveryFault>,
}

/// One key set of one issuer, as known now.
#[derive(Debug, Default)]
pub(super) struct Slot {
    kept: Option<Fetched>,
    last: Option<Attempt>,
    failures: u32,
}

impl Slot {
    /// The fresh set, when it holds `kid`.
    pub(super) fn fresh(&self, kid: &str, now: Seconds) -> Option<Arc<Jwks>> {
        let kept = self.usable(now)?;
        (is_fresh(kept, now) && kept.keys.select(kid).is_some()).then(|| kept.keys.clone())
    }

    /// What there is without asking.
    pub(super) fn settle(&self, kid: &str, now: Seconds) -> Settled {
        if let Some(keys) = self.fresh(kid, now) {
            return Settled::Serve(keys);
        }
        let fault = self.last.as_ref().and_then(|last| last.fault.clone());
        match (self.usable(now), fault) {
            (Some(kept), Some(_)) if kept.keys.select(kid).is_some() => Settled::ServeStale(kept.keys.clone()),
            // Without `kid`: the issuer was asked within the floor, so the key is truly unknown.
            (Some(kept), None) => Settled::Serve(kept.keys.clone()),
            // Nobody can say that a key is unknown while its issuer cannot be asked.
            (_, Some(fault)) => Settled::Refuse(fault),
            (None, None) => Settled::Refuse(DiscoveryFault::Unreachable("it has not been asked yet")),
        }
    }

    /// What stands in while a fetch takes longer than the caller can wait.
    pub(super) fn meanwhile(&self, kid: &str, now: Seconds) -> Settled {
        match self.usable(now) {
            Some(kept) if kept.keys.select(kid).is_some() => Settled::ServeStale(kept.keys.clone()),
            Some(_) | None => Settled::Refuse(DiscoveryFault::TimedOut),
        }
    }

    /// Whether the floor and the back-off allow asking the issuer.
    pub(super) fn may_ask(&self, now: Seconds) -> bool {
        self.last.as_ref().is_none_or(|last| age(last.at, now).is_none_or(|waited| waited >= last.wait))
    }

    /// The set as kept, unless it is too old.
    pub(super) fn usable(&self, now: Seconds) -> Option<&Fetched> {
        self.kept.as_ref().filter(|kept| age(kept.at, now).is_some_and(|age| age <= MAX_AGE))
    }

    /// Notes that the issuer is being asked; what stays on record should no result ever come.
    pub(super) fn begin(&mut self, now: Seconds) {
        let fault = Some(DiscoveryFault::Unreachable("the attempt was interrupted"));
        self.last = Some(Attempt { at: now, wait: FLOOR, fault });
    }

    /// Takes a new set. The keys of an unchanged document stay the very same, so that callers can tell.
    pub(super) fn succeed(&mut self, mut fetched: Fetched, now: Seconds) {
        if let Some(kept) = self.kept.as_ref().filter(|kept| kept.fingerprint == fetched.fingerprint) {
            fetched.keys = kept.keys.clone();
        }
        self.kept = Some(fetched);
        self.last = Some(Attempt { at: now, wait: FLOOR, fault: None });
        self.failures = 0;
    }

    /// Takes a failure.
    pub(super) fn fail(&mut self, failed: Failed, error_ttl: Duration, now: Seconds) {
        if !failed.fault.leaves_kept_keys_usable() {
            self.kept = None;
        }
        let backoff = match self.failures {
            0 => seconds(error_ttl).min(MAX_BACKOFF),
            n => (FLOOR << (n - 1).min(8)).min(MAX_BACKOFF),
        };
        let wait = if failed.asked_for_keys { backoff.max(FLOOR) } else { backoff };
        self.failures = self.failures.saturating_add(1);
        self.last = Some(Attempt { at: now, wait, fault: Some(failed.fault) });
    }

    /// Bytes of the document kept.
    pub(super) fn size(&self) -> usize {
        self.kept.as_ref().map_or(0, |kept| kept.size)
    }
}

fn is_fresh(kept: &Fetched, now: Seconds) -> bool {
    let lifetime = seconds(kept.lifetime).clamp(FLOOR, MAX_AGE);
    age(kept.at, now).is_some_and(|age| age < lifetime)
}

/// `None` when the clock was set back since: what it says about `at` is then worth nothing.
fn age(at: Seconds, now: Seconds) -> Option<Seconds> {
    Some(now.saturating_sub(at)).filter(|age| *age >= 0)
}

fn seconds(duration: Duration) -> Seconds {
    Seconds::try_from(duration.as_secs()).unwrap_or(Seconds::MAX)
}

#[cfg(test)]
mod tests;
