//! The cache of issuers' key sets. One flight at a time for an issuer, shared by whoever waits for it; a caller who
//! gives up leaves the flight to the others.
//!
//! When to fetch and what to serve is decided by `slot`; where the keys are is found by `locate`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use tokio::sync::Semaphore;
use tracing::Instrument as _;

use crate::aauth::identifier::ServerId;
use crate::aauth::key::Jwks;
use crate::aauth::metadata::Dwk;
use crate::clock::{Seconds, SharedClock};

use super::berth::{Ask, Berths, Flight, Issuer, landing};
use super::client::Limits;
use super::config::{DiscoveryConfig, InvalidDiscovery};
use super::egress::Egress;
use super::fault::DiscoveryFault;
use super::fetch::{Fetch, HttpFetch};
use super::locate::Locator;
use super::slot::{Failed, Fetched, Settled};
use super::stats::{Counters, DiscoveryStats};

/// Flights at once, over all issuers; more wait for their turn within their time.
const MAX_FLIGHTS: usize = 64;

/// Room for the largest issuer, which counts as many (see [`Issuer::weight`]).
const MIN_ENTRIES: u64 = 128;

/// Issuers' keys. Cheap to clone; clones share everything.
#[derive(Debug, Clone)]
pub struct Issuers(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    issuers: Cache<ServerId, Arc<Issuer>>,
    locator: Locator,
    clock: SharedClock,
    error_ttl: Duration,
    flight_time: Duration,
    flights: Semaphore,
    counters: Counters,
}

impl Issuers {
    /// Fetches over HTTP, under the egress rules.
    pub fn new(config: &DiscoveryConfig, clock: SharedClock) -> Result<Self, InvalidDiscovery> {
        Self::with_fetch(config, clock, Arc::new(HttpFetch::of(config)?))
    }

    /// Fetches by other means, a script in tests for one. Admission, freshness and the floor stay the same.
    pub fn with_fetch(
        config: &DiscoveryConfig,
        clock: SharedClock,
        fetch: Arc<dyn Fetch>,
    ) -> Result<Self, InvalidDiscovery> {
        let egress = Egress::new(config)?;
        let issuers = Cache::builder()
            .max_capacity(config.max_entries.max(MIN_ENTRIES))
            .weigher(|_, issuer: &Arc<Issuer>| issuer.weight())
            // Recency and not frequency: a newcomer must be remembered, or the floor would not hold for it.
            .eviction_policy(EvictionPolicy::lru())
            .build();
        let locator = Locator { egress, fetch, clock: clock.clone(), default_lifetime: config.success_ttl };
        Ok(Self(Arc::new(Inner {
            issuers,
            locator,
            clock,
            error_ttl: config.error_ttl,
            flight_time: Limits::USUAL.total,
            flights: Semaphore::new(MAX_FLIGHTS),
            counters: Counters::default(),
        })))
    }

    /// The fresh keys of `issuer`, when they are here and hold `kid`. Neither waits nor fetches.
    pub fn cached(&self, issuer: &ServerId, dwk: Dwk, kid: &str) -> Option<Arc<Jwks>> {
        self.0.issuers.get(issuer)?.berths(|berths| berths.of(dwk).slot.fresh(kid, self.0.clock.now()))
    }

    /// The keys of `issuer` under `{issuer}/.well-known/{dwk}`, for a caller who looks for `kid` and can wait for
    /// `deadline`.
    ///
    /// A `kid` that is not among the keys returned is unknown to the issuer: it was asked within the last minute.
    pub async fn keys(
        &self,
        issuer: &ServerId,
        dwk: Dwk,
        kid: &str,
        deadline: Duration,
    ) -> Result<Arc<Jwks>, DiscoveryFault> {
        let known = self.known(issuer);
        let now = self.0.clock.now();
        let boarded = known.berths(|berths| {
            let berth = berths.of(dwk);
            match berth.slot.fresh(kid, now) {
                Some(keys) => Err(Settled::Serve(keys)),
                None if berth.flight().is_some() || berth.slot.may_ask(now) => {
                    Ok(self.fly(&known, issuer, dwk, berths, now))
                }
                None => {
                    self.0.counters.held_back.increment();
                    Err(berth.slot.settle(kid, now))
                }
            }
        });
        let flight = match boarded {
            Ok(flight) => flight,
            Err(settled) => return self.answer(settled),
        };
        let landed = landing(flight, deadline).await;
        let now = self.0.clock.now();
        let settled = known.berths(|berths| {
            let slot = &berths.of(dwk).slot;
            if landed { slot.settle(kid, now) } else { slot.meanwhile(kid, now) }
        });
        self.answer(settled)
    }

