//! Unguessable names.

use aauth_authorizer::clock::Seconds;
use rand::RngExt as _;

/// 128 random bits in hexadecimal: identifiers of pending asks and consents.
pub(crate) fn id() -> String {
    format!("{:032x}", rand::rng().random::<u128>())
}

/// The identifier of a token issued at `now`: the time, then 80 random bits. Its time is in the token anyway, and rows that
/// are written together lie together, however many there are.
pub(crate) fn token_id(now: Seconds) -> String {
    let random = rand::rng().random::<u128>() >> 48;
    format!("{now:012x}{random:020x}")
}

/// 32 random bytes, for a key or a secret.
pub(crate) fn secret() -> [u8; 32] {
    rand::rng().random()
}

/// 10 random bytes, for an interaction code.
pub(crate) fn code() -> [u8; 10] {
    rand::rng().random()
}
