//! What the person says to an ask.

use aauth_authorizer::aauth::identifier::AgentId;
use aauth_authorizer::clock::Seconds;
use serde::{Deserialize, Serialize};

/// What the person says.
#[derive(Debug, Clone)]
pub enum Decision {
    /// Yes, to this much.
    Approve(Box<Approval>),
    /// No.
    Deny {
        /// Why, for the agent to read.
        reason: Option<String>,
    },
    /// Not before the agent has answered this.
    Ask {
        /// The question, in Markdown.
        question: String,
        /// The choices, where there are some.
        options: Vec<String>,
    },
}

/// For how long a yes counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remember {
    /// For this request alone.
    #[default]
    Once,
    /// As long as the mission lasts that the request belongs to.
    Mission,
    /// Until it is revoked, or until the given time.
    Always {
        /// Until when.
        until: Option<Seconds>,
    },
}

/// Yes, and to what.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Approval {
    /// For how long.
    pub remember: Remember,
    /// The scopes that are granted, where not all that were asked for.
    pub scopes: Option<Vec<String>>,
    /// The answer to a question.
    pub answer: Option<String>,
    /// How the mission is approved, where not as proposed.
    pub mission: Option<MissionEdit>,
    /// What the person calls a new agent.
    pub name: Option<String>,
    /// The agent of the person's that a new device is, instead of being a new agent.
    #[serde(with = "linked")]
    pub link: Option<AgentId>,
}

/// A mission as the person edits it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MissionEdit {
    /// Another description than the proposed one.
    pub description: Option<String>,
    /// The names of the tools that are approved, where not all.
    pub tools: Option<Vec<String>>,
    /// The resources that are approved, where not all.
    pub resources: Option<Vec<String>>,
    /// When the mission ends by itself.
    pub expires_at: Option<Seconds>,
}

mod linked {
    use aauth_authorizer::aauth::identifier::AgentId;
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    use crate::domain::stored::RULES;

    #[expect(clippy::ref_option, reason = "serde calls it with a reference to the field")]
    pub(super) fn serialize<S: Serializer>(id: &Option<AgentId>, to: S) -> Result<S::Ok, S::Error> {
        id.as_ref().map(AgentId::as_str).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<AgentId>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        text.map(|text| AgentId::parse_under(&text, RULES).map_err(D::Error::custom)).transpose()
    }
}
