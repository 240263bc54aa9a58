//! `aauth-resource.json` and `jwks.json`, rendered once: neither changes while the process runs.
//!
//! Implements "Metadata Documents" of draft-hardt-oauth-aauth-protocol-11, the resource's.

use std::collections::HashMap;

use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use crate::aauth::identifier::ServerId;
use crate::authorizer::resource::{Resource, Resources};

use super::reply;
use super::state::HttpState;

/// The documents of every resource.
#[derive(Debug, Default)]
pub(super) struct Documents {
    pub(super) of_resource: HashMap<String, Pair>,
}

#[derive(Debug)]
pub(super) struct Pair {
    metadata: Bytes,
    pub(super) keys: Bytes,
}

impl Documents {
    pub(super) fn of(resources: &Resources) -> Self {
        let pair = |resource: &Resource| Pair {
            metadata: Bytes::from(serde_json::to_vec(&resource.metadata).unwrap_or_default()),
            keys: Bytes::from(keys_of(&resource.issuer, resources).to_string()),
        };
        Self { of_resource: resources.iter().map(|resource| (resource.id.clone(), pair(resource))).collect() }
    }
}

/// The keys of whoever has this identity: resources may share one, and its `jwks_uri` is one.
fn keys_of(issuer: &ServerId, resources: &Resources) -> Value {
    let mut keys: Vec<Value> = Vec::new();
    for resource in resources.iter().filter(|resource| resource.issuer == *issuer) {
        let published = resource.jwks.to_json();
        for key in published.get("keys").and_then(Value::as_array).into_iter().flatten() {
            if !keys.contains(key) {
                keys.push(key.clone());
            }
        }
    }
    json!({ "keys": keys })
}

/// `aauth-resource.json`
pub(super) fn metadata(state: &HttpState, resource: &Resource) -> Response {
    published(state, resource, |pair| &pair.metadata)
}

/// `jwks.json`
pub(super) fn keys(state: &HttpState, resource: &Resource) -> Response {
    published(state, resource, |pair| &pair.keys)
}

fn published(state: &HttpState, resource: &Resource, which: impl Fn(&Pair) -> &Bytes) -> Response {
    match state.documents.of_resource.get(&resource.id) {
        Some(pair) => reply::json(StatusCode::OK, "public, max-age=300", which(pair).clone()),
        None => reply::problem(404, "not_found", "nothing is published here"),
    }
}
