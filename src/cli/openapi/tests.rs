//! Documents as services publish them, and with mistakes in them.

use super::*;

const BOOKSHOP: &str = include_str!("bookshop.yaml");

fn written(text: &str) -> String {
    policies(Path::new("api.yaml"), text, "shop", None).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn operations_become_policies() {
    insta::assert_snapshot!(written(BOOKSHOP));
}

#[test]
fn json_is_read_as_well_and_a_base_can_be_told() {
    let json = r#"{"openapi":"3.0.3","info":{"title":"A","version":"1"},"servers":[{"url":"/api"}],"paths":{"/x":{"get":{}}}}"#;
    assert!(written(json).contains("resource == HTTP::Path::\"/api/x\""), "{}", written(json));
    assert!(written(json).contains("@id(\"shop/get:/x\")"));
    let told = policies(Path::new("api.json"), json, "shop", Some("/v9/")).unwrap();
    assert!(told.contains("HTTP::Path::\"/v9/x\""), "{told}");
}

#[test]
fn a_star_in_a_path_is_no_pattern() {
    let text = "openapi: 3.0.0\ninfo: { title: A, version: '1' }\npaths: { '/a*/{b}': { get: {} } }";
    assert!(written(text).contains(r#"like "/a\*/*""#), "{}", written(text));
}

#[test]
fn mistakes_are_told_by_their_place() {
    let head = "openapi: 3.0.3\ninfo: { title: A, version: '1' }\n";
    for (text, complaint) in [
        ("swagger: '2.0'\n", "api.yaml:1:10: swagger: this is version 2 of the format; convert it to OpenAPI 3"),
        (
            "openapi: 4.0.0\npaths: {}\n",
            "api.yaml:1:10: openapi: `4.0.0` is not a version that is read; write it in 3.0 or 3.1",
        ),
        ("info: {}\n", "api.yaml: openapi: is required"),
        (head, "api.yaml: paths: is required"),
        ("openapi: 3.0.0\npaths: [\n", "not valid YAML"),
        ("paths:\n  orders: { get: {} }\n", "api.yaml:4:11: paths.orders: a path starts with a slash"),
        ("paths: { '/a//b': { get: {} } }\n", "no request has this path: the path has an empty segment"),
        ("paths: { '/a/{x}': { get: {} }, '/a/{y}': { get: {} } }\n", "paths./a/{y}: is the same path as `/a/{x}`"),
        ("paths: { /a: { get: [] } }\n", "paths./a.get: expected an operation, found a list"),
        ("paths: { /a: { get: { operationId: x }, put: { operationId: x } } }\n", "`x` is also the id of `GET /a`"),
        (
            "paths: { /a: { $ref: 'other.yaml#/a' } }\n",
            "`other.yaml#/a` is not in this document; put what it refers to",
        ),
        ("paths:\n  /a: { $ref: '#/paths/~1a' }\n", "api.yaml:4:7: paths./a: refers to itself"),
        ("paths:\n  /a:\n    get:\n      security: [{ oath: [a] }]\n", "api.yaml:6:26: "),
        (
            "paths: { /a: { get: { security: [{ o: ['a b'] }] } } }\ncomponents: { securitySchemes: { o: { type: oauth2 } } }\n",
            "`a b` is not a scope",
        ),
        ("paths: { /a: { get: {} }, /a: { get: {} } }\n", "/a"),
    ] {
        let text = if text.starts_with("paths") { format!("{head}{text}") } else { text.to_owned() };
        let error = policies(Path::new("api.yaml"), &text, "shop", None).unwrap_err().to_string();
        assert!(error.contains(complaint), "{text}\n{error}");
    }
}

#[test]
fn every_mistake_is_told_at_once() {
    let text = "openapi: 3.0.3\npaths:\n  a: { get: {} }\n  /b: { get: { security: [{ none: [] }] } }\n";
    let error = policies(Path::new("api.yaml"), text, "shop", None).unwrap_err().to_string();
    assert_eq!(error.lines().count(), 2, "{error}");
    assert!(
        error.contains("no security scheme is called `none`; declare it under `components.securitySchemes`"),
        "{error}"
    );
}
