use aauth_authorizer::aauth::identifier::{AgentId, ServerId};
use serde_json::{Map, Value, json};

use super::*;
use crate::domain::ask::{Ask, Hints, MissionAsk, PermitAsk, Tool};
use crate::domain::decision::MissionEdit;

const APPROVED_AT: Seconds = 1_775_572_200;

fn ask() -> MissionAsk {
    let tool = |name: &str| Tool { name: name.into(), description: Some(format!("{name} it")) };
    MissionAsk {
        description: "# Trip\n\n\"Ünder\" $5k\u{0}".into(),
        tools: vec![tool("Search"), tool("Book")],
        resources: vec!["https://flights.example".into(), "https://hotels.example".into()],
        hints: Hints::default(),
    }
}

fn mission(edit: Option<&MissionEdit>, salt: &str) -> Mission {
    let agent = AgentKey {
        iss: ServerId::parse("https://ap.example").unwrap(),
        sub: AgentId::parse("aauth:a@ap.example").unwrap(),
    };
    Mission::approved(&agent, &PersonKey::new("ada"), Terms::of(&ask(), edit, APPROVED_AT), salt)
}

/// "Mission Approval": what the blob must include, and that the digest is of exactly its bytes.
#[test]
fn the_blob_says_what_was_approved() {
    let mission = mission(None, "s");
    let blob: Value = serde_json::from_str(&mission.blob).unwrap();
    assert_eq!(
        blob,
        json!({
            "agent": "aauth:a@ap.example",
            "approved_at": "2026-04-07T14:30:00Z",
            "description": "# Trip\n\n\"Ünder\" $5k\u{0}",
            "approved_tools": [
                { "name": "Search", "description": "Search it" },
                { "name": "Book", "description": "Book it" },
            ],
            "approved_resources": ["https://flights.example", "https://hotels.example"],
            "salt": "s",
        })
    );
    assert_eq!(mission.s256, digest(mission.blob.as_bytes()));
    assert!(is_digest(&mission.s256));
    assert_eq!(Terms::read(&mission.blob, APPROVED_AT, None), Some(mission.terms));
}

#[test]
fn the_person_narrows_and_rewrites() {
    let edit = MissionEdit {
        description: Some("Only look".into()),
        tools: Some(vec!["Search".into(), "Steal".into()]),
        resources: Some(vec!["https://hotels.example".into(), "https://evil.example".into()]),
        expires_at: Some(APPROVED_AT + 60),
    };
    let mission = mission(Some(&edit), "s");
    assert_eq!(mission.terms.description, "Only look");
    assert_eq!(mission.tool_names().collect::<Vec<_>>(), ["Search"]);
    assert_eq!(mission.terms.resources, [ServerId::parse("https://hotels.example").unwrap()]);
    assert!(mission.blob.contains(r#""expires_at":"2026-04-07T14:31:00Z""#));
}

#[test]
fn two_missions_that_say_the_same_are_two() {
    assert_ne!(mission(None, "s").s256, mission(None, "t").s256);
}

#[test]
fn its_time_is_up_at_the_second_it_names() {
    let edit = MissionEdit { expires_at: Some(APPROVED_AT + 60), ..MissionEdit::default() };
    let mission = mission(Some(&edit), "s");
    assert_eq!(mission.over(APPROVED_AT + 59), None);
    let expired = Termination { reason: Reason::Expired, at: APPROVED_AT + 60 };
    assert_eq!(mission.over(APPROVED_AT + 60), Some(expired));
    let revoked = Termination { reason: Reason::Revoked, at: APPROVED_AT };
    let mission = Mission { state: MissionState::Terminated(revoked), ..mission };
    assert_eq!(mission.over(APPROVED_AT + 600), Some(revoked), "what ended it first is what ended it");
}

#[test]
fn a_digest_has_one_spelling() {
    let good = digest(b"x");
    assert!(is_digest(&good));
    let (short, last) = good.split_at(42);
    assert_ne!(last, "B");
    for bad in ["", "dBjf", short, &format!("{good}A"), &format!("{good}="), &format!("{short}B")] {
        assert!(!is_digest(bad), "{bad}");
    }
}

#[test]
fn names_are_read_back() {
    assert!(Reason::ALL.iter().all(|&reason| Reason::from_name(reason.name()) == Some(reason)));
    assert!(LogKind::ALL.iter().all(|&kind| LogKind::from_name(kind.name()) == Some(kind)));
    assert_eq!((Reason::from_name("done"), LogKind::from_name("done")), (None, None));
}

#[test]
fn the_log_tells_what_was_asked_and_what_came_of_it() {
    let permit = |mission: Option<&str>| {
        Ask::Permit(PermitAsk {
            action: "Send".into(),
            description: None,
            parameters: None,
            mission: mission.map(str::to_owned),
        })
    };
    assert_eq!(NewEntry::about(&permit(None), "granted", Map::new(), 7), None);
    let entry = NewEntry::about(&permit(Some("m")), "granted", Map::from_iter([("by".into(), "person".into())]), 7);
    let text = r#"{"outcome":"granted","by":"person","request":{"action":"Send"}}"#;
    let expected = NewEntry { mission: "m".into(), at: 7, kind: LogKind::Permission, text: text.into() };
    assert_eq!(entry, Some(expected));
}

#[test]
fn an_update_names_what_it_came_after() {
    let text = update_text("more", "before", APPROVED_AT);
    assert_eq!(text, r#"{"description":"more","accepted_at":"2026-04-07T14:30:00Z","after":"before"}"#);
}
