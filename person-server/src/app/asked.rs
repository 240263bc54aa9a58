//! Which agents lately asked for which resources, so that asking again is not counted as asking for another.

use std::time::Duration;

use aauth_authorizer::aauth::identifier::ServerId;
use moka::sync::Cache;

const LATELY: Duration = Duration::from_hours(1);
const PAIRS: u64 = 200_000;

/// See the module.
#[derive(Debug, Clone)]
pub(super) struct Asked(Cache<String, ()>);

impl Asked {
    pub(super) fn new() -> Self {
        Self(Cache::builder().max_capacity(PAIRS).time_to_live(LATELY).build())
    }

    pub(super) fn contains(&self, agent: &str, resource: &ServerId) -> bool {
        self.0.contains_key(&pair(agent, resource))
    }

    pub(super) fn note(&self, agent: &str, resource: &ServerId) {
        self.0.insert(pair(agent, resource), ());
    }
}

fn pair(agent: &str, resource: &ServerId) -> String {
    format!("{agent} {resource}")
}
