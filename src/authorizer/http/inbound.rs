//! A request to one of our endpoints, as the pipeline takes it.

use axum::body::Bytes;
use axum::http::header;
use axum::http::request::Parts;

use crate::aauth::message::{Fields, Message};
use crate::authorizer::inbound::{Body, InboundRequest};
use crate::authorizer::resource::Resource;

/// The one host that a request names: its target's, else its only `Host` field.
pub(super) fn host(head: &Parts) -> Option<&str> {
    if let Some(authority) = head.uri.authority() {
        return Some(authority.as_str());
    }
    let mut values = head.headers.get_all(header::HOST).iter();
    let only = values.next().filter(|_| values.next().is_none())?;
    only.to_str().ok()
}

/// The request as its signer saw it. Where TLS ends is unknown here, so the scheme is that of the resource's identity.
pub(super) fn request(head: &Parts, body: &Bytes, resource: &Resource) -> InboundRequest {
    let fields = head.headers.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()));
    let scheme = resource.issuer.as_str().split_once("://").map_or("https", |(scheme, _)| scheme);
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let authority = host(head).unwrap_or_default();
    InboundRequest {
        resource_id: Some(resource.id.clone()),
        message: Message::request(head.method.as_str(), scheme, authority, target, Fields::lines(fields)),
        body: Body::Whole(body.to_vec()),
        source_ip: None,
        peer: None,
    }
}
