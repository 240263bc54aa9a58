//! What is kept of one issuer: for each of its documents a key set, and the flight that is renewing it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::aauth::metadata::Dwk;
use crate::clock::Seconds;

use super::slot::{FLOOR, Fetched, Slot};

/// An issuer counts as one entry of the cache, and as one more for each full stretch of this many bytes of keys.
const BYTES_PER_ENTRY: usize = 16 * 1024;

/// One issuer: a berth for each of its documents.
#[derive(Debug, Default)]
pub(super) struct Issuer {
    berths: Mutex<Berths>,
    turn: tokio::sync::Mutex<()>,
}

impl Issuer {
    /// Acts on the berths, alone. Never held across an await.
    pub(super) fn berths<T>(&self, act: impl FnOnce(&mut Berths) -> T) -> T {
        // Every change to a berth is whole before the lock is let go, so a panic elsewhere leaves it sound.
        let mut berths: MutexGuard<'_, Berths> = self.berths.lock().unwrap_or_else(PoisonError::into_inner);
        act(&mut berths)
    }

    /// Waits until no other flight asks this issuer.
    pub(super) async fn turn(&self) -> impl Drop {
        self.turn.lock().await
    }

    /// How many entries of the cache it counts as.
    pub(super) fn weight(&self) -> u32 {
        let bytes: usize = self.berths(|berths| berths.all().map(|berth| berth.slot.size()).sum());
        u32::try_from(1 + bytes / BYTES_PER_ENTRY).unwrap_or(u32::MAX)
    }
}

/// A berth for each document.
#[derive(Debug, Default)]
pub(super) struct Berths {
    agent: Berth,
    person: Berth,
    access: Berth,
    resource: Berth,
}

/// Whether a key set may be asked for now.
#[derive(Debug)]
pub(super) enum Ask {
    Go,
    /// Another document of the same issuer led to the same set, less than a minute ago.
    Share(Box<Fetched>),
    /// As above, and it failed.
    TooSoon,
}

impl Berths {
    pub(super) fn of(&mut self, dwk: Dwk) -> &mut Berth {
        match dwk {
            Dwk::Agent => &mut self.agent,
            Dwk::Person => &mut self.person,
            Dwk::Access => &mut self.access,
            Dwk::Resource => &mut self.resource,
        }
    }

    /// The floor is the key set's: documents that name the same `jwks_uri` share one fetch a minute.
    pub(super) fn ask(&mut self, dwk: Dwk, jwks_uri: &str, now: Seconds) -> Ask {
        let recent = |at: Seconds| (0..FLOOR).contains(&now.saturating_sub(at));
        let kept = self.all().filter_map(|berth| berth.slot.usable(now));
        if let Some(kept) = kept.filter(|kept| kept.jwks_uri == jwks_uri).find(|kept| recent(kept.at)) {
            return Ask::Share(Box::new(kept.clone()));
        }
        if self.all().filter_map(|berth| berth.asked.as_ref()).any(|(uri, at)| uri == jwks_uri && recent(*at)) {
            return Ask::TooSoon;
        }
        self.of(dwk).asked = Some((jwks_uri.to_owned(), now));
        Ask::Go
    }

    fn all(&self) -> impl Iterator<Item = &Berth> {
        [&self.agent, &self.person, &self.access, &self.resource].into_iter()
    }
}

/// A key set, and the flight that is renewing it.
#[derive(Debug, Default)]
pub(super) struct Berth {
    pub(super) slot: Slot,
    flight: Option<Flight>,
    /// The `jwks_uri` last asked, and when.
    asked: Option<(String, Seconds)>,
}

impl Berth {
    /// The flight under way, if there is one. A flight that died is none.
    pub(super) fn flight(&self) -> Option<Flight> {
        self.flight.clone().filter(|flight| flight.has_changed().is_ok())
    }

    /// Notes a new flight, over once the sender is dropped.
    pub(super) fn board(&mut self, now: Seconds) -> (watch::Sender<()>, Flight) {
        let (landed, flight) = watch::channel(());
        self.slot.begin(now);
        self.flight = Some(flight.clone());
        (landed, flight)
    }
}

/// Told that a flight is over by its sender going away.
pub(super) type Flight = watch::Receiver<()>;

/// Whether the flight was over in time.
pub(super) async fn landing(mut flight: Flight, deadline: Duration) -> bool {
    tokio::time::timeout(deadline, async { while flight.changed().await.is_ok() {} }).await.is_ok()
}
