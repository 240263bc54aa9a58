//! A set of policies with its text: where each policy is written, and what would be decided if one were written
//! otherwise. The server needs neither; tests of policies do.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::decision::Effect;
use super::engine::Snapshot;
use super::error::LoadErrors;
use super::load::Loaded;
use super::source::{self, Home, Source};
use super::store::{self, Built, StoreConfig};

/// A set of policies that was taken, with its text.
#[derive(Debug)]
pub struct Written {
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) loaded: Vec<Loaded>,
    sources: Vec<Source>,
}

/// One policy, and where it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrittenPolicy<'a> {
    /// Its id.
    pub id: &'a str,
    /// Which way it decides.
    pub effect: Effect,
    /// Whether it is evaluated and not enforced.
    pub shadow: bool,
    /// The resource that it is about; none if it is about every one.
    pub home: Option<&'a str>,
    /// Whether it has a `when` or an `unless`.
    pub conditional: bool,
    /// The file.
    pub file: &'a Path,
    /// Its first line, annotations included.
    pub first_line: usize,
    /// Its last line.
    pub last_line: usize,
}

impl Written {
    /// Loads policies as [`PolicyStore::open`](super::PolicyStore::open) does, and keeps their text.
    pub fn open(config: &StoreConfig) -> Result<Self, LoadErrors> {
        let Built { snapshot, loaded, sources } = store::build(source::read(config), config, 1)?;
        Ok(Self { snapshot: Arc::new(snapshot), loaded, sources })
    }

    /// The set.
    pub fn snapshot(&self) -> &Arc<Snapshot> {
        &self.snapshot
    }

    /// Its policies, in the order of the files.
    pub fn policies(&self) -> impl Iterator<Item = WrittenPolicy<'_>> {
        self.loaded.iter().filter_map(|loaded| {
            let (source, span) = self.place(loaded)?;
            Some(WrittenPolicy {
                id: &loaded.obligations.id,
                effect: loaded.obligations.effect,
                shadow: loaded.obligations.shadow,
                home: match &loaded.home {
                    Home::All => None,
                    Home::Resource(id) => Some(id),
                },
                conditional: loaded.policy.has_non_scope_constraint(),
                file: &source.path,
                first_line: source.position(span.start).line,
                last_line: source.position(span.end.saturating_sub(1)).line,
            })
        })
    }

    /// The file that a policy is in, and which of its bytes are the policy.
    pub(super) fn place(&self, loaded: &Loaded) -> Option<(&Source, Range<usize>)> {
        let (source, span) = loaded.place();
        Some((self.sources.get(source)?, span))
    }

    /// Every action of a request that the schema declares, as Cedar writes them, sorted.
    pub fn actions(&self) -> Vec<String> {
        let mut actions: Vec<_> = self.snapshot.actions().iter().map(|action| action.uid.to_string()).collect();
        actions.sort();
        actions
    }
}
