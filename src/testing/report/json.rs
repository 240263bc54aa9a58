//! Results as one JSON document.

use serde_json::{Value, json};

use super::super::bench::{Outcome, Status};
use super::super::explain::explain;
use super::super::seen::Seen;
use super::{Report, Trouble};

pub(super) fn render(report: &Report) -> String {
    let counts = report.counts();
    let suite = |outcomes: &[Outcome]| {
        let first = outcomes.first();
        json!({
            "name": first.map(|first| first.suite.to_string()),
            "file": first.map(|first| first.file.to_string()),
            "tests": outcomes.iter().map(test).collect::<Vec<_>>(),
        })
    };
    let document = json!({
        "summary": {
            "tests": report.outcomes.len(),
            "passed": counts.passed,
            "failed": counts.failed,
            "skipped": counts.skipped,
            "not_run": counts.not_run,
            "mistakes": report.troubles.len(),
            "elapsed_us": u64::try_from(report.elapsed.as_micros()).unwrap_or(u64::MAX),
        },
        "suites": report.suites().map(suite).collect::<Vec<_>>(),
        "mistakes": report.troubles.iter().map(trouble).collect::<Vec<_>>(),
    });
    format!("{document:#}\n")
}

fn test(outcome: &Outcome) -> Value {
    let mut test = json!({
        "name": outcome.name,
        "level": outcome.level.name(),
        "line": outcome.at.line,
        "column": outcome.at.column,
        "status": status(&outcome.status),
        "elapsed_us": outcome.micros,
    });
    let mut put = |name: &str, value: Value| {
        if let Value::Object(members) = &mut test {
            members.insert(name.to_owned(), value);
        }
    };
    match &outcome.status {
        Status::Failed(mismatches) => {
            let mismatches = mismatches.iter().map(|m| json!({ "what": m.what, "expected": m.expected, "got": m.got }));
            put("mismatches", mismatches.collect());
            put("explain", explain(outcome).into());
        }
        Status::Broken(why) | Status::Skipped(why) => put("message", why.as_str().into()),
        Status::Passed | Status::NotRun => {}
    }
    if let Some(seen) = &outcome.seen {
        put("got", got(seen));
    }
    test
}

fn status(status: &Status) -> &'static str {
    match status {
        Status::Passed => "passed",
        Status::Failed(_) => "failed",
        Status::Broken(_) => "broken",
        Status::Skipped(_) => "skipped",
        Status::NotRun => "not_run",
    }
}

fn got(seen: &Seen) -> Value {
    json!({
        "decision": seen.decision.name(),
        "requirement": seen.requirement,
        "scope": seen.scope,
        "policies": seen.policies,
        "errors": seen.errors.iter().map(|error| error.policy.to_string()).collect::<Vec<_>>(),
        "status": seen.status,
        "code": seen.code,
        "reason": seen.reason,
    })
}

fn trouble(trouble: &Trouble) -> Value {
    let (line, column) = trouble.at.unzip();
    json!({ "file": trouble.file, "line": line, "column": column, "message": trouble.message })
}
