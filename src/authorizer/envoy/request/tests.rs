//! Checks of every shape, and what is read of them.

use std::net::IpAddr;

use envoy_types::pb::envoy::config::core::v3::socket_address::PortSpecifier;
use envoy_types::pb::envoy::config::core::v3::{Address, HeaderMap, HeaderValue, Pipe, SocketAddress};
use envoy_types::pb::envoy::service::auth::v3::attribute_context::Request;
use prost::Message as _;

use super::*;
use crate::authorizer::inbound::Body;

fn http() -> HttpRequest {
    HttpRequest {
        method: "GET".into(),
        host: "Orders.example:443".into(),
        path: "/v1/orders?page=2".into(),
        scheme: "https".into(),
        ..HttpRequest::default()
    }
}

fn check(http: HttpRequest) -> CheckRequest {
    let request = Some(Request { time: None, http: Some(http) });
    CheckRequest { attributes: Some(AttributeContext { request, ..AttributeContext::default() }) }
}

fn headers<const N: usize>(lines: [(&str, &str); N]) -> HashMap<String, String> {
    lines.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn raw<const N: usize>(lines: [(&str, &str); N]) -> HeaderMap {
    let line = |(name, value): (&str, &str)| HeaderValue {
        key: name.to_owned(),
        value: String::new(),
        raw_value: value.as_bytes().to_vec(),
    };
    HeaderMap { headers: lines.into_iter().map(line).collect() }
}

#[test]
fn attributes_make_a_message() {
    let request = read(check(HttpRequest { headers: headers([("Accept", "a, b")]), ..http() })).unwrap();
    let message = &request.message;
    assert_eq!((message.method(), message.authority()), ("GET", "orders.example"));
    assert_eq!((message.path(), message.query()), ("/v1/orders", Some("page=2")));
    assert_eq!(message.fields().text("accept").unwrap(), "a, b");
    assert_eq!(request.body, Body::Whole(Vec::new()));
    assert_eq!((request.resource_id, request.source_ip, request.peer), (None, None, None));
}

#[test]
fn both_forms_of_header_fields_are_read_and_lines_win() {
    let lines = raw([("Accept", "a"), ("accept", "b"), (":path", "/x")]);
    let both = HttpRequest { headers: headers([("accept", "joined")]), header_map: Some(lines), ..http() };
    let request = read(check(both)).unwrap();
    let values: Vec<_> = request.message.fields().values("accept").collect();
    assert_eq!(values, [b"a", b"b"]);
    // Before Envoy had `raw_value`, and in other proxies, the value is text.
    let text = HeaderValue { key: "accept".into(), value: "t".into(), raw_value: Vec::new() };
    let texts = HttpRequest { header_map: Some(HeaderMap { headers: vec![text] }), ..http() };
    assert_eq!(read(check(texts)).unwrap().message.fields().text("accept").unwrap(), "t");
    // An empty list of lines says nothing about the map.
    let map = HttpRequest { headers: headers([("accept", "m")]), header_map: Some(raw([])), ..http() };
    assert_eq!(read(check(map)).unwrap().message.fields().text("accept").unwrap(), "m");
}

#[test]
fn pseudo_headers_stand_in_for_attributes_and_are_no_fields() {
    let pseudo = [(":method", "PUT"), (":authority", "a.example"), (":path", "/p"), (":scheme", "http")];
    for http in [
        HttpRequest { headers: headers(pseudo), ..HttpRequest::default() },
        HttpRequest { header_map: Some(raw(pseudo)), ..HttpRequest::default() },
    ] {
        let message = read(check(http)).unwrap().message;
        assert_eq!((message.method(), message.authority(), message.path()), ("PUT", "a.example", "/p"));
        assert_eq!(message.fields().iter().count(), 0);
    }
    let attributes = HttpRequest { headers: headers(pseudo), ..http() };
    assert_eq!(read(check(attributes)).unwrap().message.authority(), "orders.example");
}

#[test]
fn the_host_field_is_the_last_resort() {
    let host = || headers([("host", "h.example")]);
    let request = read(check(HttpRequest { host: String::new(), headers: host(), ..http() })).unwrap();
    assert_eq!(request.message.authority(), "h.example");
    assert!(request.message.fields().has("host"));
    assert_eq!(read(check(HttpRequest { headers: host(), ..http() })).unwrap().message.authority(), "orders.example");
}

#[test]
fn envoys_mark_on_the_body_is_no_field() {
    let marked = |mark| {
        let headers = headers([("x-envoy-auth-partial-body", mark)]);
        read(check(HttpRequest { headers, raw_body: vec![0xFF, 0], size: 2, ..http() })).unwrap()
    };
    assert_eq!(marked("false").body, Body::Whole(vec![0xFF, 0]));
    assert_eq!(marked("true").body, Body::Partial);
    assert_eq!(marked("true").message.fields().iter().count(), 0);
    let text = read(check(HttpRequest { body: "text".into(), size: 4, ..http() })).unwrap();
    assert_eq!(text.body, Body::Whole(b"text".to_vec()));
}

#[test]
fn the_gateways_own_words_are_taken() {
    let socket = |address: &str| {
        let port_specifier = Some(PortSpecifier::PortValue(1));
        Kind::SocketAddress(SocketAddress { address: address.into(), port_specifier, ..SocketAddress::default() })
    };
    let from = |address: Kind, principal: &str| {
        let address = Some(Address { address: Some(address) });
        let source = Peer { address, principal: principal.into(), ..Peer::default() };
        let mut check = check(http());
        let attributes = check.attributes.as_mut().unwrap();
        attributes.source = Some(source);
        attributes.context_extensions = headers([(RESOURCE_ID, ""), ("other", "x")]);
        read(check).unwrap()
    };
    let request = from(socket("2001:db8::1"), "spiffe://mesh/gateway");
    assert_eq!(request.source_ip, Some("2001:db8::1".parse::<IpAddr>().unwrap()));
    assert_eq!(request.peer.as_deref(), Some("spiffe://mesh/gateway"));
    // A name that is empty is a name that is not ours, not the absence of one.
    assert_eq!(request.resource_id.as_deref(), Some(""));
    for other in [socket("not an address"), Kind::Pipe(Pipe::default())] {
        assert_eq!((from(other.clone(), "").source_ip, from(other, "").peer), (None, None));
    }
}

/// Every way to be malformed, each by its own name.
#[test]
fn what_is_missing_or_out_of_bounds_is_malformed() {
    let many: Vec<_> = (0..=200).map(|n| (format!("x-{n}"), String::new())).collect();
    let long = HashMap::from([("x".to_owned(), "v".repeat(256 * 1024))]);
    let twice = |name| HttpRequest { header_map: Some(raw([(name, "x"), (name, "x")])), ..http() };
    let host = |host: &str| HttpRequest { host: host.into(), ..http() };
    let path = |path: &str| HttpRequest { path: path.into(), ..http() };
    let method = |method: &str| HttpRequest { method: method.into(), ..http() };
    for (http, expected) in [
        (method(""), Malformed::Method),
        (method("GET /"), Malformed::Method),
        (method(&"G".repeat(33)), Malformed::Method),
        (host(""), Malformed::Authority),
        (host("a.example,b.example"), Malformed::Authority),
        (host("user@a.example"), Malformed::Authority),
        (host("a.example/"), Malformed::Authority),
        (host("a example"), Malformed::Authority),
        (host("ä.example"), Malformed::Authority),
        (host(&"a".repeat(256)), Malformed::Authority),
        (path(""), Malformed::Path),
        (path("v1"), Malformed::Path),
        (path("https://a.example/"), Malformed::Path),
        (path("/a b"), Malformed::Path),
        (path("/a\r\nb"), Malformed::Path),
        (path("/a#b"), Malformed::Path),
        (path(&format!("/{}", "a".repeat(MAX_PATH))), Malformed::PathTooLong),
        (HttpRequest { query: "q".repeat(MAX_PATH), ..path("/") }, Malformed::PathTooLong),
        (HttpRequest { scheme: "ftp".into(), ..http() }, Malformed::Scheme),
        (twice(":path"), Malformed::Ambiguous),
        (twice(":authority"), Malformed::Ambiguous),
        (twice("host"), Malformed::Ambiguous),
        (HttpRequest { headers: many.into_iter().collect(), ..http() }, Malformed::Fields),
        (HttpRequest { headers: long, ..http() }, Malformed::Fields),
    ] {
        let shown: String = format!("{http:?}").chars().take(300).collect();
        assert_eq!(read(check(http)).unwrap_err(), expected, "{shown}");
    }
    let tcp = CheckRequest { attributes: Some(AttributeContext::default()) };
    let hollow = CheckRequest {
        attributes: Some(AttributeContext { request: Some(Request::default()), ..AttributeContext::default() }),
    };
    for nothing in [CheckRequest::default(), tcp, hollow] {
        assert_eq!(read(nothing).unwrap_err(), Malformed::NotHttp);
    }
}

#[test]
fn a_query_of_its_own_is_joined_to_the_path() {
    let apart = HttpRequest { path: "/p".into(), query: "q=1".into(), ..http() };
    assert_eq!(read(check(apart)).unwrap().message.query(), Some("q=1"));
    let twice = HttpRequest { query: "q=1".into(), ..http() };
    assert_eq!(read(check(twice)).unwrap().message.query(), Some("page=2"));
}

/// Every combination of what may be missing: with a method, a host and a path from somewhere it is read, else not.
#[test]
fn what_is_needed_may_come_from_either_place() {
    for missing in 0..64_u32 {
        let lacks = |bit: u32| missing & (1 << bit) != 0;
        let mut whole = http();
        whole.headers = headers([(":method", "GET"), (":authority", "a.example"), (":path", "/")]);
        for (bit, (attribute, pseudo)) in
            (0..).zip([(&mut whole.method, ":method"), (&mut whole.host, ":authority"), (&mut whole.path, ":path")])
        {
            if lacks(bit) {
                attribute.clear();
            }
            if lacks(bit + 3) {
                whole.headers.remove(pseudo);
            }
        }
        let enough = (0..3).all(|bit| !(lacks(bit) && lacks(bit + 3)));
        assert_eq!(read(check(whole)).is_ok(), enough, "{missing:06b}");
    }
}

/// Whatever a peer sends decodes to something that is read or refused, and nothing panics.
#[test]
fn damaged_messages_are_read_or_refused() {
    use rand::{RngExt as _, SeedableRng as _};
    let mut random = rand::rngs::StdRng::seed_from_u64(9421);
    let whole = check(HttpRequest {
        headers: headers([(":authority", "a.example"), ("host", "b.example"), ("content-length", "9")]),
        header_map: Some(raw([("accept", "x")])),
        body: "body".into(),
        ..http()
    })
    .encode_to_vec();
    let (mut read_, mut refused) = (0, 0);
    for _ in 0..20_000 {
        let mut bytes = whole.clone();
        for _ in 0..random.random_range(1..6) {
            let at = random.random_range(0..bytes.len().max(1));
            match random.random_range(0..3) {
                0 if at < bytes.len() => bytes[at] = random.random(),
                1 if at < bytes.len() => drop(bytes.remove(at)),
                _ => bytes.truncate(at),
            }
        }
        match CheckRequest::decode(bytes.as_slice()).map_err(|_| Malformed::Undecodable).and_then(read) {
            Ok(request) => {
                assert!(!request.message.method().is_empty() && !request.message.authority().is_empty());
                read_ += 1;
            }
            Err(_) => refused += 1,
        }
    }
    assert!(read_ > 100 && refused > 100, "{read_} read, {refused} refused");
}
