//! Interaction codes: sixteen symbols, of which the first four find the pending ask and twelve prove that the code is
//! known.
//!
//! Implements "Interaction Code Format" of draft-hardt-oauth-aauth-protocol-11. Because a wrong code still finds the ask
//! it was meant for, wrong tries are counted against that ask, which fails after a few of them.

use aauth_authorizer::aauth::interaction_code::InteractionCode;

use super::random;

/// A new code, as it is kept.
pub(super) fn new() -> String {
    InteractionCode::long(random::code()).symbols().to_owned()
}

/// A kept code as it is shown: `A1B2-C3D4-E5F6-G7H8`.
pub(super) fn shown(kept: &str) -> String {
    InteractionCode::parse(kept).map_or_else(|_| kept.to_owned(), |code| code.displayed())
}
