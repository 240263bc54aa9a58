//! `aauth-resource.json`: "Resource Metadata".

use std::collections::BTreeMap;

use serde::Serialize;

use super::document::Document;
use super::{About, MetadataFault};
use crate::aauth::identifier::{IdentifierRules, ServerId};

/// Bytes of an access mode, registered or not.
const MAX_ACCESS_MODE: usize = 64;

/// `aauth-resource.json`. Members that are not set are left out, never `null`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ResourceMetadata {
    /// The resource's identifier.
    pub issuer: String,
    /// Where its keys are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// The credential flow to expect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_mode: Option<String>,
    /// How it presents itself.
    #[serde(flatten)]
    pub about: About,
    /// Where agents ask for authorization beforehand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_endpoint: Option<String>,
    /// Where issuers revoke their tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revocation_endpoint: Option<String>,
    /// Scope to Markdown, for consent.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub scope_descriptions: BTreeMap<String, String>,
    /// Seconds around `created`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature_window: Option<u64>,
    /// Components to cover beside the base ones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub additional_signature_components: Vec<String>,
}

impl ResourceMetadata {
    /// Reads a document fetched for `expected`.
    pub fn parse(bytes: &[u8], expected: &ServerId, rules: IdentifierRules) -> Result<Self, MetadataFault> {
        let document = Document::parse(bytes, expected, rules)?;
        Ok(Self {
            issuer: expected.to_string(),
            jwks_uri: document.url("jwks_uri")?,
            access_mode: document.line("access_mode", MAX_ACCESS_MODE)?,
            about: About::read(&document)?,
            authorization_endpoint: document.endpoint("authorization_endpoint")?,
            revocation_endpoint: document.url("revocation_endpoint")?,
            scope_descriptions: document.scopes("scope_descriptions")?,
            signature_window: document.count("signature_window")?,
            additional_signature_components: document.list("additional_signature_components")?,
        })
    }
}
