//! The protocol, and nothing but the protocol.
//!
//! Pure functions over bytes: no I/O, no async, no clock, no randomness, no logging. What needs the time takes it as
//! a parameter; what needs a key is handed one. A value that was verified has a type that only `verify` can make.

pub mod component;
pub mod deferred;
pub mod digest;
pub mod error;
pub mod generation;
pub mod identifier;
pub mod interaction_code;
pub mod key;
pub mod message;
pub mod metadata;
pub(crate) mod percent;
pub mod requirement;
mod sf;
pub mod signature;
pub mod signing;
pub mod token;
pub mod url;
pub mod verify;
