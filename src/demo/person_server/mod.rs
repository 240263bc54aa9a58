//! The person server: speaks for Ada, who consents to everything.
//!
//! Implements "Person Token Endpoint" and "Auth Token Endpoint" as far as the walk needs them, with every check that
//! stands between an agent and a token. That nobody is asked is the one thing no real person server may do.
//!
//! | file | what it does |
//! |---|---|
//! | `asking` | which agent signed a request |
//! | `grant` | what a resource asked for, and the tokens |
//! | `refusal` | how it says no |

mod asking;
mod grant;
mod refusal;

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Request, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::names::PERSONS;
use crate::aauth::identifier::ServerId;
use crate::aauth::key::{Jwks, SigningKey};
use crate::aauth::metadata::Dwk;
use crate::authorizer::random;
use crate::clock::SharedClock;
use crate::discovery::Issuers;

use asking::Asking;
use refusal::Refusal;

/// The person server, and what it has said.
#[derive(Debug)]
pub(super) struct PersonServer {
    id: ServerId,
    key: SigningKey,
    issuers: Issuers,
    clock: SharedClock,
    said: Mutex<Vec<String>>,
}

impl PersonServer {
    pub(super) fn new(id: ServerId, issuers: Issuers, clock: SharedClock) -> Arc<Self> {
        let key = SigningKey::ed25519("ps-1", &random::seed());
        Arc::new(Self { id, key, issuers, clock, said: Mutex::default() })
    }

    /// Its metadata document, its key and its two endpoints.
    pub(super) fn router(self: &Arc<Self>) -> Router {
        let metadata = json!({
            "issuer": PERSONS,
            "jwks_uri": format!("{PERSONS}/jwks.json"),
            "person_token_endpoint": format!("{PERSONS}/person"),
            "auth_token_endpoint": format!("{PERSONS}/token"),
        });
        Router::new()
            .route("/person", post(person))
            .route("/token", post(token))
            .with_state(Arc::clone(self))
            .merge(documents(Dwk::Person, metadata, &self.key))
    }

    /// What it has said since it was last listened to.
    pub(super) fn said(&self) -> Vec<String> {
        std::mem::take(&mut *self.said.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn say(&self, line: String) {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }
}

/// An issuer's metadata document, and its key under `/jwks.json`.
pub(super) fn documents(dwk: Dwk, metadata: Value, key: &SigningKey) -> Router {
    let jwks = Jwks::of([key.public()]).to_json();
    Router::new()
        .route(&format!("/.well-known/{}", dwk.name()), get(async move || Json(metadata)))
        .route("/jwks.json", get(async move || Json(jwks)))
}

/// `POST /person`
async fn person(State(server): State<Arc<PersonServer>>, request: Request) -> Result<Json<Value>, Refusal> {
    let asking = Asking::read(&server, request).await?;
    server.person_token(&asking).map(Json)
}

/// `POST /token`
async fn token(State(server): State<Arc<PersonServer>>, request: Request) -> Result<Json<Value>, Refusal> {
    let asking = Asking::read(&server, request).await?;
    server.auth_token(&asking).await.map(Json)
}
