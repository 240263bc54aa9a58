//! Why a test came out as it did, for people: who asked what, what each policy said, and the answer.

use super::bench::Outcome;
use super::seen::Seen;
use crate::policy::Snapshot;
use crate::review::{Detail, Question, text};

/// The most failures of a run that are explained policy by policy: beyond them nobody reads on.
const MOST_EXPLAINED: usize = 50;

/// Explains the failures among these outcomes, which came of tests under these policies.
pub(super) fn failures(outcomes: &mut [Outcome], snapshot: &Snapshot) {
    let failed = outcomes.iter_mut().filter(|outcome| outcome.status.is_failure());
    for outcome in failed.take(MOST_EXPLAINED) {
        outcome.explained = outcome.seen.iter().flat_map(|seen| policies(seen, snapshot)).collect();
    }
}

/// What the policies said to each question, and the answer to all of them.
pub(super) fn explain(outcome: &Outcome) -> Vec<String> {
    let mut lines = outcome.explained.clone();
    lines.extend(outcome.seen.iter().flat_map(answer));
    lines
}

/// What each policy said to each question of a test.
fn policies(seen: &Seen, snapshot: &Snapshot) -> Vec<String> {
    let mut lines = Vec::new();
    for consulted in &seen.consulted {
        let question = Question::of_check(consulted);
        let explained = text(&question, &question.explain(snapshot), Detail::Plain);
        lines.extend(explained.lines().map(str::to_owned));
    }
    lines
}

/// The answer, and what it asks for.
fn answer(seen: &Seen) -> Vec<String> {
    let mut lines = Vec::new();
    if seen.consulted.is_empty() {
        if seen.status.is_some() {
            lines.push("policies   were not asked: the request was answered before".to_owned());
        }
        lines.extend(seen.errors.iter().map(|error| format!("error      {} {}", error.policy, error.message)));
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
