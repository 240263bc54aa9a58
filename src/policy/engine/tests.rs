use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use super::super::annotations::Require;
use super::super::decision::{Cause, Denial, Outcome};
use super::super::request::{ClaimValue, Principal, TokenFacts};
use super::super::testkit::{NOW, ada, ada_alone, ada_with, anonymous, ask, auth_token, facts, robot, store};
use super::*;

fn denial(decision: &Decision) -> &Denial {
    match &decision.outcome {
        Outcome::Deny(denial) => denial,
        Outcome::Permit { .. } => panic!("{decision:?}"),
    }
}

fn ids(decision: &Decision) -> Vec<&str> {
    decision.policies.iter().map(AsRef::as_ref).collect()
}

/// Whether one condition holds for a request.
fn holds(condition: &str, subject: &Subject, facts: &RequestFacts<'_>) -> bool {
    let policy = format!("@id(\"p\")\npermit (principal is AAuth::Person, action, resource) when {{ {condition} }};");
    let decision = store(&policy).current().decide("orders", subject, facts, NOW);
    assert_eq!(decision.errors, [], "{condition}");
    decision.is_permit()
}

#[test]
fn a_permit_permits_and_is_named() {
    let store =
        store("@id(\"b\") permit (principal, action, resource);\n@id(\"a\") permit (principal, action, resource);");
    let decision = ask(&store, &robot(), "GET", "/");
    assert!(decision.is_permit());
    assert_eq!(ids(&decision), ["a", "b"]);
    assert_eq!(decision.generation, 1);
}

#[test]
fn methods_are_in_their_groups() {
    let store = store(
        r#"@id("r") permit (principal is AAuth::Agent, action in HTTP::Action::"read", resource);
           @id("w") permit (principal is AAuth::Person, action in HTTP::Action::"write", resource);
           @id("no") forbid (principal, action in HTTP::Action::"any", resource in HTTP::Path::"/no");"#,
    );
    for method in ["GET", "HEAD", "OPTIONS"] {
        assert!(ask(&store, &robot(), method, "/").is_permit(), "{method}");
        assert!(!ask(&store, &ada_alone(), method, "/").is_permit(), "{method}");
        assert_eq!(ids(&ask(&store, &robot(), method, "/no/x")), ["no"], "{method}");
    }
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        assert!(!ask(&store, &robot(), method, "/").is_permit(), "{method}");
        assert!(ask(&store, &ada_alone(), method, "/").is_permit(), "{method}");
        assert_eq!(ids(&ask(&store, &ada_alone(), method, "/no")), ["no"], "{method}");
    }
    for method in ["TRACE", "CONNECT", "get", "read", "any", ""] {
        assert_eq!(denial(&ask(&store, &robot(), method, "/")).cause, Cause::NotInSchema, "{method}");
    }
}

#[test]
fn a_path_is_below_its_prefixes() {
    let store = store(
        r#"@id("v1") permit (principal, action, resource in HTTP::Path::"/v1/orders");
           @id("one") permit (principal, action, resource == HTTP::Path::"/only");
           @id("own") permit (principal, action == HTTP::Action::"PUT", resource in AAuth::Resource::"orders");
           @id("other") forbid (principal, action, resource in AAuth::Resource::"billing");"#,
    );
    for path in ["/v1/orders", "/v1/orders/", "/v1/orders/42", "/v1/%6frders/42/items", "/only"] {
        assert!(ask(&store, &robot(), "GET", path).is_permit(), "{path}");
    }
    for path in ["/", "/v1", "/v1/orders2", "/v1/order", "/only/more", "/V1/orders"] {
        assert_eq!(denial(&ask(&store, &robot(), "GET", path)).cause, Cause::NothingPermits, "{path}");
    }
    for path in ["/v1/orders/../admin", "/v1/orders/%2e%2e/admin", "/v1/orders/..%2fadmin", "/v1//orders", "*"] {
        let decision = ask(&store, &robot(), "GET", path);
        assert_eq!(denial(&decision).cause, Cause::Unreadable, "{path}");
        assert_eq!(decision.errors.len(), 1, "{path}");
    }
    assert_eq!(ids(&ask(&store, &robot(), "PUT", "/anything")), ["own"]);
}

