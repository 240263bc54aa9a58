//! Who waits is told at once when something happened: agents that long-poll, and the person's page.
//!
//! It rings within this process. What another replica did is seen by looking again, a second later at most.

use tokio::sync::broadcast;

use crate::domain::pending::PendingId;
use crate::domain::person::PersonKey;

/// More rings than anybody is behind with; who is, looks at everything again.
const BEHIND: usize = 1024;

/// Something happened to a pending ask.
#[derive(Debug, Clone)]
pub struct Ring {
    /// To which.
    pub pending: PendingId,
    /// Whose it is.
    pub person: Option<PersonKey>,
}

/// See the module.
#[derive(Debug, Clone)]
pub struct Bell(broadcast::Sender<Ring>);

impl Bell {
    pub(super) fn new() -> Self {
        Self(broadcast::channel(BEHIND).0)
    }

    /// Something happened to this ask.
    pub(super) fn ring(&self, pending: &PendingId, person: Option<&PersonKey>) {
        // Nobody listening is no failure.
        let _ = self.0.send(Ring { pending: pending.clone(), person: person.cloned() });
    }

    /// Hears every ring from now on.
    pub fn listen(&self) -> Listener {
        Listener(self.0.subscribe())
    }
}

/// Hears rings.
#[derive(Debug)]
pub struct Listener(broadcast::Receiver<Ring>);

impl Listener {
    /// Returns once it rings for this ask, or so many rings were missed that it may have.
    pub async fn rings_for(&mut self, pending: &PendingId) {
        loop {
            match self.0.recv().await {
                Ok(ring) if ring.pending == *pending => return,
                Ok(_) => {}
                Err(broadcast::error::RecvError::Lagged(_) | broadcast::error::RecvError::Closed) => return,
            }
        }
    }

    /// The next ring; `None` where some were missed.
    pub async fn next(&mut self) -> Option<Ring> {
        self.0.recv().await.ok()
    }
}
