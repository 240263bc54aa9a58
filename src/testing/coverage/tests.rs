use std::collections::BTreeMap;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

use super::super::testkit::Folder;
use super::super::{Measures, Options, Session};
use super::*;

const POLICIES: &str = r#"
@id("read")
permit (principal, action == HTTP::Action::"GET", resource in HTTP::Path::"/v1")
when { context.token.typ == "agent" };

@id("hidden") forbid (principal, action, resource in HTTP::Path::"/v1/hidden");
@id("never") permit (principal is AAuth::Person, action, resource);
@id("tried") @shadow forbid (principal is AAuth::Agent, action, resource);
"#;

const SUITE: &str = r"
fixtures: { robot: { agent: aauth:robot@agents.example }, key: key }
tests:
  - name: reads
    as: [robot, key]
    request: { path: [/v1, /v1/hidden] }
    table: { robot: { /v1: allow, /v1/hidden: deny }, key: deny }
  - { name: waits, skip: for nothing, as: robot, request: { method: PUT, path: /v1 }, expect: deny }
";

fn coverage() -> Coverage {
    let folder = Folder::with(POLICIES).suite(SUITE);
    let measures = Measures { coverage: true, mutation: false };
    let report = Session::new(Options { measures, ..folder.options() }).run().unwrap();
    assert_eq!(folder.complaints_of(&report), Vec::<String>::new());
    let mut coverage = report.coverage.unwrap();
    for policy in &mut coverage.policies {
        policy.file = policy.file.strip_prefix(folder.path("")).unwrap().to_owned();
    }
    coverage
}

