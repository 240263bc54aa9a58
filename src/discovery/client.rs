//! The HTTP client: no redirects, no proxies, no cookies, a limit on time and on size, and no address that was not
//! admitted. The only file of this room that names it.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Name, Resolve, Resolving};
use reqwest::header;
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response};

pub(super) use reqwest::Url;

use super::config::{DiscoveryConfig, InvalidDiscovery};
use super::egress::{NotAdmitted, Target};
use super::fault::DiscoveryFault;
use super::resolve::{Resolver, SystemNames};

/// What bounds one exchange.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// To a connection, name lookup and TLS included.
    pub(super) connect: Duration,
    /// From start to the last byte, where the caller does not say.
    pub(super) total: Duration,
    /// Of the body, in bytes.
    pub(super) body: usize,
}

impl Limits {
    /// What every fetch is bound by.
    pub(super) const USUAL: Self =
        Self { connect: Duration::from_secs(2), total: Duration::from_secs(5), body: 256 * 1024 };
}

/// A request, of which nothing is left to add.
#[derive(Debug)]
pub(super) struct Wire<'a> {
    pub(super) method: &'a str,
    pub(super) headers: &'a [(String, String)],
    pub(super) body: Vec<u8>,
    pub(super) within: Duration,
}

/// Exchanges over HTTP.
#[derive(Debug, Clone)]
pub(super) struct HttpClient {
    client: Client,
    limits: Limits,
}

impl HttpClient {
    /// A client under a deployment's rules.
    pub(super) fn of(config: &DiscoveryConfig) -> Result<Self, InvalidDiscovery> {
        let development = config.development.is_active();
        Self::new(Resolver::new(Arc::new(SystemNames), development), Limits::USUAL, development)
    }

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

    /// A GET of a document, within the usual time.
    pub(super) async fn get(&self, target: &Target) -> Result<Answer, DiscoveryFault> {
        let accept = [("accept".to_owned(), "application/json".to_owned())];
        let wire = Wire { method: "GET", headers: &accept, body: Vec::new(), within: self.limits.total };
        self.send(target, wire).await
    }

    /// Sends a request, and takes the head of the answer.
    pub(super) async fn send(&self, target: &Target, wire: Wire<'_>) -> Result<Answer, DiscoveryFault> {
        let method = Method::from_bytes(wire.method.as_bytes())
            .map_err(|_| DiscoveryFault::Unsendable("HTTP has no such method"))?;
        let mut request = self.client.request(method, target.parsed_url().clone()).timeout(wire.within);
        if let Some(host) = target.host() {
            request = request.header(header::HOST, host);
        }
        for (name, value) in wire.headers {
            request = request.header(name, value);
        }
        if !wire.body.is_empty() {
            request = request.body(wire.body);
        }
        let response = request.send().await.map_err(|error| fault(&error))?;
        Ok(Answer { response, limit: self.limits.body })
    }
}

/// An answer whose body has not been read.
#[derive(Debug)]
pub(super) struct Answer {
    response: Response,
    limit: usize,
}

impl Answer {
    pub(super) fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// The values of a header, joined with a comma. A value that is not text is none.
    pub(super) fn joined(&self, name: &str) -> Option<String> {
        let values: Vec<&str> =
            self.response.headers().get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
        (!values.is_empty()).then(|| values.join(","))
    }

    /// Every header that is text, names in lower case.
    pub(super) fn headers(&self) -> Vec<(String, String)> {
        let text = |(name, value): (&header::HeaderName, &header::HeaderValue)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        };
        self.response.headers().iter().filter_map(text).collect()
    }

    /// The body, as long as it is not too long.
    pub(super) async fn body(mut self) -> Result<Vec<u8>, DiscoveryFault> {
        let too_large = || DiscoveryFault::TooLarge(self.limit);
        if self.response.content_length().is_some_and(|length| length > self.limit as u64) {
            return Err(too_large());
        }
        let mut body = Vec::new();
        // The length is a claim, or absent: what counts is what arrives.
        while let Some(chunk) = self.response.chunk().await.map_err(|error| fault(&error))? {
            if body.len() + chunk.len() > self.limit {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
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

/// What went wrong, without the URL: what is in it came from a stranger.
fn fault(error: &reqwest::Error) -> DiscoveryFault {
    if let Some(refused) = causes(error).find_map(|cause| cause.downcast_ref::<NotAdmitted>()) {
        return refused.clone().into();
    }
    if error.is_builder() {
        return DiscoveryFault::Unsendable("a header of it is none that HTTP allows");
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
