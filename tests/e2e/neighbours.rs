//! The neighbours without us: that a real gateway fails closed, that the peers understand each other, that the
//! collector shows what it is sent. When one of these fails, no failure elsewhere in these tests is ours to explain.

use std::net::{Ipv4Addr, SocketAddr};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use serde_json::{Map, json};

use crate::support::client::Request;
use crate::support::collector::{Collector, attribute};
use crate::support::documents::Documents;
use crate::support::gateway::{Gateway, METADATA_HEADER};
use crate::support::peer::Peer;
use crate::support::process::free_port;
use crate::support::stand_in::StandIn;
use crate::support::upstream::{Received, Upstream};
use crate::support::world::{AGENT, AGENT_PROVIDER, PERSON_SERVER, RESOURCE, World, public, put};

fn nobody() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()))
}

#[test]
fn a_gateway_whose_authorizer_is_gone_lets_nothing_through() {
    let upstream = Upstream::start();
    let gateway = Gateway::between(nobody(), upstream.address).extension("aauth_resource_id", "orders").start();

    let answer = Request::new("GET", "orders.example", "/v1/orders").send(gateway.address);

    assert_eq!((answer.status, upstream.served()), (403, 0), "{}", gateway.output());
}

#[test]
fn a_gateway_told_to_fail_open_forwards_every_line_of_the_request() {
    let upstream = Upstream::start();
    let gateway = Gateway::between(nobody(), upstream.address).failure_mode_allow(true).raw_headers(false).start();

    let answer = Request::new("POST", "orders.example", "/v1/orders?a=1&b=%20")
        .header("x-part", "one")
        .header("x-part", "two")
        .header(METADATA_HEADER, "spoofed")
        .body(vec![0, 255, 13, 10])
        .send(gateway.address);

    let received = Received::from(&answer);
    assert_eq!(received.target(), "/v1/orders?a=1&b=%20");
    assert_eq!(received.values("x-part"), ["one", "two"]);
    assert_eq!(received.body(), [0, 255, 13, 10]);
    assert!(!received.values(METADATA_HEADER).contains(&"spoofed"));
}

#[test]
fn a_body_over_the_limit_is_refused_unless_it_may_be_cut_short() {
    let upstream = Upstream::start();
    let open = Gateway::between(nobody(), upstream.address).failure_mode_allow(true);
    let request = Request::new("POST", "orders.example", "/").body(vec![b'x'; 70_000]);

    assert_eq!(request.send(open.clone().start().address).status, 413);
    assert_eq!(request.send(open.partial_bodies(true).start().address).status, 200);
}

