//! Signing one request, and sending it.
//!
//! Implements "Signing (Agent)". Beside the base components the signature covers the query where there is one, and the
//! digest and type of a body, so that nothing that matters can be exchanged on the way.

use crate::aauth::digest;
use crate::aauth::key::SigningKey;
use crate::aauth::message::{Fields, Message};
use crate::aauth::signing::{self, Signer};
use crate::clock::Seconds;

use super::Agent;
use super::endpoint::Endpoint;
use super::error::HttpFault;
use super::http::{Request, Response, Transport};

/// Headers that are the signer's to set.
const RESERVED: [&str; 6] =
    ["host", "content-length", "content-digest", "signature", "signature-input", "signature-key"];

/// A request before it is signed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unsigned<'a> {
    pub(super) endpoint: &'a Endpoint,
    pub(super) method: &'a str,
    pub(super) headers: &'a [(String, String)],
    pub(super) body: &'a [u8],
}

/// Why a request was not sent, or not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SendFault {
    /// It cannot be signed as it is.
    Unsignable(String),
    /// It went wrong on the way.
    Http(HttpFault),
}

impl Agent {
    /// Signs with the agent's key, presenting `token`, and sends.
    pub(super) async fn send(&self, request: Unsigned<'_>, token: &str) -> Result<Response, SendFault> {
        let headers = self.sign(request, token).map_err(SendFault::Unsignable)?;
        send(&*self.transport, request, headers).await
    }

    /// The request's headers, with digest and signature.
    pub(super) fn sign(&self, request: Unsigned<'_>, token: &str) -> Result<Vec<(String, String)>, String> {
        request.signed(Signer::Agent { token }, &self.key, self.clock.now())
    }
}

/// Sends a request with the headers that signing gave it.
pub(super) async fn send(
    transport: &dyn Transport,
    request: Unsigned<'_>,
    headers: Vec<(String, String)>,
) -> Result<Response, SendFault> {
    let (endpoint, method, body) = (request.endpoint.clone(), request.method.to_owned(), request.body.to_vec());
    transport.send(Request { endpoint, method, headers, body }).await.map_err(SendFault::Http)
}

impl Unsigned<'_> {
    /// The request's headers, with digest and signature.
    pub(super) fn signed(
        self,
        signer: Signer<'_>,
        key: &SigningKey,
        created: Seconds,
    ) -> Result<Vec<(String, String)>, String> {
        let Unsigned { endpoint, method, headers, body } = self;
        let mut headers: Vec<_> =
            headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect();
        if let Some((name, _)) = headers.iter().find(|(name, _)| RESERVED.contains(&name.as_str())) {
            return Err(format!("the header `{name}` is set by signing"));
        }
        let mut covered = Vec::new();
        if endpoint.query().is_some() {
            covered.push("@query");
        }
        if !body.is_empty() {
            headers.push(("content-digest".to_owned(), digest::sha256_field(body)));
            covered.push("content-digest");
        }
        // A session token must be covered; a body means what its type says.
        covered.extend(["content-type", "authorization"].iter().filter(|name| headers.iter().any(|(n, _)| n == *name)));
        let fields = Fields::lines(headers.iter().map(|(name, value)| (name.clone(), value.clone().into_bytes())));
        let message = Message::request(method, endpoint.scheme(), &endpoint.authority(), &endpoint.target(), fields);
        let signature = signing::sign(&message, &covered, signer, key, created).map_err(|error| error.to_string())?;
        headers.extend(signature.into_pairs().map(|(name, value)| (name.to_owned(), value)));
        Ok(headers)
    }
}
