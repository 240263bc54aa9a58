//! The keys this server signs with, and those it publishes.

use std::sync::Arc;

use aauth_authorizer::aauth::key::{Jwks, SigningKey};

/// Signs with one key and publishes it beside its predecessors. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Keys {
    signing: Arc<SigningKey>,
    jwks: Arc<Jwks>,
}

impl Keys {
    /// Signs with `signing`, publishes it and `others`.
    pub fn new(signing: SigningKey, others: &[SigningKey]) -> Self {
        let published = std::iter::once(&signing).chain(others).map(SigningKey::public);
        Self { jwks: Arc::new(Jwks::of(published)), signing: Arc::new(signing) }
    }

    /// The key to sign with now.
    pub fn signing(&self) -> Arc<SigningKey> {
        Arc::clone(&self.signing)
    }

    /// The keys that are published.
    pub fn jwks(&self) -> Arc<Jwks> {
        Arc::clone(&self.jwks)
    }
}
