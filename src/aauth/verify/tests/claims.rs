//! Each claim of the four tokens, as what was written in a good token's place and what came of it.

use super::tokens::{AGENT, AUTH, PERSON, RESOURCE, accepted, refused, refused_claim};
use super::*;

/// "Common JWT Verification", step 4, and "Server Identifiers".
#[test]
fn the_issuer_is_a_server_identifier() {
    for typ in TokenType::ALL {
        let own = Draft::good(typ).claims["iss"].as_str().unwrap().to_owned();
        refused_claim(
            typ,
            "iss",
            &[
                Value::Null,
                json!(""),
                json!(7),
                json!(format!("{own}/")),
                json!(format!("{own}:443")),
                json!(own.replace("https", "http")),
                json!(own.to_uppercase()),
                json!(format!("{own}?a")),
                json!("https://127.0.0.1"),
                json!("http://localhost:8080"),
            ],
        );
    }
}

#[test]
fn a_token_has_an_identifier() {
    for typ in TokenType::ALL {
        refused_claim(typ, "jti", &[Value::Null, json!(""), json!(7), json!("a\nb"), json!("j".repeat(2049))]);
    }
}

/// "Request-Context Binding", step 3: absent or incomplete is `invalid_jwt`, unsupported `unsupported_algorithm`,
/// what cannot be a key `invalid_key`.
#[test]
fn every_token_of_an_agents_confirms_a_key() {
    for typ in [AGENT, PERSON, AUTH] {
        for cnf in [Value::Null, json!({}), json!("x"), json!({"jwk": "x"}), json!({"jkt": "x"}), json!([])] {
            refused(typ, &Draft::good(typ).claim("cnf", cnf), "claim cnf", Code::InvalidJwt);
        }
        for (member, value, fault, code) in [
            ("kty", Value::Null, "Incomplete(\"kty\")", Code::InvalidJwt),
            ("crv", Value::Null, "Incomplete(\"crv\")", Code::InvalidJwt),
            ("x", Value::Null, "Incomplete(\"x\")", Code::InvalidJwt),
            ("kty", json!(7), "Incomplete(\"kty\")", Code::InvalidJwt),
            ("kty", json!("EC"), "Incomplete(\"y\")", Code::InvalidJwt),
            ("kty", json!("RSA"), "Incomplete(\"n\")", Code::InvalidJwt),
            ("alg", Value::Null, "AlgorithmAbsent", Code::UnsupportedAlgorithm),
            ("alg", json!("EdDSA"), "AlgorithmUnsupported(\"EdDSA\")", Code::UnsupportedAlgorithm),
            ("alg", json!("none"), "AlgorithmUnsupported(\"none\")", Code::UnsupportedAlgorithm),
            ("alg", json!("HS256"), "AlgorithmUnsupported(\"HS256\")", Code::UnsupportedAlgorithm),
            ("alg", json!("Ed448"), "AlgorithmUnsupported(\"Ed448\")", Code::UnsupportedAlgorithm),
            ("kty", json!("oct"), "AlgorithmUnsupported(\"oct\")", Code::UnsupportedAlgorithm),
            ("alg", json!("ES256"), "Disagrees", Code::InvalidKey),
            ("crv", json!("X25519"), "Disagrees", Code::InvalidKey),
            ("x", json!(7), "Malformed", Code::InvalidKey),
            ("x", json!("!!"), "Malformed", Code::InvalidKey),
            ("x", json!("AAAA"), "Malformed", Code::InvalidKey),
            ("d", json!("AAAA"), "Private(\"d\")", Code::InvalidKey),
        ] {
            let draft = Draft::good(typ).confirming(member, value);
            refused(typ, &draft, &format!("Confirmation({fault})"), code);
        }
        // `kid` and `use` are no more than decoration here.
        accepted(typ, &Draft::good(typ).confirming("kid", json!("k")).confirming("use", json!("sig")));
    }
    // "Resource Token Structure": `agent_jkt` stands in place of `cnf`.
    let jwk = agent_key().public().to_jwk();
    refused(RESOURCE, &Draft::good(RESOURCE).claim("cnf", json!({"jwk": jwk})), "claim cnf", Code::InvalidJwt);
}

