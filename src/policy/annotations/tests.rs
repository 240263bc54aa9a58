use super::*;

fn parsed(text: &str) -> (Obligations, Vec<Complaint>) {
    read(&Policy::parse(None, text).unwrap())
}

fn good(text: &str) -> Obligations {
    let (obligations, complaints) = parsed(text);
    assert_eq!(complaints, [], "{text}");
    obligations
}

fn complaint(text: &str) -> String {
    let (_, complaints) = parsed(text);
    assert_eq!(complaints.len(), 1, "{text}: {complaints:?}");
    let complaint = &complaints[0];
    format!("{} / {}", complaint.message, complaint.hint.as_deref().unwrap_or("-"))
}

const PERMIT: &str = "permit (principal, action, resource);";
const FORBID: &str = "forbid (principal, action, resource);";

#[test]
fn every_annotation_is_read() {
    let forbid = good(&format!(
        r#"@id("f") @require("interaction") @scope("b a b") @reason("ask first") @status("404") @shadow {FORBID}"#
    ));
    assert_eq!(&*forbid.id, "f");
    assert_eq!(forbid.effect, Effect::Forbid);
    assert_eq!(forbid.require, Some(Require::Interaction));
    assert_eq!(forbid.scopes.iter().map(AsRef::as_ref).collect::<Vec<&str>>(), ["a", "b"]);
    assert_eq!(forbid.reason.as_deref(), Some("ask first"));
    assert_eq!(forbid.status, Some(404));
    assert!(forbid.shadow);

    let permit = good(&format!(r#"@id("p") @header_X_Team("blue") @metadata_tier("gold") @scope("s") {PERMIT}"#));
    assert_eq!(permit.headers, [("x-team".into(), "blue".into())]);
    assert_eq!(permit.metadata, [("tier".into(), "gold".into())]);
    assert!(!permit.shadow);
}

#[test]
fn each_mistake_is_named() {
    for (annotations, effect, expected) in [
        ("", PERMIT, "the policy has no `@id` / name it, as `@id(\"orders-read\")` in front of it"),
        (r#"@id("")"#, PERMIT, "`` is not an id / use 1 to 128 letters, digits and `-_.:/`"),
        (r#"@id("a b")"#, PERMIT, "`a b` is not an id / use 1 to 128 letters, digits and `-_.:/`"),
        (
            r#"@id("a") @requires("auth-token")"#,
            FORBID,
            "`@requires` is not an annotation of this program / did you mean `require`?",
        ),
        (
            r#"@id("a") @colour("red")"#,
            FORBID,
            "`@colour` is not an annotation of this program / write what is only for readers as a `//` comment",
        ),
        (r#"@id("a") @require("auth_token")"#, FORBID, "`auth_token` cannot be required / did you mean `auth-token`?"),
        (
            r#"@id("a") @require("luck")"#,
            FORBID,
            "`luck` cannot be required / one of `agent-token`, `person-token`, `auth-token`, `interaction`",
        ),
        (r#"@id("a") @require("auth-token")"#, PERMIT, "`@require` says something only on a `forbid` / -"),
        (r#"@id("a") @status("401")"#, FORBID, "`401` is not a status of a denial / one of `403`, `404`, `429`"),
        (r#"@id("a") @status("404")"#, PERMIT, "`@status` says something only on a `forbid` / -"),
        (r#"@id("a") @scope(" ")"#, PERMIT, "`@scope` names no scope / -"),
        (r#"@id("a") @scope("a\"b")"#, PERMIT, "`a\\\"b` is not a scope / -"),
        (
            r#"@id("a") @scope("b")"#,
            FORBID,
            "a `forbid` with `@scope` needs `@require` to ask for it / add `@require(\"auth-token\")`",
        ),
        (
            r#"@id("a") @require("person-token") @scope("b")"#,
            FORBID,
            "`person-token` carries no scope, so `@scope` asks for nothing / ask for an `auth-token`, or leave the scope out",
        ),
        (r#"@id("a") @reason("")"#, FORBID, "`@reason` needs a value / -"),
        (r#"@id("a") @reason("x\ny")"#, FORBID, "`@reason` holds a character that cannot be sent / -"),
        (r#"@id("a") @shadow("yes")"#, FORBID, "`@shadow` takes no value / -"),
        (r#"@id("a") @header_x_team("a")"#, FORBID, "`@header_x_team` says something only on a `permit` / -"),
        (r#"@id("a") @header_x_team("é")"#, PERMIT, "`@header_x_team` holds a character that cannot be sent / -"),
        (r#"@id("a") @header_("a")"#, PERMIT, "`@header_` names no header / -"),
        (r#"@id("a") @header_host("a")"#, PERMIT, "the header `host` is not a policy's to set / -"),
        (r#"@id("a") @header_x_aauth_sub("a")"#, PERMIT, "the header `x-aauth-sub` is not a policy's to set / -"),
    ] {
        assert_eq!(complaint(&format!("{annotations} {effect}")), expected, "{annotations}");
    }
}