#[test]
fn a_principal_is_below_its_parents() {
    let agent = Principal::Agent {
        id: "aauth:child@agents.example".to_owned(),
        provider: "https://agents.example".to_owned(),
        parent: Some("aauth:parent@agents.example".to_owned()),
        ps: None,
    };
    let child = Subject::new(agent, Some(auth_token(&[])));
    let store = store(
        r#"@id("parent") permit (principal in AAuth::Agent::"aauth:parent@agents.example", action, resource);
           @id("provider") permit (principal in AAuth::AgentProvider::"https://agents.example", action, resource);
           @id("tenant") permit (principal is AAuth::Person in AAuth::Tenant::"https://ps.example#acme", action, resource);
           @id("group") permit (principal in AAuth::Group::"https://ps.example#eng", action, resource);
           @id("ada") permit (principal == AAuth::Person::"https://ps.example#ada", action, resource);
           @id("else") permit (principal in AAuth::Group::"https://evil.example#eng", action, resource);
           @id("nobody") permit (principal == AAuth::Anonymous::"anonymous", action, resource);"#,
    );
    assert_eq!(ids(&ask(&store, &child, "GET", "/")), ["parent", "provider"]);
    assert_eq!(ids(&ask(&store, &robot(), "GET", "/")), ["provider"]);
    assert_eq!(ids(&ask(&store, &ada_alone(), "GET", "/")), ["ada", "group", "tenant"]);
    assert_eq!(ids(&ask(&store, &anonymous(), "GET", "/")), ["nobody"]);
}

#[test]
fn every_part_of_the_context_can_be_read() {
    let claims = BTreeMap::from([
        ("dept".to_owned(), ClaimValue::One("eng".to_owned())),
        ("sites".to_owned(), ClaimValue::Many(vec!["ams".to_owned(), "ber".to_owned()])),
    ]);
    let token = TokenFacts {
        mission: Some("m".to_owned()),
        account: Some("acc".to_owned()),
        tenant: Some("acme".to_owned()),
        claims,
        ..auth_token(&["a", "b"])
    };
    let subject = Subject::new(ada(), Some(token));
    let facts = RequestFacts {
        query: Some("id=7&id=8&name=x%20y"),
        headers: &[("X-Team", "blue"), ("x-team", "red")],
        source_ip: Some(Ipv4Addr::new(10, 1, 2, 3).into()),
        peer: Some("spiffe://a/b"),
        ..facts("POST", "/v1/%6frders/")
    };
    for condition in [
        r#"context.token.typ == "auth""#,
        r#"context.token.scopes.containsAll(["a", "b"])"#,
        r#"context.token has key && context.token.key == "thumbprint-1""#,
        r#"context.token has issuer && context.token.issuer == "https://ps.example""#,
        r#"context.token has jti && context.token.jti == "jti-1""#,
        r#"context.token has issued && context.now.durationSince(context.token.issued) == duration("60s")"#,
        r#"context.token has expires && context.token.expires.durationSince(context.now) == duration("240s")"#,
        r#"context.token has mission && context.token.mission == "m""#,
        r#"context.token has account && context.token.account == "acc""#,
        r#"context.token has tenant && context.token.tenant == "acme""#,
        r#"context.now == datetime("2026-09-21T14:13:20Z")"#,
        r#"context.request.method == "POST" && context.request.host == "orders.example""#,
        r#"context.request.path == "/v1/orders""#,
        r#"context.request.path like "/v1/*""#,
        r#"context.request.query.hasTag("id") && context.request.query.getTag("id").containsAll(["7", "8"])"#,
        r#"context.request.query.hasTag("name") && context.request.query.getTag("name") == ["x y"]"#,
        r#"!context.request.query.hasTag("other")"#,
        r#"context.request.headers.hasTag("x-team") && context.request.headers.getTag("x-team").contains("blue")"#,
        r#"context.request has source_ip && context.request.source_ip.isInRange(ip("10.0.0.0/8"))"#,
        r#"context.request has peer && context.request.peer == "spiffe://a/b""#,
        r#"principal.sub == "ada" && principal.iss == "https://ps.example""#,
        r#"principal.ps == AAuth::PersonServer::"https://ps.example""#,
        r#"principal has tenant && principal.tenant == AAuth::Tenant::"https://ps.example#acme""#,
        r#"principal.hasTag("dept") && principal.getTag("dept").contains("eng")"#,
        r#"principal.hasTag("sites") && principal.getTag("sites") == ["ber", "ams"]"#,
    ] {
        assert!(holds(condition, &subject, &facts), "{condition}");
    }
}

