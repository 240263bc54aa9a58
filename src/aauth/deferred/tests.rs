use serde_json::json;

use super::*;

fn parse(body: &Value, requirement: Option<&Requirement>) -> Result<Pending, PendingFault> {
    Pending::parse(body.to_string().as_bytes(), requirement)
}

/// "Pending Response", "Clarification Required" and "Claims Required": the draft's bodies.
#[test]
fn each_body_makes_the_round_trip() {
    let clarification = |timeout, options: &[&str]| {
        let options = options.iter().map(|option| (*option).to_owned()).collect();
        Pending::clarification(Clarification { question: "Why?\nAnd when?".into(), timeout, options })
    };
    let claims = Pending { wanted: Wanted::Claims(vec!["email".into(), "tenant".into()]), ..Pending::default() };
    for (pending, requirement, body) in [
        (Pending::of(PendingStatus::Pending), None, json!({ "status": "pending" })),
        (Pending::of(PendingStatus::Interacting), Some(Requirement::Approval), json!({ "status": "interacting" })),
        (
            clarification(None, &[]),
            Some(Requirement::Clarification),
            json!({ "status": "pending", "clarification": "Why?\nAnd when?" }),
        ),
        (
            clarification(Some(120), &["now", "later"]),
            Some(Requirement::Clarification),
            json!({ "status": "pending", "clarification": "Why?\nAnd when?", "timeout": 120, "options": ["now", "later"] }),
        ),
        (claims, Some(Requirement::Claims), json!({ "status": "pending", "required_claims": ["email", "tenant"] })),
    ] {
        assert_eq!(pending.to_json(), body);
        assert_eq!(parse(&body, requirement.as_ref()), Ok(pending));
    }
}

/// "Agents MUST treat unrecognized status values as `pending`".
#[test]
fn an_unknown_status_is_pending() {
    for body in [json!({ "status": "thinking" }), json!({ "status": 7 }), json!({})] {
        assert_eq!(parse(&body, None), Ok(Pending::of(PendingStatus::Pending)), "{body}");
    }
}

/// What is asked is what the header requires.
#[test]
fn the_body_follows_the_requirement() {
    let body = json!({ "status": "pending", "clarification": "Why?", "required_claims": ["email"] });
    assert_eq!(parse(&body, None).unwrap().wanted, Wanted::Nothing);
    assert!(matches!(parse(&body, Some(&Requirement::Claims)).unwrap().wanted, Wanted::Claims(_)));
    let bare = json!({ "status": "pending" });
    let refused = |requirement| parse(&bare, Some(&requirement)).unwrap_err();
    assert_eq!(refused(Requirement::Clarification), PendingFault::Member("clarification"));
    assert_eq!(refused(Requirement::Claims), PendingFault::Member("required_claims"));
}

/// "An AS MUST NOT request it, and a PS MUST NOT include it".
#[test]
fn the_subject_is_never_asked_for() {
    let body = json!({ "required_claims": ["sub", "email"] });
    assert_eq!(parse(&body, Some(&Requirement::Claims)).unwrap().wanted, Wanted::Claims(vec!["email".into()]));
}

#[test]
fn what_is_asked_is_bounded() {
    for (member, value) in [
        ("clarification", json!("x".repeat(4097))),
        ("clarification", json!("\u{7}")),
        ("clarification", json!("")),
        ("clarification", json!(["Why?"])),
        ("timeout", json!("soon")),
        ("timeout", json!(-1)),
        ("options", json!("yes")),
        ("options", json!([1])),
        ("options", json!(vec!["x"; 51])),
        ("options", json!(["x".repeat(257)])),
    ] {
        let mut body = json!({ "status": "pending", "clarification": "Why?" });
        body[member] = value;
        let refused = parse(&body, Some(&Requirement::Clarification));
        assert_eq!(refused, Err(PendingFault::Member(member)), "{body}");
    }
    let body = json!({ "clarification": "Why?", "timeout": u64::MAX });
    let Wanted::Clarification(asked) = parse(&body, Some(&Requirement::Clarification)).unwrap().wanted else {
        panic!()
    };
    assert_eq!(asked.timeout, Some(86_400));
    assert_eq!(Pending::parse(b"", None), Err(PendingFault::NotJson));
    assert_eq!(Pending::parse(b"[]", None), Err(PendingFault::NotJson));
}
