//! Traces, through a real collector: a check's spans are in the trace that the caller began, and hold nothing that must
//! not leave the process; nor does the log.

use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::Span;
use serde_json::Value;

use crate::support::client::Request;
use crate::support::collector::{Collector, attribute};
use crate::support::process::eventually;
use crate::support::scene::{PERSONS, Scene};

/// A scene whose authorizer sends its spans to this collector.
fn traced(collector: &Collector) -> Scene {
    Scene::new(true, &format!("telemetry: {{ otlp_endpoint: 'http://{}' }}", collector.grpc))
}

/// A trace of the caller's, as it sends it.
fn begun(byte: u8) -> ([u8; 16], String) {
    let trace = [byte; 16];
    let hex = format!("{byte:02x}");
    (trace, format!("00-{}-{}-01", hex.repeat(16), "b7".repeat(8)))
}

/// The spans of one check, by name, once all that are expected have come.
fn spans(collector: &Collector, trace: &[u8; 16], names: &[&str]) -> Vec<Span> {
    names.iter().map(|name| collector.wait_for(name, trace)).collect()
}

/// Everything a span says, attributes and events, as text.
fn said(span: &Span) -> String {
    let pairs = span.attributes.iter().chain(span.events.iter().flat_map(|event| &event.attributes));
    let events = span.events.iter().map(|event| event.name.clone());
    let text: Vec<_> = pairs.map(pair).chain(events).chain([span.name.clone(), span.trace_state.clone()]).collect();
    text.join("\n")
}

fn pair(attribute: &KeyValue) -> String {
    format!("{}={:?}", attribute.key, attribute.value)
}

fn number(span: &Span, key: &str) -> Option<i64> {
    let value = span.attributes.iter().find(|attribute| attribute.key == key)?.value.as_ref()?.value.as_ref()?;
    if let any_value::Value::IntValue(number) = value { Some(*number) } else { None }
}

#[test]
fn a_check_is_in_the_trace_that_the_caller_began() {
    let collector = Collector::start();
    let scene = traced(&collector);
    let token = scene.cast.auth_token(&["orders.read"]);

    let (first, traceparent) = begun(0xa1);
    let request = scene.cast.get("/v1/orders/42", &token).header("traceparent", &traceparent);
    assert_eq!(scene.send(&request).status, 200);
    let seen = spans(&collector, &first, &["check", "verify", "discovery", "decide"]);
    let [check, verify, discovery, decide] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!(check.parent_span_id, [0xb7; 8], "the caller's own span");
    assert_eq!((&verify.parent_span_id, &decide.parent_span_id), (&check.span_id, &check.span_id));
    assert_eq!(discovery.parent_span_id, verify.span_id);
    assert_eq!(attribute(discovery, "issuer"), Some(PERSONS));

    let about = |key| attribute(check, key);
    assert_eq!(
        (about("resource.id"), about("outcome"), about("level")),
        (Some("orders"), Some("allow"), Some("authorized"))
    );
    assert_eq!(about("agent.jkt"), Some(scene.cast.agent.public().thumbprint().as_str()));
    assert_eq!((about("token.typ"), about("token.iss")), (Some("aa-auth+jwt"), Some(PERSONS)));
    assert_eq!(about("policy.ids"), Some("orders-read"));
    assert!(number(check, "policy.generation").is_some() && number(check, "duration_us").is_some(), "{check:?}");

    // Once the keys are known, nobody looks for them.
    let (second, traceparent) = begun(0xa2);
    let request = scene.cast.get("/v1/orders/43", &token).header("traceparent", &traceparent);
    assert_eq!(scene.send(&request).status, 200);
    spans(&collector, &second, &["check", "verify", "decide"]);
    assert!(!collector.spans().iter().any(|span| span.trace_id == second && span.name == "discovery"));
}

#[test]
fn neither_spans_nor_logs_hold_a_token_a_signature_or_a_person() {
    let collector = Collector::start();
    let scene = traced(&collector);
    let cast = &scene.cast;
    let tokens = [cast.agent_token(), cast.person_token(), cast.auth_token(&["orders.read"])];
    let mut forged = tokens[2].clone();
    forged.truncate(forged.len() - 8);
    forged.push_str("AAAAAAAA");
    let mut requests: Vec<Request> = tokens.iter().map(|token| cast.get("/v1/orders/42", token)).collect();
    requests.extend([cast.get("/v1/orders/42", &forged), cast.get("/v1/orders/42", "not.a.token")]);
    requests.push(cast.get("/v1/orders/42", &tokens[2]).retargeted("/v1/orders/43"));

    let mut outcomes = Vec::new();
    for (byte, request) in (1..).zip(&requests) {
        let (trace, traceparent) = begun(byte);
        scene.send(&request.clone().header("traceparent", &traceparent));
        outcomes.push(attribute(&collector.wait_for("check", &trace), "outcome").unwrap().to_owned());
    }
    assert_eq!(
        outcomes,
        ["challenged", "challenged", "allow", "unauthenticated", "unauthenticated", "unauthenticated"]
    );

    let secrets = requests.iter().flat_map(secrets).chain([forged]);
    let secrets: Vec<String> = secrets.collect();
    let logged = || scene.authorizer.output().lines().filter(|line| line.starts_with('{')).count();
    eventually("logged", || logged() >= requests.len());
    let spans = collector.spans();
    assert!(spans.len() > 2 * requests.len(), "{}", spans.len());
    let told = spans.iter().map(said).chain([scene.authorizer.output()]);
    for told in told {
        for secret in &secrets {
            assert!(!told.contains(secret), "`{secret}` in {told}");
        }
        // The agent's name is no secret, and holds the person's by accident.
        assert!(!told.replace("aauth:ada@", "").contains("ada"), "{told}");
    }
}

/// The parts of a request that nobody else may have: its token's claims and signature, and its own signature.
fn secrets(request: &Request) -> Vec<String> {
    let headers = request.header_object();
    let text = |name: &str| headers.get(name).and_then(Value::as_str).unwrap().to_owned();
    let key = text("signature-key");
    let token = key.split('"').nth(1).unwrap();
    let parts = token.split('.').filter(|part| part.len() > 5).map(str::to_owned);
    parts.chain([text("signature").trim_matches(|c| c != ':').to_owned()]).collect()
}

#[test]
fn a_caller_who_asks_for_no_trace_is_not_traced_and_a_broken_one_begins_anew() {
    let collector = Collector::start();
    let scene = traced(&collector);
    let agent = scene.cast.agent_token();
    let (unsampled, traceparent) = begun(0xc1);
    let unsampled_request = traceparent.replace("-01", "-00");
    let request = scene.cast.get("/public/catalog", &agent);
    assert_eq!(scene.send(&request.clone().header("traceparent", &unsampled_request)).status, 200);
    assert_eq!(scene.send(&request.header("traceparent", "00-not-a-trace")).status, 200);
    eventually("a trace of its own", || collector.spans().iter().any(|span| span.name == "check"));
    assert!(!collector.spans().iter().any(|span| span.trace_id == unsampled));
}
