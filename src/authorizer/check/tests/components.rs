//! What a signature covers. "Covered Components", and "Verification (Server)", step 2.

use super::case::Case;
use super::wire::{BASE, damaged, signed};

pub(super) fn cases() -> Vec<Case> {
    [missing(), not_whole(), unusable(), required()].into_iter().flatten().collect()
}

fn missing() -> Vec<Case> {
    vec![
        Case::new("nothing is covered", signed(|asking| asking.covered.clear())),
        Case::new("@method is not covered", signed(|asking| asking.uncover("@method"))),
        Case::new("@authority is not covered", signed(|asking| asking.uncover("@authority"))),
        Case::new("@path is not covered", signed(|asking| asking.uncover("@path"))),
        Case::new("signature-key is not covered", signed(|asking| asking.uncover("signature-key"))),
        Case::new("@target-uri instead of its parts", {
            signed(|asking| asking.covered = vec!["\"@method\"".into(), "\"@target-uri\"".into(), BASE[3].into()])
        }),
    ]
}

/// A variant of a component, instead of the component.
fn instead(of: &'static str, identifier: &'static str) -> super::wire::Wire {
    signed(|asking| {
        asking.uncover(of);
        asking.cover(identifier);
    })
}

fn not_whole() -> Vec<Case> {
    vec![
        Case::new("one member of signature-key", instead("signature-key", "\"signature-key\";key=\"sig\"")),
        Case::new("signature-key of the response", instead("signature-key", "\"signature-key\";req")),
        Case::new("signature-key of the trailers", instead("signature-key", "\"signature-key\";tr")),
        Case::new("the authority reserialised", instead("@authority", "\"@authority\";sf")),
        Case::new("the method as bytes", instead("@method", "\"@method\";bs")),
        Case::new("a component's name in upper case", instead("signature-key", "\"Signature-Key\"")),
        Case::new("a component twice", signed(|asking| asking.cover("\"@path\""))),
        Case::new("a component twice, the second time spelt otherwise", {
            signed(|asking| {
                asking.wire.add("x-list", "1");
                asking.cover("\"x-list\";sf");
                asking.cover("\"x-list\";sf=?1");
            })
        }),
        Case::new("both sf and bs", instead("signature-key", "\"signature-key\";sf;bs")),
        Case::new("sf that is false", instead("signature-key", "\"signature-key\";sf=?0")),
    ]
}

fn unusable() -> Vec<Case> {
    vec![
        Case::new("a header that is not there", signed(|asking| asking.cover("\"x-absent\""))),
        Case::new("a derived component that nobody knows", signed(|asking| asking.cover("\"@foo\""))),
        Case::new("the status of a request", signed(|asking| asking.cover("\"@status\""))),
        Case::new("@query-param without a name", signed(|asking| asking.cover("\"@query-param\""))),
        Case::new("@query-param that comes twice", {
            signed(|asking| {
                asking.wire.target = "/v1/orders?limit=10&limit=10000".to_owned();
                asking.cover("\"@query-param\";name=\"limit\"");
            })
        }),
        Case::new("sf of a field that nobody can parse", {
            signed(|asking| {
                asking.wire.add("x-odd", "(");
                asking.cover("\"x-odd\";sf");
            })
        }),
        Case::new("a line break in a covered header", {
            signed(|asking| {
                asking.wire.add("x-odd", "a\n\"@path\": /admin");
                asking.cover("\"x-odd\"");
            })
        }),
        Case::new("a covered header with another value", {
            let mut wire = signed(|asking| {
                asking.wire.add("x-tenant", "acme");
                asking.cover("\"x-tenant\"");
            });
            wire.set("x-tenant", "evil");
            wire
        }),
        Case::new("a second line of a covered header", {
            let mut wire = signed(|asking| {
                asking.wire.add("x-tenant", "acme");
                asking.cover("\"x-tenant\"");
            });
            wire.add("x-tenant", "evil");
            wire
        }),
        Case::new("one component more than was signed", {
            damaged(|wire| wire.edit("signature-input", |v| v.replacen(')', " \"@query\")", 1)))
        }),
    ]
}

fn required() -> Vec<Case> {
    let wants = |name, wire, resource| Case::new(name, wire).resource(resource);
    vec![
        wants("@query is required and not covered", signed(|_| ()), |resource| {
            resource.signatures.additional_components = vec!["@query".into()];
        }),
        wants(
            "@query is required, and one parameter is covered",
            signed(|asking| asking.cover("\"@query-param\";name=\"limit\"")),
            |resource| resource.signatures.additional_components = vec!["@query".into()],
        ),
        wants("content-digest is required and not there", signed(|_| ()), |resource| {
            resource.signatures.additional_components = vec!["content-digest".into()];
        }),
        wants(
            "content-digest is required and one member is covered",
            {
                signed(|asking| {
                    asking.wire.add("content-digest", &crate::aauth::digest::sha256_field(b""));
                    asking.cover("\"content-digest\";key=\"sha-256\"");
                })
            },
            |resource| resource.signatures.additional_components = vec!["content-digest".into()],
        ),
        wants(
            "content-digest is required and covered, but not there",
            signed(|asking| asking.cover("\"content-digest\"")),
            |resource| resource.signatures.additional_components = vec!["content-digest".into()],
        ),
    ]
}
