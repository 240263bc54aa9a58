use super::*;
use crate::aauth::key::SigningKey;
use crate::aauth::message::Fields;
use crate::aauth::verify;

const NOW: Seconds = 1_730_217_600;
const COVERED: &str = r#"("@method" "@authority" "@path" "signature-key")"#;

fn message(lines: &[(&str, &str)]) -> Message {
    let lines = lines.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
    Message::request("GET", "https", "api.example", "/a", Fields::lines(lines))
}

fn rules() -> SignatureRules {
    SignatureRules { schemes: Scheme::ALL.to_vec(), ..SignatureRules::default() }
}

/// Reads a request that has these three headers.
fn read_three(input: &str, signature: &str, key: &str) -> Result<SignedRequest, SignatureError> {
    read_under(&rules(), input, signature, key)
}

fn read_under(
    rules: &SignatureRules,
    input: &str,
    signature: &str,
    key: &str,
) -> Result<SignedRequest, SignatureError> {
    let message = message(&[("signature-input", input), ("signature", signature), ("signature-key", key)]);
    SignedRequest::read(&message, rules, NOW).map(Option::unwrap)
}

/// Reads a request whose `Signature-Input` is this and whose other headers are good.
fn read_input_of(params: &str) -> Result<SignedRequest, SignatureError> {
    read_three(&format!("sig={params}"), "sig=:AAAA:", r#"sig=jwt;jwt="a.b.c""#)
}

fn code(read: Result<SignedRequest, SignatureError>) -> Code {
    read.unwrap_err().code
}

/// "Verification (Server)", step 1.
#[test]
fn all_three_headers_or_none() {
    let three = [
        ("signature-input", format!("sig={COVERED};created={NOW}")),
        ("signature", "sig=:AAAA:".to_owned()),
        ("signature-key", r#"sig=jwt;jwt="a.b.c""#.to_owned()),
    ];
    let of = |keep: &[usize]| {
        let lines: Vec<_> = keep.iter().map(|&at| (three[at].0, three[at].1.as_str())).collect();
        SignedRequest::read(&message(&lines), &rules(), NOW)
    };
    assert!(of(&[0, 1, 2]).unwrap().is_some());
    assert!(of(&[]).unwrap().is_none());
    for some in [&[0][..], &[1], &[2], &[0, 1], &[0, 2], &[1, 2]] {
        assert_eq!(of(some).unwrap_err().code, Code::InvalidSignature, "{some:?}");
    }
}

#[test]
fn a_header_that_is_no_text_is_as_good_as_missing() {
    let lines = [
        ("signature-input".to_owned(), format!("sig={COVERED};created={NOW}").into_bytes()),
        ("signature".to_owned(), vec![0xff]),
        ("signature-key".to_owned(), b"sig=jwt;jwt=\"a\"".to_vec()),
    ];
    let message = Message::request("GET", "https", "api.example", "/a", Fields::lines(lines));
    assert_eq!(SignedRequest::read(&message, &rules(), NOW).unwrap_err().code, Code::InvalidSignature);
}

/// "Verification (Server)", step 2: what is not covered is named, with all that has to be.
#[test]
fn every_base_component_has_to_be_covered() {
    for missing in BASE_COMPONENTS {
        let kept: Vec<_> =
            BASE_COMPONENTS.iter().filter(|name| **name != missing).map(|name| format!("{name:?}")).collect();
        let fault = read_input_of(&format!("({});created={NOW}", kept.join(" "))).unwrap_err();
        assert_eq!(fault.code, Code::InvalidInput, "{missing}");
        assert_eq!(fault.required_input, BASE_COMPONENTS);
        assert!(fault.detail.contains(missing));
    }
    assert_eq!(code(read_input_of(&format!("();created={NOW}"))), Code::InvalidInput);
}

/// A member of `Signature-Key` is not the header: another label could be swapped in.
#[test]
fn a_member_of_a_required_header_is_not_enough() {
    let covered = r#"("@method" "@authority" "@path" "signature-key";key="sig")"#;
    assert_eq!(code(read_input_of(&format!("{covered};created={NOW}"))), Code::InvalidInput);
}

#[test]
fn a_resource_may_require_more() {
    let rules = SignatureRules { additional_components: vec!["content-digest".into()], ..rules() };
    let read =
        |covered: &str| read_under(&rules, &format!("sig={covered};created={NOW}"), "sig=:AAAA:", r#"sig=jwt;jwt="a""#);
    let fault = read(COVERED).unwrap_err();
    assert_eq!((fault.code, fault.required_input.len()), (Code::InvalidInput, 5));
    let signed = read(r#"("content-digest" "@method" "@authority" "@path" "signature-key")"#).unwrap();
    assert!(signed.covers("content-digest") && !signed.covers("@query"));
}

/// "Verification (Server)", step 3, at each edge of the window.
#[test]
fn created_lies_within_the_window() {
    let at = |created: Seconds| read_input_of(&format!("{COVERED};created={created}")).map(|signed| signed.created());
    for created in [NOW - 60, NOW, NOW + 60] {
        assert_eq!(at(created), Ok(created));
    }
    assert_eq!(at(NOW - 61).unwrap_err().code, Code::InvalidSignature);
    assert_eq!(at(NOW + 61).unwrap_err().code, Code::ClockSkew);
    for absent in ["", ";created=\"1730217600\"", ";created=1730217600.0", ";created", ";created=-1"] {
        assert_eq!(code(read_input_of(&format!("{COVERED}{absent}"))), Code::InvalidSignature, "{absent}");
    }
}

#[test]
fn the_window_is_the_resources_own() {
    let rules = SignatureRules { window: 5, ..rules() };
    let at = |created: Seconds| {
        let input = format!("sig={COVERED};created={created}");
        read_under(&rules, &input, "sig=:AAAA:", r#"sig=jwt;jwt="a""#)
    };
    assert!(at(NOW - 5).is_ok() && at(NOW + 5).is_ok());
    assert_eq!(code(at(NOW - 6)), Code::InvalidSignature);
    assert_eq!(code(at(NOW + 6)), Code::ClockSkew);
}

/// "Freshness and Replay": `expires` is honoured when it is there.
#[test]
fn expires_is_honoured() {
    let at = |expires: Seconds| read_input_of(&format!("{COVERED};created={NOW};expires={expires}"));
    assert!(at(NOW + 1).is_ok());
    assert_eq!(code(at(NOW)), Code::InvalidSignature);
    assert_eq!(code(at(NOW - 1)), Code::InvalidSignature);
    assert_eq!(code(read_input_of(&format!("{COVERED};created={NOW};expires=\"soon\""))), Code::InvalidSignature);
}

/// "Signature Parameters": `alg` is ignored, whatever it says; so is what an application adds.
#[test]
fn other_parameters_decide_nothing() {
    for more in [";alg=\"hmac-sha256\"", ";alg=7", ";nonce=\"n\"", ";tag=\"a)b\"", ";later=?1"] {
        assert!(read_input_of(&format!("{COVERED};created={NOW}{more}")).is_ok(), "{more}");
    }
    assert_eq!(code(read_input_of(&format!("{COVERED};created={NOW};keyid=7"))), Code::InvalidSignature);
}

/// "Verification (Server)", step 4: the first label whose scheme is accepted; the others are not looked into.
#[test]
fn of_several_labels_the_first_acceptable_is_read() {
    let inputs = format!("odd={COVERED};created=1, sig={COVERED};created={NOW}, alone={COVERED};created={NOW}");
    let keys = r#"odd=x509;x5u="https://a.example/";x5t=:AAAA:, other=hwk, sig=jwt;jwt="mine""#;
    let signed = read_three(&inputs, "odd=:AA==:, sig=:AQ==:, alone=:Ag==:", keys).unwrap();
    assert!(matches!(signed.key(), SignatureKey::Jwt(jwt) if jwt == "mine"));
    assert_eq!(signed.signature(), [1]);
}

#[test]
fn a_label_counts_only_where_it_is_in_all_three_headers() {
    let input = format!("a={COVERED};created={NOW}");
    assert_eq!(code(read_three(&input, "b=:AAAA:", r#"a=jwt;jwt="x""#)), Code::InvalidSignature);
    assert_eq!(code(read_three(&input, "a=:AAAA:", r#"b=jwt;jwt="x""#)), Code::InvalidSignature);
}

#[test]
fn a_scheme_that_is_not_accepted_is_named() {
    let input = format!("sig={COVERED};created={NOW}");
    let only_jwt = SignatureRules::default();
    for key in [
        "sig=hwk",
        r#"sig=jwks_uri;id="https://a.example""#,
        "sig=jkt-jwt",
        r#"sig=x509;x5u="https://a.example/""#,
        "sig=cached;cid=\"1\"",
        "sig=JWT;jwt=\"a\"",
        "sig=\"jwt\"",
    ] {
        assert_eq!(code(read_under(&only_jwt, &input, "sig=:AAAA:", key)), Code::UnsupportedScheme, "{key}");
    }
    assert_eq!(only_jwt.accept_signature_scheme(), "jwt");
    assert_eq!(rules().accept_signature_scheme(), "jwt, jwks_uri, hwk, jkt-jwt");
}

/// What is covered, and when it was signed, is judged before the scheme: a client mends its signature first.
#[test]
fn the_steps_are_taken_in_the_drafts_order() {
    let read = |params: &str| {
        code(read_under(&SignatureRules::default(), &format!("sig={params}"), "sig=!", "sig=unheard-of"))
    };
    assert_eq!(read("(\"@method\");created=1"), Code::InvalidInput);
    assert_eq!(read(&format!("{COVERED};created=1")), Code::InvalidSignature);
    assert_eq!(read(&format!("{COVERED};created={}", NOW + 61)), Code::ClockSkew);
    assert_eq!(read(&format!("{COVERED};created={NOW}")), Code::UnsupportedScheme);
}

#[test]
fn each_scheme_needs_its_parameters() {
    let read = |key: &str| read_three(&format!("sig={COVERED};created={NOW}"), "sig=:AAAA:", &format!("sig={key}"));
    for bad in [
        "jwt",
        "jwt;jwt=a.b.c",
        "jwt;jwt=:AAAA:",
        "jkt-jwt",
        r#"jwks_uri;id="https://a.example";kid="1""#,
        r#"jwks_uri;dwk="aauth-person.json";kid="1""#,
        r#"jwks_uri;id="https://a.example";dwk="aauth-person.json""#,
    ] {
        assert_eq!(code(read(bad)), Code::InvalidKey, "{bad}");
    }
    assert!(matches!(read(r#"jkt-jwt;jwt="x";cache"#).unwrap().key(), SignatureKey::JktJwt(jwt) if jwt == "x"));
    let server = read(r#"jwks_uri;id="https://a.example";dwk="aauth-person.json";kid="1""#).unwrap();
    let SignatureKey::JwksUri { id, dwk, kid } = server.key() else { panic!("{server:?}") };
    assert_eq!((id.as_str(), dwk.as_str(), kid.as_str()), ("https://a.example", "aauth-person.json", "1"));
}

/// HTTP Signature Keys, "Header Web Key (hwk)" and "Algorithm Determination".
#[test]
fn an_inline_key_is_held_to_every_rule_of_keys() {
    let read = |key: &str| read_three(&format!("sig={COVERED};created={NOW}"), "sig=:AAAA:", &format!("sig=hwk;{key}"));
    let x = r#"x="JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs""#;
    let good = format!(r#"kty="OKP";crv="Ed25519";{x};alg="Ed25519""#);
    assert!(matches!(read(&good).unwrap().key(), SignatureKey::Hwk(_)));
    for (key, expected) in [
        (format!(r#"{good};kid="1""#), Code::InvalidKey),
        (format!("{good};kid=1"), Code::InvalidKey),
        (format!(r#"{good};d="AAAA""#), Code::InvalidKey),
        (format!(r#"kty="OKP";crv="Ed25519";{x}"#), Code::UnsupportedAlgorithm),
        (format!(r#"kty="OKP";crv="Ed25519";{x};alg="EdDSA""#), Code::UnsupportedAlgorithm),
        (format!(r#"kty="OKP";crv="Ed25519";{x};alg="none""#), Code::UnsupportedAlgorithm),
        (r#"kty="oct";k="AAAA";alg="HS256""#.to_owned(), Code::UnsupportedAlgorithm),
        (r#"kty="AKP";pub="AAAA";alg="ML-DSA-65""#.to_owned(), Code::UnsupportedAlgorithm),
        (r#"kty="RSA";n="AAAA";e="AQAB";alg="PS256""#.to_owned(), Code::UnsupportedAlgorithm),
        (format!(r#"kty="OKP";crv="Ed25519";{x};alg="ES256""#), Code::InvalidKey),
        (format!(r#"kty="OKP";crv="P-256";{x};alg="Ed25519""#), Code::InvalidKey),
        (r#"kty="OKP";crv="Ed25519";alg="Ed25519""#.to_owned(), Code::InvalidKey),
        (r#"kty="OKP";crv="Ed25519";x="AAAA";alg="Ed25519""#.to_owned(), Code::InvalidKey),
        (format!(r#"crv="Ed25519";{x};alg="Ed25519""#), Code::InvalidKey),
    ] {
        assert_eq!(code(read(&key)), expected, "{key}");
    }
}

#[test]
fn nothing_is_covered_or_said_twice() {
    for params in [
        r#"("@method" "@authority" "@path" "signature-key" "@method");created=1730217600"#,
        r#"("@method" "@authority" "@path" "signature-key" "x";sf;key="a" "x";key="a";sf);created=1730217600"#,
        r#"("@method" "@authority" "@path" "signature-key" "x";key="a";key="b");created=1730217600"#,
        &format!("{COVERED};created=1;created={NOW}"),
    ] {
        assert_eq!(code(read_input_of(params)), Code::InvalidSignature, "{params}");
    }
    let input = format!("sig={COVERED};created={NOW}");
    let key = r#"sig=jwt;jwt="a""#;
    for (input, signature, key) in [
        (format!("{input}, {input}"), "sig=:AAAA:", key),
        (input.clone(), "sig=:AAAA:, sig=:AAAA:", key),
        (input.clone(), "sig=:AAAA:", r#"sig=jwt;jwt="a", sig=jwt;jwt="b""#),
        (input.clone(), "sig=:AAAA:", r#"sig=jwt;jwt="a";jwt="b""#),
    ] {
        assert_eq!(code(read_three(&input, signature, key)), Code::InvalidSignature, "{input} {signature} {key}");
    }
}

#[test]
fn what_is_malformed_is_invalid() {
    for params in ["1", "\"@method\"", "(", "()", "(@method)", "(\"@method\"", "?1", ":AAAA:", "(\"é\")"] {
        let expected = if params == "()" { Code::InvalidInput } else { Code::InvalidSignature };
        assert_eq!(code(read_input_of(params)), expected, "{params}");
    }
    for signature in ["sig=AAAA", "sig=\"AAAA\"", "sig=:AAAA", "sig=:A!AA:", "sig=:AAAA:x", "sig=(:AAAA:)", "sig"] {
        let read = read_three(&format!("sig={COVERED};created={NOW}"), signature, r#"sig=jwt;jwt="a""#);
        assert_eq!(code(read), Code::InvalidSignature, "{signature}");
    }
}

#[test]
fn sizes_are_bounded() {
    let padding = "a".repeat(5000);
    let long = format!("{COVERED};created={NOW};nonce=\"{padding}\"");
    assert_eq!(code(read_input_of(&long)), Code::InvalidSignature);
    let many: Vec<_> = (0..40).map(|n| format!("\"x{n}\"")).collect();
    let many = format!("(\"@method\" \"@authority\" \"@path\" \"signature-key\" {});created={NOW}", many.join(" "));
    assert_eq!(code(read_input_of(&many)), Code::InvalidSignature);
    let key = format!("sig=jwt;jwt=\"{}\"", "a".repeat(17 * 1024));
    assert_eq!(code(read_three(&format!("sig={COVERED};created={NOW}"), "sig=:AAAA:", &key)), Code::InvalidKey);
    let signature = format!("sig=:{padding}:");
    let read = read_three(&format!("sig={COVERED};created={NOW}"), &signature, r#"sig=jwt;jwt="a""#);
    assert_eq!(code(read), Code::InvalidSignature);
}

/// RFC 9651, "Byte Sequences"; and the alphabet that one widespread library sends.
#[test]
fn a_signature_may_come_in_base64url_where_that_is_admitted() {
    let read = |encoded: &str, base64url| read_signature(&format!(":{encoded}:"), base64url);
    for (encoded, url_safe) in [("+/+/", false), ("-_-_", true), ("-_-_-w", true), ("-_-_-w==", true)] {
        let bytes = read(encoded, true).unwrap();
        assert_eq!((bytes.0.starts_with(&[0xfb, 0xff, 0xbf]), bytes.1), (true, url_safe), "{encoded}");
        assert_eq!(read(encoded, false).is_ok(), !url_safe, "{encoded}");
    }
    // Padding may be missing from the standard alphabet, as RFC 9651 has it; a mixture is neither.
    assert_eq!(read("AQ", false).unwrap().0, [1]);
    for mixed in ["+_AA", "-/AA", "A", "AR=="] {
        assert!(read(mixed, true).is_err(), "{mixed}");
    }
}

/// A proxy that joins repeated fields by `,` hides what was signed: `, `.
#[test]
fn joined_fields_are_rejoined_and_nothing_else_is() {
    let key = SigningKey::ed25519("k", &[7; 32]);
    let covered = r#"("@method" "@authority" "@path" "@query" "x-list" "signature-key");created=1730217600"#;
    let x = key.public().to_jwk()["x"].clone();
    let hwk = format!(r#"sig=hwk;kty="OKP";crv="Ed25519";x={x};alg="Ed25519""#);
    let line = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
    let target = "/a,b?c,d";
    let sent = [line("x-list", "1"), line("x-list", "\"q,r\""), line("x-list", "3"), line("signature-key", &hwk)];
    let sent = Message::request("GET", "https", "api.example", target, Fields::lines(sent));
    let signature = base64::prelude::BASE64_STANDARD.encode(key.sign(&base_of(&sent, covered).unwrap()));
    let received = |list: &str, joined: bool| {
        let lines = vec![
            line("x-list", list),
            line("signature-key", &hwk),
            line("signature-input", &format!("sig={covered}")),
            line("signature", &format!("sig=:{signature}:")),
        ];
        let fields = if joined { Fields::joined(lines) } else { Fields::lines(lines) };
        let message = Message::request("GET", "https", "api.example", target, fields);
        let signed = SignedRequest::read(&message, &rules(), NOW).unwrap().unwrap();
        verify::request_of_key(&signed, &message, key.public()).is_ok()
    };
    assert!(received(r#"1,"q,r",3"#, true), "joined by a bare comma");
    assert!(received(r#"1, "q,r", 3"#, true), "joined by a comma and a space");
    assert!(received(r#"1, "q,r", 3"#, false), "lossless, in one line");
    assert!(!received(r#"1,"q,r",3"#, false), "lossless: the bare comma is the sender's own");
    assert!(!received(r#"1,"q, r",3"#, true), "a comma in a string is no joint");
}

#[test]
fn a_line_break_cannot_forge_a_line_of_the_base() {
    let forged = "1\n\"@method\": DELETE";
    let fault = base_of(&message(&[("x", forged)]), r#"("x" "@method")"#).unwrap_err();
    assert_eq!(fault.code, Code::InvalidSignature);
}

#[test]
fn a_covered_field_that_did_not_arrive_is_named() {
    let fault = base_of(&message(&[]), r#"("x-gone");created=1"#).unwrap_err();
    assert_eq!(fault.code, Code::InvalidSignature);
    assert!(fault.detail.contains("x-gone"), "{}", fault.detail);
}
