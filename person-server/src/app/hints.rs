//! The parameters both token endpoints share: "Auth Token Request", from `justification` to `capabilities`.

use super::inbound::Parameters;
use super::refusal::{Outcome, Refusal};
use crate::domain::ask::Hints;

/// The longest Markdown text of an agent's, in characters.
pub(super) const MAX_TEXT: usize = 8 * 1024;

const PROMPTS: [&str; 4] = ["none", "login", "consent", "select_account"];

/// Reads them.
pub(super) fn read(parameters: &Parameters) -> Outcome<Hints> {
    let text = |name: &str| parameters.optional_text(name, 255);
    Ok(Hints {
        justification: parameters.optional_text("justification", MAX_TEXT)?,
        login_hint: text("login_hint")?,
        tenant: text("tenant")?,
        domain_hint: text("domain_hint")?,
        prompt: prompt(parameters)?,
        platform: parameters.optional_text("platform", 64)?.map(|text| printable(&text)),
        device: device(parameters)?,
        capabilities: parameters.optional_list("capabilities", 32)?,
    })
}

fn prompt(parameters: &Parameters) -> Outcome<Vec<String>> {
    let Some(text) = parameters.optional_text("prompt", 255)? else { return Ok(Vec::new()) };
    let values: Vec<String> = text.split(' ').filter(|value| !value.is_empty()).map(str::to_owned).collect();
    if let Some(unknown) = values.iter().find(|value| !PROMPTS.contains(&value.as_str())) {
        return Err(Refusal::invalid_request(format!("`prompt` holds the unknown value `{}`", printable(unknown))));
    }
    if values.len() > 1 && values.iter().any(|value| value == "none") {
        return Err(Refusal::invalid_request("`prompt` holds `none` beside other values"));
    }
    Ok(values)
}

/// "MUST consist of UTF-8 printable characters only and MUST NOT exceed 64 characters".
pub(super) fn device(parameters: &Parameters) -> Outcome<Option<String>> {
    let device = parameters.optional_text("device", 64)?;
    match device {
        Some(text) if text.chars().any(char::is_control) => {
            Err(Refusal::invalid_request("the parameter `device` holds control characters"))
        }
        device => Ok(device),
    }
}

pub(super) fn printable(text: &str) -> String {
    text.chars().take(80).flat_map(char::escape_debug).collect()
}
