//! Watches the folders of policies and schemas, and reloads when they change.
//!
//! Folders are watched, not files: an editor that saves by renaming, and Kubernetes swapping `..data`, leave the old
//! file behind with the watch on it. Events only say when to look; what changed is told by the contents. A look every
//! few seconds catches what no event told, as on network file systems.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::store::{PolicyStore, ReloadOutcome};

/// How long to gather events before looking: a save is several of them.
const DEBOUNCE: Duration = Duration::from_millis(75);

/// How often to look without an event.
const POLL: Duration = Duration::from_secs(5);

/// Why the folders cannot be watched.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The system's watch could not be made.
    #[error("cannot watch `{path}`")]
    Watch {
        /// The folder.
        path: String,
        /// Why.
        source: notify::Error,
    },
    /// No thread could be started.
    #[error("cannot start the thread that watches policies")]
    Thread(#[source] std::io::Error),
}

/// Ends the watch when dropped.
#[derive(Debug)]
pub struct WatchGuard {
    signals: Sender<Signal>,
    thread: Option<JoinHandle<()>>,
    trouble: Option<WatchError>,
}

impl WatchGuard {
    /// Why there are no events, if so: changes are then noticed only every few seconds.
    pub fn trouble(&self) -> Option<&WatchError> {
        self.trouble.as_ref()
    }
}

impl Drop for WatchGuard {
    fn drop(&mut self) {
        // A send fails only if the thread is gone already.
        drop(self.signals.send(Signal::Stop));
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

#[derive(Debug)]
enum Signal {
    Changed,
    Stop,
}

/// Reloads the store whenever its files change, on a thread of its own, and tells of each outcome but `Unchanged`.
///
/// Where the system has no watch to give, the files are looked at every few seconds; see [`WatchGuard::trouble`].
pub fn watch(
    store: Arc<PolicyStore>,
    on_reload: impl Fn(&ReloadOutcome) + Send + 'static,
) -> Result<WatchGuard, WatchError> {
    let (signals, inbox) = channel();
    let (watcher, trouble) = match arm(&store, &signals) {
        Ok(watcher) => (Some(watcher), None),
        Err(error) => (None, Some(error)),
    };
    let guard_signals = signals.clone();
    let thread = thread::Builder::new()
        .name("policy-watch".to_owned())
        .spawn(move || run(&store, &inbox, &signals, watcher, &on_reload))
        .map_err(WatchError::Thread)?;
    Ok(WatchGuard { signals: guard_signals, thread: Some(thread), trouble })
}

fn run(
    store: &PolicyStore,
    inbox: &Receiver<Signal>,
    signals: &Sender<Signal>,
    mut watcher: Option<RecommendedWatcher>,
    on_reload: &dyn Fn(&ReloadOutcome),
) {
    // Files may have changed between opening the store and watching it.
    report(&store.reload(), on_reload);
    loop {
        match inbox.recv_timeout(POLL) {
            Ok(Signal::Changed) | Err(RecvTimeoutError::Timeout) => {}
            Ok(Signal::Stop) | Err(RecvTimeoutError::Disconnected) => return,
        }
        thread::sleep(DEBOUNCE);
        if inbox.try_iter().any(|signal| matches!(signal, Signal::Stop)) {
            return;
        }
        let outcome = store.reload();
        let changed = report(&outcome, on_reload);
        if changed || watcher.is_none() {
            // The folders themselves may be new. What happens while no watch is armed is found by looking again; and
            // should arming fail, the poll goes on and tries again.
            drop(watcher.take());
            watcher = arm(store, signals).ok();
            report(&store.reload(), on_reload);
        }
    }
}

fn report(outcome: &ReloadOutcome, on_reload: &dyn Fn(&ReloadOutcome)) -> bool {
    match outcome {
        ReloadOutcome::Unchanged => false,
        ReloadOutcome::Replaced(_) | ReloadOutcome::Refused(_) => {
            on_reload(outcome);
            true
        }
    }
}

fn arm(store: &PolicyStore, signals: &Sender<Signal>) -> Result<RecommendedWatcher, WatchError> {
    let config = store.config();
    let failed = |path: &Path| {
        let path = path.display().to_string();
        move |source| WatchError::Watch { path, source }
    };
    let signals = signals.clone();
    let handler = move |event: notify::Result<Event>| {
        if event.map_or(true, |event| is_change(event.kind)) {
            drop(signals.send(Signal::Changed));
        }
    };
    let mut watcher = notify::recommended_watcher(handler).map_err(failed(&config.policies_dir))?;
    for dir in [&config.policies_dir, &config.schemas_dir] {
        // The folder of extensions need not exist; the poll finds it when it does.
        if dir.exists() {
            watcher.watch(dir, RecursiveMode::Recursive).map_err(failed(dir))?;
        }
    }
    Ok(watcher)
}

/// Reading the files is an event too, and must not lead to reading them again.
fn is_change(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(access) => access == AccessKind::Close(AccessMode::Write),
        EventKind::Any | EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_) | EventKind::Other => true,
    }
}

#[cfg(test)]
mod tests;
