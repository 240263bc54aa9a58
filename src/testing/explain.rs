//! Why a test came out as it did, in a few lines for people.

use super::seen::Seen;
use crate::authorizer::consulted::Consulted;
use crate::policy::{Effect, Outcome as Said, Principal, ShadowVerdict};

/// Who asked what, what the policies said, and the answer.
pub fn explain(seen: &Seen) -> Vec<String> {
    let mut lines = Vec::new();
    for consulted in &seen.consulted {
        question(consulted, &mut lines);
    }
    if seen.consulted.is_empty() && seen.status.is_some() {
        lines.push("policies   were not asked: the request was answered before".to_owned());
    }
    for error in &seen.errors {
        lines.push(format!("error      {}: {}", error.policy, error.message));
    }
    let mut answer = seen.status.map_or_else(String::new, |status| format!("{status} "));
    answer.push_str(seen.decision.name());
    if !seen.code.is_empty() {
        answer = format!("{answer} ({})", seen.code);
    }
    if let Some(reason) = &seen.reason {
        answer = format!("{answer}: {reason}");
    }
    lines.push(format!("answer     {answer}"));
    if let Some(scope) = &seen.scope {
        lines.push(format!("asked for  {}", scope.join(" ")));
    }
    lines
}

fn question(consulted: &Consulted, lines: &mut Vec<String>) {
    let Consulted { subject, decision, method, path, resource, query, .. } = consulted;
    let query = query.as_ref().map_or_else(String::new, |query| format!("?{query}"));
    lines.push(format!("who        {}", principal(subject.principal())));
    if !subject.scopes().is_empty() {
        lines.push(format!("scopes     {}", subject.scopes().join(" ")));
    }
    lines.push(format!("asks       {method} {path}{query} of `{resource}`"));
    let said = match &decision.outcome {
        Said::Permit { .. } => "permit".to_owned(),
        Said::Deny(denial) => format!("deny, {}", denial.cause.as_str().replace('_', " ")),
    };
    let by = if decision.policies.is_empty() {
        String::new()
    } else {
        format!(", by {}", decision.policies.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(", "))
    };
    lines.push(format!("policies   {said}{by}"));
    for ShadowVerdict { policy, effect, error } in &decision.shadow {
        let effect = match effect {
            Effect::Permit => "permits",
            Effect::Forbid => "forbids",
        };
        let error = error.as_ref().map_or_else(String::new, |error| format!(" but fails: {error}"));
        lines.push(format!("shadow     {policy} {effect}{error}"));
    }
}

fn principal(principal: &Principal) -> String {
    match principal {
        Principal::Agent { id, .. } => format!("AAuth::Agent::\"{id}\""),
        Principal::Person { ps, sub, .. } => format!("AAuth::Person::\"{ps}#{sub}\""),
        Principal::Key { thumbprint } => format!("AAuth::Key::\"{thumbprint}\""),
        Principal::Anonymous => "AAuth::Anonymous::\"anonymous\"".to_owned(),
    }
}
