//! The whole product among real neighbours: a real Envoy in front of a sample upstream, agents and servers built with
//! other people's libraries, a real collector. Needs `make peers`; leaves every rule's own cases to the unit tests.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends where its expectation does"
)]

mod access;
mod interop;
mod mcp;
mod mesh;
mod neighbours;
mod readers;
mod review;
mod samples;
mod support;
mod tools;
mod traces;
mod tutorial;
