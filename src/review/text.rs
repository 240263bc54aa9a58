//! An explanation for people.

use std::fmt::Write as _;

use super::question::{Question, printable};
use crate::policy::{Cause, Decision, Effect, Explained, Explanation, Outcome, Part, Ruling, RulingKind, Truth};

/// The most policies that are told to be left out by their heads, where not all is told.
const MOST_LEFT_OUT: usize = 20;

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Every policy with the part that decided.
    Plain,
    /// Every part of every policy, and the context and the entities as Cedar has them.
    Whole,
}

/// The explanation, some lines of text.
pub fn text(question: &Question, explanation: &Explanation, detail: Detail) -> String {
    let mut out = format!("{} of `{}`\n", question.line(), question.resource);
    who(&mut out, question, explanation);
    if detail == Detail::Whole && explanation.action.is_some() {
        let _ = writeln!(out, "\ncontext\n{}", indented(&explanation.context));
        let _ = writeln!(out, "\nentities\n{}", indented(&explanation.entities));
    }
    let (left_out, asked): (Vec<_>, Vec<_>) = explanation.policies.iter().partition(|policy| policy.is_left_out());
    if !asked.is_empty() {
        out.push_str("\npolicies whose heads match\n");
        for explained in asked {
            policy(&mut out, explained, detail);
        }
    }
    if !left_out.is_empty() {
        out.push_str("\npolicies left out by their heads\n");
        let most = if detail == Detail::Whole { usize::MAX } else { MOST_LEFT_OUT };
        for explained in left_out.iter().take(most) {
            policy(&mut out, explained, detail);
        }
        if left_out.len() > most {
            let _ = writeln!(out, "  and {} more", left_out.len() - most);
        }
    }
    let _ = write!(out, "\ndecision   {}", decision(&explanation.decision));
    out
}

fn who(out: &mut String, question: &Question, explanation: &Explanation) {
    let _ = writeln!(out, "principal  {}", printable(&explanation.principal));
    let token = question.token.as_ref().map_or_else(
        || "none".to_owned(),
        |token| {
            let scopes = if token.scopes.is_empty() { "no scope".to_owned() } else { token.scopes.join(" ") };
            printable(&format!("{}, by {}, {scopes}", token.kind.as_str(), token.issuer))
        },
    );
    let _ = writeln!(out, "token      {token}");
    for (name, value) in [("action", &explanation.action), ("resource", &explanation.resource)] {
        if let Some(value) = value {
            let _ = writeln!(out, "{name:<10} {}", printable(value));
        }
    }
}

fn policy(out: &mut String, explained: &Explained, detail: Detail) {
    let info = &explained.policy;
    let effect = match info.effect {
        Effect::Permit => "permit",
        Effect::Forbid => "forbid",
    };
    let shadow = if info.shadow { " (shadow)" } else { "" };
    let (file, line) = (info.origin.file.display(), info.origin.from.line);
    let _ = writeln!(out, "  {effect} {}{shadow}: {}  {file}:{line}", info.id, truth(&explained.truth));
    let decider = explained.decided_by();
    for found in explained.parts.iter().filter(|found| detail == Detail::Whole || decider == Some(*found)) {
        part(out, found);
    }
    // What a policy would have said does not matter where it is not even asked.
    let annotations = info.annotations.iter().filter(|_| detail == Detail::Whole || !explained.is_left_out());
    for (name, value) in annotations {
        let value = if value.is_empty() { String::new() } else { format!("({value:?})") };
        let _ = writeln!(out, "      @{name}{value}");
    }
}

fn part(out: &mut String, part: &Part) {
    let said = part.truth.as_ref().map_or_else(|| "not reached".to_owned(), truth);
    let text =
        if part.kind.is_head() { part.text.clone() } else { format!("{} {{ {} }}", part.kind.as_str(), part.text) };
    let _ = writeln!(out, "      {}: {said}", printable(&text));
}

fn truth(truth: &Truth) -> String {
    match truth {
        Truth::True => "true".to_owned(),
        Truth::False => "false".to_owned(),
        Truth::Error(message) => printable(&format!("error, {message}")),
    }
}

/// The decision, and which of the ways to it was taken.
fn decision(decision: &Decision) -> String {
    let ruling = Ruling::from(decision);
    let by = if ruling.policies.is_empty() { String::new() } else { format!(", by {}", ruling.policies.join(", ")) };
    let mut out = format!("{}{by}\n", ruling.in_short());
    if let Some(reason) = &ruling.reason {
        let _ = writeln!(out, "reason     {reason}");
    }
    let why = match &decision.outcome {
        Outcome::Permit { .. } => "a permit matches, and no forbid does",
        Outcome::Deny(denial) => match (denial.cause, ruling.decision) {
            (Cause::NothingPermits, RulingKind::Challenge) => {
                "no permit matches, and one would with an auth token of these scopes: the person is asked"
            }
            (Cause::NothingPermits, _) => "no permit matches, and no scope that a permit names would change that",
            (Cause::Forbidden, RulingKind::Challenge) => "a forbid matches that says what would lift it",
            (Cause::Forbidden, _) => "a forbid matches that nothing would lift",
            (Cause::EvaluationError, _) => "a policy fails to evaluate, which denies",
            (Cause::NotInSchema, _) => "the resource, the method, or this caller asking for it is not in the schema",
            (Cause::Unreadable, _) => "the request can be read in two ways, or not at all",
        },
    };
    let _ = writeln!(out, "because    {why}");
    for error in &decision.errors {
        let _ = writeln!(out, "error      {} {}", error.policy, printable(&error.message));
    }
    for (name, value) in ruling.headers {
        let _ = writeln!(out, "header     {name}: {value}");
    }
    for (name, value) in ruling.metadata {
        let _ = writeln!(out, "metadata   {name}: {value}");
    }
    for shadow in &decision.shadow {
        let effect = match shadow.effect {
            Effect::Permit => "permit",
            Effect::Forbid => "forbid",
        };
        let error = shadow.error.as_ref().map_or_else(String::new, |error| format!(" but fails: {error}"));
        let _ = writeln!(out, "shadow     {} would {effect}{}", shadow.policy, printable(&error));
    }
    out
}

fn indented(value: &serde_json::Value) -> String {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.lines().map(|line| format!("  {}", printable(line))).collect::<Vec<_>>().join("\n")
}
