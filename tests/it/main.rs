//! The integration tests, as one program.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops at the first surprise")]

mod captures;
mod demo;
mod rfc7638;
mod rfc9421;
