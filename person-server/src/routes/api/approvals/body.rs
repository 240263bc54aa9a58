//! A decision, as it is sent.

use aauth_authorizer::aauth::identifier::AgentId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::super::extract::{bounded, line, lines};
use crate::app::persons::Said;
use crate::app::{Outcome, Refusal};
use crate::domain::decision::{Approval, Decision, MissionEdit, Remember};
use crate::domain::stored::RULES;

/// The longest text, in characters.
const MAX_TEXT: usize = 8192;

/// What the person says.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub(in super::super) enum DecisionBody {
    /// Yes, to this much.
    Approve(Box<ApproveBody>),
    /// No.
    Deny(DenyBody),
    /// Not before the agent has answered this.
    Ask(AskBody),
}

/// Yes, and to what.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct ApproveBody {
    /// `version` of the request as it was shown.
    version: String,
    /// The scopes that are granted, where not all that were asked for.
    #[serde(default)]
    scopes: Option<Vec<String>>,
    /// For how long the yes counts.
    #[serde(default)]
    remember: RememberBody,
    /// Until when it is remembered: with `always`.
    #[serde(default)]
    until: Option<i64>,
    /// What the person calls a new agent.
    #[serde(default)]
    name: Option<String>,
    /// The agent of the person's that a new device is, instead of being a new agent.
    #[serde(default)]
    link: Option<String>,
    /// How a mission is approved, where not as proposed.
    #[serde(default)]
    mission: Option<MissionBody>,
    /// The answer to a question.
    #[serde(default)]
    answer: Option<String>,
}

/// For how long a yes counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(in super::super) enum RememberBody {
    /// For this request alone.
    #[default]
    Once,
    /// As long as the mission lasts.
    Mission,
    /// Until it is taken back, or until `until`.
    Always,
}

/// A mission as the person edits it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct MissionBody {
    /// Another description than the proposed one.
    #[serde(default)]
    description: Option<String>,
    /// The names of the tools that are approved, where not all.
    #[serde(default)]
    tools: Option<Vec<String>>,
    /// The resources that are approved, where not all.
    #[serde(default)]
    resources: Option<Vec<String>>,
    /// When the mission ends by itself.
    #[serde(default)]
    expires_at: Option<i64>,
}

/// No, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct DenyBody {
    /// `version` of the request as it was shown.
    version: String,
    /// Why, for the agent to read.
    #[serde(default)]
    reason: Option<String>,
}

/// A question to the agent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct AskBody {
    /// `version` of the request as it was shown.
    version: String,
    /// The question, in Markdown.
    question: String,
    /// The choices, where there are some.
    #[serde(default)]
    options: Vec<String>,
}

impl DecisionBody {
    /// The decision, within bounds.
    pub(super) fn said(self) -> Outcome<Said> {
        Ok(match self {
            Self::Approve(body) => Said { version: body.version.clone(), decision: body.decision()? },
            Self::Deny(DenyBody { version, reason }) => {
                let reason = reason.map(|reason| bounded("reason", reason, 1000)).transpose()?;
                Said { version, decision: Decision::Deny { reason } }
            }
            Self::Ask(AskBody { version, question, options }) => {
                let question = bounded("question", question, 2000)?;
                Said { version, decision: Decision::Ask { question, options: lines("options", options, 10, 200)? } }
            }
        })
    }
}

impl ApproveBody {
    fn decision(self) -> Outcome<Decision> {
        let remember = match (self.remember, self.until) {
            (RememberBody::Always, until) => Remember::Always { until },
            (RememberBody::Once, None) => Remember::Once,
            (RememberBody::Mission, None) => Remember::Mission,
            (RememberBody::Once | RememberBody::Mission, Some(_)) => {
                return Err(Refusal::invalid_request("`until` is for `remember` with `always`"));
            }
        };
        let link = |text: String| {
            let wrong = |_| Refusal::invalid_request("`link` is not an agent identifier");
            AgentId::parse_under(&text, RULES).map_err(wrong)
        };
        Ok(Decision::Approve(Box::new(Approval {
            remember,
            scopes: self.scopes.map(|scopes| lines("scopes", scopes, 200, 512)).transpose()?,
            answer: self.answer.map(|answer| bounded("answer", answer, MAX_TEXT)).transpose()?,
            mission: self.mission.map(MissionBody::edit).transpose()?,
            name: self.name.map(|name| line("name", name, 64)).transpose()?,
            link: self.link.map(link).transpose()?,
        })))
    }
}

impl MissionBody {
    fn edit(self) -> Outcome<MissionEdit> {
        Ok(MissionEdit {
            description: self.description.map(|text| bounded("description", text, MAX_TEXT)).transpose()?,
            tools: self.tools.map(|tools| lines("tools", tools, 200, 256)).transpose()?,
            resources: self.resources.map(|resources| lines("resources", resources, 200, 512)).transpose()?,
            expires_at: self.expires_at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Said, String> {
        let body: DecisionBody = serde_json::from_str(json).map_err(|error| error.to_string())?;
        body.said().map_err(|refusal| format!("{refusal:?}"))
    }

    #[test]
    fn a_decision_is_one_of_three() {
        let yes =
            read(r#"{"decision":"approve","version":"v","scopes":["read"],"remember":"always","until":9}"#).unwrap();
        let Decision::Approve(approval) = yes.decision else { panic!("{yes:?}") };
        assert_eq!(approval.remember, Remember::Always { until: Some(9) });
        assert_eq!(approval.scopes.as_deref(), Some(&["read".to_owned()][..]));
        assert!(matches!(
            read(r#"{"decision":"deny","version":"v"}"#).unwrap().decision,
            Decision::Deny { reason: None }
        ));
        let ask = read(r#"{"decision":"ask","version":"v","question":"Why?","options":["a","b"]}"#).unwrap();
        assert!(matches!(ask.decision, Decision::Ask { options, .. } if options.len() == 2));
    }

    #[test]
    fn what_is_none() {
        for bad in [
            "{}",
            "[]",
            r#"{"decision":"approve"}"#,
            r#"{"decision":"perhaps","version":"v"}"#,
            r#"{"decision":"approve","version":"v","sudo":true}"#,
            r#"{"decision":"deny","version":"v","scopes":[]}"#,
            r#"{"decision":"deny","version":"v","reason":""}"#,
            r#"{"decision":"ask","version":"v"}"#,
            r#"{"decision":"ask","version":"v","question":" "}"#,
            r#"{"decision":"approve","version":"v","remember":"forever"}"#,
            r#"{"decision":"approve","version":"v","until":9}"#,
            r#"{"decision":"approve","version":"v","name":"a\nb"}"#,
            r#"{"decision":"approve","version":"v","link":"not an agent"}"#,
            r#"{"decision":"approve","version":"v","mission":{"owner":"me"}}"#,
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
