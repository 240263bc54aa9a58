//! Results in the Test Anything Protocol, version 14. Files that could not be read are tests that failed.

use std::fmt::Write as _;

use super::super::bench::{Outcome, Status};
use super::super::explain::explain;
use super::{Report, complaints};

pub(super) fn render(report: &Report) -> String {
    let mut text = String::from("TAP version 14\n");
    let total = report.outcomes.len() + report.troubles.len();
    put(&mut text, format_args!("1..{total}"));
    for (n, outcome) in report.outcomes.iter().enumerate() {
        test(&mut text, n + 1, outcome);
    }
    for (n, trouble) in report.troubles.iter().enumerate() {
        let number = report.outcomes.len() + n + 1;
        put(&mut text, format_args!("not ok {number} - {}", escape(&trouble.place())));
        block(&mut text, [("message", std::slice::from_ref(&trouble.message))]);
    }
    text
}

fn test(text: &mut String, number: usize, outcome: &Outcome) {
    let name = escape(&format!("{}/{}", outcome.suite, outcome.name));
    match &outcome.status {
        Status::Passed => put(text, format_args!("ok {number} - {name}")),
        Status::Skipped(why) => put(text, format_args!("ok {number} - {name} # SKIP {}", escape(why))),
        Status::NotRun => put(text, format_args!("ok {number} - {name} # SKIP not run")),
        Status::Failed(_) | Status::Broken(_) => {
            put(text, format_args!("not ok {number} - {name}"));
            let at = format!("{}:{}:{}", outcome.file, outcome.at.line, outcome.at.column);
            let explained: Vec<_> = explain(outcome);
            block(text, [("at", &[at][..]), ("message", &complaints(outcome)), ("explain", &explained)]);
        }
    }
}

/// A YAML block, in which JSON's strings are YAML's.
fn block<const N: usize>(text: &mut String, members: [(&str, &[String]); N]) {
    put(text, format_args!("  ---"));
    for (name, lines) in members {
        match lines {
            [] => {}
            [line] => put(text, format_args!("  {name}: {}", serde_json::Value::from(line.as_str()))),
            lines => {
                put(text, format_args!("  {name}:"));
                for line in lines {
                    put(text, format_args!("    - {}", serde_json::Value::from(line.as_str())));
                }
            }
        }
    }
    put(text, format_args!("  ..."));
}

/// A description: on one line, without a directive of its own.
fn escape(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    line.replace('\\', "\\\\").replace('#', "\\#")
}

fn put(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{line}");
}
