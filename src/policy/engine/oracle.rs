//! The engine against Cedar itself: whatever is sliced, shared or left out, the verdict is that of Cedar over every
//! policy with everything built. And, when asked, how long it takes.

use std::fmt::Write;
use std::hint::black_box;
use std::time::Instant;

use cedar_policy::PolicySet;

use super::super::schema;
use super::super::subject::Subject;
use super::super::testkit::{Folder, NOW, ada_alone, ada_with, anonymous, facts, robot, store};
use super::*;

const PRINCIPALS: [&str; 9] = [
    "principal",
    "principal is AAuth::Agent",
    "principal is AAuth::Person",
    "principal is AAuth::Anonymous",
    r#"principal == AAuth::Person::"https://ps.example#ada""#,
    r#"principal == AAuth::Agent::"aauth:robot@agents.example""#,
    r#"principal in AAuth::AgentProvider::"https://agents.example""#,
    r#"principal in AAuth::Group::"https://ps.example#eng""#,
    r#"principal is AAuth::Person in AAuth::Tenant::"https://ps.example#acme""#,
];

const ACTIONS: [&str; 6] = [
    "action",
    r#"action == HTTP::Action::"GET""#,
    r#"action in HTTP::Action::"read""#,
    r#"action in HTTP::Action::"any""#,
    r#"action in [HTTP::Action::"write", HTTP::Action::"GET"]"#,
    r#"action == HTTP::Action::"DELETE""#,
];

const RESOURCES: [&str; 7] = [
    "resource",
    "resource is HTTP::Path",
    r#"resource in HTTP::Path::"/""#,
    r#"resource in HTTP::Path::"/v1""#,
    r#"resource == HTTP::Path::"/v1/orders""#,
    r#"resource is HTTP::Path in HTTP::Path::"/v2""#,
    r#"resource in AAuth::Resource::"orders""#,
];

const CONDITIONS: [&str; 5] = [
    r#"unless { principal in AAuth::Group::"https://ps.example#eng" }"#,
    "",
    r#"when { context.token.scopes.contains("orders.read") }"#,
    r#"unless { context.request.path like "/v1/*" }"#,
    r#"when { context.now > datetime("2020-01-01") && context.request.query.hasTag("a") }"#,
];

/// Every head with every condition, every third a forbid.
fn policies(stride: usize) -> String {
    let mut text = String::new();
    let mut count = 0;
    for principal in PRINCIPALS {
        for action in ACTIONS {
            for resource in RESOURCES {
                for condition in CONDITIONS {
                    count += 1;
                    if count % stride == 0 {
                        let effect = if count % 3 == 0 { "forbid" } else { "permit" };
                        writeln!(text, "@id(\"p{count}\") {effect} ({principal}, {action}, {resource}) {condition};")
                            .unwrap();
                    }
                }
            }
        }
    }
    text
}

#[test]
fn the_verdict_is_that_of_cedar_over_every_policy() {
    let schema = schema::merge(&[]).unwrap().schema;
    // Few enough general policies to be copied, and too many.
    for stride in [11, 1] {
        let text = policies(stride);
        let snapshot = store(&text).current();
        let all: PolicySet = text.parse().unwrap();
        let named = all.policies().map(|p| p.new_id(p.annotation("id").unwrap().parse().unwrap()));
        let all = PolicySet::from_policies(named).unwrap();
        for subject in [robot(), ada_alone(), ada_with(&["orders.read"]), anonymous()] {
            for method in ["GET", "HEAD", "POST", "DELETE"] {
                for path in ["/", "/v1", "/v1/orders", "/v1/orders/42", "/v2/x", "/other"] {
                    for query in [None, Some("a=1")] {
                        let facts = RequestFacts { query, ..facts(method, path) };
                        let question = Question { resource: "orders", facts: &facts, now: NOW };
                        let verdict = snapshot.weigh(question, &subject).unwrap();
                        let expected = oracle(&snapshot, question, &subject, &all, &schema);
                        let matched = if verdict.forbids.is_empty() { &verdict.permits } else { &verdict.forbids };
                        let found: Vec<&str> = matched.keys().map(AsRef::as_ref).collect();
                        assert_eq!(found, expected, "{method} {path} {query:?} {subject:?}");
                    }
                }
            }
        }
    }
}

