//! The members that all four documents have: how a server presents itself.

use serde::Serialize;

use super::MetadataFault;
use super::document::Document;

/// Characters of a name.
const MAX_NAME: usize = 200;
/// Bytes of a description.
const MAX_DESCRIPTION: usize = 4096;

/// How a server presents itself. Members that are not set are left out, never `null`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct About {
    /// The algorithms its verifier accepts, exactly.
    #[serde(skip_serializing_if = "Vec::is_empty")]
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
}

impl About {
    pub(super) fn read(document: &Document) -> Result<Self, MetadataFault> {
        Ok(Self {
            accept_signature_algs: document.list("accept_signature_algs")?,
            name: document.line("name", MAX_NAME)?,
            description: document.text("description", MAX_DESCRIPTION)?,
            logo_uri: document.url("logo_uri")?,
            logo_dark_uri: document.url("logo_dark_uri")?,
            documentation_uri: document.url("documentation_uri")?,
            tos_uri: document.url("tos_uri")?,
            policy_uri: document.url("policy_uri")?,
        })
    }
}
