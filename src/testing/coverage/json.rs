//! Coverage as one JSON document.

use serde_json::{Value, json};

use super::{Coverage, PolicyCover};
use crate::policy::Effect;

pub(super) fn render(coverage: &Coverage) -> String {
    let (covered, all) = coverage.counts();
    let document = json!({
        "summary": { "policies": all, "covered": covered, "percent": coverage.percent() },
        "policies": coverage.policies.iter().map(policy).collect::<Vec<_>>(),
        "actions": coverage.actions,
        "resources": coverage.resources,
    });
    format!("{document:#}\n")
}

fn policy(policy: &PolicyCover) -> Value {
    let effect = match policy.effect {
        Effect::Permit => "permit",
        Effect::Forbid => "forbid",
    };
    json!({
        "id": policy.id,
        "effect": effect,
        "shadow": policy.shadow,
        "file": policy.file.display().to_string(),
        "first_line": policy.first_line,
        "last_line": policy.last_line,
        "evaluated": policy.evaluated,
        "satisfied": policy.satisfied,
        "determining": policy.determining,
        "unsatisfied": policy.unsatisfied,
        "covered": policy.is_covered(),
    })
}
