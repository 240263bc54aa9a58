//! Policies changed in one place, to see whether any test notices.
//!
//! A policy is dropped; each part of its scope is widened to everything; each of its conditions is turned round, and
//! dropped; and each operand of a condition's outermost `&&` or `||` is dropped. Operands that ask whether an attribute or
//! a tag is there are left: without them the others would fail, not decide otherwise. Policies in shadow decide nothing.

use std::path::PathBuf;
use std::sync::Arc;

use cedar_policy::{Policy, PolicyId};
use serde_json::{Value, json};

use super::engine::Snapshot;
use super::error::Position;
use super::load::Loaded;
use super::parts::Parts;
use super::source::{Home, Source};
use super::written::Written;

/// What a comment that excuses a line says before its reason.
const SKIP: &str = "mutation: skip ";

/// One change to one policy.
#[derive(Debug)]
pub struct Mutant {
    /// The policy's id.
    pub policy: Arc<str>,
    /// Its file.
    pub file: PathBuf,
    /// What is changed.
    pub at: Position,
    /// How.
    pub change: String,
    /// Why the author does not want it tried.
    pub skip: Option<String>,
    number: usize,
    home: Home,
    /// What the policy becomes; nothing, where it is dropped.
    tree: Option<Value>,
}

impl Mutant {
    /// Whether a question to this resource may be answered otherwise.
    pub fn reaches(&self, resource: &str) -> bool {
        self.home.reaches(resource)
    }
}

impl Written {
    /// Each mutant of each policy in force, in the order of the files.
    pub fn mutants(&self) -> Vec<Mutant> {
        let enforced = self.loaded.iter().enumerate().filter(|(_, loaded)| !loaded.obligations.shadow);
        enforced.flat_map(|(number, loaded)| self.mutants_of(number, loaded)).collect()
    }

    /// The policies with one of them changed, neither validated nor tried: a mutant need only be noticed.
    pub fn under(&self, mutant: &Mutant) -> Result<Arc<Snapshot>, String> {
        let changed = match (&mutant.tree, self.loaded.get(mutant.number)) {
            (Some(tree), Some(loaded)) => Some(loaded.replaced(policy(&mutant.policy, tree.clone())?)),
            (None, _) | (_, None) => None,
        };
        let policies: Vec<&Loaded> = self
            .loaded
            .iter()
            .enumerate()
            .filter_map(|(number, loaded)| if number == mutant.number { changed.as_ref() } else { Some(loaded) })
            .collect();
        self.snapshot.with(&policies, &mutant.home).map(Arc::new)
    }

    fn mutants_of(&self, number: usize, loaded: &Loaded) -> Vec<Mutant> {
        let (Some((source, span)), Ok(tree)) = (self.place(loaded), loaded.policy.to_json()) else {
            return Vec::new();
        };
        let text = source.text.get(span.clone()).unwrap_or_default();
        let mutant = |Changed { offset, change, tree }| {
            let at = source.position(span.start + offset);
            Mutant {
                policy: Arc::clone(&loaded.obligations.id),
                file: source.path.clone(),
                at,
                change,
                skip: excuse(source, at.line),
                number,
                home: loaded.home.clone(),
                tree,
            }
        };
        changes(text, &tree).into_iter().map(mutant).collect()
    }
}

/// A change of a policy, at an offset of its text.
struct Changed {
    offset: usize,
    change: String,
    tree: Option<Value>,
}

fn changes(text: &str, tree: &Value) -> Vec<Changed> {
    let parts = Parts::of(text);
    let mut changes = vec![Changed { offset: 0, change: "drop the policy".to_owned(), tree: None }];
    for (part, offset) in ["principal", "action", "resource"].into_iter().zip(&parts.scope) {
        if tree.get(part).is_some_and(|scope| *scope != json!({ "op": "All" })) {
            let tree = with(tree, part, json!({ "op": "All" }));
            changes.push(Changed { offset: *offset, change: format!("widen the scope to any {part}"), tree });
        }
    }
    let clauses = tree.get("conditions").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for (number, (clause, offset)) in clauses.iter().zip(&parts.clauses).enumerate() {
        let kind = clause.get("kind").and_then(Value::as_str).unwrap_or_default();
        let other = if kind == "when" { "unless" } else { "when" };
        let mut change = |offset: usize, change: String, clause: Option<Value>| {
            let clauses = clauses
                .iter()
                .enumerate()
                .filter_map(|(at, kept)| if at == number { clause.clone() } else { Some(kept.clone()) });
            changes.push(Changed { offset, change, tree: with(tree, "conditions", clauses.collect()) });
        };
        change(*offset, format!("turn `{kind}` into `{other}`"), with(clause, "kind", other.into()));
        change(*offset, format!("drop the `{kind}`"), None);
        let Some(body) = clause.get("body") else { continue };
        for (operand, rest) in operands(body) {
            let written = written(operand);
            let clause_text = text.get(*offset..).unwrap_or_default();
            let offset = offset + clause_text.find(&written).unwrap_or_default();
            change(offset, format!("drop `{written}`"), with(clause, "body", rest));
        }
    }
    changes
}

/// The tree with another value for a member.
fn with(tree: &Value, member: &str, value: Value) -> Option<Value> {
    let mut members = tree.as_object()?.clone();
    members.insert(member.to_owned(), value);
    Some(Value::Object(members))
}

