//! Unguessable names.

use rand::RngExt as _;

/// A new token identifier: 128 random bits, in hexadecimal.
pub(crate) fn token_id() -> String {
    format!("{:032x}", rand::rng().random::<u128>())
}

/// 32 random bytes, for a key.
pub(crate) fn seed() -> [u8; 32] {
    rand::rng().random()
}
