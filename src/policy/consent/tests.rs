use super::super::decision::{Cause, Decision, Outcome};
use super::super::testkit::{ada_alone, ada_with, ask as decide, robot, store};
use super::super::{Denial, PolicyStore};
use super::*;

const ORDERS: &str = include_str!("../../../policies/orders/orders.cedar");

/// The challenge of a denial, in short: `auth-token a b`, or `-`.
fn asked(decision: &Decision) -> (Cause, String) {
    let Outcome::Deny(Denial { cause, challenge, .. }) = &decision.outcome else { panic!("{decision:?}") };
    let challenge = challenge.as_ref().map_or("-".to_owned(), |ask| {
        std::iter::once(ask.require.as_str()).chain(ask.scopes.iter().map(String::as_str)).collect::<Vec<_>>().join(" ")
    });
    (*cause, challenge)
}

fn check(store: &PolicyStore, cases: &[(&str, Subject, &str, &str, Cause, &str)]) {
    for (name, subject, method, path, cause, challenge) in cases {
        assert_eq!(asked(&decide(store, subject, method, path)), (*cause, (*challenge).to_owned()), "{name}");
    }
}

#[test]
fn a_person_is_asked_exactly_when_it_would_help() {
    check(
        &store(ORDERS),
        &[
            (
                "a read asks for the read scope",
                ada_alone(),
                "GET",
                "/v1/orders",
                Cause::NothingPermits,
                "auth-token orders.read",
            ),
            (
                "a write asks for the write scope",
                ada_alone(),
                "POST",
                "/v1/orders",
                Cause::Forbidden,
                "auth-token orders.write",
            ),
            (
                "other scopes do not help",
                ada_with(&["x"]),
                "GET",
                "/v1/orders",
                Cause::NothingPermits,
                "auth-token orders.read",
            ),
            ("no scope would open this path", ada_alone(), "GET", "/v2", Cause::NothingPermits, "-"),
            ("no permit for this method here", ada_alone(), "POST", "/v1/users", Cause::NothingPermits, "-"),
            (
                "an agent alone says first for whom it acts",
                robot(),
                "GET",
                "/v1/orders",
                Cause::Forbidden,
                "person-token",
            ),
        ],
    );
    let store = store(ORDERS);
    let wanted = |subject: &Subject| {
        store.current().scopes_wanted("orders", subject, &super::super::testkit::facts("GET", "/v1"), 0)
    };
    assert_eq!(wanted(&ada_alone()), ["orders.read"]);
    assert!(wanted(&robot()).is_empty());
}

#[test]
fn the_smallest_set_that_suffices_is_asked_for() {
    let permit = |id: &str, scopes: &str| {
        let list = scopes.split(' ').map(|s| format!("\"{s}\"")).collect::<Vec<_>>().join(", ");
        format!(
            "@id(\"{id}\") @scope(\"{scopes}\") permit (principal, action, resource) \
             when {{ context.token.scopes.containsAll([{list}]) }};\n"
        )
    };
    let all = store(&[permit("1", "a b c"), permit("2", "z"), permit("3", "b")].concat());
    check(&all, &[("one scope, first by name", ada_alone(), "GET", "/", Cause::NothingPermits, "auth-token b")]);

    let blocked = format!(
        "{}{}@id(\"f\") forbid (principal, action, resource) when {{ context.token.scopes.contains(\"b\") }};",
        permit("1", "b"),
        permit("2", "x y"),
    );
    check(
        &store(&blocked),
        &[("a scope that a forbid minds is no way", ada_alone(), "GET", "/", Cause::NothingPermits, "auth-token x y")],
    );
}

#[test]
fn a_scope_that_would_not_be_enough_is_not_asked_for() {
    let more = store(
        r#"@id("a") @scope("s") permit (principal, action, resource)
           when { context.token.scopes.contains("s") && context.token has mission };"#,
    );
    check(
        &more,
        &[
            ("a mission is missing too", ada_alone(), "GET", "/", Cause::NothingPermits, "-"),
            ("and asking again would not end", ada_with(&["s"]), "GET", "/", Cause::NothingPermits, "-"),
        ],
    );
    let hard = store(
        r#"@id("a") @scope("s") permit (principal, action, resource) when { context.token.scopes.contains("s") };
           @id("f") forbid (principal, action, resource) unless { context.token.scopes.contains("other") };"#,
    );
    check(&hard, &[("a forbid without a way out", ada_alone(), "GET", "/", Cause::Forbidden, "-")]);
}

/// A new token replaces the old: what is still needed is asked for again, and what is not is left behind.
#[test]
fn scopes_still_needed_are_asked_for_again() {
    let both = store(
        r#"@id("a") @scope("read") permit (principal, action, resource) when { context.token.scopes.contains("read") };
           @id("f") @require("auth-token") @scope("write") forbid (principal, action == HTTP::Action::"POST", resource)
           unless { context.token.scopes.contains("write") };"#,
    );
    check(
        &both,
        &[
            ("both at once, from nothing", ada_alone(), "POST", "/", Cause::Forbidden, "auth-token read write"),
            ("both, holding one", ada_with(&["read", "x"]), "POST", "/", Cause::Forbidden, "auth-token read write"),
            ("holding the other", ada_with(&["write"]), "GET", "/", Cause::NothingPermits, "auth-token read"),
            (
                "holding the other, needing both",
                ada_with(&["write"]),
                "POST",
                "/",
                Cause::NothingPermits,
                "auth-token read write",
            ),
        ],
    );
    assert!(decide(&both, &ada_with(&["read", "write"]), "POST", "/").is_permit());
}

#[test]
fn an_auth_token_may_be_what_is_missing() {
    let store = store(
        r#"@id("a") permit (principal is AAuth::Person, action, resource);
           @id("f") @require("auth-token") forbid (principal, action, resource) unless { context.token.typ == "auth" };"#,
    );
    check(&store, &[("no scope is needed", ada_alone(), "GET", "/", Cause::Forbidden, "auth-token")]);
    assert!(decide(&store, &ada_with(&[]), "GET", "/").is_permit());
}

#[test]
fn other_requirements_are_passed_on() {
    let store = store(
        r#"@id("p") @require("person-token") forbid (principal is AAuth::Agent, action, resource);
           @id("i") @require("interaction") @scope("pay") forbid (principal is AAuth::Person, action, resource);"#,
    );
    check(
        &store,
        &[
            ("a person", robot(), "GET", "/", Cause::Forbidden, "person-token"),
            ("an interaction", ada_alone(), "GET", "/", Cause::Forbidden, "interaction pay"),
        ],
    );
}
