//! The well-known documents: what our side publishes, and what discovery reads of others.
//!
//! Implements "Metadata Documents" of draft-hardt-oauth-aauth-protocol-11. Fetching is `discovery`'s.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::identifier::ServerId;

/// The four documents, by their names under `/.well-known/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dwk {
    /// Of an agent provider.
    Agent,
    /// Of a person server.
    Person,
    /// Of an access server.
    Access,
    /// Of a resource.
    Resource,
}

impl Dwk {
    /// Every document.
    pub const ALL: [Self; 4] = [Self::Agent, Self::Person, Self::Access, Self::Resource];

    /// The document's name, as `dwk` claims have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Agent => "aauth-agent.json",
            Self::Person => "aauth-person.json",
            Self::Access => "aauth-access.json",
            Self::Resource => "aauth-resource.json",
        }
    }

    /// The document that a `dwk` claim names.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dwk| dwk.name() == name)
    }
}

/// Why a fetched metadata document is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetadataFault {
    /// No JSON object.
    #[error("the metadata document is not a JSON object")]
    NotJson,
    /// No `issuer`: `issuer_missing`.
    #[error("the metadata document has no `issuer`")]
    IssuerMissing,
    /// `issuer` is not, byte for byte, whom the document was fetched for: `issuer_mismatch`.
    #[error("the metadata document names another issuer than the one it was fetched for")]
    IssuerMismatch,
    /// No `jwks_uri`.
    #[error("the metadata document has no `jwks_uri`")]
    JwksUriMissing,
}

/// The part of any metadata document that key discovery needs, its issuer already matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerMetadata {
    /// Where the issuer's keys are.
    pub jwks_uri: String,
}

impl IssuerMetadata {
    /// Reads a document fetched from `{expected}/.well-known/...`.
    pub fn parse(bytes: &[u8], expected: &ServerId) -> Result<Self, MetadataFault> {
        let document: serde_json::Value = serde_json::from_slice(bytes).map_err(|_| MetadataFault::NotJson)?;
        let document = document.as_object().ok_or(MetadataFault::NotJson)?;
        match document.get("issuer").and_then(|issuer| issuer.as_str()) {
            None => return Err(MetadataFault::IssuerMissing),
            Some(issuer) if issuer != expected.as_str() => return Err(MetadataFault::IssuerMismatch),
            Some(_) => {}
        }
        let jwks_uri = document.get("jwks_uri").and_then(|uri| uri.as_str()).ok_or(MetadataFault::JwksUriMissing)?;
        Ok(Self { jwks_uri: jwks_uri.to_owned() })
    }
}

/// `aauth-resource.json`. Members that are not set are left out, never `null`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceMetadata {
    /// The resource's identifier.
    pub issuer: String,
    /// Where its keys are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// The credential flow to expect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_mode: Option<String>,
    /// The algorithms its verifier accepts, exactly.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub accept_signature_algs: Vec<String>,
    /// Display name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Markdown; sanitise before rendering.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Logo, `https`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo_uri: Option<String>,
    /// Logo for dark backgrounds, `https`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo_dark_uri: Option<String>,
    /// Developer documentation, `https`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub documentation_uri: Option<String>,
    /// Terms of service, `https`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<String>,
    /// Privacy policy, `https`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<String>,
    /// Where agents ask for authorization beforehand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_endpoint: Option<String>,
    /// Where issuers revoke their tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revocation_endpoint: Option<String>,
    /// Scope to Markdown, for consent.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub scope_descriptions: BTreeMap<String, String>,
    /// Seconds around `created`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature_window: Option<u64>,
    /// Components to cover beside the base ones.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub additional_signature_components: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// "Metadata Documents": the issuer is matched by byte equality.
    #[test]
    fn the_issuer_is_matched_byte_for_byte() {
        let ps = ServerId::parse("https://ps.example").unwrap();
        let parse = |text: &str| IssuerMetadata::parse(text.as_bytes(), &ps);
        assert!(parse(r#"{"issuer":"https://ps.example","jwks_uri":"https://ps.example/jwks"}"#).is_ok());
        assert_eq!(parse(r#"{"jwks_uri":"https://ps.example/jwks"}"#), Err(MetadataFault::IssuerMissing));
        for other in ["https://ps.example/", "https://PS.example", "https://evil.example"] {
            let document = format!(r#"{{"issuer":"{other}","jwks_uri":"https://ps.example/jwks"}}"#);
            assert_eq!(parse(&document), Err(MetadataFault::IssuerMismatch), "{other}");
        }
        assert_eq!(parse(r#"{"issuer":"https://ps.example"}"#), Err(MetadataFault::JwksUriMissing));
        assert_eq!(parse("[]"), Err(MetadataFault::NotJson));
    }

    #[test]
    fn an_empty_resource_document_has_no_nulls() {
        let text =
            serde_json::to_string(&ResourceMetadata { issuer: "https://r.example".into(), ..Default::default() });
        assert_eq!(text.unwrap(), r#"{"issuer":"https://r.example"}"#);
    }
}
