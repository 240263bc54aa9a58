//! What was approved, and the blob that says so: "Mission Approval".

use aauth_authorizer::aauth::identifier::{AgentId, ServerId};
use aauth_authorizer::clock::Seconds;
use serde::{Deserialize, Serialize};

use super::iso8601;
use crate::domain::ask::{MissionAsk, Tool};
use crate::domain::decision::MissionEdit;
use crate::domain::stored::RULES;

/// The most tools a proposal may name.
pub const MAX_TOOLS: usize = 64;
/// The most resources a proposal may name.
pub const MAX_RESOURCES: usize = 32;

/// What the person approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The mission, in Markdown.
    pub description: String,
    /// What the agent may use without asking each time.
    pub tools: Vec<Tool>,
    /// Where it may be known without the person being asked.
    pub resources: Vec<ServerId>,
    /// When it was approved.
    pub approved_at: Seconds,
    /// When it ends by itself.
    pub expires_at: Option<Seconds>,
}

/// The blob's members, in their order. `salt` is a member of our own: it makes the digest of two missions differ that
/// say the same, and keeps a resource that sees the digest from finding the text by trying.
#[derive(Serialize, Deserialize)]
struct Blob {
    agent: String,
    approved_at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    description: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    approved_tools: Vec<Tool>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    approved_resources: Vec<String>,
    salt: String,
}

impl Terms {
    /// What was proposed, as the person changed it. Tools and resources are never more than were proposed.
    pub fn of(ask: &MissionAsk, edit: Option<&MissionEdit>, approved_at: Seconds) -> Self {
        let keeps = |only: Option<&Vec<String>>, name: &str| only.is_none_or(|only| only.iter().any(|one| one == name));
        let tools = edit.and_then(|edit| edit.tools.as_ref());
        let resources = edit.and_then(|edit| edit.resources.as_ref());
        let resources = ask.resources.iter().filter(|resource| keeps(resources, resource));
        Self {
            description: edit.and_then(|edit| edit.description.clone()).unwrap_or_else(|| ask.description.clone()),
            tools: ask.tools.iter().filter(|tool| keeps(tools, &tool.name)).cloned().collect(),
            resources: resources.filter_map(|resource| ServerId::parse_under(resource, RULES).ok()).collect(),
            approved_at,
            expires_at: edit.and_then(|edit| edit.expires_at),
        }
    }

    /// The bytes that are kept, shown and digested.
    pub(super) fn blob(&self, agent: &AgentId, salt: &str) -> String {
        let blob = Blob {
            agent: agent.as_str().to_owned(),
            approved_at: iso8601::text(self.approved_at),
            expires_at: self.expires_at.map(iso8601::text),
            description: self.description.clone(),
            approved_tools: self.tools.clone(),
            approved_resources: self.resources.iter().map(|resource| resource.as_str().to_owned()).collect(),
            salt: salt.to_owned(),
        };
        // Text, and lists of text, under names that are text: there is nothing in it that JSON does not have.
        serde_json::to_string(&blob).unwrap_or_default()
    }

    /// What a kept blob says; the times are kept beside it as numbers. `None` where it says nothing.
    pub fn read(blob: &str, approved_at: Seconds, expires_at: Option<Seconds>) -> Option<Self> {
        let blob: Blob = serde_json::from_str(blob).ok()?;
        let resources = blob.approved_resources.iter().map(|id| ServerId::parse_under(id, RULES).ok());
        Some(Self {
            description: blob.description,
            tools: blob.approved_tools,
            resources: resources.collect::<Option<_>>()?,
            approved_at,
            expires_at,
        })
    }
}
