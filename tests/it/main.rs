//! The integration tests, as one program.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops at the first surprise")]

mod captures;
mod cli_author;
mod cli_review;
mod cli_schema;
mod demo;
mod policy_tests;
mod rfc7638;
mod rfc9421;
mod samples;
