//! One bounded GET of an admitted URL: no redirects, no proxies, no cookies, a limit on time and on size.
//!
//! The only file of this room that names the HTTP client.

use std::error::Error;
use std::fmt;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Name, Resolve, Resolving};
use reqwest::header::{self, HeaderMap, HeaderName};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};

pub(super) use reqwest::Url;

use super::cache_control::CacheHeaders;
use super::config::InvalidDiscovery;
use super::egress::{NotAdmitted, Target};
use super::fault::DiscoveryFault;
use super::resolve::Resolver;

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

/// What bounds one fetch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// To a connection, name lookup and TLS included.
    pub(super) connect: Duration,
    /// From start to the last byte.
    pub(super) total: Duration,
    /// Of the body, in bytes.
    pub(super) body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connect: Duration::from_secs(2), total: Duration::from_secs(5), body: 256 * 1024 }
    }
}

/// Fetches over HTTP.
#[derive(Debug)]
pub(super) struct HttpFetch {
    client: Client,
    limits: Limits,
}

impl HttpFetch {
    /// `plain_http` is for development: whether URLs without TLS, all of this machine, can be admitted at all.
    pub(super) fn new(resolver: Resolver, limits: Limits, plain_http: bool) -> Result<Self, InvalidDiscovery> {
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            // Another thread may install one first, which is as good.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let client = Client::builder()
            .dns_resolver(Arc::new(Admitting(resolver)))
            .redirect(Policy::none())
            .no_proxy()
            .https_only(!plain_http)
            .referer(false)
            .user_agent(concat!("aauth-authorizer/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(limits.connect)
            .timeout(limits.total)
            // A connection is kept just long enough for the second document.
            .pool_max_idle_per_host(1)
            .pool_idle_timeout(limits.total)
            .build()
            .map_err(|error| InvalidDiscovery::Client(innermost(&error).to_string()))?;
        Ok(Self { client, limits })
    }

    async fn document(&self, target: &Target) -> Result<Document, DiscoveryFault> {
        let mut request = self.client.get(target.parsed_url().clone()).header(header::ACCEPT, "application/json");
        if let Some(host) = target.host() {
            request = request.header(header::HOST, host);
        }
        let response = request.send().await.map_err(|error| fault(&error))?;
        if response.status() != reqwest::StatusCode::OK {
            return Err(DiscoveryFault::Status(response.status().as_u16()));
        }
        let cache = cache_headers(response.headers());
        Ok(Document { body: self.body(response).await?, cache })
    }

    async fn body(&self, mut response: Response) -> Result<Vec<u8>, DiscoveryFault> {
        let limit = self.limits.body;
        let too_large = || DiscoveryFault::TooLarge(limit);
        if response.content_length().is_some_and(|length| length > limit as u64) {
            return Err(too_large());
        }
        let mut body = Vec::new();
        // The length is a claim, or absent: what counts is what arrives.
        while let Some(chunk) = response.chunk().await.map_err(|error| fault(&error))? {
            if body.len() + chunk.len() > limit {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

impl Fetch for HttpFetch {
    fn fetch<'a>(&'a self, target: &'a Target) -> Fetching<'a> {
        Box::pin(self.document(target))
    }
}

/// Our resolver as the client sees one.
struct Admitting(Resolver);

impl Resolve for Admitting {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.0.clone();
        Box::pin(async move {
            let addresses = resolver.addresses(name.as_str()).await?;
            // Port 0 stands for the URL's.
            let sockets = addresses.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(sockets) as Box<dyn Iterator<Item = SocketAddr> + Send>)
        })
    }
}

fn cache_headers(headers: &HeaderMap) -> CacheHeaders {
    let joined = |name: HeaderName| {
        let values: Vec<&str> = headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
        (!values.is_empty()).then(|| values.join(","))
    };
    CacheHeaders {
        cache_control: joined(header::CACHE_CONTROL),
        expires: joined(header::EXPIRES),
        date: joined(header::DATE),
        age: joined(header::AGE),
    }
}

/// What went wrong, without the URL: what is in it came from a stranger.
fn fault(error: &reqwest::Error) -> DiscoveryFault {
    if let Some(refused) = causes(error).find_map(|cause| cause.downcast_ref::<NotAdmitted>()) {
        return refused.clone().into();
    }
    if error.is_timeout() {
        return DiscoveryFault::TimedOut;
    }
    if error.is_dns() {
        return DiscoveryFault::Unreachable("its name does not resolve");
    }
    if error.is_connect() {
        return DiscoveryFault::Unreachable("no connection, or no TLS with a certificate we trust");
    }
    DiscoveryFault::Unreachable("the connection broke")
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| (*error).source())
}

fn innermost<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    causes(error).last().unwrap_or(error)
}

#[cfg(test)]
mod tests;
