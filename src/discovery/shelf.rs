//! Documents of one kind: one flight at a time for each, kept while they are fresh and bridged while their author
//! cannot be reached.
//!
//! A document is fresh for as long as its response says, at least a minute and at most an hour; a failure is remembered
//! for `error_ttl`; a document that cannot be refreshed is served until it is an hour old, unless its author disowns it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use tokio::sync::{Semaphore, watch};
use tracing::Instrument as _;

use crate::aauth::identifier::{IdentifierRules, ServerId};
use crate::clock::{Seconds, SharedClock};

use super::berth::Flight;
use super::config::DiscoveryConfig;
use super::documents::{FLIGHT, WellKnown};
use super::egress::Egress;
use super::fault::DiscoveryFault;
use super::fetch::Fetch;

/// A document is asked for no more often than this.
const FLOOR: Seconds = 60;
/// A document older than this is never used.
const MAX_AGE: Seconds = 3600;
/// Flights at once, over all kinds; more wait for their turn within their time.
const MAX_FLIGHTS: usize = 64;
/// A document counts as one entry, and as one more for each full stretch of this many bytes.
const BYTES_PER_ENTRY: usize = 16 * 1024;
/// Room for a few of the largest documents.
const MIN_ENTRIES: u64 = 128;

/// Where documents come from: what all shelves share.
#[derive(Debug)]
pub(super) struct Source {
    egress: Egress,
    fetch: Arc<dyn Fetch>,
    clock: SharedClock,
    rules: IdentifierRules,
    /// Freshness where a response states none.
    default_lifetime: Duration,
    error_ttl: Seconds,
    flights: Semaphore,
}

impl Source {
    pub(super) fn new(config: &DiscoveryConfig, egress: Egress, fetch: Arc<dyn Fetch>, clock: SharedClock) -> Self {
        Self {
            egress,
            fetch,
            clock,
            rules: config.development.identifier_rules(),
            default_lifetime: config.success_ttl,
            error_ttl: seconds(config.error_ttl),
            flights: Semaphore::new(MAX_FLIGHTS),
        }
    }

    async fn read<T: WellKnown>(&self, id: &ServerId) -> Result<Held<T>, DiscoveryFault> {
        let flight = async {
            // The semaphore is never closed, and without a permit the other bounds still hold.
            let _permit = self.flights.acquire().await;
            let target = self.egress.admit_metadata(id, T::DWK)?;
            let answer = self.fetch.fetch(&target).await?;
            let document = Arc::new(T::read(&answer.body, id, self.rules)?);
            let at = self.clock.now();
            let lifetime = seconds(answer.cache.lifetime(at).unwrap_or(self.default_lifetime)).clamp(FLOOR, MAX_AGE);
            Ok(Held { document, at, lifetime, size: answer.body.len() })
        };
        tokio::time::timeout(FLIGHT, flight).await.unwrap_or(Err(DiscoveryFault::TimedOut))
    }
}

/// Documents of one kind.
#[derive(Debug)]
pub(super) struct Shelf<T: WellKnown> {
    places: Cache<ServerId, Arc<Place<T>>>,
    source: Arc<Source>,
}

impl<T: WellKnown> Shelf<T> {
    pub(super) fn new(config: &DiscoveryConfig, source: Arc<Source>) -> Self {
        let places = Cache::builder()
            .max_capacity(config.max_entries.max(MIN_ENTRIES))
            .weigher(|_, place: &Arc<Place<T>>| place.weight())
            // Recency and not frequency: a newcomer must be remembered, or the floor would not hold for it.
            .eviction_policy(EvictionPolicy::lru())
            .build();
        Self { places, source }
    }

    /// The document of `id`, fetched where there is no fresh one. A caller who gives up leaves the flight to others.
    pub(super) async fn document(&self, id: &ServerId) -> Result<Arc<T>, DiscoveryFault> {
        // Looked up by reference first: `get_with` would want an owned identifier each time.
        let place = self.places.get(id).unwrap_or_else(|| self.places.get_with(id.clone(), Arc::default));
        let boarded = place.with(|state| {
            let now = self.source.clock.now();
            match state.settled(now, self.source.error_ttl) {
                Some(settled) => Err(settled),
                None => Ok(state.flight().unwrap_or_else(|| self.fly(id, &place, state))),
            }
        });
        match boarded {
            Ok(mut flight) => while flight.changed().await.is_ok() {},
            Err(settled) => return settled,
        }
        place.with(|state| {
            let settled = state.settled(self.source.clock.now(), self.source.error_ttl);
            // A flight that died has settled nothing.
            settled.unwrap_or(Err(DiscoveryFault::Unreachable("the attempt was interrupted")))
        })
    }

