//! Requests changed on their way, sent again, with another body, to another place. "Freshness and Replay".

use base64::prelude::{BASE64_STANDARD, Engine as _};
use sha2::{Digest as _, Sha512};

use super::case::Case;
use super::wire::{Wire, damaged, good, signed};
use crate::aauth::digest::sha256_field;
use crate::authorizer::inbound::Body;
use crate::authorizer::resource::Resource;
use crate::authorizer::testkit::HOST;

pub(super) fn cases() -> Vec<Case> {
    [tampered(), replayed(), bodies(), unchecked_bodies(), paths(), places()].into_iter().flatten().collect()
}

fn tampered() -> Vec<Case> {
    let with_query = || signed(|asking| asking.cover("\"@query\""));
    let retargeted = |mut wire: Wire, target: &str| {
        target.clone_into(&mut wire.target);
        wire
    };
    vec![
        Case::new("another method", damaged(|wire| wire.method = "DELETE")),
        Case::new("the method in lower case", damaged(|wire| wire.method = "get")),
        Case::new("another path", retargeted(good(), "/v1/admin")),
        Case::new("the path in another encoding", retargeted(good(), "/v1/%6frders")),
        Case::new("the path with a slash", retargeted(good(), "/v1/orders/")),
        Case::new("a covered query with another value", retargeted(with_query(), "/v1/orders?limit=10000")),
        Case::new("a covered query with one more parameter", retargeted(with_query(), "/v1/orders?limit=10&all=1")),
        Case::new("a covered query taken away", retargeted(with_query(), "/v1/orders")),
        Case::new("a covered query with a fragment", retargeted(with_query(), "/v1/orders?limit=10#x")),
    ]
}

fn post(body: &'static [u8]) -> Wire {
    signed(|asking| {
        asking.wire.method = "POST";
        asking.wire.body = Body::Whole(body.to_vec());
    })
}

fn replayed() -> Vec<Case> {
    vec![
        Case::new("a POST sent again", post(b"{}")).after(post(b"{}")),
        Case::new("a POST sent again with another body, which nobody covered", post(b"[]")).after(post(b"{}")),
        Case::new("a POST sent again with another label", {
            let mut wire = post(b"{}");
            for name in ["signature-input", "signature"] {
                wire.edit(name, |value| value.replacen("sig=", "again=", 1));
            }
            wire.edit("signature-key", |value| value.replacen("sig=", "again=", 1));
            wire
        })
        .after(post(b"{}")),
        Case::new("a POST sent again with its signature written otherwise", {
            let mut wire = post(b"{}");
            wire.edit("signature", |value| value.replace('=', "").replacen("sig", "sig=", 1));
            wire
        })
        .after(post(b"{}")),
        Case::new("a DELETE sent again", signed(|asking| asking.wire.method = "DELETE"))
            .after(signed(|asking| asking.wire.method = "DELETE")),
        Case::new("a GET sent again as a POST", damaged(|wire| wire.method = "POST")).after(good()),
        Case::new("a POST sent again, where the operator lets it", post(b"{}"))
            .resource(|resource| resource.refuse_replays = false)
            .after(post(b"{}")),
    ]
}

fn with_digest(field: &str, body: Body, covered: bool) -> Wire {
    signed(|asking| {
        asking.wire.method = "POST";
        asking.wire.add("content-digest", field);
        asking.wire.body = body;
        if covered {
            asking.cover("\"content-digest\"");
        }
    })
}

fn sha512_field(body: &[u8]) -> String {
    format!("sha-512=:{}:", BASE64_STANDARD.encode(Sha512::digest(body)))
}

fn bodies() -> Vec<Case> {
    let body = || Body::Whole(b"{}".to_vec());
    let row = |name, field: &str| Case::new(name, with_digest(field, body(), true));
    vec![
        row("a digest of another body", &sha256_field(b"[]")),
        row("a sha-512 of another body", &sha512_field(b"[]")),
        row("a right sha-256 and a wrong sha-512", &format!("{}, {}", sha256_field(b"{}"), sha512_field(b"[]"))),
        row("a digest by an algorithm that nobody trusts", "md5=:mZFLkyvTelC5g8XnyQrpOw==:"),
        row("a digest that is a string", "sha-256=\"47DEQpj8HBSa\""),
        row("a digest that is nonsense", "nonsense;;"),
        row("a digest that is empty", ""),
        Case::new("a digest of a body that is not there", with_digest(&sha256_field(b"{}"), Body::Whole(vec![]), true)),
        Case::new("a digest of another body, not covered", with_digest(&sha256_field(b"[]"), body(), false)),
        Case::new("a second digest", {
            let mut wire = with_digest(&sha256_field(b"{}"), body(), true);
            wire.add("content-digest", &sha256_field(b"[]"));
            wire
        }),
        Case::new("a digest that is not text", not_text()),
    ]
}

