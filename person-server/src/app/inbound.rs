//! A request as `routes` hands it over: the signed message, its body, and how long the caller waits.

use std::time::Duration;

use aauth_authorizer::aauth::message::Message;
use serde_json::{Map, Value};

use super::refusal::{Outcome, Refusal};

/// The longest body of an agent's or a server's request, in bytes.
pub const MAX_BODY: usize = 64 * 1024;

/// A request.
#[derive(Debug)]
pub struct Inbound {
    /// What is signed.
    pub message: Message,
    /// The body, at most [`MAX_BODY`] bytes of it.
    pub body: Vec<u8>,
    /// `Prefer: wait`, as far as it is granted.
    pub wait: Option<Duration>,
}

impl Inbound {
    /// The parameters: a JSON object. Unknown ones stay in; ignoring them is how the draft grows.
    pub fn parameters(&self) -> Outcome<Parameters> {
        let declared = self.message.fields().text("content-type").unwrap_or_default();
        let essence = declared.split(';').next().unwrap_or_default().trim_ascii();
        if !essence.eq_ignore_ascii_case("application/json") {
            return Err(Refusal::invalid_request("the content type is not `application/json`"));
        }
        let object = serde_json::from_slice(&self.body);
        object.map(Parameters).map_err(|_| Refusal::invalid_request("the body is not a JSON object"))
    }
}

/// Named parameters of a request, typed as they are taken out.
#[derive(Debug, Clone)]
pub struct Parameters(Map<String, Value>);

impl Parameters {
    /// A string that has to be there.
    pub fn text(&self, name: &str, max: usize) -> Outcome<String> {
        self.optional_text(name, max)?
            .ok_or_else(|| Refusal::invalid_request(format!("the parameter `{name}` is missing")))
    }

    /// A string that may be there: neither empty nor longer than `max` characters.
    pub fn optional_text(&self, name: &str, max: usize) -> Outcome<Option<String>> {
        let wrong = |why: &str| Refusal::invalid_request(format!("the parameter `{name}` {why}"));
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Err(wrong("is empty")),
            Some(Value::String(text)) if text.chars().count() > max => {
                Err(wrong(&format!("is longer than {max} characters")))
            }
            Some(Value::String(text)) if text.contains('\0') => Err(wrong("holds a NUL")),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                Err(wrong("is not a string"))
            }
        }
    }

    /// A list of strings that may be there.
    pub fn optional_list(&self, name: &str, max: usize) -> Outcome<Option<Vec<String>>> {
        let wrong = || {
            let detail = format!("the parameter `{name}` is not an array of at most {max} strings");
            Refusal::invalid_request(detail)
        };
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Array(list)) if list.len() <= max => {
                let text = |value: &Value| value.as_str().filter(|text| text.len() <= 512).map(str::to_owned);
                list.iter().map(text).collect::<Option<_>>().map(Some).ok_or_else(wrong)
            }
            Some(Value::Array(_) | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
                Err(wrong())
            }
        }
    }

    /// An object that may be there.
    pub fn optional_object(&self, name: &str) -> Outcome<Option<Map<String, Value>>> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(object)) => Ok(Some(object.clone())),
            Some(Value::Array(_) | Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
                Err(Refusal::invalid_request(format!("the parameter `{name}` is not an object")))
            }
        }
    }

    /// A whole number of seconds that may be there.
    pub fn optional_seconds(&self, name: &str) -> Outcome<Option<i64>> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => {
                value.as_i64().filter(|seconds| *seconds >= 0).map(Some).ok_or_else(|| {
                    Refusal::invalid_request(format!("the parameter `{name}` is not a number of seconds"))
                })
            }
        }
    }

    /// Any value.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }
}
