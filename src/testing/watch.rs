//! Again after each save: of a policy, a schema, a suite or the configuration.
//!
//! Folders are watched, not files, since editors save by renaming. Events only say when to look.

use std::collections::BTreeSet;
use std::ffi::OsString;
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

/// Calls `run` now, and again after each change of `paths`, until it says no.
pub fn watch(paths: impl Fn() -> Vec<PathBuf>, mut run: impl FnMut() -> bool) -> Result<(), WatchError> {
    let (sender, events) = channel();
    // Armed before the first run, so that no save falls between reading and watching.
    let mut watched = Watched::of(&paths());
    let mut armed = watched.arm(&sender)?;
    while run() {
        loop {
            let changed = changed(&events);
            let now = Watched::of(&paths());
            if now != watched {
                watched = now;
                armed = watched.arm(&sender)?;
                break;
            }
            if changed {
                break;
            }
        }
    }
    drop(armed);
    Ok(())
}

/// What to look at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Watched {
    /// Folders, with all that is in them.
    folders: BTreeSet<PathBuf>,
    /// Files, and folders that are not there yet, by the folder they are in. What else is in that is nobody's concern:
    /// the results of a run may be written there.
    files: BTreeSet<(PathBuf, OsString)>,
}

impl Watched {
    fn of(paths: &[PathBuf]) -> Self {
        let mut watched = Self::default();
        for path in paths {
            if path.is_dir() {
                watched.folders.insert(path.clone());
            } else if let Some(name) = path.file_name() {
                let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
                watched.files.insert((parent.unwrap_or(Path::new(".")).to_owned(), name.to_owned()));
            }
        }
        watched
    }

    /// Folders and files have a watcher each, so that no path of an event has to be held against one of ours: systems
    /// write them in ways of their own.
    fn arm(&self, sender: &Sender<()>) -> Result<[RecommendedWatcher; 2], WatchError> {
        let names: Vec<OsString> = self.files.iter().map(|(_, name)| name.clone()).collect();
        let is_ours = move |path: &PathBuf| names.iter().any(|name| path.file_name() == Some(name));
        let mut folders = watcher(sender, |_| true)?;
        let mut files = watcher(sender, move |event| event.paths.is_empty() || event.paths.iter().any(&is_ours))?;
        // What is gone since is found again when it is back.
        for folder in self.folders.iter().filter(|folder| folder.is_dir()) {
            folders.watch(folder, RecursiveMode::Recursive)?;
        }
        let parents: BTreeSet<&PathBuf> = self.files.iter().map(|(parent, _)| parent).collect();
        for parent in parents.into_iter().filter(|parent| parent.is_dir()) {
            files.watch(parent, RecursiveMode::NonRecursive)?;
        }
        Ok([folders, files])
    }
}

fn watcher(
    sender: &Sender<()>,
    concerns: impl Fn(&Event) -> bool + Send + 'static,
) -> Result<RecommendedWatcher, WatchError> {
    let sender = sender.clone();
    let handler = move |event: notify::Result<Event>| {
        if event.map_or(true, |event| is_change(&event) && concerns(&event)) {
            // Without a receiver nobody watches any more.
            let _ = sender.send(());
        }
    };
    Ok(notify::recommended_watcher(handler)?)
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

/// Reading the files is an event too, and must not lead to reading them again.
fn is_change(event: &Event) -> bool {
    match event.kind {
        EventKind::Access(access) => access == AccessKind::Close(AccessMode::Write),
        EventKind::Any | EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_) | EventKind::Other => true,
    }
}
