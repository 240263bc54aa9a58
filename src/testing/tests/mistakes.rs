//! Wrong files: each mistake at its place, and the rest still runs.

use super::super::testkit::Folder;

const POLICIES: &str = r#"@id("all") permit (principal, action, resource);"#;

const GOOD: &str = r"
fixtures: { robot: { agent: aauth:robot@agents.example } }
tests: [{ name: it runs, as: robot, request: { path: /v1 }, expect: allow }]
";

#[test]
fn every_mistake_of_a_suite_is_told_with_its_place_and_mend() {
    let folder = Folder::with(POLICIES).suite(
        r"
suite: wrong
now: yesterday
fixtures:
  robot: { agent: robot }
  two: { agent: aauth:a@b.example, key: true }
  none: { token: { typ: auth } }
  ada: { person: { server: https://ps.example, sub: ada }, token: { typ: agent, scopes: [a], missoin: x } }
  bob: { person: { server: ps.example } }
tests:
  - name: one
    as: adaa
    request: { method: G T, path: v 1, body: x, json: {} }
    expect: { decision: alow, status: 42, polices: [] }
  - as: ada
    request: {}
  - name: three
    level: claims
    as: ada
    request: { path: /v1, signature: { created: 5, tamper: { body: x, boddy: y } } }
    expect: {}
  - { name: four, cedar: { principal: x, action: y }, expect: allow, level: http }
",
    );
    let file = "policies/orders/a.test.yaml";
    let complaints = folder.complaints();
    let complaints: Vec<_> = complaints.iter().map(|line| line.strip_prefix(file).unwrap()).collect();
    assert_eq!(
        complaints,
        [
            ":3:6: now: `yesterday` is not a time; write it as `2026-01-31T09:30:00Z`",
            ":5:19: fixtures.robot.agent: `robot` is not a valid agent identifier: it must start with `aauth:`; write it as `aauth:robot@agents.example`",
            ":6:8: fixtures.two: a fixture is one caller; give it one of `agent`, `person`, `key`, `server`, `anonymous`",
            ":7:9: fixtures.none: a fixture is one caller; give it one of `agent`, `person`, `key`, `server`, `anonymous`",
            ":7:18: fixtures.none.token: only an `agent` and a `person` have a token",
            ":8:74: fixtures.ada.token.typ: an agent has an `agent` token, a person has a `person` or an `auth` token",
            ":8:89: fixtures.ada.token.scopes: only an auth token holds it; write `typ: auth`",
            ":8:94: fixtures.ada.token.missoin: unknown key; did you mean `mission`?",
            ":9:18: fixtures.bob.person.sub: is required",
            ":9:28: fixtures.bob.person.server: `ps.example` is not a valid server identifier: it must start with https://",
            ":12:9: tests[0].as: no fixture is called `adaa`; did you mean `ada`?",
            ":13:24: tests[0].request.method: `G T` is not a method; such as `GET`",
            ":13:35: tests[0].request.path: `v 1` is not a path; such as `/v1/orders`",
            ":13:55: tests[0].request.json: is the body, which `body` is too; keep one of them",
            ":14:25: tests[0].expect.decision: `alow` is not a decision; did you mean `allow`?",
            ":14:39: tests[0].expect.status: `42` is not a whole number from 100 to 599",
            ":14:43: tests[0].expect.polices: unknown key; did you mean `policies`?",
            ":15:5: tests[1].name: is required",
            ":15:5: tests[1].expect: is required; such as `{ decision: allow }`, or a `table` for a matrix",
            ":16:14: tests[1].request.path: is required; such as `/v1/orders`",
            ":18:12: tests[2].level: `claims` leaves the signature to the runner; write `level: http`",
            ":20:49: tests[2].request.signature.created: `5` is not a duration; write it with a unit, such as `5s`",
            ":20:71: tests[2].request.signature.tamper.boddy: unknown key; did you mean `body`?",
            ":21:13: tests[2].expect: expects nothing, so the test could not fail; such as `{ decision: allow }`",
            ":22:26: tests[3].cedar.resource: is required",
            ":22:77: tests[3].level: is `cedar`, by what else the test says",
        ]
    );
}

#[test]
fn the_other_suites_still_run() {
    let folder = Folder::with(POLICIES).suite("tests: [{ name: [ }");
    folder.write("policies/orders/b.test.yaml", GOOD);
    folder.write("policies/orders/c.test.json", "[{}]");
    folder.write("policies/orders/d.test.json", "{");
    folder.write("policies/orders/e.test.yaml", "suite: nothing");
    let report = folder.run();
    assert_eq!(report.counts().passed, 1);
    let complaints = folder.complaints_of(&report);
    assert_eq!(complaints.len(), 4, "{complaints:#?}");
    assert!(complaints[0].starts_with("policies/orders/a.test.yaml:1:19: not valid YAML"), "{complaints:#?}");
    assert_eq!(complaints[1], "policies/orders/c.test.json:1:2: [0]: missing field `request`");
    assert!(complaints[2].starts_with("policies/orders/d.test.json:1:1: not a list of tests"), "{complaints:#?}");
    assert!(complaints[3].starts_with("policies/orders/e.test.yaml: tests: is required"), "{complaints:#?}");
}

#[test]
fn broken_policies_are_told_and_nothing_is_run_on_them() {
    let folder = Folder::with("@id(\"x\")\npermit (principal, action, resource) when { context.nothing };").suite(GOOD);
    let report = folder.run();
    assert!(report.outcomes.is_empty());
    let complaints = folder.complaints_of(&report);
    assert!(complaints[0].starts_with("policies/orders/orders.cedar:2:"), "{complaints:#?}");
}

#[test]
fn a_request_that_cannot_be_signed_is_a_failure_of_its_test() {
    let folder = Folder::with(POLICIES).suite(
        r"
fixtures: { robot: { agent: aauth:robot@agents.example } }
tests: [{ name: absent, as: robot, request: { path: /, signature: { cover: [x-absent] } }, expect: allow }]
",
    );
    let complaints = folder.complaints();
    assert!(complaints[0].contains("the request cannot be signed"), "{complaints:#?}");
}
