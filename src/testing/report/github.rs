//! Results as annotations of GitHub Actions, which shows them in the files of a pull request.

use std::fmt::Write as _;

use super::super::explain::explain;
use super::{Report, complaints};

pub(super) fn render(report: &Report) -> String {
    let mut text = String::new();
    for outcome in report.outcomes.iter().filter(|outcome| outcome.status.is_failure()) {
        let details: Vec<_> = complaints(outcome).into_iter().chain(explain(outcome)).collect();
        let title = format!("{}/{}", outcome.suite, outcome.name);
        annotation(&mut text, &outcome.file, Some((outcome.at.line, outcome.at.column)), &title, &details.join("\n"));
    }
    for trouble in &report.troubles {
        annotation(&mut text, &trouble.file, trouble.at, "cannot be read", &trouble.message);
    }
    let counts = report.counts();
    let _ = writeln!(
        text,
        "::notice title=policy tests::{} passed, {} failed, {} skipped",
        counts.passed,
        counts.failed,
        counts.skipped + counts.not_run
    );
    text
}

fn annotation(text: &mut String, file: &str, at: Option<(usize, usize)>, title: &str, message: &str) {
    let place = at.map_or_else(String::new, |(line, column)| format!(",line={line},col={column}"));
    // Writing to a string cannot fail.
    let _ = writeln!(text, "::error file={}{place},title={}::{}", property(file), property(title), data(message));
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