/// A covered digest of bytes that no recipient could read.
fn not_text() -> Wire {
    signed(|asking| {
        asking.wire.method = "POST";
        asking.wire.lines.push(("content-digest".to_owned(), b"sha-256=:\xff:".to_vec()));
        asking.wire.body = Body::Whole(b"{}".to_vec());
        asking.cover("\"content-digest\"");
    })
}

fn unchecked_bodies() -> Vec<Case> {
    let required = |resource: &mut Resource| resource.signatures.additional_components = vec!["content-digest".into()];
    let digest = || sha256_field(b"{}");
    let partial = || with_digest(&digest(), Body::Partial, true);
    let unsigned = || with_digest(&digest(), Body::Partial, false);
    let absent = || with_digest(&digest(), Body::NotForwarded, true);
    vec![
        Case::new("a body cut off, and a digest is required", partial()).resource(required),
        Case::new("a body cut off whose digest is signed, though none is required", partial()),
        Case::new("a body cut off, and its digest is neither signed nor required", unsigned()),
        Case::new("a body not forwarded, and a digest is required", absent()).resource(required),
        Case::new("a body not forwarded, and no digest is required", absent()),
        Case::new("a digest that is not text, and one is required", not_text()).resource(required),
    ]
}

/// Nothing but `/v1` is permitted, and `/v1/admin` is forbidden.
const POLICIES: &str = r#"
    @id("v1") permit (principal, action, resource in HTTP::Path::"/v1");
    @id("no-admin") forbid (principal, action, resource in HTTP::Path::"/v1/admin");
"#;

fn paths() -> Vec<Case> {
    let row = |name, target: &'static str| {
        Case::new(name, signed(|asking| target.clone_into(&mut asking.wire.target))).policies(POLICIES)
    };
    let method = |name, method: &'static str| Case::new(name, signed(|asking| asking.wire.method = method));
    vec![
        row("a path that is forbidden", "/v1/admin"),
        row("a path that is forbidden, in another encoding", "/v1/%61dmin"),
        row("a path that is forbidden, with a slash", "/v1/admin/"),
        row("a path that is permitted by a detour", "/v1/../v2"),
        row("a detour in percent-encoding", "/v1/%2e%2e/v2"),
        row("a detour through an encoded slash", "/v1/orders%2f..%2fadmin"),
        row("a detour through a backslash", "/v1/orders\\..\\admin"),
        row("an empty segment", "/v1//admin"),
        row("two slashes at the start", "//v1/orders"),
        row("a path parameter", "/v1/admin;x=1"),
        row("encoded twice", "/v1/%2561dmin"),
        row("a NUL in the path", "/v1/orders%00/admin"),
        row("a broken escape", "/v1/%zz"),
        row("an absolute target", "http://orders.example/v1/orders"),
        row("the server as a whole", "*"),
        method("a method that nobody knows", "FROBNICATE"),
        method("a method in lower case, signed so", "get"),
        method("CONNECT", "CONNECT"),
        method("TRACE", "TRACE"),
    ]
}

fn places() -> Vec<Case> {
    let at = |authority: &'static str, id: Option<&str>| {
        damaged(|wire| {
            wire.authority = authority;
            wire.resource_id = id.map(str::to_owned);
        })
    };
    vec![
        Case::new("a host that is not ours", at("other.example", None)),
        Case::new("no host", at("", None)),
        Case::new("a host that begins like ours", at("orders.example.evil.example", None)),
        Case::new("a resource that is not configured", at(HOST, Some("billing"))),
        Case::new("a resource of no name", at(HOST, Some(""))),
        Case::new("signed for us, sent to another host of ours", at("eu.orders.example", Some("orders")))
            .resource(|resource| resource.hosts.push("eu.orders.example".to_owned())),
        Case::new("signed for us, sent to another port", at("orders.example:8443", None)),
        Case::new("signed for another service, handed on to ours under its name", {
            signed(|asking| {
                asking.wire.authority = "other.example";
                asking.wire.resource_id = Some("orders".to_owned());
            })
        }),
        Case::new("signed for another host, sent to ours", {
            let mut wire = signed(|asking| asking.wire.authority = "other.example");
            wire.authority = HOST;
            wire
        }),
    ]
}
