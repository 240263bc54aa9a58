//! Requests of a server to another server, signed in its own name.
//!
//! Implements the sending of what draft-hardt-oauth-aauth-protocol-11 has servers ask each other: "PS-to-AS Token
//! Request", the polling of its pending URL, and "Revocation Request". Signed under the `jwks_uri` scheme, sent under the
//! egress rules and to the other server's own origin alone, without redirects. What the answer means is the caller's to
//! say.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::aauth::digest;
use crate::aauth::identifier::ServerId;
use crate::aauth::key::SigningKey;
use crate::aauth::message::{Fields, Message};
use crate::aauth::metadata::Dwk;
use crate::aauth::signing::{self, Signer};
use crate::clock::SharedClock;

use super::client::{HttpClient, Url, Wire};
use super::config::{DiscoveryConfig, InvalidDiscovery};
use super::egress::{Egress, Target};
use super::fault::DiscoveryFault;

/// Exchanges at once with one server, so that one that dawdles does not keep the others waiting.
const MAX_EXCHANGES_EACH: usize = 32;
/// Exchanges at once with all of them.
const MAX_EXCHANGES: usize = 256;
/// Servers whose exchanges are counted.
const MAX_SERVERS: u64 = 10_000;

/// A request to another server.
#[derive(Debug, Clone, Copy)]
pub struct ServerRequest<'a> {
    /// Whose endpoint it is.
    pub to: &'a ServerId,
    /// The endpoint, from that server's metadata or its `Location`. Of its own origin.
    pub url: &'a str,
    /// The method.
    pub method: &'a str,
    /// The body, sent as JSON.
    pub body: Option<&'a Value>,
    /// For how many seconds the other server may hold the request: `Prefer: wait`.
    pub prefer_wait: Option<u32>,
}

/// In whose name requests are signed.
#[derive(Debug, Clone, Copy)]
pub struct Identity<'a> {
    /// Its identifier.
    pub id: &'a ServerId,
    /// The metadata document its keys are found by.
    pub dwk: Dwk,
    /// One of the keys it publishes there.
    pub key: &'a SigningKey,
}

/// What the other server answered, whatever its status.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ServerResponse {
    /// The status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, of at most 256 KiB.
    pub body: Vec<u8>,
    /// Of a 202 or a 402: where to poll, in full and of the same origin.
    pub location: Option<String>,
}

impl ServerResponse {
    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as a JSON object.
    pub fn object(&self) -> Option<serde_json::Map<String, Value>> {
        serde_json::from_slice(&self.body).ok()
    }
}

impl fmt::Debug for ServerResponse {
    /// Neither headers nor body: there are tokens in them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServerResponse({}, {} bytes)", self.status, self.body.len())
    }
}

/// A request as it goes out, admitted and signed.
#[derive(Clone)]
pub struct Signed {
    /// Where it is sent.
    pub target: Target,
    /// The method.
    pub method: String,
    /// The headers, without `Host`.
    pub headers: Vec<(String, String)>,
    /// The body; empty for none.
    pub body: Vec<u8>,
}

impl fmt::Debug for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signed({} {}, {} bytes)", self.method, self.target.url(), self.body.len())
    }
}

/// An answer, some time later. Its `location` is not resolved.
pub type Exchanging<'a> = Pin<Box<dyn Future<Output = Result<ServerResponse, DiscoveryFault>> + Send + 'a>>;

/// How requests are sent: over HTTP, or to a script in tests.
pub trait Exchange: fmt::Debug + Send + Sync {
    /// Sends one request, and waits so long for the last byte of its answer.
    fn exchange(&self, request: Signed, within: Duration) -> Exchanging<'_>;
}

/// Requests to other servers. Cheap to clone; clones share everything.
#[derive(Debug, Clone)]
pub struct Outgoing(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    egress: Egress,
    exchange: Arc<dyn Exchange>,
    clock: SharedClock,
    all: Semaphore,
    each: Cache<ServerId, Arc<Semaphore>>,
}

impl Outgoing {
    /// Sends over HTTP, under the egress rules.
    pub fn new(config: &DiscoveryConfig, clock: SharedClock) -> Result<Self, InvalidDiscovery> {
        Self::with_exchange(config, clock, Arc::new(Http(HttpClient::of(config)?)))
    }

