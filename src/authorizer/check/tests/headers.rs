//! The three headers: absent, garbled, doubled, labelled differently, too long. "Verification (Server)", step 1.

use super::case::Case;
use super::token::Token;
use super::wire::{asking, damaged, good, presenting, signed, unsigned};
use crate::authorizer::resource::AccessMode;

pub(super) fn cases() -> Vec<Case> {
    [absent(), garbled(), labels(), repeated(), oversized()].into_iter().flatten().collect()
}

fn absent() -> Vec<Case> {
    let unsigned_for = |name, access| Case::new(name, unsigned()).access(access);
    vec![
        unsigned_for("no signature, where an agent is enough", AccessMode::AgentToken),
        unsigned_for("no signature, where a person is needed", AccessMode::PersonToken),
        unsigned_for("no signature, where an authorization is needed", AccessMode::AuthToken),
        Case::new("no signature-key", damaged(|wire| wire.remove("signature-key"))),
        Case::new("no signature-input", damaged(|wire| wire.remove("signature-input"))),
        Case::new("no signature header beside the other two", damaged(|wire| wire.remove("signature"))),
        Case::new("a bearer token instead of a signature", {
            let mut wire = unsigned();
            wire.add("authorization", &format!("Bearer {}", Token::auth().sign()));
            wire
        }),
    ]
}

fn garbled() -> Vec<Case> {
    let set =
        |name, header: &'static str, value: &'static str| Case::new(name, damaged(move |wire| wire.set(header, value)));
    vec![
        set("an empty signature-input", "signature-input", ""),
        set("signature-input is one word", "signature-input", "sig"),
        set("signature-input holds a string", "signature-input", "sig=\"@method\""),
        set("signature-input holds an open list", "signature-input", "sig=(\"@method\";created=1800000000"),
        set("signature-input covers numbers", "signature-input", "sig=(1 2);created=1800000000"),
        set("signature is an unquoted word", "signature", "sig=abc"),
        set("signature is a string", "signature", "sig=\"YWJj\""),
        set("signature is no base64", "signature", "sig=:*:"),
        set("signature is empty", "signature", "sig=::"),
        set("signature is a byte", "signature", "sig=:AA==:"),
        set("signature of zeros", "signature", ZEROS),
        set("signature-key is empty", "signature-key", ""),
        set("signature-key is a list", "signature-key", "sig=(jwt);jwt=\"x\""),
        set("signature-key names its scheme in a string", "signature-key", "sig=\"jwt\";jwt=\"x\""),
        set("signature-key has no token", "signature-key", "sig=jwt"),
        set("signature-key has a token that is no string", "signature-key", "sig=jwt;jwt=x"),
        set("signature-key has an empty token", "signature-key", "sig=jwt;jwt=\"\""),
        Case::new("signature-key is not text", {
            let mut wire = good();
            wire.remove("signature-key");
            wire.lines.push(("signature-key".to_owned(), b"sig=jwt;jwt=\"\xff\"".to_vec()));
            wire
        }),
        Case::new(
            "a line break in signature-key",
            damaged(|wire| wire.edit("signature-key", |v| v.replace('.', "\n"))),
        ),
        Case::new("a NUL in signature-input", damaged(|wire| wire.edit("signature-input", |v| v + "\0"))),
        Case::new("one bit of the signature", damaged(|wire| wire.edit("signature", |v| flipped(&v)))),
        Case::new("a signature in base64url, where the operator wants the standard", {
            damaged(|wire| wire.edit("signature", |v| v.replace(['+', '/', 'A'], "_").replace('=', "")))
        })
        .resource(|resource| resource.signatures.base64url = false),
    ]
}

const ZEROS: &str = "sig=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==:";

/// Another first letter of the base64.
fn flipped(value: &str) -> String {
    let (first, other) = if value.starts_with("sig=:A") { ("sig=:A", "sig=:B") } else { ("sig=:", "sig=:A") };
    let changed = value.replacen(first, other, 1);
    if first == "sig=:A" { changed } else { format!("sig=:A{}", changed.get(7..).unwrap()) }
}

