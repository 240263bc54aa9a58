//! An explanation for machines.

use serde_json::{Map, Value, json as value};

use super::question::Question;
use crate::policy::{Effect, Explained, Explanation, Ruling};

/// The explanation as one JSON object.
pub fn json(question: &Question, explanation: &Explanation) -> Value {
    let policies: Vec<Value> = explanation.policies.iter().map(policy).collect();
    value!({
        "request": {
            "resource": question.resource,
            "method": question.request.method,
            "host": question.request.host,
            "path": question.request.path,
            "query": question.request.query,
            "now": question.now,
        },
        "principal": explanation.principal,
        "action": explanation.action,
        "resource": explanation.resource,
        "context": explanation.context,
        "entities": explanation.entities,
        "policies": policies,
        "decision": Ruling::from(&explanation.decision),
        "errors": explanation.decision.errors.iter().map(|error| value!({
            "policy": &*error.policy,
            "message": error.message,
        })).collect::<Vec<_>>(),
        "generation": explanation.decision.generation,
    })
}

fn policy(explained: &Explained) -> Value {
    let info = &explained.policy;
    let annotations: Map<String, Value> =
        info.annotations.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
    value!({
        "id": &*info.id,
        "effect": match info.effect { Effect::Permit => "permit", Effect::Forbid => "forbid" },
        "shadow": info.shadow,
        "file": info.origin.file.display().to_string(),
        "line": info.origin.from.line,
        "column": info.origin.from.column,
        "annotations": annotations,
        "verdict": explained.truth,
        "decided_by": explained.decided_by(),
        "parts": explained.parts,
    })
}
