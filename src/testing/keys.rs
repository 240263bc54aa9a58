//! Keys for tests, each made from its name, so that every run is the same. They are no secret and sign nothing real.

use sha2::{Digest as _, Sha256};

use crate::aauth::key::SigningKey;

/// The key that a resource signs its resource tokens with.
pub(super) fn of_resource(id: &str) -> SigningKey {
    made("resource", id)
}

/// The key that an issuer publishes.
pub(super) fn of_issuer(id: &str) -> SigningKey {
    made("issuer", id)
}

/// The key that a caller holds.
pub(super) fn of_caller(name: &str) -> SigningKey {
    made("caller", name)
}

fn made(kind: &str, name: &str) -> SigningKey {
    let seed = Sha256::digest(format!("authorizer test {kind} {name}"));
    SigningKey::ed25519("test-1", &seed.into())
}
