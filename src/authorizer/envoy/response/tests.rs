//! What no response may be, whatever the answer.

use super::*;
use crate::aauth::error::{SignatureError, SignatureErrorCode};
use crate::aauth::requirement::Requirement;
use crate::authorizer::answer::{Challenge, Denied, Fault, Unauthenticated};
use crate::authorizer::inbound::{Body, InboundRequest};
use envoy_types::pb::google::protobuf::value::Kind;

fn record(answer: &Answer) -> Record {
    let nothing = InboundRequest {
        resource_id: None,
        message: crate::aauth::message::Message::default(),
        body: Body::NotForwarded,
        source_ip: None,
        peer: None,
    };
    let mut record = Record::of(&nothing);
    record.located("orders");
    record.conclude(answer);
    record
}

fn respond(answer: Answer) -> CheckResponse {
    let record = record(&answer);
    of(answer, &record)
}

fn denied(status: u16, detail: &str) -> Answer {
    Answer::Forbidden(Denied { status, code: "forbidden", detail: detail.to_owned() })
}

fn options(response: &CheckResponse) -> &[HeaderValueOption] {
    match response.http_response.as_ref().unwrap() {
        HttpResponse::OkResponse(ok) => &ok.headers,
        HttpResponse::DeniedResponse(denied) => &denied.headers,
        HttpResponse::ErrorResponse(_) => panic!("a gateway may let an error pass"),
    }
}

fn status(response: &CheckResponse) -> (i32, i32) {
    let Some(HttpResponse::DeniedResponse(denied)) = &response.http_response else {
        panic!("not a denial: {response:?}")
    };
    (response.status.as_ref().unwrap().code, denied.status.as_ref().unwrap().code)
}

/// Each kind of denial, and each status there could be by mistake: never code 0, never an HTTP status that passes.
#[test]
fn nothing_but_a_permit_allows() {
    let failure = Unauthenticated {
        error: SignatureError::new(SignatureErrorCode::InvalidSignature, "why"),
        requirement: Some(Requirement::AgentToken),
        accept_scheme: "jwt".into(),
    };
    let challenge = Challenge { requirement: Requirement::PersonToken, detail: "who".into() };
    let fault = Fault { code: "discovery", detail: "10.0.0.7 refused".into() };
    assert_eq!(status(&respond(Answer::Unauthenticated(failure))), (16, 401));
    assert_eq!(status(&respond(Answer::Challenge(challenge))), (16, 401));
    assert_eq!(status(&respond(Answer::Unavailable(fault))), (14, 503));
    let expected = [(400, 3), (403, 7), (404, 5), (413, 8), (414, 3), (429, 8), (431, 8), (402, 7), (502, 14)];
    for (http, code) in expected {
        assert_eq!(status(&respond(denied(http, "no"))), (code, i32::from(http)));
    }
    for http in 0..=1000 {
        let (code, shown) = status(&respond(denied(http, "no")));
        assert_ne!(code, 0, "{http}");
        assert!(shown == 202 || (400..600).contains(&shown), "{http}: {shown}");
    }
    assert_eq!(respond(Answer::Permit(Permit::default())).status.unwrap().code, 0);
}

#[test]
fn a_header_replaces_every_other_of_its_name() {
    let permit = Permit { headers: vec![("x-aauth-agent".into(), "ada".into())], ..Permit::default() };
    for response in [respond(Answer::Permit(permit)), respond(denied(403, "no"))] {
        assert!(!options(&response).is_empty());
        for option in options(&response) {
            assert_eq!(option.append_action, HeaderAppendAction::OverwriteIfExistsOrAdd as i32);
            #[expect(deprecated, reason = "older proxies heed it")]
            let append = option.append.as_ref();
            assert!(append.is_some_and(|append| !append.value));
        }
    }
}

/// A header that no proxy would set must not come from the client either.
#[test]
fn what_cannot_be_set_is_removed() {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let permit = Permit {
        headers: vec![
            header("x-aauth-agent", "ada"),
            header("x-aauth-scope", ""),
            header("x-aauth-tenant", "a\nb"),
            header("x-aauth-mission", "ä"),
            header("x bad", "value"),
            header(":path", "/admin"),
            header("host", "elsewhere"),
        ],
        remove: vec!["x-aauth-jkt".into(), "bad name".into(), "Host".into()],
        ..Permit::default()
    };
    let response = respond(Answer::Permit(permit));
    let set: Vec<_> = options(&response).iter().map(|option| option.header.as_ref().unwrap().key.as_str()).collect();
    assert_eq!(set, ["x-aauth-agent"]);
    let Some(HttpResponse::OkResponse(ok)) = response.http_response else { panic!("not allowed") };
    assert_eq!(ok.headers_to_remove, ["x-aauth-jkt", "x-aauth-scope", "x-aauth-tenant", "x-aauth-mission"]);
}

/// Whatever policies and names of agents come to, what is set is safe to set and nothing is both set and removed.
#[test]
fn headers_are_safe_whatever_they_hold() {
    use rand::{RngExt as _, SeedableRng as _};
    let mut random = rand::rngs::StdRng::seed_from_u64(1);
    let mut text = |longest: usize| -> String {
        let length = random.random_range(0..longest);
        (0..length).map(|_| char::from(random.random_range(0..0x90_u8))).collect()
    };
    for _ in 0..2000 {
        let headers = (0..4).map(|_| (text(6), text(6))).collect();
        let response = respond(Answer::Permit(Permit { headers, ..Permit::default() }));
        for option in options(&response) {
            let HeaderValue { key, value, .. } = option.header.as_ref().unwrap();
            assert!(is_name(key) && !value.is_empty(), "{key:?} {value:?}");
            assert!(value.bytes().all(|b| (0x20..0x7F).contains(&b)), "{value:?}");
        }
    }
}

#[test]
fn a_body_too_long_for_proxies_is_replaced_whole() {
    let body = |detail: &str| {
        let Some(HttpResponse::DeniedResponse(denied)) = respond(denied(403, detail)).http_response else {
            panic!("not a denial")
        };
        denied.body
    };
    assert!(body("short").contains("short"));
    assert_eq!(body(&"x".repeat(MAX_BODY)), r#"{"status":403}"#);
}

#[test]
fn a_proxys_log_can_tell_what_happened() {
    let metadata = respond(denied(404, "no")).dynamic_metadata.unwrap();
    let text = |name: &str| match metadata.fields[name].kind.clone() {
        Some(Kind::StringValue(text)) => text,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        (text("outcome"), text("code"), text("resource")),
        ("denied".into(), "forbidden".into(), "orders".into())
    );

    let given = serde_json::json!({ "s": "x", "n": 1, "b": true, "z": null, "l": ["a"], "o": { "k": "v" } });
    let permit = Permit { metadata: given.as_object().unwrap().clone(), ..Permit::default() };
    let metadata = respond(Answer::Permit(permit)).dynamic_metadata.unwrap();
    assert_eq!(metadata.fields.len(), 6);
    assert_eq!(metadata.fields["n"].kind, Some(Kind::NumberValue(1.0)));
    assert!(matches!(&metadata.fields["l"].kind, Some(Kind::ListValue(list)) if list.values.len() == 1));
    assert!(matches!(&metadata.fields["o"].kind, Some(Kind::StructValue(object)) if object.fields.len() == 1));
}
