//! A policy taken apart: the three constraints of its head, and its conditions, split where every piece has to hold.
//!
//! A policy matches when each of its parts does, and the first that does not is the one that decided. Each is put to
//! Cedar as a policy of its own, so that nothing here has to know what an operator means.

use cedar_policy::{AuthorizationError, Authorizer, Entities, Policy, PolicySet, Request};
use serde::Serialize;
use serde_json::{Value, json};

/// A part of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// Which.
    pub kind: PartKind,
    /// As it would be written.
    pub text: String,
    /// What it came to; none if an earlier part had decided.
    pub truth: Option<Truth>,
}

/// Which part of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PartKind {
    /// The head's constraint on who asks.
    Principal,
    /// The head's constraint on what for.
    Action,
    /// The head's constraint on what of.
    Resource,
    /// A condition that has to hold, or a piece of one.
    When,
    /// A condition that must not hold, or a piece of one.
    Unless,
}

/// What a policy, or a part of one, comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Truth {
    /// It holds.
    True,
    /// It does not.
    False,
    /// It cannot be evaluated.
    Error(String),
}

impl PartKind {
    /// Whether it is of the head.
    pub fn is_head(self) -> bool {
        matches!(self, Self::Principal | Self::Action | Self::Resource)
    }

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Principal => "principal",
            Self::Action => "action",
            Self::Resource => "resource",
            Self::When => "when",
            Self::Unless => "unless",
        }
    }
}

/// The parts of a policy up to the one that decides, each with what it comes to, and the rest without.
pub(super) fn weigh(policy: &Policy, request: &Request, entities: &Entities) -> Vec<Part> {
    let authorizer = Authorizer::new();
    let mut decided = false;
    let mut parts = Vec::new();
    for Piece { kind, text, policy } in apart(policy) {
        let truth = (!decided).then(|| truth(&authorizer, policy, request, entities));
        decided |= truth.as_ref().is_some_and(|truth| *truth != Truth::True);
        parts.push(Part { kind, text, truth });
    }
    parts
}

/// What one policy comes to for a request.
pub(super) fn truth(authorizer: &Authorizer, policy: Policy, request: &Request, entities: &Entities) -> Truth {
    let set = match PolicySet::from_policies([policy]) {
        Ok(set) => set,
        Err(error) => return Truth::Error(error.to_string()),
    };
    let response = authorizer.is_authorized(request, &set, entities);
    if let Some(AuthorizationError::PolicyEvaluationError(error)) = response.diagnostics().errors().next() {
        return Truth::Error(error.inner().to_string());
    }
    if response.diagnostics().reason().next().is_some() { Truth::True } else { Truth::False }
}

/// A part as a policy that says nothing else.
struct Piece {
    kind: PartKind,
    text: String,
    policy: Policy,
}

fn apart(policy: &Policy) -> Vec<Piece> {
    let Ok(tree) = policy.to_json() else {
        return Vec::new();
    };
    let heads = [PartKind::Principal, PartKind::Action, PartKind::Resource];
    let mut pieces: Vec<Piece> = heads.into_iter().filter_map(|kind| head(kind, tree.get(kind.as_str())?)).collect();
    for condition in tree.get("conditions").and_then(Value::as_array).into_iter().flatten() {
        let Some(body) = condition.get("body") else { continue };
        // All of `a && b` has to hold; and none of `a || b`, where it must not.
        let (kind, operator) = match condition.get("kind").and_then(Value::as_str) {
            Some("unless") => (PartKind::Unless, "||"),
            Some(_) | None => (PartKind::When, "&&"),
        };
        let mut bodies = Vec::new();
        split(body, operator, &mut bodies);
        pieces.extend(bodies.into_iter().filter_map(|body| clause(kind, body)));
    }
    pieces
}

fn head(kind: PartKind, constraint: &Value) -> Option<Piece> {
    let mut alone = anything();
    *alone.get_mut(kind.as_str())? = constraint.clone();
    let policy = Policy::from_json(None, alone).ok()?;
    let text = match kind {
        PartKind::Principal => between(&flat(&policy), "(", ", action"),
        PartKind::Action => between(&flat(&policy), "principal, ", ", resource"),
        PartKind::Resource | PartKind::When | PartKind::Unless => between(&flat(&policy), "action, ", ")"),
    };
    let text = text?.trim_end_matches(',').to_owned();
    // Cedar writes a single group as a list of one.
    let one = constraint.get("entity").is_some() && kind == PartKind::Action;
    Some(Piece { kind, text: if one { text.replace(['[', ']'], "") } else { text }, policy })
}

fn clause(kind: PartKind, body: &Value) -> Option<Piece> {
    let alone = |word: &str| {
        let mut alone = anything();
        *alone.get_mut("conditions")? = json!([{ "kind": word, "body": body }]);
        Policy::from_json(None, alone).ok()
    };
    let text = between(&flat(&alone("when")?), "{ ", " }")?;
    Some(Piece { kind, text, policy: alone(kind.as_str())? })
}

fn anything() -> Value {
    let any = json!({ "op": "All" });
    json!({ "effect": "permit", "principal": any, "action": any, "resource": any, "conditions": [] })
}

fn split<'t>(tree: &'t Value, operator: &str, pieces: &mut Vec<&'t Value>) {
    match tree.get(operator).map(|sides| (sides.get("left"), sides.get("right"))) {
        Some((Some(left), Some(right))) => {
            split(left, operator, pieces);
            split(right, operator, pieces);
        }
        Some(_) | None => pieces.push(tree),
    }
}

fn flat(policy: &Policy) -> String {
    policy.to_cedar().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What is between the first of one and the last of the other.
fn between(text: &str, open: &str, close: &str) -> Option<String> {
    let (_, rest) = text.split_once(open)?;
    Some(rest.rsplit_once(close)?.0.trim().to_owned())
}
