//! The sample application behind the gateway: answers every request with what it received, and counts them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::to_bytes;
use axum::extract::Request;
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::client::Response;
use super::server;

const MAX_BODY: usize = 1 << 20;

/// The running application.
#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    served: Arc<AtomicUsize>,
}

impl Upstream {
    /// Starts it on a port of its own.
    pub(crate) fn start() -> Self {
        let served = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&served);
        let router = Router::new().fallback(move |request: Request| {
            counter.fetch_add(1, Ordering::Relaxed);
            echo(request)
        });
        Self { address: server::serve(router), served }
    }

    /// How many requests came through.
    pub(crate) fn served(&self) -> usize {
        self.served.load(Ordering::Relaxed)
    }
}

async fn echo(request: Request) -> Json<Value> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, MAX_BODY).await.unwrap();
    let headers: Vec<_> = parts
        .headers
        .iter()
        .map(|(name, value)| json!([name.as_str(), String::from_utf8_lossy(value.as_bytes())]))
        .collect();
    Json(json!({
        "method": parts.method.as_str(),
        "target": parts.uri.to_string(),
        "headers": headers,
        "body": STANDARD.encode(body),
    }))
}

/// What the application received, read back from its answer.
#[derive(Debug)]
pub(crate) struct Received(Value);

impl Received {
    /// The answer must be the application's.
    pub(crate) fn from(response: &Response) -> Self {
        assert_eq!(response.status, 200, "{}", response.text());
        Self::of(response.json())
    }

    /// The application's answer, read by other means.
    pub(crate) fn of(answer: Value) -> Self {
        Self(answer)
    }

    /// The path and query.
    pub(crate) fn target(&self) -> &str {
        self.0.get("target").and_then(Value::as_str).unwrap()
    }

    /// Every value of a header, one a line.
    pub(crate) fn values(&self, name: &str) -> Vec<&str> {
        let lines = self.0.get("headers").and_then(Value::as_array).unwrap().iter();
        lines
            .filter(|line| line.get(0).and_then(Value::as_str) == Some(name))
            .filter_map(|line| line.get(1).and_then(Value::as_str))
            .collect()
    }

    /// The body's bytes.
    pub(crate) fn body(&self) -> Vec<u8> {
        STANDARD.decode(self.0.get("body").and_then(Value::as_str).unwrap()).unwrap()
    }
}
