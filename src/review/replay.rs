//! A decision log decided again under other policies: which decisions change, and which policies change them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::log::Line;
use super::question::Question;
use crate::policy::{Ruling, Snapshot};

/// The most changes that are shown one by one; all are counted.
const MOST_SHOWN: usize = 1000;

/// What came of a replay so far.
#[derive(Debug, Default)]
pub struct Replay {
    /// The changes, the first thousand of them.
    pub changes: Vec<Change>,
    /// How many decisions change.
    pub changed: usize,
    /// How many stay as they are to the caller.
    pub same: usize,
    /// How many of those are determined by other policies than before.
    pub by_others: usize,
    /// Lines without an input: those that policies were not asked about, or the log was not told to keep it.
    pub without_input: usize,
    /// How many decisions each policy changes.
    pub by_policy: BTreeMap<String, usize>,
}

/// A decision that changes.
#[derive(Debug)]
pub struct Change {
    /// The line of the log.
    pub line: usize,
    /// What was asked.
    pub question: Question,
    /// What the policies said.
    pub before: Ruling,
    /// What they would say.
    pub after: Ruling,
    /// Those that make the difference; empty where none of either set determines anything.
    pub by: Vec<String>,
}

impl Replay {
    /// Decides a line again.
    pub fn take(&mut self, line: &Line, policies: &Snapshot) {
        let Some(kept) = &line.input else {
            self.without_input += 1;
            return;
        };
        for asked in &kept.asked {
            let question = Question::of_log(&line.resource, asked);
            let (before, after) = (asked.answer.clone(), Ruling::from(&question.decide(policies)));
            if before.is_same_as(&after) {
                self.same += 1;
                self.by_others += usize::from(before.policies != after.policies);
                continue;
            }
            self.changed += 1;
            let by: Vec<String> = before.turned_by(&after).into_iter().map(str::to_owned).collect();
            for policy in &by {
                *self.by_policy.entry(policy.clone()).or_default() += 1;
            }
            if self.changes.len() < MOST_SHOWN {
                self.changes.push(Change { line: line.number, question, before, after, by });
            }
        }
    }

    /// How many decisions were made again.
    pub fn decided(&self) -> usize {
        self.same + self.changed
    }

    /// For people.
    pub fn table(&self) -> String {
        let mut out = String::new();
        let rows: Vec<[String; 5]> = self.changes.iter().map(row).collect();
        let width = |at: usize| rows.iter().filter_map(|row| row.get(at)).map(|c| c.chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..4).map(width).collect();
        for row in &rows {
            let padded = row.iter().zip(widths.iter().chain([&0]));
            let cells: Vec<String> = padded.map(|(cell, width)| format!("{cell:<width$}")).collect();
            let _ = writeln!(out, "{}", cells.join("  ").trim_end());
        }
        if self.changed > self.changes.len() {
            let _ = writeln!(out, "and {} more", self.changed - self.changes.len());
        }
        if !self.by_policy.is_empty() {
            out.push('\n');
        }
        for (policy, count) in &self.by_policy {
            let _ = writeln!(out, "{policy}: changes {count}");
        }
        let _ = writeln!(
            out,
            "{} decisions: {} change, {} stay ({} by other policies); {} lines without input",
            self.decided(),
            self.changed,
            self.same,
            self.by_others,
            self.without_input,
        );
        out
    }

    /// For machines.
    pub fn json(&self) -> Value {
        let changes: Vec<Value> = self.changes.iter().map(Change::json).collect();
        json!({
            "decided": self.decided(),
            "changed": self.changed,
            "same": self.same,
            "same_by_other_policies": self.by_others,
            "without_input": self.without_input,
            "by_policy": self.by_policy,
            "changes": changes,
        })
    }
}

impl Change {
    fn json(&self) -> Value {
        json!({
            "line": self.line,
            "resource": self.question.resource,
            "who": self.question.who(),
            "request": self.question.line(),
            "before": self.before,
            "after": self.after,
            "by": self.by,
        })
    }
}

fn row(change: &Change) -> [String; 5] {
    let by = if change.by.is_empty() { String::new() } else { format!("by {}", change.by.join(", ")) };
    let (before, after) = (change.before.in_short(), change.after.in_short());
    // A header or a reason may be all that changes.
    let turn =
        if before == after { format!("{before} -> {after}, told otherwise") } else { format!("{before} -> {after}") };
    [format!("line {}", change.line), change.question.line(), change.question.who(), turn, by]
}
