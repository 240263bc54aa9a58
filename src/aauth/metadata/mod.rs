//! The well-known documents: what our side publishes, and what discovery reads of others.
//!
//! Implements "Metadata Documents" of draft-hardt-oauth-aauth-protocol-11. Fetching is `discovery`'s. A document of
//! another party is untrusted text: each `parse` matches the issuer by byte equality, checks every URL and bounds
//! every string that it keeps.
//!
//! | file | whose document |
//! |---|---|
//! | `about` | the members that all four have |
//! | `agent`, `person`, `access`, `resource` | one role's each |
//! | `document` | anybody's: how members are read and bounded |

mod about;
mod access;
mod agent;
mod document;
mod person;
mod resource;

pub use about::About;
pub use access::AccessServerMetadata;
pub use agent::AgentProviderMetadata;
pub use document::IssuerMetadata;
pub use person::PersonServerMetadata;
pub use resource::ResourceMetadata;

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
    /// Another member is missing, or is not what it must be.
    #[error("the metadata document's `{name}` {why}")]
    Member {
        /// Which.
        name: &'static str,
        /// What is wrong.
        why: String,
    },
}

#[cfg(test)]
mod tests;
