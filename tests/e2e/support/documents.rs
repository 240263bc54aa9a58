//! Well-known documents of issuers that are no programs: one loopback server answers for all of them, by path. Issuers
//! that share it need paths of their own only where they differ, so give each issuer a server.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use serde_json::Value;

use super::server;

/// The documents, which a test may change while they are served.
#[derive(Debug, Clone)]
pub(crate) struct Documents {
    pub(crate) address: SocketAddr,
    shelf: Arc<Mutex<Shelf>>,
}

#[derive(Debug, Default)]
struct Shelf {
    documents: HashMap<String, Value>,
    asked: HashMap<String, usize>,
    begun: usize,
    delay: Duration,
}

impl Documents {
    /// Serves these documents, each under its path.
    pub(crate) fn serve<const N: usize>(documents: [(&str, Value); N]) -> Self {
        let shelf = Arc::new(Mutex::new(Shelf::default()));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&shelf));
        let served = Self { address: server::serve(router), shelf };
        for (path, document) in documents {
            served.put(path, document);
        }
        served
    }

    /// Adds a document, or replaces it.
    pub(crate) fn put(&self, path: &str, document: Value) {
        self.shelf.lock().unwrap().documents.insert(path.to_owned(), document);
    }

    /// Answers no sooner than after this long.
    pub(crate) fn delay(&self, delay: Duration) {
        self.shelf.lock().unwrap().delay = delay;
    }

    /// How many requests have come, answered or not.
    pub(crate) fn begun(&self) -> usize {
        self.shelf.lock().unwrap().begun
    }

    /// How often a path was asked for.
    pub(crate) fn asked(&self, path: &str) -> usize {
        self.shelf.lock().unwrap().asked.get(path).copied().unwrap_or_default()
    }
}

async fn answer(State(shelf): State<Arc<Mutex<Shelf>>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let delay = {
        let mut shelf = shelf.lock().unwrap();
        shelf.begun += 1;
        shelf.delay
    };
    tokio::time::sleep(delay).await;
    let mut shelf = shelf.lock().unwrap();
    *shelf.asked.entry(path.clone()).or_default() += 1;
    match shelf.documents.get(&path) {
        Some(document) => Json(document.clone()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