/// The operands of the outermost `&&` or `||`, each with what is left without it.
fn operands(body: &Value) -> Vec<(&Value, Value)> {
    let Some(operator) = ["&&", "||"].into_iter().find(|operator| body.get(operator).is_some()) else {
        return Vec::new();
    };
    let mut operands = Vec::new();
    flatten(body, operator, &mut operands);
    let without = |left_out: usize| {
        let rest = operands.iter().enumerate().filter(|(at, _)| *at != left_out).map(|(_, operand)| (*operand).clone());
        rest.reduce(|left, right| json!({ operator: { "left": left, "right": right } }))
    };
    let all = operands.iter().enumerate().filter(|(_, operand)| !asks_whether_it_is_there(operand));
    all.filter_map(|(at, operand)| Some((*operand, without(at)?))).collect()
}

fn flatten<'t>(tree: &'t Value, operator: &str, operands: &mut Vec<&'t Value>) {
    match tree.get(operator).and_then(|sides| Some((sides.get("left")?, sides.get("right")?))) {
        Some((left, right)) => {
            flatten(left, operator, operands);
            flatten(right, operator, operands);
        }
        None => operands.push(tree),
    }
}

fn asks_whether_it_is_there(tree: &Value) -> bool {
    tree.get("has").is_some() || tree.get("hasTag").is_some()
}

/// An expression in Cedar's syntax.
fn written(expression: &Value) -> String {
    let tree = json!({
        "effect": "permit",
        "principal": { "op": "All" },
        "action": { "op": "All" },
        "resource": { "op": "All" },
        "conditions": [{ "kind": "when", "body": expression }],
    });
    let text = policy("", tree).ok().and_then(|policy| policy.to_cedar()).unwrap_or_default();
    let body = text.split_once("when {").map_or("", |(_, body)| body);
    body.rsplit_once('}').map_or("", |(body, _)| body).trim().to_owned()
}

fn policy(id: &str, tree: Value) -> Result<Policy, String> {
    Policy::from_json(Some(PolicyId::new(id)), tree).map_err(|error| error.to_string())
}

/// Why a line is not to be changed: a comment at its end, or alone on the line above.
fn excuse(source: &Source, line: usize) -> Option<String> {
    let comment = |number: usize, alone: bool| {
        let (code, comment) = source.text.lines().nth(number.checked_sub(1)?)?.rsplit_once("//")?;
        let reason = comment.trim_start().strip_prefix(SKIP)?.trim();
        ((!alone || code.trim().is_empty()) && !reason.is_empty()).then(|| reason.to_owned())
    };
    comment(line, false).or_else(|| comment(line.checked_sub(1)?, true))
}

#[cfg(test)]
mod tests {
    use super::super::testkit::{Folder, NOW, ada_with, facts, robot};
    use super::*;

    const POLICIES: &str = r#"
@id("p")
permit (
  principal is AAuth::Person, // mutation: skip people are all there are
  action,
  resource in HTTP::Path::"/v1"
)
when { context.token has key && context.token.key == "k" && context.token.scopes.contains("a") }
// mutation: skip
unless { context.request.host == "x" };
@id("s") @shadow forbid (principal, action, resource);
"#;

    #[test]
    fn each_part_of_each_policy_in_force_is_changed() {
        let folder = Folder::with(POLICIES);
        let written = Written::open(&folder.config()).unwrap();
        let lines: Vec<_> = written
            .mutants()
            .iter()
            .map(|m| format!("{}:{}:{} {} {:?}", m.policy, m.at.line, m.at.column, m.change, m.skip))
            .collect();
        assert_eq!(
            lines,
            [
                "p:2:1 drop the policy None",
                "p:4:3 widen the scope to any principal Some(\"people are all there are\")",
                "p:6:3 widen the scope to any resource None",
                "p:8:1 turn `when` into `unless` None",
                "p:8:1 drop the `when` None",
                "p:8:33 drop `context.token.key == \"k\"` None",
                "p:8:61 drop `context.token.scopes.contains(\"a\")` None",
                "p:10:1 turn `unless` into `when` None",
                "p:10:1 drop the `unless` None",
            ]
        );
    }

    #[test]
    fn a_mutant_is_one_change_at_the_resources_it_reaches() {
        let folder = Folder::with(
            r#"@id("p") permit (principal is AAuth::Person, action, resource in HTTP::Path::"/v1")
when { context.token.scopes.contains("a") };"#,
        );
        folder.write("policies/billing/b.cedar", r#"@id("b") permit (principal is AAuth::Person, action, resource);"#);
        let written = Written::open(&folder.config()).unwrap();
        let mutants = written.mutants();
        let asked = |change: &str, resource: &str, subject, path| {
            let mutant = mutants.iter().find(|m| &*m.policy == "p" && m.change.starts_with(change)).unwrap();
            let snapshot = written.under(mutant).unwrap();
            snapshot.decide(resource, &subject, &facts("GET", path), NOW).is_permit()
        };
        assert!(!asked("drop the policy", "orders", ada_with(&["a"]), "/v1"));
        assert!(asked("drop the policy", "billing", ada_with(&["a"]), "/v1"));
        assert!(asked("widen the scope to any resource", "orders", ada_with(&["a"]), "/v2"));
        assert!(asked("turn", "orders", ada_with(&[]), "/v1") && !asked("turn", "orders", ada_with(&["a"]), "/v1"));
        assert!(asked("drop the `when`", "orders", ada_with(&[]), "/v1"));
        assert!(!asked("widen the scope to any principal", "orders", robot(), "/v1"));
        let reached: Vec<_> = mutants.iter().filter(|m| m.reaches("billing")).map(|m| &*m.policy).collect();
        assert_eq!(reached, ["b", "b"]);
    }
}
