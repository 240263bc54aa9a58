//! The request as any gateway forwards it: what the pipeline is asked about.

use std::net::IpAddr;

use crate::aauth::message::Message;

/// A request to be decided, in no proxy's format.
#[derive(Debug, Clone)]
pub struct InboundRequest {
    /// The resource the gateway names, from its own configuration.
    pub resource_id: Option<String>,
    /// The request's head.
    pub message: Message,
    /// The request's body, as far as the gateway forwarded it.
    pub body: Body,
    /// The address of the gateway's peer.
    pub source_ip: Option<IpAddr>,
    /// The identity of the gateway's peer, from its certificate.
    pub peer: Option<String>,
}

/// What there is of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// All of it; empty where the request has none.
    Whole(Vec<u8>),
    /// The gateway cut it off.
    Partial,
    /// The request has one and the gateway is not configured to forward it.
    NotForwarded,
}
