//! The level `http`: the suites' own expectations are the assertions.

use super::super::testkit::Folder;

const POLICIES: &str = r#"
@id("read") @header_X_Plan("gold") @metadata_plan("gold")
permit (principal, action in HTTP::Action::"any", resource in HTTP::Path::"/v1");
"#;

#[test]
fn what_is_wrong_with_a_signature_is_found() {
    let folder = Folder::with(POLICIES).suite(
        r#"
resource:
  id: orders
  additional_signature_components: ["@query"]
fixtures:
  ada: { person: { server: https://ps.example, sub: ada }, token: { scopes: [read] } }
  other: { person: { server: https://ps.example, sub: other } }
  late: { person: { server: https://ps.example, sub: ada }, token: { age: 10m, expires_in: -1s } }
  long: { person: { server: https://ps.example, sub: ada }, token: { expires_in: 2h } }
  elsewhere: { person: { server: https://ps.example, sub: ada }, token: { audience: https://other.example } }
  withdrawn: { person: { server: https://ps.example, sub: ada }, token: { revoked: true } }
  foreign: { agent: { id: aauth:robot@agents.example, provider: https://others.example } }
  unknown: { agent: aauth:robot@nobody.example, trusted: false }
  key: { key: true }
  server: { server: https://server.example }
  nobody: { anonymous: true }
tests:
  - { name: a signed one passes, as: ada, request: { path: /v1, signature: {} }, expect: { decision: allow, status: 200 } }
  - { name: unsigned, as: ada, request: { path: /v1, signature: none }, expect: { decision: unauthenticated, code: invalid_signature, requirement: agent-token } }
  - { name: nobody, as: nobody, request: { path: /v1 }, expect: { decision: unauthenticated, status: 401, headers: { signature-error: error=invalid_signature, accept-signature-scheme: { contains: jwt }, x-none: { present: false } } } }
  - { name: a key of another, as: ada, request: { path: /v1, signature: { key: other } }, expect: { decision: unauthenticated, code: invalid_signature } }
  - { name: too old, as: ada, request: { path: /v1, signature: { created: -120s } }, expect: { decision: unauthenticated } }
  - { name: too new, as: ada, request: { path: /v1, signature: { created: 2m } }, expect: { decision: unauthenticated } }
  - { name: within the window, as: ada, request: { path: /v1, signature: { created: -50s } }, expect: allow }
  - { name: another method, as: ada, request: { path: /v1, signature: { tamper: { method: DELETE } } }, expect: { decision: unauthenticated, code: invalid_signature } }
  - { name: another path, as: ada, request: { path: /v1, signature: { tamper: { path: /v1/x } } }, expect: unauthenticated }
  - { name: another query, as: ada, request: { path: /v1?a=1, signature: { tamper: { path: /v1?a=2 } } }, expect: unauthenticated }
  - { name: another host, as: ada, request: { path: /v1, signature: { tamper: { host: other.example } } }, expect: { decision: deny, code: forbidden } }
  - { name: other bytes, as: ada, request: { path: /v1, signature: { tamper: { signature: true } } }, expect: { code: invalid_signature } }
  - { name: a forged token, as: ada, request: { path: /v1, signature: { tamper: { token: true } } }, expect: { code: invalid_jwt } }
  - { name: a covered header that changed, as: ada, request: { path: /v1, headers: { x-a: "1" }, signature: { cover: [x-a], tamper: { headers: { x-a: "2" } } } }, expect: unauthenticated }
  - { name: a header that is not covered, as: ada, request: { path: /v1, headers: { x-a: "1" }, signature: { tamper: { headers: { x-a: "2" } } } }, expect: allow }
  - { name: a body with its digest, as: ada, request: { method: POST, path: /v1, json: { a: [1, true, null] }, signature: { cover: [content-digest] } }, expect: allow }
  - { name: another body, as: ada, request: { method: POST, path: /v1, body: x, signature: { cover: [content-digest], tamper: { body: y } } }, expect: { decision: unauthenticated } }
  - { name: half a body, as: ada, request: { method: POST, path: /v1, body: x, forwarded: partial, signature: { cover: [content-digest] } }, expect: { decision: deny, status: 413 } }
  - { name: an expired token, as: late, request: { path: /v1 }, expect: { decision: unauthenticated, code: expired_jwt } }
  - { name: too long a token, as: long, request: { path: /v1 }, expect: { code: invalid_jwt } }
  - { name: a token for another, as: elsewhere, request: { path: /v1 }, expect: { code: invalid_jwt } }
  - { name: a token that was withdrawn, as: withdrawn, request: { path: /v1 }, expect: { code: revoked_jwt } }
  - { name: an agent of another provider, as: foreign, request: { path: /v1 }, expect: { code: invalid_jwt } }
  - { name: an issuer that nobody trusts, as: unknown, request: { path: /v1 }, expect: { code: invalid_key } }
  - { name: a key, as: key, request: { path: /v1 }, expect: { decision: allow, headers: { x-aauth-level: pseudonymous } } }
  - { name: a server, as: server, request: { path: /v1 }, expect: { decision: allow, headers: { x-aauth-agent-server: "https://server.example" } } }
  - { name: what goes upstream, as: ada, request: { path: /v1 }, expect: { headers: { x-plan: gold }, metadata: { plan: gold, scopes: [read], policies: [read] } } }
  - { name: no such host, as: ada, request: { host: nowhere.example, path: /v1 }, expect: { decision: deny, status: 403 } }
"#,
    );
    assert_eq!(folder.complaints(), Vec::<String>::new());
    assert_eq!(folder.run().outcomes.len(), 28);
}

#[test]
fn every_part_of_a_token_and_a_request_reaches_the_policies() {
    let folder = Folder::with(
        r#"
@id("all") permit (principal, action, resource);
@id("person") forbid (principal, action, resource in HTTP::Path::"/person") unless {
  principal is AAuth::Person
  && principal in AAuth::Tenant::"https://ps.example#acme"
  && principal in AAuth::Group::"https://ps.example#eng"
  && principal in AAuth::Role::"https://ps.example#admin"
  && principal.hasTag("region") && principal.getTag("region").contains("eu")
  && context.token has mission && context.token has account && context.token.account == "work"
  && context.token has issuer && context.token.issuer == "https://access.example"
  && context.token has jti && context.token.jti == "one"
  && context.token has issued && context.now.durationSince(context.token.issued) == duration("7s")
  && context.token.scopes.containsAll(["a", "b"])
};
@id("agent") forbid (principal, action, resource in HTTP::Path::"/agent") unless {
  principal is AAuth::Agent && principal in AAuth::Agent::"aauth:parent@agents.example" && principal has ps
};
@id("request") forbid (principal, action, resource in HTTP::Path::"/request") unless {
  context.request.query.hasTag("q") && context.request.query.getTag("q") == ["a b", "c"]
  && context.request.headers.hasTag("x-tenant") && context.request.headers.getTag("x-tenant") == ["acme"]
  && context.request has source_ip && context.request.source_ip.isInRange(ip("10.0.0.0/8"))
  && context.request has peer && context.request.peer == "spiffe://gateway"
  && context.now == datetime("2026-03-01T08:00:00Z")
};
"#,
    )
    .suite(
        r#"
resource: { id: orders, forward_headers_to_policy: [x-tenant] }
fixtures:
  ada:
    person: { server: https://ps.example, sub: ada, tenant: acme, groups: eng, roles: [admin], claims: { region: [eu] } }
    token: { typ: auth, scopes: [b, a], account: work, mission: holidays, issuer: https://access.example, jti: one, age: 7s }
  child: { agent: { id: aauth:child@agents.example, parent: aauth:parent@agents.example, ps: https://ps.example } }
tests:
  - { name: person, as: ada, request: { path: /person }, expect: { decision: allow, policies: [all] } }
  - { name: agent, as: child, request: { path: /agent }, expect: allow }
  - name: request
    as: child
    now: 2026-03-01T08:00:00Z
    request: { path: /request, query: { q: [a b, c] }, headers: { X-Tenant: acme }, source_ip: 10.1.2.3, peer: "spiffe://gateway" }
    expect: allow
  - { name: otherwise, as: child, request: { path: /request }, expect: { decision: deny, policies: { contains: [request] } } }
"#,
    );
    assert_eq!(folder.complaints(), Vec::<String>::new());
}

#[test]
fn policies_that_fail_and_policies_in_shadow_can_be_expected() {
    let folder = Folder::with(
        r#"
@id("all") permit (principal, action, resource);
@id("fails") permit (principal, action, resource in HTTP::Path::"/fails")
when { context.now.offset(duration("9223372036854775807ms")) > context.now };
@id("tried") @shadow forbid (principal, action == HTTP::Action::"DELETE", resource);
"#,
    )
    .suite(
        r"
fixtures: { robot: { agent: aauth:robot@agents.example } }
tests:
  - { name: fails, as: robot, request: { path: /fails }, expect: { decision: deny, status: 403, code: policy_error, errors: fails } }
  - { name: holds, as: robot, request: { path: / }, expect: { decision: allow, errors: [], shadow: [] } }
  - { name: tried, as: robot, request: { method: DELETE, path: / }, expect: { decision: allow, policies: [all], shadow: [tried] } }
",
    );
    assert_eq!(folder.complaints(), Vec::<String>::new());
}
