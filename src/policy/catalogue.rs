//! Every policy of a set as it is written: what it says of itself, and where it stands.

use std::sync::Arc;

use cedar_policy::Policy;

use super::annotations::Obligations;
use super::decision::Effect;
use super::engine::Snapshot;
use super::load::{Loaded, Origin};
use super::source::Home;

/// A policy with its place.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) policy: Policy,
    pub(super) info: PolicyInfo,
}

/// What a policy says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyInfo {
    /// Its id.
    pub id: Arc<str>,
    /// Which way it decides.
    pub effect: Effect,
    /// Whether it is evaluated without being enforced.
    pub shadow: bool,
    /// The resource whose folder it is in; none for `_all`.
    pub resource: Option<Arc<str>>,
    /// Where it is written.
    pub origin: Origin,
    /// Its annotations but for its id, by name.
    pub annotations: Vec<(String, String)>,
}

impl Entry {
    pub(super) fn of(loaded: &Loaded) -> Self {
        let Obligations { id, effect, shadow, .. } = &*loaded.obligations;
        let written = loaded.policy.annotations().filter(|(name, _)| *name != "id");
        let mut annotations: Vec<_> = written.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        annotations.sort();
        let resource = match &loaded.home {
            Home::All => None,
            Home::Resource(id) => Some(id.as_str().into()),
        };
        let origin = loaded.origin.clone();
        let info = PolicyInfo { id: Arc::clone(id), effect: *effect, shadow: *shadow, resource, origin, annotations };
        Self { policy: loaded.policy.clone(), info }
    }
}

impl PolicyInfo {
    /// Whether it is asked about requests to this resource.
    pub fn applies_to(&self, resource: &str) -> bool {
        self.resource.as_deref().is_none_or(|own| own == resource)
    }
}

impl Snapshot {
    /// What each policy says of itself, in the order of files and lines.
    pub fn policies(&self) -> impl Iterator<Item = &PolicyInfo> {
        self.catalogue().iter().map(|entry| &entry.info)
    }
}
