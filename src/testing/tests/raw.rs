//! Questions in Cedar's own terms, in suites and in Cedar's own format.

use super::super::testkit::Folder;

const POLICIES: &str = r#"
@id("read") permit (principal is AAuth::Person, action in HTTP::Action::"read", resource in HTTP::Path::"/v1")
when { context.token.scopes.contains("read") };
@id("hidden") forbid (principal, action, resource in HTTP::Path::"/v1/hidden");
@id("fails") permit (principal, action, resource in HTTP::Path::"/v1/fails")
when { context.now.offset(duration("9223372036854775807ms")) > context.now };
"#;

const CEDAR: &str = r#"
fixtures: {}
tests:
  - name: a reader reads
    cedar: &reads
      principal: AAuth::Person::"https://ps.example#ada"
      action: HTTP::Action::"GET"
      resource: HTTP::Path::"/v1/orders"
      context:
        now: "2026-01-01T00:00:00Z"
        token: { type: "AAuth::Token", id: t }
        request: &request
          method: GET
          host: orders.example
          path: /v1/orders
          query: { type: "HTTP::Parameters", id: query }
          headers: { type: "HTTP::Parameters", id: headers }
      entities:
        - &token { uid: { type: "AAuth::Token", id: t }, attrs: { typ: auth, scopes: [read] }, parents: [] }
        - { uid: { type: "HTTP::Path", id: /v1/orders }, attrs: {}, parents: [{ type: "HTTP::Path", id: /v1 }] }
    expect: { decision: allow, policies: [read], errors: [] }
  - name: what fails denies
    cedar:
      principal: AAuth::Person::"https://ps.example#ada"
      action: HTTP::Action::"GET"
      resource: HTTP::Path::"/v1/fails"
      context: { now: "2026-01-01T00:00:00Z", token: { type: "AAuth::Token", id: t }, request: *request }
      entities:
        - *token
        - { uid: { type: "HTTP::Path", id: /v1/fails }, attrs: {}, parents: [{ type: "HTTP::Path", id: /v1 }] }
    expect: { decision: deny, policies: [fails], errors: [fails] }
"#;

#[test]
fn a_raw_question_is_weighed_as_the_server_would() {
    let folder = Folder::with(POLICIES).suite(CEDAR);
    let complaints = folder.complaints();
    assert_eq!(complaints, Vec::<String>::new());
}

fn run_test(name: &str, path: &str, decision: &str, reason: &str, errors: usize, entities: &str) -> String {
    format!(
        r#"{{ "name": "{name}",
  "request": {{
    "principal": "AAuth::Person::\"https://ps.example#ada\"",
    "action": "HTTP::Action::\"GET\"",
    "resource": "HTTP::Path::\"{path}\"",
    "context": {{
      "now": {{ "__extn": {{ "fn": "datetime", "arg": "2026-01-01T00:00:00Z" }} }},
      "token": {{ "__entity": {{ "type": "AAuth::Token", "id": "t" }} }},
      "request": {{ "method": "GET", "host": "h", "path": "{path}",
        "query": {{ "__entity": {{ "type": "HTTP::Parameters", "id": "q" }} }},
        "headers": {{ "__entity": {{ "type": "HTTP::Parameters", "id": "h" }} }} }}
    }}
  }},
  "entities": {entities}, "decision": "{decision}", "reason": [{reason}], "num_errors": {errors} }}"#
    )
}

const ENTITIES: &str = r#"[
  { "uid": { "type": "AAuth::Token", "id": "t" }, "attrs": { "typ": "auth", "scopes": ["read"] }, "parents": [] },
  { "uid": { "type": "HTTP::Path", "id": "/v1/x" }, "attrs": {}, "parents": [{ "type": "HTTP::Path", "id": "/v1" }] },
  { "uid": { "type": "HTTP::Path", "id": "/v1/hidden" }, "attrs": {}, "parents": [{ "type": "HTTP::Path", "id": "/v1" }] },
  { "uid": { "type": "HTTP::Path", "id": "/v1/fails" }, "attrs": {}, "parents": [{ "type": "HTTP::Path", "id": "/v1" }] }
]"#;

#[test]
fn the_format_of_run_tests_is_taken_unchanged() {
    let folder = Folder::with(POLICIES);
    let file = "\"entities.json\"";
    folder.write("policies/orders/entities.json", ENTITIES);
    let tests = [
        run_test("allowed", "/v1/x", "allow", r#""read""#, 0, ENTITIES),
        // As there: entities from a file, at least the named reasons, and policies that fail are passed over.
        run_test("from a file", "/v1/x", "allow", "", 0, file),
        run_test("forbidden", "/v1/hidden", "deny", r#""hidden""#, 0, file),
        run_test("passed over", "/v1/fails", "allow", r#""read""#, 1, file),
        run_test("default deny", "/v2", "deny", "", 0, file),
    ];
    folder.write("policies/orders/c.test.json", &format!("[\n{}\n]", tests.join(",\n")));
    assert_eq!(folder.complaints(), Vec::<String>::new());
    assert_eq!(folder.run().outcomes.len(), 5);

    let wrong = [
        run_test("other decision", "/v1/x", "deny", "", 0, file),
        run_test("other reason", "/v1/x", "allow", r#""hidden""#, 0, file),
        run_test("other errors", "/v1/fails", "allow", "", 0, file),
        run_test("no such file", "/v1/x", "allow", "", 0, "\"../../secret.json\""),
    ];
    folder.write("secret.json", ENTITIES);
    folder.write("policies/orders/c.test.json", &format!("[{}]", wrong[..3].join(",")));
    assert_eq!(folder.run().counts().failed, 3);
    folder.write("policies/orders/c.test.json", &format!("[{}]", wrong[3]));
    assert!(folder.complaints()[0].contains("outside of the folder"), "{:?}", folder.complaints());
}

#[test]
fn a_question_that_the_schema_does_not_know_is_a_failure() {
    let folder = Folder::with(POLICIES).suite(
        r#"
tests:
  - name: no such action
    cedar: { principal: 'AAuth::Anonymous::"anonymous"', action: 'HTTP::Action::"LOOK"', resource: 'HTTP::Path::"/"' }
    expect: deny
"#,
    );
    assert!(folder.complaints()[0].contains("Broken"), "{:?}", folder.complaints());
}
