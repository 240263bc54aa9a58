//! Unguessable names.

use rand::RngExt as _;

/// 128 random bits in hexadecimal: identifiers of tokens, pending asks, consents.
pub(crate) fn id() -> String {
    format!("{:032x}", rand::rng().random::<u128>())
}

/// 32 random bytes, for a key or a secret.
pub(crate) fn secret() -> [u8; 32] {
    rand::rng().random()
}

/// 10 random bytes, for an interaction code.
pub(crate) fn code() -> [u8; 10] {
    rand::rng().random()
}
