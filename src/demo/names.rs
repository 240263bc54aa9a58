//! Who is who in the demo. Each name is public; where it is reached is decided when the ports are known.

use crate::aauth::identifier::{InvalidIdentifier, ServerId};

/// The person server, which is its persons' agent provider as well.
pub(super) const PERSONS: &str = "https://ps.example";
/// The person server's host.
pub(super) const PERSONS_HOST: &str = "ps.example";
/// The resource.
pub(super) const ORDERS: &str = "https://orders.example";
/// The resource's host.
pub(super) const ORDERS_HOST: &str = "orders.example";
/// The person.
pub(super) const PERSON: &str = "Ada";
/// What the agent calls itself.
pub(super) const AGENT: &str = "Helper";
/// What Ada agrees to for nobody.
pub(super) const NEVER: &str = "refunds.make";
/// Scopes of the resource, and what they mean to a person.
pub(super) const SCOPES: [(&str, &str); 3] = [
    ("orders.read", "Read your orders"),
    ("orders.write", "Place and change orders for you"),
    (NEVER, "Give refunds in your name"),
];

/// A name as the identifier it is.
pub(super) fn server(name: &str) -> Result<ServerId, InvalidIdentifier> {
    ServerId::parse(name)
}
