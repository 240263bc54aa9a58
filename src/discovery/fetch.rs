//! One bounded GET of an admitted URL.

use std::fmt;
use std::pin::Pin;

use super::cache_control::CacheHeaders;
use super::client::HttpClient;
use super::config::{DiscoveryConfig, InvalidDiscovery};
use super::egress::Target;
use super::fault::DiscoveryFault;

/// A document as it was answered with status 200.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Document {
    /// The body.
    pub body: Vec<u8>,
    /// What bears on its freshness.
    pub cache: CacheHeaders,
}

/// A document, some time later.
pub type Fetching<'a> = Pin<Box<dyn Future<Output = Result<Document, DiscoveryFault>> + Send + 'a>>;

/// How documents are fetched: over HTTP, or from a script in tests.
pub trait Fetch: fmt::Debug + Send + Sync {
    /// Fetches one document.
    fn fetch<'a>(&'a self, target: &'a Target) -> Fetching<'a>;
}

/// Fetches over HTTP.
#[derive(Debug)]
pub(super) struct HttpFetch(HttpClient);

impl HttpFetch {
    /// Fetches under a deployment's rules.
    pub(super) fn of(config: &DiscoveryConfig) -> Result<Self, InvalidDiscovery> {
        HttpClient::of(config).map(Self)
    }

    async fn document(&self, target: &Target) -> Result<Document, DiscoveryFault> {
        let answer = self.0.get(target).await?;
        if answer.status() != 200 {
            return Err(DiscoveryFault::Status(answer.status()));
        }
        let cache = CacheHeaders {
            cache_control: answer.joined("cache-control"),
            expires: answer.joined("expires"),
            date: answer.joined("date"),
            age: answer.joined("age"),
        };
        Ok(Document { body: answer.body().await?, cache })
    }
}

impl Fetch for HttpFetch {
    fn fetch<'a>(&'a self, target: &'a Target) -> Fetching<'a> {
        Box::pin(self.document(target))
    }
}

#[cfg(test)]
mod tests;
