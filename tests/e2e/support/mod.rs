//! What the end-to-end tests are written with: one file a neighbour, each ended when its value is dropped.

#[expect(dead_code, reason = "waits for the first test that starts the authorizer")]
pub(crate) mod authorizer;
pub(crate) mod client;
pub(crate) mod collector;
pub(crate) mod documents;
pub(crate) mod gateway;
pub(crate) mod peer;
pub(crate) mod process;
pub(crate) mod server;
pub(crate) mod stand_in;
pub(crate) mod upstream;
pub(crate) mod world;
