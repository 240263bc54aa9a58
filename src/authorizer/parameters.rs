//! The parameters of a request to one of a resource's own endpoints: a JSON object in the body.

use serde_json::{Map, Value};

use super::inbound::{Body, InboundRequest};

/// The longest body that such a request may have, in bytes.
pub(super) const MAX_BODY: usize = 16 * 1024;

/// A body that holds no parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoParameters {
    /// Cut off, or longer than any request's needs to be.
    #[error("the body is longer than {MAX_BODY} bytes")]
    TooLong,
    /// Declared to be something else.
    #[error("the content type is not `application/json`")]
    OtherType,
    /// Something else.
    #[error("the body is not a JSON object")]
    NotAnObject,
}

/// The parameters of a request. Unknown ones stay in: ignoring them is how the draft grows.
pub(super) fn read(request: &InboundRequest) -> Result<Map<String, Value>, NoParameters> {
    let body = match &request.body {
        Body::Whole(body) if body.len() <= MAX_BODY => body,
        Body::Whole(_) | Body::Partial | Body::NotForwarded => return Err(NoParameters::TooLong),
    };
    let declared = request.message.fields().text("content-type");
    if declared.is_some_and(|declared| !is_json(&declared)) {
        return Err(NoParameters::OtherType);
    }
    serde_json::from_slice(body).map_err(|_| NoParameters::NotAnObject)
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim_ascii().eq_ignore_ascii_case("application/json")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aauth::message::{Fields, Message};

    fn request(content_type: Option<&str>, body: &[u8]) -> InboundRequest {
        let fields = content_type.map(|value| ("content-type".to_owned(), value.as_bytes().to_vec()));
        InboundRequest {
            resource_id: None,
            message: Message::request("POST", "https", "r.example", "/authorize", Fields::lines(fields)),
            body: Body::Whole(body.to_vec()),
            source_ip: None,
            peer: None,
        }
    }

    #[test]
    fn parameters_are_a_json_object() {
        for json in [None, Some("application/json"), Some("Application/JSON; charset=utf-8")] {
            assert_eq!(read(&request(json, br#"{"scope":"a"}"#)).unwrap().len(), 1);
        }
        let form = Some("application/x-www-form-urlencoded");
        assert_eq!(read(&request(form, b"{}")), Err(NoParameters::OtherType));
        for other in [&b""[..], b"[]", b"null", b"{", b"{} {}"] {
            assert_eq!(read(&request(None, other)), Err(NoParameters::NotAnObject));
        }
        assert_eq!(read(&request(None, &vec![b' '; MAX_BODY + 1])), Err(NoParameters::TooLong));
    }
}
