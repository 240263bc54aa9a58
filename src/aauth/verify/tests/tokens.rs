//! What every token is asked before its claims are: type, issuer's key, signature, times.

use super::*;

pub(super) const AGENT: TokenType = TokenType::Agent;
pub(super) const PERSON: TokenType = TokenType::Person;
pub(super) const RESOURCE: TokenType = TokenType::Resource;
pub(super) const AUTH: TokenType = TokenType::Auth;

/// A fault in a few words: for a bad claim, the claim.
fn in_brief(fault: &TokenFault) -> String {
    if let TokenFault::BadClaim { claim, .. } = fault { format!("claim {claim}") } else { format!("{fault:?}") }
}

/// Asserts that a token is refused, with which fault, and with which code when it came in `Signature-Key`.
#[track_caller]
pub(super) fn refused(typ: TokenType, draft: &Draft, fault: &str, code: Code) {
    let found = draft.verify(typ).expect_err(&format!("{} {}", draft.header, draft.claims));
    let seen = (in_brief(&found), SignatureError::from(found).code);
    assert_eq!(seen, (fault.to_owned(), code), "{} {}", draft.header, draft.claims);
}

#[track_caller]
pub(super) fn accepted(typ: TokenType, draft: &Draft) {
    assert_eq!(draft.verify(typ), Ok(()), "{} {}", draft.header, draft.claims);
}

/// Whether a value, set for a claim, is refused by that claim's own rule.
#[track_caller]
pub(super) fn refused_claim(typ: TokenType, claim: &str, values: &[Value]) {
    for value in values {
        refused(typ, &Draft::good(typ).claim(claim, value.clone()), &format!("claim {claim}"), Code::InvalidJwt);
    }
}

#[test]
fn a_good_token_of_each_type_is_accepted() {
    for typ in TokenType::ALL {
        accepted(typ, &Draft::good(typ));
        accepted(typ, &Draft::good(typ).claim("unheard_of", json!({"a": [1]})));
    }
}

/// "Common JWT Verification", step 1.
#[test]
fn the_type_is_read_first() {
    for typ in TokenType::ALL {
        let good = || Draft::good(typ);
        for (value, shown) in [
            (Value::Null, "(absent)".to_owned()),
            (json!("JWT"), "JWT".to_owned()),
            (json!(""), String::new()),
            (json!(typ.typ().to_uppercase()), typ.typ().to_uppercase()),
            (json!(format!("application/{}", typ.typ())), format!("application/{}", typ.typ())),
        ] {
            refused(typ, &good().header("typ", value), &format!("WrongType({shown:?})"), Code::InvalidJwt);
        }
    }
}

/// "Security Considerations": a token of one type never passes for another, whatever its claims.
#[test]
fn no_token_passes_for_one_of_another_type() {
    for typ in TokenType::ALL {
        for other in TokenType::ALL.into_iter().filter(|other| *other != typ) {
            let relabelled = Draft::good(typ).header("typ", json!(other.typ()));
            // A person server issues person tokens and auth tokens: there the other claims tell them apart.
            let fault = relabelled.verify(other).unwrap_err();
            let expected = if (typ, other) == (PERSON, AUTH) { "claim ps" } else { "WrongDwk" };
            assert_eq!(in_brief(&fault), expected, "{typ:?} as {other:?}");
        }
    }
    let fault = Draft::good(AGENT).verify(RESOURCE).unwrap_err();
    assert_eq!(fault, TokenFault::WrongType("aa-agent+jwt".into()));
    let fault = Draft::good(RESOURCE).verify(AGENT).unwrap_err();
    assert_eq!(fault, TokenFault::WrongType("aa-resource+jwt".into()));
}

/// "Common JWT Verification", step 2.
#[test]
fn the_metadata_document_fits_the_type() {
    for typ in TokenType::ALL {
        refused(typ, &Draft::good(typ).claim("dwk", Value::Null), "claim dwk", Code::InvalidJwt);
        for dwk in ["", "aauth-agent", "openid-configuration", "../aauth-agent.json"] {
            let fault = if dwk.is_empty() { "claim dwk" } else { "WrongDwk" };
            refused(typ, &Draft::good(typ).claim("dwk", json!(dwk)), fault, Code::InvalidJwt);
        }
        for dwk in Dwk::ALL.into_iter().filter(|dwk| !typ.issuers().contains(dwk)) {
            refused(typ, &Draft::good(typ).claim("dwk", json!(dwk.name())), "WrongDwk", Code::InvalidJwt);
        }
    }
}

