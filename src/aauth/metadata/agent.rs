//! `aauth-agent.json`: "Agent Provider Metadata".
//!
//! The draft leaves enrolment to the provider; the two endpoints that ours publishes for it are extra members, which
//! others ignore.

use serde::Serialize;

use super::document::Document;
use super::{About, MetadataFault};
use crate::aauth::identifier::{IdentifierRules, ServerId};

/// `aauth-agent.json`. Members that are not set are left out, never `null`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AgentProviderMetadata {
    /// The provider's identifier.
    pub issuer: String,
    /// Where its keys are.
    pub jwks_uri: String,
    /// How it presents itself.
    #[serde(flatten)]
    pub about: About,
    /// Where a person's browser comes back to an agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback_endpoint: Option<String>,
    /// Where resources send events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_endpoint: Option<String>,
    /// Whether its agents may be called back on the person's own machine.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub localhost_callback_allowed: bool,
    /// Where a new agent enrols.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registration_endpoint: Option<String>,
    /// Where an enrolled agent gets its next agent token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_endpoint: Option<String>,
}

impl AgentProviderMetadata {
    /// Reads a document fetched for `expected`.
    pub fn parse(bytes: &[u8], expected: &ServerId, rules: IdentifierRules) -> Result<Self, MetadataFault> {
        let document = Document::parse(bytes, expected, rules)?;
        Ok(Self {
            issuer: expected.to_string(),
            jwks_uri: document.jwks_uri()?,
            about: About::read(&document)?,
            callback_endpoint: document.endpoint("callback_endpoint")?,
            event_endpoint: document.url("event_endpoint")?,
            localhost_callback_allowed: document.boolean("localhost_callback_allowed")?,
            registration_endpoint: document.endpoint("registration_endpoint")?,
            refresh_endpoint: document.endpoint("refresh_endpoint")?,
        })
    }
}