/// "Person Token Verification", "Auth Token Verification", "Resource Token Verification": exactly one audience.
#[test]
fn a_token_is_for_one_audience_and_that_is_us() {
    for typ in [PERSON, RESOURCE, AUTH] {
        accepted(typ, &Draft::good(typ).claim("aud", json!(["https://us.example"])));
        for other in [json!("https://other.example"), json!(["https://other.example"]), json!("https://us.example.org")]
        {
            refused(typ, &Draft::good(typ).claim("aud", other), "WrongAudience", Code::InvalidJwt);
        }
        refused_claim(
            typ,
            "aud",
            &[
                Value::Null,
                json!(7),
                json!([]),
                json!([7]),
                json!(["https://us.example", "https://other.example"]),
                json!([["https://us.example"]]),
                json!({"aud": "https://us.example"}),
                json!("https://us.example/"),
                json!("us.example"),
            ],
        );
    }
}

#[test]
fn a_person_is_named() {
    for typ in [PERSON, RESOURCE, AUTH] {
        refused_claim(typ, "sub", &[Value::Null, json!(""), json!(7), json!("s".repeat(2049)), json!("a\u{0}")]);
        // Opaque: whatever else it looks like.
        accepted(typ, &Draft::good(typ).claim("sub", json!("aauth:ada@elsewhere.example")));
    }
}

/// "Agent Identifiers": a provider names its own agents only.
#[test]
fn an_agent_is_its_providers_own() {
    refused_claim(
        AGENT,
        "sub",
        &[
            Value::Null,
            json!(""),
            json!("ada@agents.example"),
            json!("aauth:@agents.example"),
            json!("aauth:a b@agents.example"),
            json!("aauth:ada@Agents.example"),
            json!("aauth:ada@agents.example:443"),
            json!("aauth:ada@https://agents.example"),
            json!("aauth:ada@x@agents.example"),
        ],
    );
    for foreign in ["aauth:ada@other.example", "aauth:ada@sub.agents.example", "aauth:ada@example"] {
        refused(AGENT, &Draft::good(AGENT).claim("sub", json!(foreign)), "ForeignAgent", Code::InvalidJwt);
    }
}

/// "Agent Token Verification", steps 2 and 3.
#[test]
fn an_agents_person_server_and_parent_are_identifiers() {
    accepted(AGENT, &Draft::good(AGENT).claim("ps", Value::Null));
    refused_claim(AGENT, "ps", &[json!(""), json!(7), json!("http://ps.example"), json!("https://ps.example/a")]);
    accepted(AGENT, &Draft::good(AGENT).claim("parent_agent", json!("aauth:boss@agents.example")));
    refused_claim(AGENT, "parent_agent", &[json!(""), json!(7), json!("boss"), json!("aauth:boss@other.example")]);
}

/// A claim that is there but `null` is not a claim that is absent.
#[test]
fn null_is_no_way_to_leave_a_claim_out() {
    for (typ, claim) in [
        (AGENT, "ps"),
        (AGENT, "parent_agent"),
        (PERSON, "tenant"),
        (AUTH, "scope"),
        (AUTH, "account"),
        (RESOURCE, "interaction"),
    ] {
        let mut draft = Draft::good(typ);
        draft.claims[claim] = Value::Null;
        refused(typ, &draft, &format!("claim {claim}"), Code::InvalidJwt);
    }
}

