//! Checks as Envoy sends them, signed in advance, no two alike.

use aauth_authorizer::aauth::message::Message;
use envoy_types::pb::envoy::config::core::v3::socket_address::PortSpecifier;
use envoy_types::pb::envoy::config::core::v3::{Address, HeaderMap, HeaderValue, SocketAddress, address};
use envoy_types::pb::envoy::service::auth::v3::attribute_context::{HttpRequest, Peer, Request};
use envoy_types::pb::envoy::service::auth::v3::{AttributeContext, CheckRequest};

use super::common::{Cast, HOST};

/// An agent at work: its checks never repeat.
#[derive(Debug)]
pub(crate) struct Agent {
    pub(crate) cast: Cast,
    token: String,
    sent: usize,
}

impl Agent {
    pub(crate) fn new(cast: Cast) -> Self {
        Self { token: cast.token(0), cast, sent: 0 }
    }

    /// So many signed requests, all under one token and permitted by one policy of many.
    pub(crate) fn messages(&mut self, count: usize) -> Vec<Message> {
        self.sent += count;
        (self.sent - count..self.sent).map(|n| self.cast.signed(&format!("/v1/c4/items/{n}"), &self.token)).collect()
    }

    /// The same as a gateway asks about them.
    pub(crate) fn checks(&mut self, count: usize) -> Vec<CheckRequest> {
        self.messages(count).iter().map(check).collect()
    }

    /// A check to a path of the caller's choice.
    pub(crate) fn check_of(&self, path: &str) -> CheckRequest {
        check(&self.cast.signed(path, &self.token))
    }

    /// Checks each of which presents a token never seen before.
    pub(crate) fn strangers(&self, tokens: std::ops::Range<usize>) -> Vec<CheckRequest> {
        tokens.map(|n| check(&self.cast.signed("/v1/c4/items", &self.cast.token(n)))).collect()
    }
}

fn check(message: &Message) -> CheckRequest {
    let pseudo = [(":method", message.method()), (":scheme", "https"), (":authority", HOST), (":path", message.path())];
    let pseudo = pseudo.into_iter().map(|(name, value)| (name, value.as_bytes()));
    let headers = pseudo.chain(message.fields().iter()).map(|(name, value)| HeaderValue {
        key: name.to_owned(),
        value: String::new(),
        raw_value: value.to_vec(),
    });
    let http = HttpRequest {
        id: "1729".to_owned(),
        method: message.method().to_owned(),
        header_map: Some(HeaderMap { headers: headers.collect() }),
        path: message.path().to_owned(),
        host: HOST.to_owned(),
        scheme: "https".to_owned(),
        protocol: "HTTP/2".to_owned(),
        ..HttpRequest::default()
    };
    let attributes = AttributeContext {
        source: Some(peer("203.0.113.7", 41_234)),
        destination: Some(peer("10.0.0.8", 8443)),
        request: Some(Request { http: Some(http), ..Request::default() }),
        ..AttributeContext::default()
    };
    CheckRequest { attributes: Some(attributes) }
}

fn peer(address: &str, port: u32) -> Peer {
    let socket = SocketAddress {
        address: address.to_owned(),
        port_specifier: Some(PortSpecifier::PortValue(port)),
        ..SocketAddress::default()
    };
    Peer { address: Some(Address { address: Some(address::Address::SocketAddress(socket)) }), ..Peer::default() }
}
