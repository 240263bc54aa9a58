//! A request as Envoy asks about it with `encode_raw_headers` and a forwarded body: field by field, nothing joined.

use axum::body::Bytes;
use axum::http::header;
use axum::http::request::Parts;
use envoy_types::pb::envoy::config::core::v3::{HeaderMap, HeaderValue};
use envoy_types::pb::envoy::service::auth::v3::attribute_context::{HttpRequest, Request};
use envoy_types::pb::envoy::service::auth::v3::{AttributeContext, CheckRequest};

/// The question.
pub(super) fn of(parts: &Parts, body: &Bytes) -> CheckRequest {
    let line = |name: &str, value: &[u8]| HeaderValue {
        key: name.to_owned(),
        value: String::new(),
        raw_value: value.to_vec(),
    };
    let headers = parts.headers.iter().map(|(name, value)| line(name.as_str(), value.as_bytes())).collect();
    let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let http = HttpRequest {
        method: parts.method.as_str().to_owned(),
        header_map: Some(HeaderMap { headers }),
        path: parts.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned(),
        host: host.to_owned(),
        // What the world sees in front of a gateway.
        scheme: "https".to_owned(),
        size: i64::try_from(body.len()).unwrap_or(i64::MAX),
        raw_body: body.to_vec(),
        ..HttpRequest::default()
    };
    let request = Some(Request { time: None, http: Some(http) });
    CheckRequest { attributes: Some(AttributeContext { request, ..AttributeContext::default() }) }
}