/// "Common JWT Verification", step 2: the key that `kid` selects, and no other.
#[test]
fn the_issuers_key_is_the_one_named() {
    for typ in TokenType::ALL {
        let good = || Draft::good(typ);
        for kid in [Value::Null, json!(""), json!("k".repeat(256))] {
            refused(typ, &good().header("kid", kid), "claim kid", Code::InvalidJwt);
        }
        refused(typ, &good().header("kid", json!("other")), "UnknownKey", Code::UnknownKey);
        refused(typ, &Draft { keys: Jwks::default(), ..good() }, "UnknownKey", Code::UnknownKey);
        // Somebody else's key under the issuer's `kid`, and the issuer's `kid` on somebody else's signature.
        let stranger = key(issuer_key(typ).kid(), 99);
        refused(typ, &Draft { keys: Jwks::of([stranger.public()]), ..good() }, "BadSignature", Code::InvalidJwt);
        refused(typ, &Draft { key: stranger, ..good() }, "BadSignature", Code::InvalidJwt);
        // The agent's own key in the header is no key of the issuer's.
        let inline = Draft { key: agent_key(), ..good().header("jwk", json!(agent_key().public().to_jwk())) };
        refused(typ, &inline, "BadSignature", Code::InvalidJwt);
    }
}

/// "Common JWT Claims", `alg`.
#[test]
fn the_algorithm_is_the_keys_own() {
    for typ in TokenType::ALL {
        let own = issuer_key(typ).public().algorithm().name();
        for alg in ["none", "None", "EdDSA", "HS256", "RS256", "ES256", "Ed25519", "ed25519", ""] {
            if alg != own {
                let draft = Draft::good(typ).header("alg", json!(alg));
                refused(typ, &draft, "BadSignature", Code::InvalidJwt);
            }
        }
        refused(typ, &Draft::good(typ).header("alg", Value::Null), "BadSignature", Code::InvalidJwt);
    }
}

/// "Signature Algorithms": an issuer's key has to say its algorithm.
#[test]
fn an_issuers_key_that_breaks_the_rules_is_refused_by_its_fault() {
    let published = |name: &str, value: Value| {
        let mut jwk = Value::Object(issuer_key(AGENT).public().to_jwk());
        set(&mut jwk, name, value);
        Draft { keys: Jwks::parse(json!({"keys": [jwk]}).to_string().as_bytes()).unwrap(), ..Draft::good(AGENT) }
    };
    for (draft, fault, code) in [
        (published("alg", Value::Null), "IssuerKey(AlgorithmAbsent)", Code::UnsupportedAlgorithm),
        (published("alg", json!("EdDSA")), "IssuerKey(AlgorithmUnsupported(\"EdDSA\"))", Code::UnsupportedAlgorithm),
        (published("kty", json!("AKP")), "IssuerKey(AlgorithmUnsupported(\"AKP\"))", Code::UnsupportedAlgorithm),
        (published("alg", json!("ES256")), "IssuerKey(Disagrees)", Code::InvalidKey),
        (published("d", json!("AAAA")), "IssuerKey(Private(\"d\"))", Code::InvalidKey),
        (published("x", Value::Null), "IssuerKey(Incomplete(\"x\"))", Code::InvalidKey),
        (published("x", json!("AAAA")), "IssuerKey(Malformed)", Code::InvalidKey),
    ] {
        refused(AGENT, &draft, fault, code);
    }
}

/// "Common JWT Verification", step 3: `exp` by our own clock, without tolerance.
#[test]
fn a_token_is_over_at_its_exp() {
    for typ in TokenType::ALL {
        accepted(typ, &Draft::good(typ).claim("exp", json!(NOW + 1)));
        for exp in [json!(NOW), json!(NOW - 1), json!(0), json!(1_730_217_600.5)] {
            refused(typ, &Draft::good(typ).claim("exp", exp), "Expired", Code::ExpiredJwt);
        }
        refused_claim(typ, "exp", &[Value::Null, json!("soon"), json!(-1), json!(1e30), json!([NOW + 9])]);
    }
}

/// "Common JWT Verification": `iat` may be ahead by the signature window.
#[test]
fn iat_may_be_ahead_by_the_window() {
    for typ in TokenType::ALL {
        accepted(typ, &Draft::good(typ).claim("iat", json!(NOW + 60)));
        refused(typ, &Draft::good(typ).claim("iat", json!(NOW + 61)), "IssuedInFuture", Code::ClockSkew);
        refused_claim(typ, "iat", &[Value::Null, json!("now"), json!(-1), json!(1e30)]);
        let backwards = Draft::good(typ).claim("iat", json!(NOW + 50)).claim("exp", json!(NOW + 40));
        refused(typ, &backwards, "claim exp", Code::InvalidJwt);
        let instant = Draft::good(typ).claim("iat", json!(NOW + 50)).claim("exp", json!(NOW + 50));
        refused(typ, &instant, "claim exp", Code::InvalidJwt);
    }
}

/// Each token's own section: one hour for person and auth tokens; the recommended day and five minutes for the others.
#[test]
fn no_token_lives_longer_than_its_type_may() {
    for (typ, longest) in [(AGENT, 86_400), (PERSON, 3600), (RESOURCE, 300), (AUTH, 3600)] {
        let living = |seconds: Seconds| Draft::good(typ).claim("iat", json!(NOW)).claim("exp", json!(NOW + seconds));
        accepted(typ, &living(longest));
        refused(typ, &living(longest + 1), &format!("TooLong({longest})"), Code::InvalidJwt);
    }
}

