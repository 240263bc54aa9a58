//! Who is who in the demo. Each name is public; where it is reached is decided when the ports are known.

use crate::aauth::identifier::{InvalidIdentifier, ServerId};

/// The agent provider.
pub(super) const AGENTS: &str = "https://agents.example";
/// The person server.
pub(super) const PERSONS: &str = "https://ps.example";
/// The resource.
pub(super) const ORDERS: &str = "https://orders.example";
/// The resource's host.
pub(super) const ORDERS_HOST: &str = "orders.example";
/// The agent.
pub(super) const AGENT: &str = "aauth:helper@agents.example";
/// The person, as the person server calls them.
pub(super) const PERSON: &str = "ada";
/// Scopes of the resource, and what they mean to a person.
pub(super) const SCOPES: [(&str, &str); 2] =
    [("orders.read", "Read your orders"), ("orders.write", "Place and change orders for you")];

/// A name as the identifier it is.
pub(super) fn server(name: &str) -> Result<ServerId, InvalidIdentifier> {
    ServerId::parse(name)
}
