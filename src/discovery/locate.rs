//! The way to a key set: the issuer's metadata document, then the `jwks_uri` it names.
//!
//! Implements the discovery steps of HTTP Signature Keys -09 for the `jwks_uri` and `jwt` schemes.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use crate::aauth::identifier::ServerId;
use crate::aauth::key::Jwks;
use crate::aauth::metadata::{Dwk, IssuerMetadata};
use crate::clock::SharedClock;

use super::egress::{Egress, Target};
use super::fault::DiscoveryFault;
use super::fetch::{Document, Fetch};
use super::slot::Fetched;

/// Finds key sets.
#[derive(Debug)]
pub(super) struct Locator {
    pub(super) egress: Egress,
    pub(super) fetch: Arc<dyn Fetch>,
    pub(super) clock: SharedClock,
    /// Freshness where a response states none.
    pub(super) default_lifetime: Duration,
}

impl Locator {
    /// Where `issuer` says, in its `dwk` document, that its keys are.
    pub(super) async fn find(&self, issuer: &ServerId, dwk: Dwk) -> Result<(String, Target), DiscoveryFault> {
        let target = self.egress.admit_metadata(issuer, dwk)?;
        let document = self.fetch.fetch(&target).await?;
        let metadata = IssuerMetadata::parse(&document.body, issuer)?;
        let target = self.egress.admit_jwks(issuer, &metadata.jwks_uri)?;
        Ok((metadata.jwks_uri, target))
    }

    /// The keys that are there.
    pub(super) async fn read(&self, jwks_uri: String, target: &Target) -> Result<Fetched, DiscoveryFault> {
        let Document { body, cache } = self.fetch.fetch(target).await?;
        let keys = Arc::new(Jwks::parse(&body)?);
        let at = self.clock.now();
        let lifetime = cache.lifetime(at).unwrap_or(self.default_lifetime);
        Ok(Fetched { keys, jwks_uri, lifetime, fingerprint: fingerprint(&body), size: body.len(), at })
    }
}

/// Tells one version of a document from the next. It need not resist forgery: the issuer writes both.
fn fingerprint(body: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    body.hash(&mut hasher);
    hasher.finish()
}
