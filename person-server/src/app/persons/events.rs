//! What waits, as it changes: a stream for the person's page.
//!
//! A ring of this process shows at once. What another replica did, or time, shows when it is looked again. Streams are
//! bounded, by person and in all, and end with what their caller came with.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};

use super::approvals::standing;
use super::enter::Caller;
use crate::app::PersonServer;
use crate::app::refusal::{Outcome, Refusal};
use crate::domain::pending::Pending;
use crate::domain::person::PersonKey;
use crate::store::Kind;

/// Streams one person has open at once: tabs.
const OF_PERSON: usize = 8;
/// Streams open at once.
const IN_ALL: usize = 1024;
/// Between two looks, for what another replica did.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// The same where there is no other replica, for what expired.
const LOOK_ALONE: Duration = Duration::from_secs(10);
/// Between two looks at whether the caller may still see this.
const CHECK: Duration = Duration::from_secs(30);
/// Changes that a slow reader may be behind with.
const BEHIND: usize = 8;

/// What waits now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waits {
    /// The asks that wait, the earliest first, and what names how each stands.
    pub asks: Vec<(String, String)>,
}

/// A stream of what waits. Its place is free again once it is dropped.
pub type Events = mpsc::Receiver<Waits>;

/// The open streams.
#[derive(Debug)]
pub(super) struct Streams {
    open: Arc<Mutex<HashMap<PersonKey, usize>>>,
    /// Becomes true when all are to end.
    over: watch::Sender<bool>,
}

/// A place among the open streams.
#[derive(Debug)]
struct Place {
    open: Arc<Mutex<HashMap<PersonKey, usize>>>,
    person: PersonKey,
}

impl Streams {
    pub(super) fn new() -> Self {
        Self { open: Arc::default(), over: watch::Sender::new(false) }
    }

    fn take(&self, person: &PersonKey) -> Option<Place> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let theirs = open.get(person).copied().unwrap_or_default();
        if theirs >= OF_PERSON || open.values().sum::<usize>() >= IN_ALL {
            return None;
        }
        open.insert(person.clone(), theirs + 1);
        Some(Place { open: Arc::clone(&self.open), person: person.clone() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        match open.get_mut(&self.person) {
            Some(count) if *count > 1 => *count -= 1,
            Some(_) | None => {
                open.remove(&self.person);
            }
        }
    }
}

impl PersonServer {
    /// What waits for the caller, now and whenever it changes.
    pub fn watch(self: &Arc<Self>, caller: Caller) -> Outcome<Events> {
        let place = self
            .desk
            .streams
            .take(&caller.person)
            .ok_or_else(|| Refusal::later(429, "rate_limited", "too many streams are open: close some", 30))?;
        let (send, receive) = mpsc::channel(BEHIND);
        tokio::spawn(Arc::clone(self).tell_all(caller, place, send));
        Ok(receive)
    }

    /// Ends all streams, so that a server that stops waits for none of them.
    pub fn end_streams(&self) {
        self.desk.streams.over.send_replace(true);
    }

    /// Whether the process is about to stop.
    pub(in crate::app) fn is_stopping(&self) -> bool {
        *self.desk.streams.over.borrow()
    }

    async fn tell_all(self: Arc<Self>, caller: Caller, place: Place, send: mpsc::Sender<Waits>) {
        let mut over = self.desk.streams.over.subscribe();
        tokio::select! {
            () = self.tell_changes(&caller, &send) => {}
            () = send.closed() => {}
            _ = over.wait_for(|over| *over) => {}
        }
        drop(place);
    }

    async fn tell_changes(&self, caller: &Caller, send: &mpsc::Sender<Waits>) {
        let mut bell = self.bell.listen();
        let mut told = None;
        let mut check = Instant::now() + CHECK;
        let again = match self.store.kind() {
            Kind::Sqlite => LOOK_ALONE,
            Kind::Postgres => LOOK_AGAIN,
        };
        loop {
            // A failing store is tried again: the page shows that it is not connected long before.
            if let Ok(waits) = self.waits(caller).await
                && told.as_ref() != Some(&waits)
            {
                if send.send(waits.clone()).await.is_err() {
                    return;
                }
                told = Some(waits);
            }
            if Instant::now() >= check {
                if !self.is_still(caller).await.unwrap_or(false) {
                    return;
                }
                self.is_here(&caller.person);
                check = Instant::now() + CHECK;
            }
            let look = Instant::now() + again;
            loop {
                let left = look.saturating_duration_since(Instant::now());
                match timeout(left, bell.next()).await {
                    Ok(Some(ring)) if ring.person.as_ref().is_none_or(|person| *person == caller.person) => break,
                    // Another person's.
                    Ok(Some(_)) => {}
                    // Some were missed, or nobody rings any more.
                    Ok(None) => {
                        sleep_until(look).await;
                        break;
                    }
                    Err(_) => break,
                }
            }
        }
    }

    async fn waits(&self, caller: &Caller) -> Outcome<Waits> {
        let waiting = self.waiting(caller).await?;
        let ask = |pending: &Pending| {
            let version = standing(pending)?;
            Ok::<_, Refusal>((pending.id.as_str().to_owned(), version))
        };
        Ok(Waits { asks: waiting.iter().map(ask).collect::<Result<_, _>>()? })
    }
}
