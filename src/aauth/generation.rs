//! Which generation of the protocol a party speaks.
//!
//! Draft-11 is strict and the default. The generation that the first public demos speak is a profile which an operator
//! switches on for a named issuer or resource; what it emits and accepts will be decided here, from an issuer's
//! configured profile and never from anything in a request, so that no draft-11 party can be talked down.

/// A generation of the protocol.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Generation {
    /// draft-hardt-oauth-aauth-protocol-11 with HTTP Signature Keys -09.
    #[default]
    Draft11,
}
