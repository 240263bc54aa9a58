//! Results as JUnit's XML: a `testsuite` a file, and one more for files that could not be read.

use std::fmt::Write as _;

use super::super::bench::{Outcome, Status};
use super::super::explain::explain;
use super::{Report, complaints};

pub(super) fn render(report: &Report) -> String {
    let counts = report.counts();
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    put(
        &mut xml,
        format_args!(
            "<testsuites tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{:.6}\">\n",
            report.outcomes.len() + report.troubles.len(),
            counts.failed,
            report.troubles.len(),
            counts.skipped + counts.not_run,
            report.elapsed.as_secs_f64()
        ),
    );
    for outcomes in report.suites() {
        suite(&mut xml, outcomes);
    }
    if !report.troubles.is_empty() {
        let count = report.troubles.len();
        put(
            &mut xml,
            format_args!("  <testsuite name=\"files\" tests=\"{count}\" failures=\"0\" errors=\"{count}\">\n"),
        );
        for trouble in &report.troubles {
            let (place, message) = (escape(&trouble.place()), escape(&trouble.message));
            put(&mut xml, format_args!("    <testcase name=\"{place}\" classname=\"files\" time=\"0\">"));
            put(&mut xml, format_args!("<error message=\"{message}\"/></testcase>\n"));
        }
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}

fn suite(xml: &mut String, outcomes: &[Outcome]) {
    let Some(first) = outcomes.first() else { return };
    let failures = outcomes.iter().filter(|outcome| outcome.status.is_failure()).count();
    let skipped = outcomes.iter().filter(|o| matches!(o.status, Status::Skipped(_) | Status::NotRun)).count();
    let (name, file) = (escape(&first.suite), escape(&first.file));
    let time = seconds(outcomes.iter().map(|outcome| outcome.micros).sum());
    put(xml, format_args!("  <testsuite name=\"{name}\" file=\"{file}\" tests=\"{}\"", outcomes.len()));
    put(xml, format_args!(" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\" time=\"{time}\">\n"));
    for outcome in outcomes {
        let time = seconds(outcome.micros);
        put(xml, format_args!("    <testcase name=\"{}\" classname=\"{name}\"", escape(&outcome.name)));
        put(xml, format_args!(" file=\"{file}\" line=\"{}\" time=\"{time}\">", outcome.at.line));
        test(xml, outcome);
        xml.push_str("</testcase>\n");
    }
    xml.push_str("  </testsuite>\n");
}

fn test(xml: &mut String, outcome: &Outcome) {
    match &outcome.status {
        Status::Passed => {}
        Status::Skipped(why) => put(xml, format_args!("<skipped message=\"{}\"/>", escape(why))),
        Status::NotRun => xml.push_str("<skipped message=\"not run\"/>"),
        Status::Failed(_) | Status::Broken(_) => {
            let complaints = complaints(outcome);
            let details: Vec<_> = complaints.iter().cloned().chain(explain(outcome)).collect();
            let (message, details) = (escape(&complaints.join("; ")), escape(&details.join("\n")));
            put(xml, format_args!("<failure message=\"{message}\">{details}</failure>"));
        }
    }
}

fn seconds(micros: u64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

/// Text as XML takes it, in attributes too. What XML cannot hold at all is left out.
pub(in crate::testing) fn escape(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut escaped, c| {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
        escaped
    })
}

fn put(xml: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = xml.write_fmt(text);
}