fn labels() -> Vec<Case> {
    vec![
        Case::new("a label of its own in each header", {
            damaged(|wire| wire.edit("signature", |v| v.replacen("sig=", "sig1=", 1)))
        }),
        Case::new("a label in upper case", {
            damaged(|wire| wire.edit("signature-input", |v| v.replacen("sig=", "SIG=", 1)))
        }),
        Case::new("two labels, of which the first is of an unknown scheme", {
            let mut wire = good();
            for (name, other) in [
                ("signature-key", "other=teleport;to=\"us\", "),
                ("signature-input", "other=();created=1, "),
                ("signature", "other=:AAAA:, "),
            ] {
                wire.edit(name, |value| format!("{other}{value}"));
            }
            // The first label is part of the header that the second one covers.
            wire
        }),
        Case::new("an unselected label of an unknown scheme, covered like the rest", {
            let mut asking = asking(&Token::auth());
            asking.convey(", other=teleport;to=\"us\"");
            let mut wire = asking.sign();
            wire.edit("signature-input", |value| value + ", other=();created=1");
            wire.edit("signature", |value| value + ", other=:AAAA:");
            wire
        }),
        Case::new("two labels, of which the first does not verify", {
            let mut wire = good();
            wire.edit("signature-key", |value| format!("{}, {value}", value.replacen("sig=", "first=", 1)));
            wire.edit("signature-input", |value| format!("{}, {value}", value.replacen("sig=", "first=", 1)));
            wire.edit("signature", |value| format!("first=:AAAA:, {value}"));
            wire
        }),
    ]
}

fn repeated() -> Vec<Case> {
    vec![
        Case::new("signature-input on two lines, one label", {
            damaged(|wire| wire.add("signature-input", "sig=(\"@method\");created=1800000000"))
        }),
        Case::new("signature on two lines, one label", damaged(|wire| wire.add("signature", "sig=:AAAA:"))),
        Case::new("signature-key on two lines, one label", {
            let other = Token::agent().sign();
            damaged(|wire| wire.add("signature-key", &format!("sig=jwt;jwt=\"{other}\"")))
        }),
        Case::new("two tokens in one signature-key", {
            let other = Token::agent().sign();
            signed(|asking| asking.convey(&format!(";jwt=\"{other}\"")))
        }),
        Case::new("created twice", signed(|asking| asking.parameter(";created=1800000000"))),
        Case::new("a component's parameter twice", {
            signed(|asking| asking.cover("\"content-digest\";key=\"a\";key=\"b\""))
        }),
        Case::new("a token as the name of a parameter, twice", {
            let name = Token::agent().sign();
            signed(|asking| asking.convey(&format!(";{name};{name}")))
        }),
        Case::new("a very long key, twice", {
            let key = "k".repeat(1500);
            damaged(|wire| wire.edit("signature-input", |value| format!("{key}=(), {key}=(), {value}")))
        }),
    ]
}

fn oversized() -> Vec<Case> {
    vec![
        Case::new(
            "a signature-input of 5 KiB",
            signed(|asking| {
                asking.parameter(&format!(";nonce=\"{}\"", "n".repeat(5000)));
            }),
        ),
        Case::new(
            "a signature of 5 KiB",
            damaged(|wire| wire.set("signature", &format!("sig=:{}:", "A".repeat(5000)))),
        ),
        Case::new(
            "40 components",
            signed(|asking| {
                for n in 0..36 {
                    asking.wire.add(&format!("x-{n}"), "x");
                    asking.cover(&format!("\"x-{n}\""));
                }
            }),
        ),
        Case::new("a token of 20 KiB", presenting(&"x".repeat(20 * 1024)).sign()),
        Case::new("the name of a component of 3 KiB", {
            signed(|asking| asking.cover(&format!("\"{}\"", "x".repeat(3000))))
        }),
        Case::new("the name of a scheme of 3 KiB", {
            signed(|asking| asking.conveyed = format!("{};jwt=\"x\"", "x".repeat(3000)))
        }),
        Case::new("a kid of 1 KiB", asking(&Token::auth().header("kid", "k".repeat(1024).into())).sign()),
        Case::new("a typ of 1 KiB", asking(&Token::auth().header("typ", "t".repeat(1024).into())).sign()),
        Case::new("an iss of 1 KiB", {
            asking(&Token::auth().claim("iss", format!("https://{}.example", "i".repeat(1024)).into())).sign()
        }),
    ]
}
