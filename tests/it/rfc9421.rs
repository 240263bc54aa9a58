//! RFC 9421, appendix B: our signature bases are the RFC's byte for byte, and its signatures verify over them.

use aauth_authorizer::aauth::digest;
use aauth_authorizer::aauth::key::{PublicKey, SigningKey};
use aauth_authorizer::aauth::message::{Fields, Message};
use aauth_authorizer::aauth::signature::base_of;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use josekit::jwk::Jwk;
use josekit::jws::{HS256, JwsVerifier, PS512};
use serde_json::Value;

fn vectors() -> Value {
    serde_json::from_str(include_str!("../vectors/rfc9421.json")).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn message(value: &Value) -> Message {
    let lines = value["headers"].as_array().unwrap().iter();
    let fields = Fields::lines(lines.map(|line| (text(&line[0]).to_owned(), text(&line[1]).as_bytes().to_vec())));
    match value["status"].as_u64() {
        Some(status) => Message::response(u16::try_from(status).unwrap(), fields),
        None => Message::request(
            text(&value["method"]),
            text(&value["scheme"]),
            text(&value["authority"]),
            text(&value["target"]),
            fields,
        ),
    }
}

/// Our own code for the algorithms we accept. The others are checked by josekit: what is proved there is the base.
fn verifies(algorithm: &str, jwk: &Value, base: &[u8], signature: &[u8]) -> bool {
    let jwk = jwk.as_object().unwrap();
    let foreign = || Jwk::from_map(jwk.clone()).unwrap();
    match algorithm {
        "ed25519" | "ecdsa-p256-sha256" => PublicKey::from_jwk(jwk).unwrap().verifies(base, signature),
        "rsa-pss-sha512" => PS512.verifier_from_jwk(&foreign()).unwrap().verify(base, signature).is_ok(),
        "hmac-sha256" => HS256.verifier_from_jwk(&foreign()).unwrap().verify(base, signature).is_ok(),
        other => panic!("{other}"),
    }
}

#[test]
fn every_base_is_the_rfcs_byte_for_byte() {
    let vectors = vectors();
    let cases = vectors["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 8);
    for case in cases {
        let base = base_of(&message(&vectors["messages"][text(&case["message"])]), text(&case["covered"])).unwrap();
        assert_eq!(String::from_utf8(base).unwrap(), text(&case["base"]), "{}", case["section"]);
    }
}

#[test]
fn every_signature_verifies_over_our_base_and_over_no_other() {
    let vectors = vectors();
    for case in vectors["cases"].as_array().unwrap() {
        let mut base = base_of(&message(&vectors["messages"][text(&case["message"])]), text(&case["covered"])).unwrap();
        let signature = BASE64_STANDARD.decode(text(&case["signature"])).unwrap();
        let (algorithm, key) = (text(&case["algorithm"]), &vectors["keys"][text(&case["key"])]);
        assert!(verifies(algorithm, key, &base, &signature), "{}", case["section"]);
        base[3] ^= 1;
        assert!(!verifies(algorithm, key, &base, &signature), "{}, tampered", case["section"]);
    }
}

/// Ed25519 is deterministic: signing gives the RFC's own bytes.
#[test]
fn our_ed25519_signatures_are_the_rfcs() {
    let vectors = vectors();
    let mut jwk = vectors["keys"]["test-key-ed25519"].as_object().unwrap().clone();
    jwk.insert("d".into(), vectors["ed25519_private"].clone());
    let key = SigningKey::from_jwk("test-key-ed25519", &jwk).unwrap();
    let mine = |case: &&Value| case["algorithm"] == "ed25519";
    for case in vectors["cases"].as_array().unwrap().iter().filter(mine) {
        assert_eq!(BASE64_STANDARD.encode(key.sign(text(&case["base"]).as_bytes())), text(&case["signature"]));
    }
}

/// B.4, "HTTP Message Transformations".
#[test]
fn a_signature_survives_what_intermediaries_may_do_and_nothing_else() {
    let vectors = vectors();
    let case = vectors["cases"].as_array().unwrap().iter().find(|case| case["section"] == "B.4").unwrap();
    let signature = BASE64_STANDARD.decode(text(&case["signature"])).unwrap();
    for transformation in vectors["transformations"].as_array().unwrap() {
        let base = base_of(&message(&transformation["message"]), text(&case["covered"])).unwrap();
        let verified = verifies("ed25519", &vectors["keys"]["test-key-ed25519"], &base, &signature);
        assert_eq!(verified, transformation["verifies"], "{}", transformation["why"]);
    }
}

/// RFC 9530: the digests of B.2 speak of the bodies of B.2.
#[test]
fn the_content_digests_match_their_bodies() {
    let vectors = vectors();
    for name in ["test-request", "test-response"] {
        let value = &vectors["messages"][name];
        let field = message(value).fields().text("content-digest").unwrap();
        assert_eq!(digest::matches(&field, text(&value["body"]).as_bytes()), Ok(()), "{name}");
    }
}
