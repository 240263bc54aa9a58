//! `aauth-person.json`: "Person Server Metadata".

use serde::Serialize;

use super::document::{Document, required};
use super::{About, MetadataFault};
use crate::aauth::identifier::{IdentifierRules, ServerId};

/// `aauth-person.json`. Members that are not set are left out, never `null`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PersonServerMetadata {
    /// The person server's identifier.
    pub issuer: String,
    /// Where its keys are.
    pub jwks_uri: String,
    /// How it presents itself.
    #[serde(flatten)]
    pub about: About,
    /// Where agents ask for auth tokens.
    pub auth_token_endpoint: String,
    /// Where agents ask for person tokens.
    pub person_token_endpoint: String,
    /// Where agents propose missions; `/{mission_s256}` below it is one mission.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mission_endpoint: Option<String>,
    /// Where agents ask before they act.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permission_endpoint: Option<String>,
    /// Where agents record what they did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audit_endpoint: Option<String>,
    /// Where agents reach the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interaction_endpoint: Option<String>,
    /// Where others than the owning agent manage missions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mission_control_endpoint: Option<String>,
    /// Where agent providers and resources revoke their tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revocation_endpoint: Option<String>,
    /// The identity scopes it knows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes_supported: Vec<String>,
    /// The identity claims it can provide.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub claims_supported: Vec<String>,
}

impl PersonServerMetadata {
    /// Reads a document fetched for `expected`.
    pub fn parse(bytes: &[u8], expected: &ServerId, rules: IdentifierRules) -> Result<Self, MetadataFault> {
        let document = Document::parse(bytes, expected, rules)?;
        Ok(Self {
            issuer: expected.to_string(),
            jwks_uri: document.jwks_uri()?,
            about: About::read(&document)?,
            auth_token_endpoint: required("auth_token_endpoint", document.endpoint("auth_token_endpoint")?)?,
            person_token_endpoint: required("person_token_endpoint", document.endpoint("person_token_endpoint")?)?,
            mission_endpoint: document.endpoint("mission_endpoint")?,
            permission_endpoint: document.endpoint("permission_endpoint")?,
            audit_endpoint: document.endpoint("audit_endpoint")?,
            interaction_endpoint: document.endpoint("interaction_endpoint")?,
            mission_control_endpoint: document.url("mission_control_endpoint")?,
            revocation_endpoint: document.url("revocation_endpoint")?,
            scopes_supported: document.list("scopes_supported")?,
            claims_supported: document.list("claims_supported")?,
        })
    }
}
