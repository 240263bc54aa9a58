//! The whole program among its neighbours: agents of other people's making and of our own, a resource behind a real
//! Envoy, a real PostgreSQL; stopped, killed and started again. Needs `make peers`; leaves every rule's own cases to
//! the other tests.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends where its expectation does"
)]

mod hostile;
mod library;
mod python;
mod restarts;
mod support;
