//! `aauth-access.json`: "Access Server Metadata".

use serde::Serialize;

use super::document::{Document, required};
use super::{About, MetadataFault};
use crate::aauth::identifier::{IdentifierRules, ServerId};

/// `aauth-access.json`. Members that are not set are left out, never `null`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AccessServerMetadata {
    /// The access server's identifier.
    pub issuer: String,
    /// Where its keys are.
    pub jwks_uri: String,
    /// How it presents itself.
    #[serde(flatten)]
    pub about: About,
    /// Where person servers ask for auth tokens.
    pub auth_token_endpoint: String,
    /// Where person servers and resources revoke their tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revocation_endpoint: Option<String>,
}

impl AccessServerMetadata {
    /// Reads a document fetched for `expected`.
    pub fn parse(bytes: &[u8], expected: &ServerId, rules: IdentifierRules) -> Result<Self, MetadataFault> {
        let document = Document::parse(bytes, expected, rules)?;
        Ok(Self {
            issuer: expected.to_string(),
            jwks_uri: document.jwks_uri()?,
            about: About::read(&document)?,
            auth_token_endpoint: required("auth_token_endpoint", document.endpoint("auth_token_endpoint")?)?,
            revocation_endpoint: document.url("revocation_endpoint")?,
        })
    }
}
