//! A scripted issuer for the tests of this room.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::aauth::key::{Jwks, SigningKey};

use super::{CacheHeaders, DiscoveryFault, Document, Fetch, Fetching, Target};

/// Answers by URL, and a record of what was asked.
#[derive(Debug)]
pub(super) struct Script {
    answers: Mutex<HashMap<String, Result<Document, DiscoveryFault>>>,
    asked: Mutex<Vec<String>>,
    gate: Semaphore,
}

impl Script {
    /// An issuer with one key set, named by each of its documents.
    pub(super) fn issuer(issuer: &str, kids: &[&str]) -> Arc<Self> {
        let script = Self::empty();
        for dwk in crate::aauth::metadata::Dwk::ALL {
            let metadata = json!({ "issuer": issuer, "jwks_uri": format!("{issuer}/jwks") });
            script.serve(&format!("{issuer}/.well-known/{}", dwk.name()), &metadata, None);
        }
        script.serve(&format!("{issuer}/jwks"), &jwks(kids), None);
        script
    }

    pub(super) fn empty() -> Arc<Self> {
        let (answers, asked) = (Mutex::default(), Mutex::default());
        Arc::new(Self { answers, asked, gate: Semaphore::new(Semaphore::MAX_PERMITS) })
    }

    pub(super) fn serve(&self, url: &str, body: &Value, cache_control: Option<&str>) {
        let cache = CacheHeaders { cache_control: cache_control.map(str::to_owned), ..CacheHeaders::default() };
        let document = Document { body: body.to_string().into_bytes(), cache };
        self.answers.lock().unwrap().insert(url.to_owned(), Ok(document));
    }

    pub(super) fn fail(&self, url: &str, fault: DiscoveryFault) {
        self.answers.lock().unwrap().insert(url.to_owned(), Err(fault));
    }

    /// How often a URL with this ending was asked for.
    pub(super) fn count(&self, ending: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|url| url.ends_with(ending)).count()
    }

    /// Holds every answer back until [`Self::open`].
    pub(super) fn close(&self) {
        self.gate.forget_permits(Semaphore::MAX_PERMITS);
    }

    pub(super) fn open(&self) {
        self.gate.add_permits(Semaphore::MAX_PERMITS);
    }
}

impl Fetch for Script {
    fn fetch<'a>(&'a self, target: &'a Target) -> Fetching<'a> {
        Box::pin(async {
            self.asked.lock().unwrap().push(target.url().to_owned());
            let _open = self.gate.acquire().await.unwrap();
            let answer = self.answers.lock().unwrap().get(target.url()).cloned();
            answer.unwrap_or(Err(DiscoveryFault::Status(404)))
        })
    }
}

/// A key set with these `kid`s; the key is made from the `kid`.
pub(super) fn jwks(kids: &[&str]) -> Value {
    let keys: Vec<_> = kids.iter().map(|kid| key(kid, kid)).collect();
    Jwks::of(keys.iter().map(SigningKey::public)).to_json()
}

/// A key called `kid`, made from `seed`.
pub(super) fn key(kid: &str, seed: &str) -> SigningKey {
    let mut bytes = [7; 32];
    for (byte, letter) in bytes.iter_mut().zip(seed.bytes()) {
        *byte = letter;
    }
    SigningKey::ed25519(kid, &bytes)
}
