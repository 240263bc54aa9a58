//! Whether the person can be reached without the agent's help: they were on their page lately, or are told otherwise.

use std::time::Duration;

use moka::sync::Cache;

use super::PersonServer;
use crate::domain::person::PersonKey;

/// How long after a request of theirs a person counts as present.
const LATELY: Duration = Duration::from_mins(10);

/// Who was here lately.
#[derive(Debug, Clone)]
pub(super) struct Presence(Cache<PersonKey, ()>);

impl Presence {
    pub(super) fn new() -> Self {
        Self(Cache::builder().max_capacity(100_000).time_to_live(LATELY).build())
    }

    pub(super) fn note(&self, person: &PersonKey) {
        self.0.insert(person.clone(), ());
    }
}

impl PersonServer {
    /// The person is here: their page, or their API, was just used.
    pub fn is_here(&self, person: &PersonKey) {
        self.presence.note(person);
    }

    /// Whether the person sees what waits for them without being sent here.
    pub(super) fn is_reachable(&self, person: &PersonKey) -> bool {
        self.presence.0.contains_key(person)
    }
}