#[test]
fn tests_are_counted_by_what_they_show_of_a_policy() {
    let coverage = coverage();
    let counts = |p: &PolicyCover| (p.id.clone(), [p.evaluated, p.satisfied, p.determining, p.unsatisfied]);
    assert_eq!(
        coverage.policies.iter().map(counts).collect::<Vec<_>>(),
        [
            // Where it is overruled, it matches and does not decide.
            ("read".to_owned(), [4, 2, 1, 2]),
            ("hidden".to_owned(), [2, 2, 2, 2]),
            ("never".to_owned(), [0, 0, 0, 4]),
            ("tried".to_owned(), [2, 2, 0, 2]),
        ]
    );
    let lines: Vec<_> = coverage.policies.iter().map(|p| (p.first_line, p.last_line)).collect();
    assert_eq!(lines, [(2, 4), (6, 6), (7, 7), (8, 8)]);
    assert_eq!(coverage.counts(), (2, 3));
    assert_eq!(coverage.resources, BTreeMap::from([("orders".to_owned(), 4)]));
    assert_eq!(coverage.actions[r#"HTTP::Action::"GET""#], 4);
    assert_eq!(coverage.actions[r#"HTTP::Action::"PUT""#], 0);
}

#[test]
fn the_table_says_what_is_missing() {
    let text = coverage().render(CoverageFormat::Pretty);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[1], "  policy  evaluated  matches  decides  does not match");
    assert_eq!(lines[2], "  read            4        2        1               2");
    let missing = "  no test in which it is evaluated, nor decides, policies/orders/orders.cedar:7";
    assert_eq!(lines[4], format!("  never           0        0        0               4{missing}"));
    assert_eq!(lines[5], "in shadow, not counted");
    assert!(lines[8].starts_with("actions of HTTP: 1 of 7 asked for; not DELETE, "), "{text}");
    assert_eq!(lines[10], "policies: 2 of 3 covered (66.7 %)");
}

#[test]
fn a_question_in_cedars_terms_counts_too() {
    let folder = Folder::with(r#"@id("p") permit (principal, action == HTTP::Action::"GET", resource);"#).suite(
        r#"
tests:
  - name: anyone reads
    cedar:
      principal: AAuth::Anonymous::"anonymous"
      action: HTTP::Action::"GET"
      resource: HTTP::Path::"/"
      context:
        now: "2026-01-01T00:00:00Z"
        token: { type: "AAuth::Token", id: t }
        request:
          method: GET
          host: orders.example
          path: /
          query: { type: "HTTP::Parameters", id: query }
          headers: { type: "HTTP::Parameters", id: headers }
      entities: [{ uid: { type: "AAuth::Token", id: t }, attrs: { typ: none, scopes: [] }, parents: [] }]
    expect: { decision: allow, policies: [p] }
"#,
    );
    let measures = Measures { coverage: true, mutation: true };
    let report = Session::new(Options { measures, ..folder.options() }).run().unwrap();
    let coverage = report.coverage.unwrap();
    let p = &coverage.policies[0];
    assert_eq!([p.evaluated, p.satisfied, p.determining, p.unsatisfied], [1, 1, 1, 0]);
    assert_eq!((coverage.actions[r#"HTTP::Action::"GET""#], coverage.resources["orders"]), (1, 1));
    // The policy is missed where it is dropped; nobody sees that its action is widened.
    let mutation = report.mutation.unwrap();
    assert_eq!((mutation.killed, mutation.survivors.len()), (1, 1));
}

/// What a reader of LCOV's tracefiles makes of one file.
#[derive(Default, PartialEq, Debug)]
struct Trace {
    lines: BTreeMap<usize, usize>,
    functions: BTreeMap<String, (usize, usize)>,
    branches: BTreeMap<(usize, usize), Option<usize>>,
    totals: BTreeMap<String, usize>,
}

fn read_lcov(text: &str) -> BTreeMap<String, Trace> {
    let (mut files, mut name, mut trace) = (BTreeMap::new(), String::new(), Trace::default());
    for line in text.lines() {
        let (key, value) = line.split_once(':').unwrap_or((line, ""));
        let fields: Vec<&str> = value.split(',').collect();
        let number = |at: usize| fields[at].parse::<usize>().unwrap();
        match key {
            "TN" => {}
            "SF" => name = value.to_owned(),
            "FN" => drop(trace.functions.insert(fields[1].to_owned(), (number(0), 0))),
            "FNDA" => trace.functions.get_mut(fields[1]).unwrap().1 = number(0),
            "DA" => assert_eq!(trace.lines.insert(number(0), number(1)), None, "{line}"),
            "BRDA" => drop(trace.branches.insert((number(0), number(2)), fields[3].parse().ok())),
            "end_of_record" => drop(files.insert(std::mem::take(&mut name), std::mem::take(&mut trace))),
            total => drop(trace.totals.insert(total.to_owned(), number(0))),
        }
    }
    assert!(name.is_empty(), "a record has no end");
    files
}

#[test]
fn lcov_is_read_back() {
    let files = read_lcov(&coverage().render(CoverageFormat::Lcov));
    let trace = &files["policies/orders/orders.cedar"];
    assert_eq!(trace.lines, BTreeMap::from([(2, 4), (3, 4), (4, 4), (6, 2), (7, 0)]));
    assert_eq!(trace.functions["read"], (2, 1));
    assert_eq!(trace.functions["never"], (7, 0));
    assert_eq!((trace.branches[&(2, 0)], trace.branches[&(2, 1)]), (Some(2), Some(2)));
    assert_eq!(trace.branches[&(7, 1)], None);
    let totals = ["FNF", "FNH", "LF", "LH", "BRF", "BRH"].map(|total| trace.totals[total]);
    assert_eq!(totals, [3, 2, 5, 4, 6, 5]);
}

fn attribute(element: &BytesStart<'_>, name: &str) -> String {
    let attribute = element.try_get_attribute(name).unwrap().unwrap_or_else(|| panic!("no {name} on {element:?}"));
    attribute.normalized_value(XmlVersion::Implicit1_0).unwrap().into_owned()
}

#[test]
#[expect(clippy::wildcard_enum_match_arm, reason = "a reader of ours looks at elements alone")]
fn cobertura_is_read_back() {
    let xml = coverage().render(CoverageFormat::Cobertura);
    let mut reader = quick_xml::Reader::from_str(&xml);
    let (mut methods, mut lines, mut open) = (Vec::new(), Vec::new(), Vec::new());
    loop {
        let event = reader.read_event().unwrap();
        match &event {
            Event::Start(element) | Event::Empty(element) => {
                let name = element.name().as_ref().to_owned();
                match name.as_str() {
                    "coverage" => {
                        let rate = |name| attribute(element, name);
                        assert_eq!([rate("line-rate"), rate("branch-rate")], ["0.800", "0.833"]);
                        assert_eq!([rate("lines-valid"), rate("branches-covered")], ["5", "5"]);
                    }
                    "class" => assert_eq!(attribute(element, "filename"), "policies/orders/orders.cedar"),
                    "method" => methods.push((attribute(element, "name"), attribute(element, "branch-rate"))),
                    "line" if !open.contains(&"method".to_owned()) => {
                        let branch = attribute(element, "branch") == "true";
                        let condition = branch.then(|| attribute(element, "condition-coverage"));
                        lines.push((attribute(element, "number"), attribute(element, "hits"), condition));
                    }
                    _ => {}
                }
                if matches!(event, Event::Start(_)) {
                    open.push(name);
                }
            }
            Event::End(_) => drop(open.pop()),
            Event::Eof => break,
            _ => {}
        }
    }
    let method = |name: &str, rate: &str| (name.to_owned(), rate.to_owned());
    assert_eq!(methods, [method("read", "1.000"), method("hidden", "1.000"), method("never", "0.500")]);
    let line = |number: &str, hits: &str, condition: Option<&str>| {
        (number.to_owned(), hits.to_owned(), condition.map(str::to_owned))
    };
    assert_eq!(
        lines,
        [
            line("2", "4", Some("100% (2/2)")),
            line("3", "4", None),
            line("4", "4", None),
            line("6", "2", Some("100% (2/2)")),
            line("7", "0", Some("50% (1/2)")),
        ]
    );
}

#[test]
fn json_is_read_back() {
    let document: serde_json::Value = serde_json::from_str(&coverage().render(CoverageFormat::Json)).unwrap();
    assert_eq!(document["summary"]["covered"], 2);
    assert_eq!(document["policies"][0]["determining"], 1);
    assert_eq!(document["policies"][2]["covered"], false);
    assert_eq!(document["policies"][3]["shadow"], true);
}