/// What Cedar says with every policy, every attribute, and the action hierarchy of the schema.
fn oracle(
    snapshot: &Snapshot,
    question: Question<'_>,
    subject: &Subject,
    all: &PolicySet,
    schema: &Schema,
) -> Vec<String> {
    let asked = snapshot.read(question, subject).unwrap();
    let (request, entities) = asked.build(Mentions::EVERYTHING).unwrap();
    let entities = Entities::from_entities(entities.iter().cloned(), Some(schema)).unwrap();
    let response = Authorizer::new().is_authorized(&request, all, &entities);
    assert_eq!(response.diagnostics().errors().count(), 0);
    let mut ids: Vec<String> = response.diagnostics().reason().map(ToString::to_string).collect();
    ids.sort();
    ids
}

/// A realistic set: a guard rail, and for each collection a rule to read and a rule to write.
fn realistic(count: usize) -> Folder {
    let folder = Folder::with("@id(\"guard\") forbid (principal is AAuth::Anonymous, action, resource);");
    let mut text = String::new();
    for n in 0..count / 2 {
        writeln!(
            text,
            "@id(\"r{n}\") @scope(\"c{n}.read\") permit (principal is AAuth::Person, action in HTTP::Action::\"read\", \
             resource in HTTP::Path::\"/v1/c{n}\") when {{ context.token.scopes.contains(\"c{n}.read\") }};\n\
             @id(\"w{n}\") permit (principal is AAuth::Person, action in HTTP::Action::\"write\", \
             resource in HTTP::Path::\"/v1/c{n}\") when {{ context.token.scopes.contains(\"c{n}.write\") }};"
        )
        .unwrap();
    }
    folder.write("policies/orders/many.cedar", &text);
    folder
}

#[test]
#[ignore = "measures; run it in release: cargo test --release --lib oracle -- --ignored --nocapture"]
#[expect(clippy::disallowed_methods, reason = "a stopwatch")]
fn how_long_it_takes() {
    let time = |name: &str, work: &mut dyn FnMut()| {
        let mut best = f64::MAX;
        for _ in 0..9 {
            let start = Instant::now();
            for _ in 0..2000 {
                work();
            }
            best = best.min(start.elapsed().as_secs_f64() * 1e6 / 2000.0);
        }
        println!("{name}: {best:.2} us");
    };
    let before = resident();
    let many: Vec<Subject> = (0..10_000).map(|_| ada_with(&["c3.read", "c3.write"])).collect();
    println!("10000 subjects: {} kB", resident() - before);
    drop(many);
    let facts = facts("GET", "/v1/c3/42");
    let subject = ada_with(&["c3.read"]);
    for count in [10, 1000, 10_000] {
        let folder = realistic(count);
        let start = Instant::now();
        let store = folder.open().unwrap();
        println!("load {count}: {:.0} ms, {} kB resident", start.elapsed().as_secs_f64() * 1e3, resident());
        let snapshot = store.current();
        assert!(snapshot.decide("orders", &subject, &facts, NOW).is_permit());
        time(&format!("decide, {count} policies"), &mut || {
            black_box(snapshot.decide("orders", &subject, &facts, NOW));
        });
        let question = Question { resource: "orders", facts: &facts, now: NOW };
        let asked = snapshot.read(question, &subject).unwrap();
        let enforced = &snapshot.resources["orders"].enforced;
        time("  read", &mut || drop(black_box(snapshot.read(question, &subject))));
        time("  select", &mut || drop(black_box(asked.select(&enforced[0]))));
        time("  build, token alone", &mut || drop(black_box(asked.build(Mentions::TOKEN))));
        time("  build, everything", &mut || drop(black_box(asked.build(Mentions::EVERYTHING))));
        let denied = ada_with(&[]);
        time("decide, with consent tried", &mut || {
            black_box(snapshot.decide("orders", &denied, &facts, NOW));
        });
    }
    time("prepare a subject", &mut || {
        black_box(ada_with(&["c3.read"]));
    });
}

/// Resident memory, in kB.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
