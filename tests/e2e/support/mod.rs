//! What the end-to-end tests are written with: one file a neighbour, each ended when its value is dropped.

pub(crate) mod authorizer;
pub(crate) mod client;
pub(crate) mod collector;
pub(crate) mod documents;
pub(crate) mod gateway;
pub(crate) mod peer;
pub(crate) mod process;
pub(crate) mod scene;
pub(crate) mod server;
pub(crate) mod stand_in;
pub(crate) mod upstream;
pub(crate) mod world;