    /// A key of `seen` failed a signature: the issuer may have replaced it under the same `kid`. Gives the keys as
    /// they are now, or `None` when they are still `seen` or the floor forbids to ask.
    pub async fn refresh(
        &self,
        issuer: &ServerId,
        dwk: Dwk,
        seen: &Arc<Jwks>,
        deadline: Duration,
    ) -> Result<Option<Arc<Jwks>>, DiscoveryFault> {
        let known = self.known(issuer);
        let now = self.0.clock.now();
        let newer = |berths: &mut Berths, now| {
            let kept = berths.of(dwk).slot.usable(now)?;
            (!Arc::ptr_eq(&kept.keys, seen)).then(|| kept.keys.clone())
        };
        let flight = known.berths(|berths| {
            // Someone else may have refreshed since the caller looked.
            if newer(berths, now).is_some() {
                return None;
            }
            let berth = berths.of(dwk);
            let may_ask = berth.flight().is_some() || berth.slot.may_ask(now);
            if !may_ask {
                self.0.counters.held_back.increment();
            }
            may_ask.then(|| self.fly(&known, issuer, dwk, berths, now))
        });
        if let Some(flight) = flight
            && !landing(flight, deadline).await
        {
            return Err(DiscoveryFault::TimedOut);
        }
        Ok(known.berths(|berths| newer(berths, self.0.clock.now())))
    }

    /// What discovery has done so far.
    pub fn stats(&self) -> DiscoveryStats {
        self.0.counters.snapshot(self.0.issuers.entry_count())
    }

    fn known(&self, issuer: &ServerId) -> Arc<Issuer> {
        // Looked up by reference first: `get_with` would want an owned identifier each time.
        self.0.issuers.get(issuer).unwrap_or_else(|| self.0.issuers.get_with(issuer.clone(), Arc::default))
    }

    fn answer(&self, settled: Settled) -> Result<Arc<Jwks>, DiscoveryFault> {
        match settled {
            Settled::Serve(keys) => Ok(keys),
            Settled::ServeStale(keys) => {
                self.0.counters.stale_served.increment();
                Ok(keys)
            }
            Settled::Refuse(fault) => Err(fault),
        }
    }

    /// Joins the flight under way, or starts one.
    fn fly(&self, known: &Arc<Issuer>, issuer: &ServerId, dwk: Dwk, berths: &mut Berths, now: Seconds) -> Flight {
        let berth = berths.of(dwk);
        if let Some(flight) = berth.flight() {
            return flight;
        }
        let (landed, flight) = berth.board(now);
        let (this, known, issuer) = (self.clone(), known.clone(), issuer.clone());
        // A child of the check that set it off; others may wait for it too.
        let span = tracing::debug_span!(target: "aauth", "discovery", issuer = %issuer, dwk = dwk.name());
        tokio::spawn(
            async move {
                let result = this.discover(&known, &issuer, dwk).await;
                this.land(&known, &issuer, dwk, result);
                // Wakes the waiting, as does a flight that dies.
                drop(landed);
            }
            .instrument(span),
        );
        flight
    }

    async fn discover(&self, known: &Issuer, issuer: &ServerId, dwk: Dwk) -> Result<Fetched, Failed> {
        let inner = &*self.0;
        let asked_for_keys = AtomicBool::new(false);
        let flight = async {
            // One document after the other, also for an issuer with several: they may share a key set.
            let _turn = known.turn().await;
            // The semaphore is never closed, and without a permit the other bounds still hold.
            let _permit = inner.flights.acquire().await;
            let (jwks_uri, target) = inner.locator.find(issuer, dwk).await?;
            match known.berths(|berths| berths.ask(dwk, &jwks_uri, inner.clock.now())) {
                Ask::Share(fetched) => return Ok(*fetched),
                Ask::TooSoon => return Err(DiscoveryFault::Unreachable("its key set failed less than a minute ago")),
                Ask::Go => asked_for_keys.store(true, Ordering::Relaxed),
            }
            inner.locator.read(jwks_uri, &target).await
        };
        let result = tokio::time::timeout(inner.flight_time, flight).await;
        result
            .unwrap_or(Err(DiscoveryFault::TimedOut))
            .map_err(|fault| Failed { fault, asked_for_keys: asked_for_keys.load(Ordering::Relaxed) })
    }

    fn land(&self, known: &Arc<Issuer>, issuer: &ServerId, dwk: Dwk, result: Result<Fetched, Failed>) {
        let inner = &*self.0;
        let now = inner.clock.now();
        match result {
            Ok(fetched) => {
                inner.counters.fetch_success.increment();
                tracing::debug!(bytes = fetched.size, "key set fetched");
                known.berths(|berths| berths.of(dwk).slot.succeed(fetched, now));
                // Weighed anew.
                inner.issuers.insert(issuer.clone(), known.clone());
            }
            Err(failed) => {
                inner.counters.fetch_error.increment();
                tracing::warn!(%issuer, dwk = dwk.name(), fault = %failed.fault, "no key set");
                known.berths(|berths| berths.of(dwk).slot.fail(failed, inner.error_ttl, now));
            }
        }
    }
}

#[cfg(test)]
mod tests;