#[test]
fn what_the_caller_lacks_is_absent() {
    let facts = facts("GET", "/");
    let subject = Subject::new(ada(), None);
    for condition in [
        r#"context.token.typ == "none" && context.token.scopes.isEmpty()"#,
        "!(context.token has key) && !(context.token has expires) && !(context.token has mission)",
        "!(context.request has source_ip) && !(context.request has peer)",
    ] {
        assert!(holds(condition, &subject, &facts), "{condition}");
    }
}

#[test]
fn a_mapped_address_is_the_address() {
    let facts = RequestFacts { source_ip: Some("::ffff:10.1.2.3".parse().unwrap()), ..facts("GET", "/") };
    let condition = r#"context.request has source_ip && context.request.source_ip.isInRange(ip("10.0.0.0/8"))"#;
    assert!(holds(condition, &ada_alone(), &facts));
}

#[test]
fn a_query_that_cannot_be_read_is_not_decided() {
    let store = store(
        r#"@id("a") permit (principal, action, resource);
           @id("b") forbid (principal, action == HTTP::Action::"POST", resource)
                    when { context.request.query.hasTag("debug") };"#,
    );
    let ask = |method| {
        store.current().decide("orders", &robot(), &RequestFacts { query: Some("a=%zz"), ..facts(method, "/") }, NOW)
    };
    assert_eq!(denial(&ask("POST")).cause, Cause::Unreadable);
    assert!(ask("GET").is_permit(), "no policy reads the query");
}

/// Cedar skips a forbid that fails, and would let the request through.
#[test]
fn a_policy_that_fails_denies() {
    let store = store(
        r#"@id("allow") permit (principal, action, resource);
           @id("breaks") @require("auth-token") forbid (principal is AAuth::Person, action, resource)
           when { principal.sub == "ada" && 9223372036854775807 + 1 > 0 };"#,
    );
    let decision = ask(&store, &ada_alone(), "GET", "/");
    assert_eq!(denial(&decision), &Denial::plain(Cause::EvaluationError));
    assert_eq!(ids(&decision), ["breaks"]);
    assert!(decision.errors[0].message.contains("overflow"), "{decision:?}");
    assert!(ask(&store, &robot(), "GET", "/").is_permit());
}

#[test]
fn a_permit_says_what_goes_upstream() {
    let store = store(
        r#"@id("b") @header_x_tier("silver") @header_x_only_b("1") @metadata_m("b") permit (principal, action, resource);
           @id("a") @header_x_tier("gold") permit (principal, action, resource);
           @id("c") @header_x_tier("none") permit (principal is AAuth::Person, action, resource);"#,
    );
    let Outcome::Permit { headers, metadata } = ask(&store, &robot(), "GET", "/").outcome else { panic!() };
    assert_eq!(headers, [("x-only-b".into(), "1".into()), ("x-tier".into(), "gold".into())]);
    assert_eq!(metadata, [("m".into(), "b".into())]);
}

