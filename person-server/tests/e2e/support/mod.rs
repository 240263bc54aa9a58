//! What the end-to-end tests are written with. What tells nothing of person servers is the authorizer's own.

#[path = "../../../../tests/e2e/support/client.rs"]
#[expect(dead_code, reason = "the authorizer's tests use more of it")]
pub(crate) mod client;
#[path = "../../../../tests/e2e/support/gateway.rs"]
#[expect(dead_code, reason = "the authorizer's tests use more of it")]
mod gateway;
#[path = "../../it/support/postgres.rs"]
#[expect(dead_code, reason = "the store's tests use more of it")]
pub(crate) mod postgres;
#[path = "../../../../tests/e2e/support/process.rs"]
pub(crate) mod process;
#[path = "../../../../tests/e2e/support/upstream.rs"]
#[expect(dead_code, reason = "the authorizer's tests use more of it")]
pub(crate) mod upstream;

mod caller;
mod person;
mod person_server;
mod python;
mod resource;
mod scene;
mod server;

pub(crate) use caller::{Caller, claims, code};
pub(crate) use person::Person;
pub(crate) use person_server::PersonServer;
pub(crate) use python::Python;
pub(crate) use resource::Resource;
pub(crate) use scene::Scene;
pub(crate) use server::serve;

/// The server under test, by its public name.
pub(crate) const PS: &str = "https://ps.example";
/// The resource behind the gateway.
pub(crate) const ORDERS: &str = "https://orders.example";
