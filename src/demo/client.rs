//! The HTTP client of the gateway and of the walk: sends what it is told, where it is told, under the name it is told.

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Response, header};
use reqwest::redirect::Policy;

/// From start to the last byte.
const TOTAL: Duration = Duration::from_secs(10);

/// Headers of one connection, which is not the next one's.
const HOP_BY_HOP: [header::HeaderName; 4] =
    [header::CONNECTION, header::TRANSFER_ENCODING, header::CONTENT_LENGTH, header::UPGRADE];

/// Sends over plain HTTP.
#[derive(Debug, Clone)]
pub(super) struct Client(reqwest::Client);

impl Client {
    pub(super) fn new() -> reqwest::Result<Self> {
        // The client wants one even where it never speaks TLS. Another thread may install one first, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(Self(reqwest::Client::builder().redirect(Policy::none()).no_proxy().timeout(TOTAL).build()?))
    }

    /// One exchange. `target` is path and query; `Host` is among the headers.
    pub(super) async fn send(
        &self,
        to: SocketAddr,
        (method, target): (&Method, &str),
        mut headers: HeaderMap,
        body: Bytes,
    ) -> reqwest::Result<Response<Bytes>> {
        strip(&mut headers);
        let request = self.0.request(method.clone(), format!("http://{to}{target}")).headers(headers).body(body);
        let answer = request.send().await?;
        let (status, mut headers) = (answer.status(), answer.headers().clone());
        strip(&mut headers);
        let mut response = Response::new(answer.bytes().await?);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }
}

fn strip(headers: &mut HeaderMap) {
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
}

/// The response as a router gives it.
pub(super) fn into_axum(response: Response<Bytes>) -> axum::response::Response {
    response.map(Body::from)
}
