//! What the agent says: its own words, apart from everything else, so that they are shown as the agent's.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::domain::ask::{Ask, Hints};

/// Words of the agent's own. It chose them, and gains from being believed. Markdown is to be sanitized.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(in super::super) struct AgentSays {
    /// Why it asks, in Markdown.
    #[serde(skip_serializing_if = "Option::is_none")]
    justification: Option<String>,
    /// What it calls itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Where it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<String>,
    /// On what device.
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<String>,
    /// Whom it thinks it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    login_hint: Option<String>,
    /// What it is about, or what it intends, in Markdown.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// What it accomplished, in Markdown.
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<String>,
    /// What it asks the person, in Markdown.
    #[serde(skip_serializing_if = "Option::is_none")]
    question: Option<String>,
    /// What it wants to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<String>,
    /// With which parameters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    parameters: Option<Map<String, Value>>,
    /// The tools it wants to use on a mission.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<ToolView>,
    /// The resources it expects to access on a mission.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resources: Vec<String>,
    /// Where it wants the person to go.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// With which code.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// Whether that is to pay for something.
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<bool>,
}

/// A tool.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct ToolView {
    /// Its name.
    name: String,
    /// What it does.
    description: Option<String>,
}

/// The agent's words in an ask.
pub(super) fn says(ask: &Ask) -> AgentSays {
    let hints = ask.hints().map(hints).unwrap_or_default();
    match ask {
        Ask::Identify(_) | Ask::Authorize(_) => hints,
        Ask::Enroll(ask) => AgentSays { name: Some(ask.name.clone()), ..hints },
        Ask::Mission(ask) => {
            let tool = |tool: &crate::domain::ask::Tool| ToolView {
                name: tool.name.clone(),
                description: tool.description.clone(),
            };
            AgentSays {
                description: Some(ask.description.clone()),
                tools: ask.tools.iter().map(tool).collect(),
                resources: ask.resources.clone(),
                ..hints
            }
        }
        Ask::Update(ask) => AgentSays { description: Some(ask.description.clone()), ..hints },
        Ask::Complete(ask) => AgentSays { summary: Some(ask.summary.clone()), ..hints },
        Ask::Permit(ask) => AgentSays {
            action: Some(ask.action.clone()),
            description: ask.description.clone(),
            parameters: ask.parameters.clone(),
            ..hints
        },
        Ask::Relay(ask) => AgentSays {
            description: ask.description.clone(),
            url: Some(ask.url.clone()),
            code: ask.code.clone(),
            payment: Some(ask.payment),
            ..hints
        },
        Ask::Question(ask) => {
            AgentSays { question: Some(ask.question.clone()), description: ask.description.clone(), ..hints }
        }
    }
}

fn hints(hints: &Hints) -> AgentSays {
    AgentSays {
        justification: hints.justification.clone(),
        platform: hints.platform.clone(),
        device: hints.device.clone(),
        login_hint: hints.login_hint.clone(),
        ..AgentSays::default()
    }
}
