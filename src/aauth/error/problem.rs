//! Problem details (RFC 9457) with AAuth's `error` member.
//!
//! Implements "Error Response Format" of draft-hardt-oauth-aauth-protocol-11.

use serde_json::{Map, Value, json};

/// A problem details body (RFC 9457) with AAuth's `error` member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// `type`, where the problem has one.
    pub kind: Option<String>,
    /// The HTTP status, repeated in the body.
    pub status: u16,
    /// The code a receiver acts on.
    pub error: String,
    /// For the person who reads it.
    pub detail: Option<String>,
    /// Further members.
    pub more: Map<String, Value>,
}

impl Problem {
    /// The media type.
    pub const MEDIA_TYPE: &'static str = "application/problem+json";

    /// A problem that AAuth defines no `type` for.
    pub fn new(status: u16, error: &str, detail: impl Into<String>) -> Self {
        Self { kind: None, status, error: error.to_owned(), detail: Some(detail.into()), more: Map::new() }
    }

    /// The body.
    pub fn body(&self) -> String {
        let mut body = Map::new();
        if let Some(kind) = &self.kind {
            body.insert("type".into(), kind.as_str().into());
        }
        body.insert("status".into(), json!(self.status));
        body.insert("error".into(), self.error.as_str().into());
        if let Some(detail) = &self.detail {
            body.insert("detail".into(), detail.as_str().into());
        }
        body.extend(self.more.clone());
        Value::Object(body).to_string()
    }
}
