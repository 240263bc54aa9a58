//! Results for people.

use std::fmt::Write as _;

use super::super::bench::{Outcome, Status};
use super::super::explain::explain;
use super::Report;

pub(super) fn render(report: &Report) -> String {
    let mut text = String::new();
    for suite in report.suites() {
        if let Some(first) = suite.first() {
            line(&mut text, 0, format_args!("{} ({})", first.suite, first.file));
        }
        for outcome in suite {
            test(&mut text, outcome);
        }
    }
    for trouble in &report.troubles {
        line(&mut text, 0, format_args!("error {}: {}", trouble.place(), trouble.message));
    }
    summary(&mut text, report);
    text
}

fn test(text: &mut String, outcome: &Outcome) {
    match &outcome.status {
        Status::Passed => line(text, 2, format_args!("ok    {}", outcome.name)),
        Status::Skipped(why) => line(text, 2, format_args!("skip  {}: {why}", outcome.name)),
        Status::NotRun => line(text, 2, format_args!("-     {}: not run", outcome.name)),
        Status::Broken(why) => {
            failed(text, outcome);
            line(text, 8, format_args!("{why}"));
        }
        Status::Failed(mismatches) => {
            failed(text, outcome);
            let width = mismatches.iter().map(|mismatch| mismatch.what.len()).max().unwrap_or_default();
            for mismatch in mismatches {
                line(text, 8, format_args!("{:width$}  expected  {}", mismatch.what, mismatch.expected));
                line(text, 8, format_args!("{:width$}  got       {}", "", mismatch.got));
            }
            for explained in explain(outcome) {
                line(text, 8, format_args!("{}", format!("| {explained}").trim_end()));
            }
        }
    }
}

fn failed(text: &mut String, outcome: &Outcome) {
    line(text, 2, format_args!("FAIL  {}", outcome.name));
    line(text, 8, format_args!("at {}:{}:{}", outcome.file, outcome.at.line, outcome.at.column));
}

fn summary(text: &mut String, report: &Report) {
    let counts = report.counts();
    let mut parts = vec![format!("{} passed", counts.passed), format!("{} failed", counts.failed)];
    for (count, what) in [(counts.skipped, "skipped"), (counts.not_run, "not run")] {
        parts.extend((count > 0).then(|| format!("{count} {what}")));
    }
    if !report.troubles.is_empty() {
        let mut files: Vec<_> = report.troubles.iter().map(|trouble| &trouble.file).collect();
        files.dedup();
        parts.push(format!("{} mistakes in {} files", report.troubles.len(), files.len()));
    }
    let tests = report.outcomes.len();
    line(text, 0, format_args!("{tests} tests: {} ({} ms)", parts.join(", "), report.elapsed.as_millis()));
}

fn line(text: &mut String, indent: usize, content: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{:indent$}{content}", "");
}
