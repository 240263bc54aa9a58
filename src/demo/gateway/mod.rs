//! The gateway: a small reverse proxy that asks the authorizer about each request, as Envoy does.
//!
//! Implements a proxy's side of `envoy.service.auth.v3`. It exists so that the demo needs no other program; what is
//! deployed is Envoy, Istio or agentgateway.
//!
//! | file | what it does |
//! |---|---|
//! | `question` | a request as a `CheckRequest` |
//! | `verdict` | what a `CheckResponse` means |

mod question;
mod verdict;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use envoy_types::pb::envoy::service::auth::v3::authorization_client::AuthorizationClient;
use tonic::transport::{Channel, Endpoint};

use super::client::{Client, into_axum};
use verdict::Verdict;

/// The largest body that is forwarded, and checked.
const MAX_BODY: usize = 64 * 1024;

/// Decisions that wait to be read.
const MAX_LOG: usize = 256;

/// How long a check may take; beyond it the request is refused.
const CHECK_WITHIN: Duration = Duration::from_secs(6);

/// What the authorizer itself answers for the resource.
const PUBLISHED: [&str; 4] = ["/.well-known/aauth-resource.json", "/.well-known/jwks.json", "/authorize", "/revoke"];

/// A proxy in front of one API.
#[derive(Debug)]
pub(super) struct Gateway {
    authorizer: AuthorizationClient<Channel>,
    published: SocketAddr,
    upstream: SocketAddr,
    client: Client,
    log: Log,
}

/// What decided each request: policies by their ids, in the order of the requests.
#[derive(Debug, Clone, Default)]
pub(super) struct Log(Arc<Mutex<Vec<Vec<String>>>>);

impl Log {
    /// What was decided since this was last asked.
    pub(super) fn take(&self) -> Vec<Vec<String>> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Others may call the gateway too, with nobody who reads this.
    fn add(&self, policies: Vec<String>) {
        let mut decided = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if decided.len() < MAX_LOG {
            decided.push(policies);
        }
    }
}

impl Gateway {
    /// A gateway that asks at `grpc`, publishes what is at `http`, and forwards to `upstream`.
    pub(super) fn new(
        grpc: SocketAddr,
        http: SocketAddr,
        upstream: SocketAddr,
        client: Client,
    ) -> Result<Self, tonic::transport::Error> {
        let channel = Endpoint::from_shared(format!("http://{grpc}"))?.timeout(CHECK_WITHIN).connect_lazy();
        Ok(Self {
            authorizer: AuthorizationClient::new(channel),
            published: http,
            upstream,
            client,
            log: Log::default(),
        })
    }

    /// What decides, as it decides.
    pub(super) fn log(&self) -> Log {
        self.log.clone()
    }

    /// Answers every request.
    pub(super) fn router(self) -> Router {
        Router::new().fallback(pass).with_state(Arc::new(self))
    }

    async fn forward(&self, to: SocketAddr, parts: Parts, body: Bytes) -> Response {
        let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
        match self.client.send(to, (&parts.method, target), parts.headers, body).await {
            Ok(response) => into_axum(response),
            Err(_) => StatusCode::BAD_GATEWAY.into_response(),
        }
    }

    async fn verdict(&self, parts: &Parts, body: &Bytes) -> Verdict {
        // Clones share the connection.
        match self.authorizer.clone().check(question::of(parts, body)).await {
            Ok(response) => {
                let response = response.into_inner();
                self.log.add(verdict::policies(&response));
                verdict::of(response)
            }
            // Nobody to ask: nobody passes.
            Err(_) => Verdict::Refuse(StatusCode::SERVICE_UNAVAILABLE.into_response()),
        }
    }
}

async fn pass(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    if PUBLISHED.contains(&parts.uri.path()) {
        return gateway.forward(gateway.published, parts, body).await;
    }
    match gateway.verdict(&parts, &body).await {
        Verdict::Pass(changes) => {
            changes.apply(&mut parts.headers);
            gateway.forward(gateway.upstream, parts, body).await
        }
        Verdict::Refuse(response) => response,
    }
}
