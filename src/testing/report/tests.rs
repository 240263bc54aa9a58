//! Each format is read back by a reader of it.

use quick_xml::XmlVersion;
use quick_xml::events::Event;

use super::super::testkit::Folder;
use super::{Format, Report};

/// One test of each kind, with what needs escaping in it, and a file that cannot be read.
fn report() -> Report {
    let folder = Folder::with(r#"@id("all") permit (principal, action, resource);"#).suite(
        r#"
suite: "a <suite> & #1"
fixtures: { robot: { agent: aauth:robot@agents.example } }
tests:
  - { name: passes, as: robot, request: { path: / }, expect: allow }
  - { name: 'fails "here" # not skipped', as: robot, request: { path: / }, expect: { decision: deny, reason: "a % b, c: d" } }
  - { name: waits, skip: "not <yet>", as: robot, request: { path: / }, expect: allow }
  - { name: breaks, as: robot, request: { path: /, signature: { cover: [x-none] } }, expect: allow }
"#,
    );
    folder.write("policies/orders/b.test.yaml", "test: []");
    folder.run()
}

#[test]
fn json_is_json() {
    let document: serde_json::Value = serde_json::from_str(&report().render(Format::Json)).unwrap();
    let summary = &document["summary"];
    assert_eq!([&summary["tests"], &summary["passed"], &summary["failed"], &summary["skipped"]], [4, 1, 2, 1]);
    let tests = document["suites"][0]["tests"].as_array().unwrap();
    assert_eq!(
        tests.iter().map(|test| test["status"].as_str().unwrap()).collect::<Vec<_>>(),
        ["passed", "failed", "skipped", "broken"]
    );
    assert_eq!(tests[1]["mismatches"][0]["expected"], "deny");
    assert_eq!(tests[1]["got"]["policies"][0], "all");
    assert_eq!(tests[1]["line"], 6);
    assert_eq!(document["mistakes"][1]["message"], "test: unknown key; did you mean `tests`?");
    assert_eq!(document["mistakes"][1]["line"], 1);
}

#[test]
fn junit_is_xml() {
    let xml = report().render(Format::Junit);
    let mut reader = quick_xml::Reader::from_str(&xml);
    let (mut cases, mut counts) = (Vec::new(), std::collections::BTreeMap::new());
    loop {
        let event = reader.read_event().unwrap();
        if matches!(event, Event::Eof) {
            break;
        }
        let (Event::Start(element) | Event::Empty(element)) = &event else { continue };
        let name = element.name().as_ref().to_owned();
        for attribute in element.attributes() {
            let attribute = attribute.unwrap();
            let value = attribute.normalized_value(XmlVersion::Explicit1_0).unwrap();
            if name == "testcase" && attribute.key.as_ref() == "name" {
                cases.push(value.into_owned());
            }
        }
        *counts.entry(name).or_insert(0) += 1;
    }
    assert_eq!(cases[..4], ["passes", "fails \"here\" # not skipped", "waits", "breaks"]);
    assert_eq!(cases.len(), 6, "two mistakes of one file");
    let expected = [("error", 2), ("failure", 2), ("skipped", 1), ("testcase", 6), ("testsuite", 2), ("testsuites", 1)];
    assert_eq!(counts, expected.map(|(name, count)| (name.to_owned(), count)).into());
}

/// The grammar of TAP 14: a version, a plan, and for each number a test point, with YAML blocks in between.
#[test]
fn tap_is_tap() {
    let text = report().render(Format::Tap);
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("TAP version 14"));
    let planned: usize = lines.next().unwrap().strip_prefix("1..").unwrap().parse().unwrap();
    let (mut points, mut in_block) = (Vec::new(), false);
    for line in lines {
        match line {
            "  ---" => in_block = true,
            "  ..." => in_block = false,
            block if in_block => assert!(block.starts_with("  "), "{block}"),
            point => {
                let (ok, rest) = match point.strip_prefix("not ok ") {
                    Some(rest) => (false, rest),
                    None => (true, point.strip_prefix("ok ").unwrap()),
                };
                let (number, description) = rest.split_once(" - ").unwrap();
                assert_eq!(number.parse(), Ok(points.len() + 1));
                // An escaped `#` is no directive.
                let plain = description.replace("\\#", "");
                points.push((ok, plain.split_once(" # SKIP ").is_some()));
            }
        }
    }
    assert!(!in_block);
    assert_eq!(points.len(), planned);
    let (passed, failed, skipped) = ((true, false), (false, false), (true, true));
    assert_eq!(points, [passed, failed, skipped, failed, failed, failed]);
}

/// The grammar of GitHub's workflow commands: `::name key=value,...::data`, one a line.
#[test]
fn github_is_workflow_commands() {
    let text = report().render(Format::Github);
    let mut commands = Vec::new();
    for line in text.lines() {
        let (head, data) = line.strip_prefix("::").unwrap().split_once("::").unwrap();
        let (name, properties) = head.split_once(' ').unwrap();
        let properties: Vec<_> = properties.split(',').map(|property| property.split_once('=').unwrap()).collect();
        commands.push((name, properties, data));
    }
    assert_eq!(
        commands.iter().map(|(name, ..)| *name).collect::<Vec<_>>(),
        ["error", "error", "error", "error", "notice"]
    );
    let (_, properties, data) = &commands[0];
    assert_eq!(properties.iter().map(|(key, _)| *key).collect::<Vec<_>>(), ["file", "line", "col", "title"]);
    assert_eq!(properties[1].1, "6");
    assert!(data.contains("reason: expected a %25 b, c: d"), "{data}");
}

#[test]
fn people_are_told_all_of_it() {
    let text = report().render(Format::Pretty);
    for part in [
        "  ok    passes\n",
        "  FAIL  fails \"here\"",
        "decision  expected  deny\n",
        "          got       allow\n",
        "| principal  AAuth::Agent::\"aauth:robot@agents.example\"\n",
        "| policies whose heads match\n        |   permit all: true  ",
        "  skip  waits: not <yet>\n",
        "the request cannot be signed",
        "b.test.yaml:1:1: test: unknown key; did you mean `tests`?",
        "4 tests: 1 passed, 2 failed, 1 skipped, 2 mistakes in 1 files",
    ] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
}
