//! Matrices, skips, filters, and stopping at the first failure.

use super::super::testkit::Folder;
use super::super::{Options, RunOptions, Session, Status};

const POLICIES: &str = r#"
@id("read") permit (principal is AAuth::Agent, action in HTTP::Action::"read", resource in HTTP::Path::"/v1");
"#;

const SUITE: &str = r#"
suite: grid
fixtures:
  robot: { agent: aauth:robot@agents.example }
  ada: { person: { server: https://ps.example, sub: ada } }
tests:
  - name: all of it
    as: [robot, ada]
    request: { method: [GET, POST], path: [/v1, /v2] }
    table:
      robot: { GET: allow, /v2: deny, "GET /v2": deny, "*": deny }
      "*": deny
  - name: wrong on purpose
    as: [robot, ada]
    request: { path: /v1 }
    expect: { decision: allow, policies: [read], status: 200 }
  - name: not yet
    skip: waits for a decision
    as: robot
    request: { path: /v3 }
    expect: allow
  - { name: last, as: robot, request: { path: /v1 }, expect: allow }
"#;

#[test]
fn a_matrix_has_a_result_for_each_cell() {
    let folder = Folder::with(POLICIES).suite(SUITE);
    let report = folder.run();
    let line = |outcome: &super::super::Outcome| {
        let status = match &outcome.status {
            Status::Passed => "passed".to_owned(),
            Status::Failed(found) => format!("failed {}", found.len()),
            Status::Skipped(why) => format!("skipped: {why}"),
            other @ (Status::Broken(_) | Status::NotRun) => format!("{other:?}"),
        };
        format!("{}: {status}", outcome.name)
    };
    assert_eq!(
        report.outcomes.iter().map(line).collect::<Vec<_>>(),
        [
            "all of it [robot GET /v1]: passed",
            "all of it [robot GET /v2]: passed",
            "all of it [robot POST /v1]: passed",
            "all of it [robot POST /v2]: passed",
            "all of it [ada GET /v1]: passed",
            "all of it [ada GET /v2]: passed",
            "all of it [ada POST /v1]: passed",
            "all of it [ada POST /v2]: passed",
            "wrong on purpose [robot]: passed",
            "wrong on purpose [ada]: failed 3",
            "not yet: skipped: waits for a decision",
            "last: passed",
        ]
    );
    let counts = report.counts();
    assert_eq!((counts.passed, counts.failed, counts.skipped), (10, 1, 1));
    assert_eq!(report.outcomes[9].at.line, 13);
}

#[test]
fn a_failing_test_says_what_was_expected_what_came_and_why() {
    let folder = Folder::with(POLICIES).suite(SUITE);
    let failed = folder.run().outcomes.swap_remove(9);
    let Status::Failed(mismatches) = &failed.status else { panic!("{:?}", failed.status) };
    let lines: Vec<_> = mismatches.iter().map(|m| format!("{}: {} / {}", m.what, m.expected, m.got)).collect();
    assert_eq!(lines, ["decision: allow / deny", "policies: [read] / []", "status: 200 / 403"]);
    let lines = super::super::explain::explain(&failed);
    let (first, last) = (&lines[..2], lines.last().unwrap());
    assert_eq!(first, ["GET orders.example/v1 of `orders`", r#"principal  AAuth::Person::"https://ps.example#ada""#]);
    assert_eq!(last, "answer     403 deny (forbidden): policy does not permit this request");
    let said = |start: &str| lines.iter().any(|line| line.trim_start().starts_with(start));
    assert!(said("permit read: false  ") && said("principal is AAuth::Agent: false"), "{lines:#?}");
    assert!(said("because    no permit matches"), "{lines:#?}");
}

#[test]
fn a_filter_leaves_out_and_a_failure_ends_the_run() {
    let folder = Folder::with(POLICIES).suite(SUITE);
    let run = |options: Options| Session::new(options).run().unwrap();
    let filtered = run(Options { filter: Some("grid/all*ada*".parse().unwrap()), ..folder.options() });
    assert_eq!(filtered.outcomes.len(), 4);
    assert_eq!(run(Options { filter: Some("no such".parse().unwrap()), ..folder.options() }).outcomes.len(), 0);

    let fail_fast = RunOptions { jobs: 1, fail_fast: true };
    let report = run(Options { run: fail_fast, ..folder.options() });
    let last = report.outcomes.last().unwrap();
    assert_eq!((report.counts().not_run, &last.status), (2, &Status::NotRun));
}

#[test]
fn cells_without_expectation_and_expectations_without_cell_are_mistakes() {
    let folder = Folder::with(POLICIES).suite(
        r"
fixtures: { robot: { agent: aauth:robot@agents.example } }
tests:
  - name: holes
    as: robot
    request: { method: [GET, PUT], path: /v1 }
    table: { robot: { GET: allow, POST: deny }, ada: deny }
",
    );
    assert_eq!(
        folder.complaints(),
        [
            "policies/orders/a.test.yaml:7:12: tests[0].table: 1 of the cells have no expectation, such as \
             `robot` with `PUT /v1`; `\"*\"` stands for every other",
            "policies/orders/a.test.yaml:7:12: tests[0].table: `robot: POST` is of no cell of this test",
            "policies/orders/a.test.yaml:7:12: tests[0].table: `ada` is of no cell of this test",
        ]
    );
}
