//! Requests in the making: [`Asking`] before they are signed, [`Wire`] after, when every change is damage.

use base64::prelude::{BASE64_STANDARD, Engine as _};

use super::token::Token;
use crate::aauth::key::SigningKey;
use crate::aauth::message::{Fields, Message};
use crate::aauth::signature::base_of;
use crate::authorizer::inbound::{Body, InboundRequest};
use crate::authorizer::testkit::{HOST, NOW, agent_key};

/// What every AAuth signature covers, as it stands in `Signature-Input`.
pub(super) const BASE: [&str; 4] = ["\"@method\"", "\"@authority\"", "\"@path\"", "\"signature-key\""];

/// A request that nobody has signed yet.
#[derive(Debug, Clone)]
pub(super) struct Asking {
    pub(super) wire: Wire,
    /// Component identifiers, serialised.
    pub(super) covered: Vec<String>,
    /// The parameters of the signature, serialised.
    pub(super) params: String,
    /// The member of `Signature-Key`.
    pub(super) conveyed: String,
    pub(super) key: SigningKey,
}

/// A request as the gateway receives it.
#[derive(Debug, Clone)]
pub(super) struct Wire {
    pub(super) method: &'static str,
    pub(super) authority: &'static str,
    pub(super) target: String,
    pub(super) lines: Vec<(String, Vec<u8>)>,
    pub(super) body: Body,
    pub(super) resource_id: Option<String>,
}

/// A `GET` of the agent's, presenting this token.
pub(super) fn asking(token: &Token) -> Asking {
    presenting(&token.sign())
}

/// A `GET` of the agent's, presenting this text as a token.
pub(super) fn presenting(token: &str) -> Asking {
    Asking {
        wire: unsigned(),
        covered: BASE.map(str::to_owned).to_vec(),
        params: format!(";created={NOW}"),
        conveyed: format!("jwt;jwt=\"{token}\""),
        key: agent_key(),
    }
}

/// The request that every row starts from.
pub(super) fn good() -> Wire {
    asking(&Token::auth()).sign()
}

/// The good request, changed before it was signed.
pub(super) fn signed(change: impl FnOnce(&mut Asking)) -> Wire {
    asking(&Token::auth()).with(change).sign()
}

/// The good request, changed after it was signed.
pub(super) fn damaged(change: impl FnOnce(&mut Wire)) -> Wire {
    let mut wire = good();
    change(&mut wire);
    wire
}

/// A request without any signature.
pub(super) fn unsigned() -> Wire {
    let target = "/v1/orders?limit=10".to_owned();
    let body = Body::Whole(Vec::new());
    Wire { method: "GET", authority: HOST, target, lines: Vec::new(), body, resource_id: None }
}

impl Asking {
    pub(super) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// Covers another component, by its serialised identifier.
    pub(super) fn cover(&mut self, identifier: &str) {
        self.covered.push(identifier.to_owned());
    }

    /// More parameters for the signature.
    pub(super) fn parameter(&mut self, parameters: &str) {
        self.params.push_str(parameters);
    }

    /// More in the member of `Signature-Key`.
    pub(super) fn convey(&mut self, more: &str) {
        self.conveyed.push_str(more);
    }

    /// Covers all but one component.
    pub(super) fn uncover(&mut self, name: &str) {
        self.covered.retain(|identifier| *identifier != format!("\"{name}\""));
    }

    pub(super) fn sign(self) -> Wire {
        self.sign_as("sig")
    }

    pub(super) fn sign_as(mut self, label: &str) -> Wire {
        self.wire.add("signature-key", &format!("{label}={}", self.conveyed));
        let params = format!("({}){}", self.covered.join(" "), self.params);
        // What cannot be signed is refused before its signature is looked at.
        let base = base_of(&self.wire.message(), &params).unwrap_or_default();
        let signature = BASE64_STANDARD.encode(self.key.sign(&base));
        self.wire.add("signature-input", &format!("{label}={params}"));
        self.wire.add("signature", &format!("{label}=:{signature}:"));
        self.wire
    }
}

impl Wire {
    pub(super) fn message(&self) -> Message {
        Message::request(self.method, "https", self.authority, &self.target, Fields::lines(self.lines.clone()))
    }

    pub(super) fn inbound(&self) -> InboundRequest {
        InboundRequest {
            resource_id: self.resource_id.clone(),
            message: self.message(),
            body: self.body.clone(),
            source_ip: None,
            peer: None,
        }
    }

    /// One more line.
    pub(super) fn add(&mut self, name: &str, value: &str) {
        self.lines.push((name.to_owned(), value.as_bytes().to_vec()));
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.lines.retain(|(known, _)| known != name);
    }

    /// This value instead of whatever there was.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.remove(name);
        self.add(name, value);
    }

    /// The value of a line.
    pub(super) fn get(&self, name: &str) -> String {
        let (_, value) = self.lines.iter().find(|(known, _)| known == name).unwrap();
        String::from_utf8(value.clone()).unwrap()
    }

    /// The value of a line, changed.
    pub(super) fn edit(&mut self, name: &str, change: impl FnOnce(String) -> String) {
        let value = change(self.get(name));
        self.set(name, &value);
    }
}
