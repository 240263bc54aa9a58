//! One bounded exchange: no redirects, no proxies, no cookies, a limit on time and on size.
//!
//! The only file of this room that names the HTTP client.

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Method, header};

pub(super) use reqwest::Url;

use super::endpoint::Endpoint;
use super::error::{AgentError, HttpFault};

/// From start to the last byte; longer than the 20 s that a person server is told we wait.
const TOTAL: Duration = Duration::from_secs(30);
/// To a connection, name lookup and TLS included.
const CONNECT: Duration = Duration::from_secs(5);
/// A response's body, in bytes.
const MAX_BODY: usize = 4 * 1024 * 1024;

/// A request, signed already.
#[derive(Debug, Clone)]
pub struct Request {
    /// Where to.
    pub endpoint: Endpoint,
    /// The method.
    pub method: String,
    /// The headers, without `Host`.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// A response.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// A response, some time later.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<Response, HttpFault>> + Send + 'a>>;

/// How requests are sent: over HTTP, or to a script in tests.
pub trait Transport: fmt::Debug + Send + Sync {
    /// Sends one request.
    fn send(&self, request: Request) -> Sending<'_>;
}

/// Sends over HTTP.
#[derive(Debug)]
pub(super) struct Http(Client);

impl Http {
    pub(super) fn new() -> Result<Self, AgentError> {
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            // Another thread may install one first, which is as good.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .referer(false)
            .user_agent(concat!("aauth-agent/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            .timeout(TOTAL)
            .build()
            .map(Self)
            .map_err(|error| AgentError::Setup(format!("no HTTP client: {error}")))
    }

    async fn exchange(&self, request: Request) -> Result<Response, HttpFault> {
        let Request { endpoint, method, headers, body } = request;
        let method = Method::from_bytes(method.as_bytes()).map_err(|_| HttpFault::NotHttp)?;
        let mut outgoing = self.0.request(method, endpoint.reached().clone());
        outgoing = outgoing.header(header::HOST, endpoint.authority());
        for (name, value) in headers {
            outgoing = outgoing.header(name, value);
        }
        let mut response = outgoing.body(body).send().await.map_err(|error| fault(&error))?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| fault(&error))? {
            if body.len() + chunk.len() > MAX_BODY {
                return Err(HttpFault::TooLarge(MAX_BODY));
            }
            body.extend_from_slice(&chunk);
        }
        let text = |value: &header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = response.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value)));
        Ok(Response { status: response.status().as_u16(), headers: headers.collect(), body })
    }
}

impl Transport for Http {
    fn send(&self, request: Request) -> Sending<'_> {
        Box::pin(self.exchange(request))
    }
}

fn fault(error: &reqwest::Error) -> HttpFault {
    if error.is_timeout() {
        HttpFault::TimedOut
    } else if error.is_builder() {
        HttpFault::NotHttp
    } else {
        HttpFault::Unreachable
    }
}