#[test]
fn forbids_are_merged_in_the_order_of_their_ids() {
    let all = "(principal, action, resource)";
    for (policies, status, reason, require, scopes) in [
        (format!(r#"@id("a") forbid {all};"#), 403, None, None, vec![]),
        (
            format!(r#"@id("b") @reason("two") forbid {all}; @id("a") @reason("one") forbid {all};"#),
            403,
            Some("one"),
            None,
            vec![],
        ),
        (
            format!(
                r#"@id("a") @reason("secret") @status("429") forbid {all}; @id("b") @status("404") forbid {all};
                   @id("c") @reason("not found") @status("404") forbid {all};"#
            ),
            404,
            Some("not found"),
            None,
            vec![],
        ),
        (format!(r#"@id("a") forbid {all}; @id("b") @status("429") forbid {all};"#), 429, None, None, vec![]),
        (
            format!(
                r#"@id("a") @require("person-token") forbid {all};
                   @id("b") @require("auth-token") @scope("y x") @reason("why") forbid {all};
                   @id("c") @require("auth-token") @scope("z x") forbid {all};"#
            ),
            403,
            Some("why"),
            Some(Require::AuthToken),
            vec!["x", "y", "z"],
        ),
        (
            format!(r#"@id("a") @require("auth-token") @scope("x") forbid {all}; @id("b") forbid {all};"#),
            403,
            None,
            None,
            vec![],
        ),
    ] {
        let decision = ask(&store(&policies), &ada_alone(), "GET", "/");
        let denial = denial(&decision);
        assert_eq!(denial.cause, Cause::Forbidden, "{policies}");
        assert_eq!((denial.status, denial.reason.as_deref()), (status, reason), "{policies}");
        let challenge = denial.challenge.as_ref();
        assert_eq!(challenge.map(|ask| ask.require), require, "{policies}");
        assert_eq!(challenge.map(|ask| ask.scopes.clone()).unwrap_or_default(), scopes, "{policies}");
    }
}

#[test]
fn what_is_in_shadow_is_told_and_not_enforced() {
    let store = store(
        r#"@id("allow") permit (principal is AAuth::Agent, action, resource);
           @id("s-forbid") @shadow forbid (principal, action, resource);
           @id("s-permit") @shadow @header_x_a("1") permit (principal, action, resource);
           @id("s-fails") @shadow forbid (principal is AAuth::Agent, action, resource)
           when { principal.id like "*robot*" && 9223372036854775807 + 1 > 0 };
           @id("s-other") @shadow forbid (principal, action == HTTP::Action::"PUT", resource);"#,
    );
    let decision = ask(&store, &robot(), "GET", "/");
    assert!(decision.is_permit());
    assert_eq!(ids(&decision), ["allow"]);
    assert_eq!(decision.errors, []);
    let told: Vec<_> = decision.shadow.iter().map(|v| (&*v.policy, v.effect, v.error.is_some())).collect();
    assert_eq!(
        told,
        [("s-forbid", Effect::Forbid, false), ("s-permit", Effect::Permit, false), ("s-fails", Effect::Forbid, true)]
    );
    assert!(!ask(&store, &ada_alone(), "GET", "/").is_permit(), "a shadow permits nobody");
}

#[test]
fn an_unknown_resource_is_denied() {
    let store = store(r#"@id("allow") permit (principal, action, resource);"#);
    let decision = store.current().decide("nothing", &ada_with(&[]), &facts("GET", "/"), NOW);
    assert_eq!(denial(&decision).cause, Cause::NotInSchema);
}

/// What is not enforced cannot refuse either.
#[test]
fn a_shadow_that_cannot_read_the_query_changes_nothing() {
    let store = store(
        r#"@id("allow") permit (principal, action, resource);
           @id("s") @shadow forbid (principal, action, resource) when { context.request.query.hasTag("debug") };"#,
    );
    let ask = |query| store.current().decide("orders", &robot(), &RequestFacts { query, ..facts("GET", "/") }, NOW);
    assert_eq!(ask(Some("debug")).shadow.len(), 1);
    assert!(ask(Some("a=%zz")).is_permit());
    assert_eq!(ask(Some("a=%zz")).shadow, []);
}
