//! From an answer to Envoy's `CheckResponse`.
//!
//! To every proxy an empty `CheckResponse`, and one whose code is 0, means "allow". So an allow is made in one place,
//! from a permit; and a denial's code is of a type that has no 0.

use envoy_types::pb::envoy::config::core::v3::header_value_option::HeaderAppendAction;
use envoy_types::pb::envoy::config::core::v3::{HeaderValue, HeaderValueOption};
use envoy_types::pb::envoy::service::auth::v3::check_response::HttpResponse;
use envoy_types::pb::envoy::service::auth::v3::{CheckResponse, DeniedHttpResponse, OkHttpResponse};
use envoy_types::pb::envoy::r#type::v3::HttpStatus;
use envoy_types::pb::google::protobuf::{BoolValue, Struct};
use envoy_types::pb::google::rpc::Status;
use serde_json::{Map, Value};

use super::metadata;
use crate::authorizer::answer::{Answer, Permit, Response};
use crate::authorizer::record::Record;

/// Some proxies cut a longer body off.
const MAX_BODY: usize = 8 * 1024;

/// The response that gives an answer.
pub(super) fn of(answer: Answer, record: &Record) -> CheckResponse {
    match answer.into_response() {
        Err(permit) => allow(permit),
        Ok(response) => deny(response, about(record)),
    }
}

/// INVARIANT: the one place that makes a response with code 0, and it takes a permit to do so.
fn allow(permit: Permit) -> CheckResponse {
    let Permit { headers, mut remove, metadata } = permit;
    remove.retain(|name| is_name(name));
    let mut set = Vec::with_capacity(headers.len());
    for (name, value) in headers {
        match header(name, value) {
            Ok(option) => set.push(option),
            // What is not set must not come from the client either.
            Err(name) if is_name(&name) => remove.push(name),
            Err(_) => {}
        }
    }
    CheckResponse {
        status: Some(Status { code: 0, message: String::new(), details: Vec::new() }),
        dynamic_metadata: Some(metadata::object(metadata)),
        http_response: Some(HttpResponse::OkResponse(OkHttpResponse {
            headers: set,
            headers_to_remove: remove,
            ..OkHttpResponse::default()
        })),
    }
}

fn deny(response: Response, metadata: Struct) -> CheckResponse {
    let Response { status, headers, body } = response;
    // A status that is none of a denial would be read as one by nobody.
    let status = if matches!(status, 202 | 400..=599) { status } else { 403 };
    let headers = headers.into_iter().filter_map(|(name, value)| header(name.to_owned(), value).ok()).collect();
    let body = if body.len() > MAX_BODY { format!("{{\"status\":{status}}}") } else { body };
    CheckResponse {
        status: Some(Status { code: DenialCode::of(status) as i32, message: String::new(), details: Vec::new() }),
        dynamic_metadata: Some(metadata),
        http_response: Some(HttpResponse::DeniedResponse(DeniedHttpResponse {
            status: Some(HttpStatus { code: i32::from(status) }),
            headers,
            body,
        })),
    }
}

/// The gRPC codes of denials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
enum DenialCode {
    InvalidArgument = 3,
    NotFound = 5,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    Unavailable = 14,
    Unauthenticated = 16,
}

impl DenialCode {
    fn of(status: u16) -> Self {
        match status {
            202 | 401 => Self::Unauthenticated,
            400 | 414 => Self::InvalidArgument,
            404 => Self::NotFound,
            413 | 429 | 431 => Self::ResourceExhausted,
            500..=599 => Self::Unavailable,
            _ => Self::PermissionDenied,
        }
    }
}

/// A header that replaces any other of its name. Versions of Envoy differ in which of the two settings they heed and
/// in what the absence of either means, so both are set. The name comes back where no proxy would set the header.
fn header(name: String, value: String) -> Result<HeaderValueOption, String> {
    let visible = value.bytes().all(|b| matches!(b, 0x20..=0x7E));
    if !is_name(&name) || !visible {
        tracing::warn!(name = %name.escape_debug(), "a header that cannot be sent is left out");
        return Err(name);
    }
    if value.is_empty() {
        return Err(name);
    }
    #[expect(deprecated, reason = "versions of Envoy that know no `append_action` heed `append`")]
    let option = HeaderValueOption {
        header: Some(HeaderValue { key: name, value, raw_value: Vec::new() }),
        append: Some(BoolValue { value: false }),
        append_action: HeaderAppendAction::OverwriteIfExistsOrAdd as i32,
        keep_empty_value: false,
    };
    Ok(option)
}

/// A field name that a proxy accepts and that does not change where a request goes.
fn is_name(name: &str) -> bool {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    !name.is_empty() && name.bytes().all(legal) && !name.eq_ignore_ascii_case("host")
}

/// What a proxy's log may say of a denial.
fn about(record: &Record) -> Struct {
    let mut about = Map::new();
    about.insert("outcome".into(), record.outcome.into());
    about.insert("code".into(), record.code.into());
    about.insert("level".into(), record.level.into());
    about.insert("resource".into(), record.resource.as_str().into());
    about.insert("policies".into(), record.policies.iter().map(|id| Value::from(&**id)).collect());
    metadata::object(about)
}

#[cfg(test)]
mod tests;