#[test]
fn a_gateway_asks_with_the_request_as_it_came_and_passes_on_the_answer() {
    let (upstream, stand_in) = (Upstream::start(), StandIn::start());
    let gateway = Gateway::between(stand_in.address, upstream.address).extension("aauth_resource_id", "orders");
    let request = Request::new("POST", "orders.example", "/v1/orders?a=1")
        .header("x-part", "one ")
        .header("x-part", "two")
        .body(vec![0, 255]);

    let answer = request.send(gateway.start().address);
    let attributes = stand_in.asked().attributes.unwrap();
    let http = attributes.request.unwrap().http.unwrap();
    let lines = http.header_map.unwrap().headers;
    let parts: Vec<_> = lines.iter().filter(|line| line.key == "x-part").map(|line| line.raw_value.clone()).collect();
    assert_eq!(parts, [b"one".to_vec(), b"two".to_vec()]);
    assert_eq!((http.path.as_str(), http.host.as_str()), ("/v1/orders?a=1", "orders.example"));
    assert_eq!((http.raw_body, http.headers.len()), (vec![0, 255], 0));
    assert_eq!(attributes.context_extensions.get("aauth_resource_id").unwrap(), "orders");
    let metadata = Received::from(&answer).values(METADATA_HEADER).join("");
    assert!(metadata.contains(r#""who":"stand-in""#), "{metadata}");
    assert_eq!(answer.header("content-type"), Some("application/json"));

    request.send(gateway.raw_headers(false).start().address);
    let http = stand_in.asked().attributes.unwrap().request.unwrap().http.unwrap();
    assert_eq!(http.headers.get("x-part").unwrap(), "one,two");
    assert!(http.header_map.is_none());
}

#[test]
fn a_signature_survives_the_gateway() {
    let (upstream, mut regent, mut aauth) = (Upstream::start(), Peer::regent(), Peer::aauth());
    let gateway = Gateway::between(StandIn::start().address, upstream.address).start();
    let world = World::new();
    let signed = regent.call(&json!({
        "op": "sign", "method": "POST", "url": "https://api.peer.test/data?x=1", "body": "{}",
        "private_jwk": world.agent, "jwt": world.agent_token(&mut aauth),
    }));

    let answer = Request::new("POST", "api.peer.test", "/data?x=1").headers(&signed).body("{}").send(gateway.address);

    let received = Received::from(&answer);
    let headers: Map<_, _> = signed
        .as_object()
        .unwrap()
        .keys()
        .map(|name| (name.clone(), json!(received.values(&name.to_ascii_lowercase()).join(", "))))
        .collect();
    regent.call(&json!({
        "op": "verify", "method": "POST", "url": format!("{RESOURCE}{}", received.target()), "body": "{}",
        "headers": headers, "documents": world.documents,
    }));
}

#[test]
fn the_peers_verify_each_other() {
    let (mut aauth, mut regent) = (Peer::aauth(), Peer::regent());
    let world = World::new();
    let signed = regent.call(&json!({
        "op": "sign", "method": "POST", "url": "https://api.peer.test/data?x=1", "body": "{}",
        "private_jwk": world.agent, "jwt": world.agent_token(&mut aauth),
    }));
    let mut request = json!({
        "op": "verify", "method": "POST", "url": "https://api.peer.test/data?x=1", "body": "{}", "headers": signed,
        "resource": RESOURCE,
    });

    let mut theirs = request.clone();
    put(&mut theirs, "jwks", world.jwks.clone());
    assert_eq!(aauth.call(&theirs).get("agent_id"), Some(&json!(AGENT)));

    put(&mut request, "documents", world.documents.clone());
    assert_eq!(regent.call(&request).get("sub"), Some(&json!(AGENT)));
    put(&mut request, "url", json!("https://api.peer.test/other?x=1"));
    assert_eq!(regent.refuse(&request).get("code"), Some(&json!("invalid_signature")));
}

#[test]
fn a_person_server_answers_a_challenge_with_an_auth_token() {
    let (mut aauth, mut agent) = (Peer::aauth(), Peer::introspection_agent());
    let mut world = World::new();
    let provider = Documents::serve([]);
    for (path, document) in world.published(AGENT_PROVIDER) {
        provider.put(&path, document);
    }
    let resource: Vec<_> = world.published(RESOURCE);
    let (mut server, ready) = Peer::person_server(&json!({
        "issuer": PERSON_SERVER,
        "private_jwk": world.person_server,
        "agent_providers": [AGENT_PROVIDER],
        "documents": resource.iter().map(|(path, document)| (format!("{RESOURCE}{path}"), document.clone()))
            .collect::<Map<_, _>>(),
        "connect": { AGENT_PROVIDER: format!("http://{}", provider.address) },
    }));
    put(&mut world.jwks, PERSON_SERVER, ready.get("jwks").unwrap().clone());
    let who = json!({
        "issuer": PERSON_SERVER, "origin": ready.get("origin"), "private_jwk": world.agent,
        "jwt": world.agent_token(&mut aauth),
    });

    let mission = agent.call(&json!({ "op": "mission", "agent": who, "resources": [RESOURCE] }));
    assert_eq!(provider.asked("/jwks.json"), 1);
    let person_token = mission.pointer("/person_tokens").unwrap().get(RESOURCE).unwrap();
    let jkt = agent.call(&json!({ "op": "thumbprint", "jwk": public(&world.agent) }));
    let resource_token = aauth.call(&json!({
        "op": "resource_token", "iss": RESOURCE, "aud": PERSON_SERVER, "kid": "rs-1", "scope": "data.read",
        "private_jwk": world.resource, "agent_jkt": jkt, "presented_token": person_token, "jwks": world.jwks,
    }));
    let challenge = aauth.call(&json!({
        "op": "challenge", "header": format!("requirement=auth-token;resource-token={resource_token}"),
        "jwks": world.jwks, "presented_token": person_token, "resource": RESOURCE, "person_server": PERSON_SERVER,
        "agent_jkt": jkt,
    }));
    assert_eq!(challenge.get("requirement"), Some(&json!("auth-token")));
    let granted = agent.call(&json!({
        "op": "auth_token", "agent": who, "resource_token": resource_token, "presented_token": person_token,
    }));
    let claims = aauth.call(&json!({
        "op": "verify_token", "token": granted.get("auth_token"), "jwks": world.jwks, "typ": "aa-auth+jwt",
    }));
    assert_eq!(claims.get("scope"), Some(&json!("data.read")));

    server.call(&json!({ "op": "set", "decision": "deny" }));
    let refusal = agent.refuse(&json!({ "op": "mission", "agent": who, "resources": [RESOURCE] }));
    assert_eq!(refusal.get("code"), Some(&json!("denied")));
}

#[test]
fn the_collector_passes_on_a_span_with_its_trace_and_attributes() {
    let collector = Collector::start();
    let trace: [u8; 16] = std::array::from_fn(|index| u8::try_from(index + 1).unwrap());
    let resource_id = KeyValue {
        key: "resource.id".to_owned(),
        value: Some(AnyValue { value: Some(any_value::Value::StringValue("orders".to_owned())) }),
        ..KeyValue::default()
    };
    let span = Span {
        trace_id: trace.to_vec(),
        span_id: vec![1; 8],
        name: "check".to_owned(),
        attributes: vec![resource_id],
        ..Span::default()
    };
    let scope = ScopeSpans { spans: vec![span], ..ScopeSpans::default() };
    let export = ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans { scope_spans: vec![scope], ..ResourceSpans::default() }],
    };

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut client = TraceServiceClient::connect(format!("http://{}", collector.grpc)).await.unwrap();
        client.export(export).await.unwrap();
    });

    let seen = collector.wait_for("check", &trace);
    assert_eq!(attribute(&seen, "resource.id"), Some("orders"));
    assert_eq!(collector.spans().len(), 1);
}
