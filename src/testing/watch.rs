//! Again after each save: of a policy, a schema, a suite or the configuration.
//!
//! Folders are watched, not files, since editors save by renaming. Events only say when to look.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

/// How long files have to hold still: a save is several events.
const QUIET: Duration = Duration::from_millis(40);

/// The longest to wait for that.
const MOST_GATHERED: usize = 5;

/// How often to look without an event, for folders that were not there yet.
const LOOK: Duration = Duration::from_secs(5);

/// Why nothing can be watched.
#[derive(Debug, thiserror::Error)]
#[error("cannot watch for changes: {0}")]
pub struct WatchError(#[from] notify::Error);

/// Calls `run` now, and again after each change below `paths`, until it says no.
pub fn watch(paths: impl Fn() -> Vec<PathBuf>, mut run: impl FnMut() -> bool) -> Result<(), WatchError> {
    let (sender, events) = channel();
    // Armed before the first run, so that no save falls between reading and watching.
    let mut watched = folders(&paths());
    let mut watcher = arm(&watched, &sender)?;
    while run() {
        loop {
            let changed = changed(&events);
            let now = folders(&paths());
            if now != watched {
                watched = now;
                watcher = arm(&watched, &sender)?;
                break;
            }
            if changed {
                break;
            }
        }
    }
    drop(watcher);
    Ok(())
}

fn arm(folders: &[PathBuf], sender: &Sender<()>) -> Result<RecommendedWatcher, WatchError> {
    let sender = sender.clone();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        if event.map_or(true, |event| is_change(&event)) {
            // Without a receiver nobody watches any more.
            drop(sender.send(()));
        }
    })?;
    for folder in folders {
        // One that is gone since is found again when it is back.
        if folder.is_dir() {
            watcher.watch(folder, RecursiveMode::Recursive)?;
        }
    }
    Ok(watcher)
}

/// Waits for a change and for the end of it; false, if none came for a while.
fn changed(events: &Receiver<()>) -> bool {
    match events.recv_timeout(LOOK) {
        Ok(()) => {}
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return false,
    }
    for _ in 0..MOST_GATHERED {
        std::thread::sleep(QUIET);
        if events.try_iter().count() == 0 {
            break;
        }
    }
    true
}

/// The folders to watch: a file's own folder, and what is there of those that are missing.
fn folders(paths: &[PathBuf]) -> Vec<PathBuf> {
    let folder = |path: &PathBuf| {
        let folder = if path.is_dir() { Some(path.as_path()) } else { path.parent() };
        let folder = folder.filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        folder.is_dir().then(|| folder.to_owned())
    };
    let mut folders: Vec<_> = paths.iter().filter_map(folder).collect();
    folders.sort();
    folders.dedup();
    folders
}

/// Reading the files is an event too, and must not lead to reading them again.
fn is_change(event: &Event) -> bool {
    match event.kind {
        EventKind::Access(access) => access == AccessKind::Close(AccessMode::Write),
        EventKind::Any | EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_) | EventKind::Other => true,
    }
}
