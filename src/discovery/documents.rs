//! The metadata documents of other servers, for whoever needs more of them than their keys.
//!
//! Implements the fetching of "Metadata Documents" of draft-hardt-oauth-aauth-protocol-11, under the egress rules, sizes
//! and times of key discovery. A document is of a stranger's making: what it says of endpoints is admitted again before
//! anything is sent there (`outgoing`), and what it says of itself is shown as its author's claim.

use std::sync::Arc;
use std::time::Duration;

use crate::aauth::identifier::{IdentifierRules, ServerId};
use crate::aauth::metadata::{
    AccessServerMetadata, AgentProviderMetadata, Dwk, MetadataFault, PersonServerMetadata, ResourceMetadata,
};
use crate::clock::SharedClock;

use super::client::Limits;
use super::config::{DiscoveryConfig, InvalidDiscovery};
use super::egress::Egress;
use super::fault::DiscoveryFault;
use super::fetch::{Fetch, HttpFetch};
use super::shelf::{Shelf, Source};

/// Documents of other servers. Cheap to clone; clones share everything.
#[derive(Debug, Clone)]
pub struct Documents(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    agents: Shelf<AgentProviderMetadata>,
    persons: Shelf<PersonServerMetadata>,
    access: Shelf<AccessServerMetadata>,
    resources: Shelf<ResourceMetadata>,
}

impl Documents {
    /// Fetches over HTTP, under the egress rules.
    pub fn new(config: &DiscoveryConfig, clock: SharedClock) -> Result<Self, InvalidDiscovery> {
        Self::with_fetch(config, clock, Arc::new(HttpFetch::of(config)?))
    }

    /// Fetches by other means, a script in tests for one. Admission, freshness and the floor stay the same.
    pub fn with_fetch(
        config: &DiscoveryConfig,
        clock: SharedClock,
        fetch: Arc<dyn Fetch>,
    ) -> Result<Self, InvalidDiscovery> {
        let source = Arc::new(Source::new(config, Egress::new(config)?, fetch, clock));
        Ok(Self(Arc::new(Inner {
            agents: Shelf::new(config, source.clone()),
            persons: Shelf::new(config, source.clone()),
            access: Shelf::new(config, source.clone()),
            resources: Shelf::new(config, source),
        })))
    }

    /// `aauth-resource.json` of a resource.
    pub async fn resource(&self, id: &ServerId) -> Result<Arc<ResourceMetadata>, DiscoveryFault> {
        self.0.resources.document(id).await
    }

    /// `aauth-access.json` of an access server.
    pub async fn access(&self, id: &ServerId) -> Result<Arc<AccessServerMetadata>, DiscoveryFault> {
        self.0.access.document(id).await
    }

    /// `aauth-agent.json` of an agent provider.
    pub async fn agent_provider(&self, id: &ServerId) -> Result<Arc<AgentProviderMetadata>, DiscoveryFault> {
        self.0.agents.document(id).await
    }

    /// `aauth-person.json` of a person server.
    pub async fn person(&self, id: &ServerId) -> Result<Arc<PersonServerMetadata>, DiscoveryFault> {
        self.0.persons.document(id).await
    }
}

/// A kind of document.
pub(super) trait WellKnown: std::fmt::Debug + Sized + Send + Sync + 'static {
    const DWK: Dwk;

    fn read(bytes: &[u8], expected: &ServerId, rules: IdentifierRules) -> Result<Self, MetadataFault>;
}

macro_rules! well_known {
    ($($document:ident = $dwk:ident),+ $(,)?) => { $(impl WellKnown for $document {
        const DWK: Dwk = Dwk::$dwk;

        fn read(bytes: &[u8], expected: &ServerId, rules: IdentifierRules) -> Result<Self, MetadataFault> {
            Self::parse(bytes, expected, rules)
        }
    })+ };
}
well_known!(
    AgentProviderMetadata = Agent,
    PersonServerMetadata = Person,
    AccessServerMetadata = Access,
    ResourceMetadata = Resource,
);

/// How long a flight may take, its turn included.
pub(super) const FLIGHT: Duration = Limits::USUAL.total;

#[cfg(test)]
mod tests;
