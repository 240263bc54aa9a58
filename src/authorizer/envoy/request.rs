//! From Envoy's `CheckRequest` to an inbound request. Takes what it reads apart, so that nothing is copied.
//!
//! Proxies differ: header fields come as a map whose repeated fields are joined, or as lines; pseudo-headers may be
//! among them; the host may stand in one of three places. What is missing or out of bounds is [`Malformed`].

use std::collections::HashMap;
use std::net::IpAddr;

use envoy_types::pb::envoy::config::core::v3::address::Address as Kind;
use envoy_types::pb::envoy::service::auth::v3::attribute_context::{HttpRequest, Peer};
use envoy_types::pb::envoy::service::auth::v3::{AttributeContext, CheckRequest};

use super::body;
use super::head::Head;
use super::malformed::Malformed;
use crate::aauth::message::{Fields, Message};
use crate::authorizer::inbound::InboundRequest;

/// The context extension by which a gateway's configuration names the resource.
const RESOURCE_ID: &str = "aauth_resource_id";

const MAX_METHOD: usize = 32;
const MAX_AUTHORITY: usize = 255;
const MAX_PATH: usize = 16 * 1024;

/// Reads a check.
pub(super) fn read(check: CheckRequest) -> Result<InboundRequest, Malformed> {
    let AttributeContext { source, request, mut context_extensions, .. } =
        check.attributes.ok_or(Malformed::NotHttp)?;
    let http = request.and_then(|request| request.http).ok_or(Malformed::NotHttp)?;
    let HttpRequest { method, headers, header_map, path, host, scheme, query, size, body, raw_body, .. } = http;

    let lines = header_map.map(|map| map.headers).unwrap_or_default();
    let joined = lines.is_empty();
    let mut head = if joined { joined_fields(headers)? } else { Head::default() };
    for line in lines {
        let value = if line.raw_value.is_empty() { line.value.into_bytes() } else { line.raw_value };
        head.add(line.key, value)?;
    }

    let method = required(method, head.method, Malformed::Method)?;
    let authority = host_of(host, head.authority, head.host)?;
    let target = target(required(path, head.path, Malformed::Path)?, &query)?;
    let scheme = required(scheme, head.scheme, Malformed::Scheme).unwrap_or_else(|_| "https".to_owned());
    if !is_token(&method) || method.len() > MAX_METHOD {
        return Err(Malformed::Method);
    }
    if !matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https") {
        return Err(Malformed::Scheme);
    }
    let fields = if joined { Fields::joined(head.lines) } else { Fields::lines(head.lines) };
    let body = if raw_body.is_empty() { body.into_bytes() } else { raw_body };
    let body = body::judge(body, &fields, size, head.partial_body);
    let (source_ip, peer) = source.map_or((None, None), peer);
    Ok(InboundRequest {
        resource_id: context_extensions.remove(RESOURCE_ID),
        message: Message::request(&method, &scheme, &authority, &target, fields),
        body,
        source_ip,
        peer,
    })
}

fn joined_fields(headers: HashMap<String, String>) -> Result<Head, Malformed> {
    let mut head = Head::with_capacity(headers.len());
    for (name, value) in headers {
        head.add(name, value.into_bytes())?;
    }
    Ok(head)
}

/// The attribute, else the pseudo-header.
fn required(attribute: String, pseudo: Option<Vec<u8>>, missing: Malformed) -> Result<String, Malformed> {
    if !attribute.is_empty() {
        return Ok(attribute);
    }
    let pseudo = pseudo.filter(|value| !value.is_empty()).ok_or(missing)?;
    String::from_utf8(pseudo).map_err(|_| missing)
}

fn host_of(attribute: String, pseudo: Option<Vec<u8>>, field: Option<Vec<u8>>) -> Result<String, Malformed> {
    let pseudo = pseudo.filter(|value| !value.is_empty()).or(field);
    let host = required(attribute, pseudo, Malformed::Authority)?;
    // What no host holds would let one reader see another host than the next.
    let legal = |b: u8| matches!(b, 0x21..=0x7E) && !matches!(b, b'/' | b'\\' | b'@' | b'?' | b'#' | b',');
    if host.len() <= MAX_AUTHORITY && host.bytes().all(legal) { Ok(host) } else { Err(Malformed::Authority) }
}

/// The path with its query, which one field holds as a rule.
fn target(mut path: String, query: &str) -> Result<String, Malformed> {
    if !query.is_empty() && !path.contains('?') {
        path.push('?');
        path.push_str(query);
    }
    if path.len() > MAX_PATH {
        return Err(Malformed::PathTooLong);
    }
    let legal = |b: u8| b > 0x20 && b != 0x7F && b != b'#';
    let rooted = path.starts_with('/') || path == "*";
    if rooted && path.bytes().all(legal) { Ok(path) } else { Err(Malformed::Path) }
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// The address and the certificate's identity of whoever connected to the gateway.
fn peer(peer: Peer) -> (Option<IpAddr>, Option<String>) {
    let ip = match peer.address.and_then(|address| address.address) {
        Some(Kind::SocketAddress(socket)) => socket.address.parse().ok(),
        Some(Kind::Pipe(_) | Kind::EnvoyInternalAddress(_)) | None => None,
    };
    (ip, Some(peer.principal).filter(|principal| !principal.is_empty()))
}

#[cfg(test)]
mod tests;
