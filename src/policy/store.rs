//! The policies in force: opened once, replaced as a whole set or not at all.
//!
//! Whatever is wrong with an edit, the last good set stays in force, and the fault is told by [`PolicyStore::status`].

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};

use super::engine::Snapshot;
use super::error::{LoadErrors, LoadFault};
use super::load::{Loaded, Loader};
use super::schema;
use super::source::{self, Source, Sources};
use super::trial;

/// How long files have to hold still before they are taken to be written to the end.
const SETTLE: Duration = Duration::from_millis(25);

/// How many times to look whether they do; what still moves after that is left for the next reload.
const SETTLE_LOOKS: u32 = 20;

/// Where the policies are, and which resources there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreConfig {
    /// A folder for each resource, and `_all`.
    pub policies_dir: PathBuf,
    /// The author's extensions of the schema. Need not exist.
    pub schemas_dir: PathBuf,
    /// The ids of the configured resources.
    pub resources: Vec<String>,
}

/// Holds the last good policies.
#[derive(Debug)]
pub struct PolicyStore {
    config: StoreConfig,
    current: ArcSwap<Snapshot>,
    last_error: ArcSwapOption<LoadErrors>,
    /// The hash of what was read last, good or bad. Held through a reload, so that one runs at a time.
    seen: Mutex<String>,
}

/// What a reload came to.
#[derive(Debug, Clone)]
pub enum ReloadOutcome {
    /// The files are those of the last load, or are still being written.
    Unchanged,
    /// A new set is in force.
    Replaced(Arc<Snapshot>),
    /// The new set has faults; the old one stays in force.
    Refused(Arc<LoadErrors>),
}

/// What is in force, and what was last refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The number of the set in force.
    pub generation: u64,
    /// Its hash.
    pub content_hash: String,
    /// How many policies it has.
    pub policies: usize,
    /// Why the files as they are now are not what is in force; none when they are.
    pub last_error: Option<Arc<LoadErrors>>,
}

impl PolicyStore {
    /// Loads the policies. There is no last good set yet, so any fault is an error.
    pub fn open(config: StoreConfig) -> Result<Self, LoadErrors> {
        let sources = source::read(&config);
        let seen = Mutex::new(sources.hash.clone());
        let snapshot = build(sources, &config, 1)?.snapshot;
        Ok(Self { config, current: ArcSwap::from_pointee(snapshot), last_error: ArcSwapOption::empty(), seen })
    }

    /// A store in which this one set stands, whatever becomes of the files it came from.
    pub fn standing(snapshot: Arc<Snapshot>) -> Self {
        let config = StoreConfig { policies_dir: PathBuf::new(), schemas_dir: PathBuf::new(), resources: Vec::new() };
        let seen = Mutex::new(snapshot.content_hash().to_owned());
        Self { config, current: ArcSwap::new(snapshot), last_error: ArcSwapOption::empty(), seen }
    }

    /// The policies in force.
    pub fn current(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    /// Loads the policies again, if the files changed. Blocks for as long as that takes.
    pub fn reload(&self) -> ReloadOutcome {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let sources = source::read(&self.config);
        if sources.hash == *seen {
            return ReloadOutcome::Unchanged;
        }
        let Some(sources) = self.settled(sources) else {
            return ReloadOutcome::Unchanged;
        };
        if sources.hash == *seen {
            return ReloadOutcome::Unchanged;
        }
        seen.clone_from(&sources.hash);
        let current = self.current.load();
        if sources.hash == current.content_hash() {
            // A bad edit was taken back: what is in force is what is written.
            self.last_error.store(None);
            return ReloadOutcome::Replaced(Arc::clone(&current));
        }
        match build(sources, &self.config, current.generation() + 1) {
            Ok(Built { snapshot, .. }) => {
                let snapshot = Arc::new(snapshot);
                self.current.store(Arc::clone(&snapshot));
                self.last_error.store(None);
                ReloadOutcome::Replaced(snapshot)
            }
            Err(errors) => {
                let errors = Arc::new(errors);
                self.last_error.store(Some(Arc::clone(&errors)));
                ReloadOutcome::Refused(errors)
            }
        }
    }

    /// What is in force, and what was last refused.
    pub fn status(&self) -> Status {
        let current = self.current.load();
        Status {
            generation: current.generation(),
            content_hash: current.content_hash().to_owned(),
            policies: current.policy_count(),
            last_error: self.last_error.load_full(),
        }
    }

    pub(super) fn config(&self) -> &StoreConfig {
        &self.config
    }

    /// The files once two looks see the same. A file half written, or a set half swapped, may well be valid, and
    /// lack the very policy that forbids.
    fn settled(&self, mut sources: Sources) -> Option<Sources> {
        for _ in 0..SETTLE_LOOKS {
            thread::sleep(SETTLE);
            let again = source::read(&self.config);
            if again.hash == sources.hash {
                return Some(again);
            }
            sources = again;
        }
        None
    }
}

/// A set that was taken, with what it was made of.
pub(super) struct Built {
    pub(super) snapshot: Snapshot,
    pub(super) loaded: Vec<Loaded>,
    pub(super) sources: Vec<Source>,
}

pub(super) fn build(sources: Sources, config: &StoreConfig, generation: u64) -> Result<Built, LoadErrors> {
    let Sources { policies, schemas, mut faults, hash } = sources;
    let result = schema::merge(&schemas).and_then(|merged| {
        let loaded = Loader::new(&policies, &config.resources).load(&merged.schema)?;
        let whole = |message: String| vec![LoadFault::whole(&config.policies_dir, message)];
        let snapshot = Snapshot::new(&loaded, &config.resources, &merged, generation, hash).map_err(whole)?;
        let found = trial::run(&snapshot, &loaded, &policies, config, &merged.schema);
        if found.is_empty() { Ok((snapshot, loaded)) } else { Err(found) }
    });
    match result {
        Ok((snapshot, loaded)) if faults.is_empty() => Ok(Built { snapshot, loaded, sources: policies }),
        Ok(_) => Err(LoadErrors::new(faults)),
        Err(found) => {
            faults.extend(found);
            Err(LoadErrors::new(faults))
        }
    }
}

#[cfg(test)]
mod tests;
