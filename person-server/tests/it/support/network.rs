//! The documents of everybody else, by URL.

use std::collections::HashMap;
use std::sync::Mutex;

use aauth_authorizer::aauth::key::{Jwks, SigningKey};
use aauth_authorizer::aauth::metadata::Dwk;
use aauth_authorizer::discovery::{CacheHeaders, DiscoveryFault, Document, Fetch, Fetching, Target};
use serde_json::{Value, json};

/// Answers fetches from what it was given.
#[derive(Debug, Default)]
pub(crate) struct Network(Mutex<HashMap<String, Vec<u8>>>);

impl Network {
    /// Publishes an issuer: one document of each kind, and one key.
    pub(crate) fn publish(&self, issuer: &str, key: &SigningKey, more: &Value) {
        let mut metadata = json!({ "issuer": issuer, "jwks_uri": format!("{issuer}/jwks.json") });
        metadata.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        for dwk in Dwk::ALL {
            self.serve(&format!("{issuer}/.well-known/{}", dwk.name()), &metadata);
        }
        self.serve(&format!("{issuer}/jwks.json"), &Jwks::of([key.public()]).to_json());
    }

    /// Publishes one document.
    pub(crate) fn serve(&self, url: &str, body: &Value) {
        self.0.lock().unwrap().insert(url.to_owned(), body.to_string().into_bytes());
    }
}

impl Fetch for Network {
    fn fetch<'a>(&'a self, target: &'a Target) -> Fetching<'a> {
        let found = self.0.lock().unwrap().get(target.url()).cloned();
        Box::pin(async move {
            let body = found.ok_or(DiscoveryFault::Status(404))?;
            Ok(Document { body, cache: CacheHeaders::default() })
        })
    }
}