    /// Starts a flight of its own life, over once the sender is dropped.
    fn fly(&self, id: &ServerId, place: &Arc<Place<T>>, state: &mut State<T>) -> Flight {
        let (landed, flight) = watch::channel(());
        state.flight = Some(flight.clone());
        let (source, places, place, id) = (self.source.clone(), self.places.clone(), place.clone(), id.clone());
        let span = tracing::debug_span!(target: "aauth", "document", issuer = %id, dwk = T::DWK.name());
        let errand = async move {
            let result = source.read::<T>(&id).await;
            if let Err(fault) = &result {
                tracing::warn!(issuer = %id, dwk = T::DWK.name(), %fault, "no metadata document");
            }
            place.with(|state| state.land(result, source.clock.now()));
            // Weighed anew.
            places.insert(id, place);
            drop(landed);
        };
        tokio::spawn(errand.instrument(span));
        flight
    }
}

#[cfg(test)]
impl<T: WellKnown> Shelf<T> {
    pub(super) fn entries(&self) -> u64 {
        self.places.run_pending_tasks();
        self.places.entry_count()
    }
}

/// A place for one document.
#[derive(Debug)]
struct Place<T>(Mutex<State<T>>);

impl<T> Default for Place<T> {
    fn default() -> Self {
        Self(Mutex::new(State { held: None, failed: None, flight: None }))
    }
}

impl<T> Place<T> {
    /// Acts on the state, alone. Never held across an await.
    fn with<R>(&self, act: impl FnOnce(&mut State<T>) -> R) -> R {
        // Every change is whole before the lock is let go, so a panic elsewhere leaves it sound.
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn weight(&self) -> u32 {
        let bytes = self.with(|state| state.held.as_ref().map_or(0, |held| held.size));
        u32::try_from(1 + bytes / BYTES_PER_ENTRY).unwrap_or(u32::MAX)
    }
}

/// A document, as it came.
#[derive(Debug)]
struct Held<T> {
    document: Arc<T>,
    at: Seconds,
    lifetime: Seconds,
    size: usize,
}

#[derive(Debug)]
struct State<T> {
    held: Option<Held<T>>,
    /// The last attempt, where it failed.
    failed: Option<(DiscoveryFault, Seconds)>,
    flight: Option<Flight>,
}

impl<T> State<T> {
    /// What there is without asking; `None` where its author may be asked.
    fn settled(&self, now: Seconds, error_ttl: Seconds) -> Option<Result<Arc<T>, DiscoveryFault>> {
        let held = |max: Seconds| self.held.as_ref().filter(|held| is_within(held.at, max, now));
        if let Some(held) = self.held.as_ref().and_then(|known| held(known.lifetime)) {
            return Some(Ok(held.document.clone()));
        }
        let (fault, at) = self.failed.as_ref()?;
        if !is_within(*at, error_ttl, now) {
            return None;
        }
        Some(held(MAX_AGE).map_or_else(|| Err(fault.clone()), |held| Ok(held.document.clone())))
    }

    /// The flight under way, if there is one. A flight that died is none.
    fn flight(&self) -> Option<Flight> {
        self.flight.clone().filter(|flight| flight.has_changed().is_ok())
    }

    fn land(&mut self, result: Result<Held<T>, DiscoveryFault>, now: Seconds) {
        match result {
            Ok(held) => {
                self.held = Some(held);
                self.failed = None;
            }
            Err(fault) => {
                if !fault.leaves_kept_keys_usable() {
                    self.held = None;
                }
                self.failed = Some((fault, now));
            }
        }
    }
}

/// Whether `at` lies less than `max` ago. Not where the clock was set back since: then nobody knows.
fn is_within(at: Seconds, max: Seconds, now: Seconds) -> bool {
    (0..max).contains(&now.saturating_sub(at))
}

fn seconds(duration: Duration) -> Seconds {
    Seconds::try_from(duration.as_secs()).unwrap_or(Seconds::MAX)
}
