//! What both benches stand on: a person server that publishes its key, an agent that signs, and a folder with the
//! configuration and policies of one resource.

mod cast;
mod documents;
mod folder;

pub(crate) use cast::Cast;
pub(crate) use folder::Folder;

/// The person server that issues the auth tokens.
pub(crate) const PERSONS: &str = "https://ps.example";
/// The resource.
pub(crate) const RESOURCE: &str = "https://orders.example";
/// The resource's host.
pub(crate) const HOST: &str = "orders.example";
