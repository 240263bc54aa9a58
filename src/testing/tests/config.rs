//! Resources from the configuration: what it trusts and asks for counts, and no key file is needed.

use super::super::testkit::Folder;
use super::super::{Options, Session};

#[test]
fn a_configuration_describes_the_resources() {
    let folder = Folder::with(r#"@id("all") permit (principal, action, resource);"#).suite(
        r"
fixtures:
  trusted: { agent: aauth:robot@agents.example }
  stranger: { agent: aauth:robot@elsewhere.example }
  ada: { person: { server: https://ps.example, sub: ada } }
  granted: { person: { server: https://ps.example, sub: ada }, token: { scopes: [orders.read] } }
tests:
  - name: who may
    as: [trusted, stranger, ada, granted]
    request: { path: /v1 }
    table:
      trusted: { decision: challenge, requirement: person-token }
      stranger: { decision: unauthenticated, code: invalid_key }
      ada: { decision: challenge, requirement: auth-token, scope: orders.read }
      granted: { decision: allow, headers: { x-aauth-resource: orders } }
",
    );
    folder.write(
        "authorizer.yaml",
        r"
policies: { dir: policies }
resources:
  - id: orders
    issuer: https://api.shop.example
    hosts: [api.shop.example]
    access: { require: auth-token }
    signing_key: { kid: k, private_key_file: /nowhere/key.pem }
    scope_descriptions: { orders.read: Read your orders }
    default_resource_token_scopes: [orders.read]
    agent_servers: [{ issuer: https://agents.example }]
    person_servers: [{ issuer: https://ps.example }]
",
    );
    let options = Options { paths: Vec::new(), config: Some(folder.path("authorizer.yaml")), ..folder.options() };
    let report = Session::new(options).run().unwrap();
    assert_eq!(folder.complaints_of(&report), Vec::<String>::new());
    assert_eq!(report.outcomes.len(), 4);
}

#[test]
fn a_broken_configuration_is_told() {
    let folder = Folder::with(r#"@id("all") permit (principal, action, resource);"#);
    folder.write("authorizer.yaml", "resourcs: []");
    let options = Options { config: Some(folder.path("authorizer.yaml")), ..folder.options() };
    let report = Session::new(options).run().unwrap();
    assert!(folder.complaints_of(&report)[0].contains("did you mean `resources`?"));
}