    /// Sends by other means, a script in tests for one. Admission and signing stay the same.
    pub fn with_exchange(
        config: &DiscoveryConfig,
        clock: SharedClock,
        exchange: Arc<dyn Exchange>,
    ) -> Result<Self, InvalidDiscovery> {
        Ok(Self(Arc::new(Inner {
            egress: Egress::new(config)?,
            exchange,
            clock,
            all: Semaphore::new(MAX_EXCHANGES),
            each: Cache::new(MAX_SERVERS),
        })))
    }

    /// Signs a request as `identity`, sends it, and waits for the answer for as long as `within`.
    pub async fn send(
        &self,
        request: ServerRequest<'_>,
        identity: Identity<'_>,
        within: Duration,
    ) -> Result<ServerResponse, DiscoveryFault> {
        let inner = &*self.0;
        let (url, target) = inner.egress.admit_endpoint(request.to, request.url)?;
        let exchange = async {
            // Neither semaphore is ever closed, and without a permit the other bounds still hold.
            let each = inner.each.get_with(request.to.clone(), || Arc::new(Semaphore::new(MAX_EXCHANGES_EACH)));
            let _each = each.acquire().await;
            let _all = inner.all.acquire().await;
            // Signed once its turn has come: a signature is fresh for a minute.
            let signed = self.sign(request, identity, &url, target)?;
            inner.exchange.exchange(signed, within).await
        };
        let mut response = tokio::time::timeout(within, exchange).await.unwrap_or(Err(DiscoveryFault::TimedOut))?;
        response.location = match (response.status, response.header("location")) {
            (202 | 402, Some(location)) => Some(inner.egress.admit_location(request.to, &url, location)?),
            _ => None,
        };
        Ok(response)
    }

    fn sign(
        &self,
        request: ServerRequest<'_>,
        identity: Identity<'_>,
        url: &Url,
        target: Target,
    ) -> Result<Signed, DiscoveryFault> {
        let mut headers = vec![("accept".to_owned(), "application/json, application/problem+json".to_owned())];
        if let Some(seconds) = request.prefer_wait {
            headers.push(("prefer".to_owned(), format!("wait={seconds}")));
        }
        let mut covered = Vec::new();
        if url.query().is_some() {
            covered.push("@query");
        }
        let body = request.body.map(Value::to_string).unwrap_or_default().into_bytes();
        if request.body.is_some() {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
            headers.push(("content-digest".to_owned(), digest::sha256_field(&body)));
            covered.extend(["content-type", "content-digest"]);
        }
        let message = message(request.method, url, &headers);
        let signer = Signer::Server { id: identity.id, dwk: identity.dwk };
        let signature = signing::sign(&message, &covered, signer, identity.key, self.0.clock.now())
            .map_err(|_| DiscoveryFault::Unsendable("it cannot be signed"))?;
        headers.extend(signature.into_pairs().map(|(name, value)| (name.to_owned(), value)));
        Ok(Signed { target, method: request.method.to_owned(), headers, body })
    }
}

/// What is signed: the request as the other server's public name has it.
fn message(method: &str, url: &Url, headers: &[(String, String)]) -> Message {
    let host = url.host_str().unwrap_or_default();
    let authority = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let target = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    let fields = Fields::lines(headers.iter().map(|(name, value)| (name.clone(), value.clone().into_bytes())));
    Message::request(method, url.scheme(), &authority, &target, fields)
}

/// Sends over HTTP.
#[derive(Debug)]
struct Http(HttpClient);

impl Exchange for Http {
    fn exchange(&self, request: Signed, within: Duration) -> Exchanging<'_> {
        Box::pin(async move {
            let Signed { target, method, headers, body } = request;
            let wire = Wire { method: &method, headers: &headers, body, within };
            let answer = self.0.send(&target, wire).await?;
            let (status, headers) = (answer.status(), answer.headers());
            Ok(ServerResponse { status, headers, body: answer.body().await?, location: None })
        })
    }
}

#[cfg(test)]
mod tests;