#[test]
fn the_longest_life_of_an_agent_token_is_the_recipients_choice() {
    let compact = Draft::good(AGENT).claim("iat", json!(NOW)).claim("exp", json!(NOW + 601)).sign();
    let unverified = Unverified::parse(&compact, IdentifierRules::Strict).unwrap();
    let strict = TokenRules { max_agent_lifetime: 600, ..rules() };
    let fault = token(&unverified, &Draft::good(AGENT).keys, &strict, NOW).unwrap_err();
    assert_eq!(fault, TokenFault::TooLong(600));
}

#[test]
fn what_is_no_jwt_is_malformed() {
    let key = issuer_key(AGENT);
    let (header, claims) = (Draft::good(AGENT).header.to_string(), Draft::good(AGENT).claims.to_string());
    let good = compact(&header, &claims, &key);
    let keys = Draft::good(AGENT).keys;
    assert_eq!(verify_as(AGENT, &good, &keys), Ok(()));
    let nested = format!("{}{}", "{\"a\":".repeat(20_000), "1");
    let mut compacts = vec![
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "a.b.c".to_owned(),
        format!("{good}.x"),
        format!(".{good}"),
        format!("{good}="),
        format!("{good} "),
        good.replacen('.', "..", 1),
        good.split('.').take(2).collect::<Vec<_>>().join("."),
    ];
    for payload in ["", "[]", "7", "null", "\"x\"", "{", "{}{}", &nested, "[".repeat(20_000).as_str(), "\u{feff}{}"] {
        compacts.push(compact(&header, payload, &key));
    }
    for bad_header in
        ["", "[]", "null", "{\"alg\":7", &nested, r#"{"alg":"Ed25519","crit":["exp"]}"#, r#"{"typ":7}"#, r#"{"kid":7}"#]
    {
        compacts.push(compact(bad_header, &claims, &key));
    }
    for compact in compacts {
        let fault = verify_as(AGENT, &compact, &keys).unwrap_err();
        let shown: String = compact.chars().take(80).collect();
        assert_eq!(fault, TokenFault::Malformed, "{shown}");
    }
}

#[test]
fn no_bit_of_a_token_can_be_changed() {
    let good = Draft::good(PERSON).claim("sub", json!("x"));
    let other = good.clone().claim("sub", json!("y")).sign();
    let (signed, signature) = other.rsplit_once('.').unwrap();
    let spliced = format!("{signed}.{}", good.sign().rsplit_once('.').unwrap().1);
    assert_eq!(verify_as(PERSON, &spliced, &good.keys), Err(TokenFault::BadSignature));
    for signature in ["", signature.split_at(80).0, &format!("{signature}AAAA")] {
        let compact = format!("{signed}.{signature}");
        assert_eq!(verify_as(PERSON, &compact, &good.keys), Err(TokenFault::BadSignature));
    }
}

#[test]
fn a_verified_token_ends_without_being_asked_again() {
    let unverified = Unverified::parse(&Draft::good(PERSON).sign(), IdentifierRules::Strict).unwrap();
    let verified = token(&unverified, &Draft::good(PERSON).keys, &rules(), NOW).unwrap();
    assert!(!verified.has_expired(NOW + 199));
    assert!(verified.has_expired(NOW + 200));
    assert_eq!((verified.typ(), verified.key()), (PERSON, agent_key().public()));
}

/// What we sign is what we read: each token makes the round trip.
#[test]
fn claims_make_the_round_trip() {
    for typ in TokenType::ALL {
        let unverified = Unverified::parse(&Draft::good(typ).sign(), IdentifierRules::Strict).unwrap();
        let keys = Draft::good(typ).keys;
        let again = if typ == RESOURCE {
            resource_token(&unverified, &keys, &rules(), NOW).unwrap().sign(&issuer_key(typ))
        } else {
            match token(&unverified, &keys, &rules(), NOW).unwrap() {
                VerifiedToken::Agent(token) => token.sign(&issuer_key(typ)),
                VerifiedToken::Person(token) => token.sign(&issuer_key(typ)),
                VerifiedToken::Auth(token) => token.sign(&issuer_key(typ)),
            }
        };
        assert_eq!(verify_as(typ, &again, &keys), Ok(()), "{typ:?}");
    }
}

/// "Token Endpoint Error Codes": the same faults as codes of a request parameter.
#[test]
fn a_parameters_fault_is_named_after_the_parameter() {
    use crate::aauth::error::TokenParameter::{Presented, Resource};
    assert_eq!(TokenFault::Expired.parameter_code(Resource).code(), "expired_resource_token");
    assert_eq!(TokenFault::IssuedInFuture.parameter_code(Resource).code(), "clock_skew");
    for fault in [TokenFault::Malformed, TokenFault::BadSignature, TokenFault::UnknownKey, TokenFault::WrongAudience] {
        assert_eq!(fault.parameter_code(Presented).code(), "invalid_presented_token");
    }
}
