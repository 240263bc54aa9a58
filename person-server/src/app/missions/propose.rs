//! "Mission Creation": an agent proposes a mission.

use std::collections::BTreeSet;

use aauth_authorizer::aauth::identifier::ServerId;
use serde_json::Value;

use crate::app::PersonServer;
use crate::app::answer::Answer;
use crate::app::authenticate::Signed;
use crate::app::hints::{self, MAX_TEXT};
use crate::app::inbound::{Inbound, Parameters};
use crate::app::refusal::{Outcome, Refusal};
use crate::domain::ask::{Ask, MissionAsk, Tool};
use crate::domain::decision::MissionEdit;
use crate::domain::mission::{MAX_RESOURCES, MAX_TOOLS};

/// The longest name of a tool, in characters.
const MAX_NAME: usize = 128;
/// The longest description of a tool, in characters.
const MAX_ABOUT: usize = 1024;

impl PersonServer {
    /// `POST` to the mission endpoint.
    pub async fn mission_request(&self, request: &Inbound) -> Outcome<Answer> {
        let signed = self.agent(request).await?;
        let parameters = request.parameters()?;
        let hints = hints::read(&parameters)?;
        let ask = MissionAsk {
            description: parameters.text("description", MAX_TEXT)?,
            tools: tools(&parameters)?,
            resources: self.proposed_resources(&signed, &parameters)?,
            hints: hints.clone(),
        };
        let whose = self.own_agent(&signed).await?;
        self.settle(&signed, &whose, Ask::Mission(ask), &hints, request.wait).await
    }

    fn proposed_resources(&self, signed: &Signed, parameters: &Parameters) -> Outcome<Vec<String>> {
        let named = parameters.optional_list("resources", MAX_RESOURCES)?.unwrap_or_default();
        let wrong = |why: String| Refusal::invalid_request(format!("the parameter `resources`: {why}"));
        let read = |id: &String| ServerId::parse_under(id, self.settings.identifiers);
        let resources: Vec<ServerId> =
            named.iter().map(read).collect::<Result<_, _>>().map_err(|fault| wrong(fault.to_string()))?;
        if resources.iter().collect::<BTreeSet<_>>().len() < resources.len() {
            return Err(wrong("a resource is named twice".to_owned()));
        }
        for resource in &resources {
            self.within_resource_limit(signed, resource)?;
        }
        Ok(named)
    }

    /// Whether the person's changes are such as there can be.
    pub(in crate::app) fn admissible_edit(&self, ask: &MissionAsk, edit: &MissionEdit) -> Outcome<()> {
        let wrong = |detail: &str| Err(Refusal::invalid_request(detail));
        let known = |tool: &String| ask.tools.iter().any(|proposed| proposed.name == *tool);
        if edit.description.as_ref().is_some_and(|text| text.is_empty() || text.chars().count() > MAX_TEXT) {
            return wrong("the description is empty or too long");
        }
        if !edit.tools.iter().flatten().all(known) {
            return wrong("a tool was not proposed");
        }
        if !edit.resources.iter().flatten().all(|resource| ask.resources.contains(resource)) {
            return wrong("a resource was not proposed");
        }
        if edit.expires_at.is_some_and(|end| end <= self.clock.now()) {
            return wrong("`expires_at` is not in the future");
        }
        Ok(())
    }
}

/// `tools`: objects with a `name` and, mostly, a `description`. Further members are nobody's.
fn tools(parameters: &Parameters) -> Outcome<Vec<Tool>> {
    let wrong = |why: &str| Refusal::invalid_request(format!("the parameter `tools` {why}"));
    let list = match parameters.value("tools") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(list)) if list.len() <= MAX_TOOLS => list,
        Some(Value::Array(_) | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
            return Err(wrong(&format!("is not an array of at most {MAX_TOOLS} tools")));
        }
    };
    let tools: Option<Vec<Tool>> = list.iter().map(tool).collect();
    let tools = tools.ok_or_else(|| wrong("holds what is not a tool: an object with `name` and `description`"))?;
    if tools.iter().map(|tool| tool.name.as_str()).collect::<BTreeSet<_>>().len() < tools.len() {
        return Err(wrong("names a tool twice"));
    }
    Ok(tools)
}

fn tool(value: &Value) -> Option<Tool> {
    let text = |value: &Value, max: usize| {
        value.as_str().filter(|text| !text.is_empty() && text.chars().count() <= max).map(str::to_owned)
    };
    let object = value.as_object()?;
    let description = match object.get("description") {
        None | Some(Value::Null) => None,
        Some(value) => Some(text(value, MAX_ABOUT)?),
    };
    Some(Tool { name: text(object.get("name")?, MAX_NAME)?, description })
}