/// "Resource Token Structure": where the resource needs the person first.
#[test]
fn a_resources_interaction_is_an_https_url_and_a_code() {
    let interaction = json!({"url": "https://api.example/interact", "code": "A1B2-C3D4"});
    accepted(RESOURCE, &Draft::good(RESOURCE).claim("interaction", interaction.clone()));
    let draft = Draft::good(RESOURCE).claim("interaction", interaction.clone());
    let unverified = Unverified::parse(&draft.sign(), IdentifierRules::Strict).unwrap();
    let token = resource_token(&unverified, &draft.keys, &rules(), NOW).unwrap();
    assert_eq!(token.to_claims().get("interaction"), Some(&interaction));
    refused_claim(
        RESOURCE,
        "interaction",
        &[
            json!("https://api.example/interact"),
            json!({"url": "https://api.example/interact"}),
            json!({"url": "http://api.example/interact", "code": "A1B2-C3D4"}),
            json!({"url": "https://api.example/interact", "code": ""}),
        ],
    );
}

/// "Person Token Structure": identity, never authorization.
#[test]
fn a_person_token_authorizes_nothing() {
    refused_claim(PERSON, "scope", &[json!("a"), json!(""), json!([])]);
    refused_claim(PERSON, "account", &[json!("a"), json!("")]);
}

#[test]
fn a_mission_is_a_base64url_digest() {
    let digest = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    for typ in [PERSON, RESOURCE, AUTH] {
        accepted(typ, &Draft::good(typ).claim("mission_s256", json!(digest)));
        refused_claim(
            typ,
            "mission_s256",
            &[
                json!(""),
                json!(7),
                json!("AAAA"),
                json!(format!("{digest}=")),
                json!(digest.replace('-', "+")),
                json!(format!("{digest}AA")),
            ],
        );
    }
}

/// "Auth Token Structure": `ps` is the issuer where a person server issued it, any person server else.
#[test]
fn an_auth_token_names_the_person_server() {
    refused_claim(AUTH, "ps", &[Value::Null, json!(""), json!("ps.example"), json!("http://ps.example")]);
    accepted(AUTH, &Draft::good(AUTH).claim("ps", json!("https://other.example")));
    let by_a_person_server = Draft::good(AUTH).claim("dwk", json!("aauth-person.json"));
    refused(AUTH, &by_a_person_server, "claim ps", Code::InvalidJwt);
    accepted(AUTH, &by_a_person_server.claim("ps", json!("https://access.example")));
}

/// "Scopes": space-separated scope tokens of RFC 6749.
#[test]
fn scopes_are_a_string_of_scope_tokens() {
    for typ in [AUTH, RESOURCE] {
        accepted(typ, &Draft::good(typ).claim("scope", Value::Null));
        accepted(typ, &Draft::good(typ).claim("scope", json!("a  b:c/d a")));
        refused_claim(
            typ,
            "scope",
            &[
                json!(["a"]),
                json!(7),
                json!("a \"b\""),
                json!("a\tb"),
                json!("a\\b"),
                json!("é"),
                json!("s".repeat(4097)),
            ],
        );
    }
}

/// "Resource Token Structure".
#[test]
fn a_resource_token_is_bound_to_the_presented_token_and_to_the_key() {
    for claim in ["ps", "presented_jti", "agent_jkt"] {
        refused_claim(RESOURCE, claim, &[Value::Null, json!(""), json!(7)]);
    }
}

/// A token as large as it may be is read without trouble; what is unknown in it is kept and means nothing.
#[test]
fn many_unknown_claims_are_kept_and_mean_nothing() {
    let mut draft = Draft::good(AUTH);
    for n in 0..3000 {
        draft.claims[format!("claim-{n}")] = json!(n);
    }
    let unverified = Unverified::parse(&draft.sign(), IdentifierRules::Strict).unwrap();
    let VerifiedToken::Auth(auth) = token(&unverified, &draft.keys, &rules(), NOW).unwrap() else { panic!() };
    assert_eq!(auth.more.len(), 3000);
    assert_eq!(auth.scopes, ["a", "b"]);
}
