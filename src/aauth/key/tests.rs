use super::*;

fn map(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

/// RFC 7638, section 3.1.
#[test]
fn thumbprint_of_rfc_7638() {
    let jwk = map(&json!({
        "kty": "RSA",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
        "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"
    }));
    assert_eq!(thumbprint(&jwk).unwrap().as_str(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

/// RFC 8037, appendix A.3: an Ed25519 key's thumbprint.
#[test]
fn thumbprint_of_rfc_8037() {
    let jwk = map(&json!({"kty": "OKP", "crv": "Ed25519", "alg": "Ed25519",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}));
    assert_eq!(PublicKey::from_jwk(&jwk).unwrap().thumbprint().as_str(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

#[test]
fn a_signature_verifies_under_its_own_key_alone() {
    for key in [SigningKey::ed25519("a", &[7; 32]), SigningKey::es256("b", &[7; 32]).unwrap()] {
        let signature = key.sign(b"message");
        assert!(key.public().verifies(b"message", &signature));
        assert!(!key.public().verifies(b"massage", &signature));
        let other = SigningKey::ed25519("c", &[8; 32]);
        assert!(!other.public().verifies(b"message", &signature));
        let read_back = SigningKey::from_pkcs8_pem("d", &key.to_pkcs8_pem().unwrap()).unwrap();
        assert_eq!(read_back.public(), key.public());
        assert_eq!(PublicKey::from_jwk(&key.public().to_jwk()).unwrap(), *key.public());
    }
}

#[test]
fn a_jws_names_its_algorithm_and_verifies() {
    for key in [SigningKey::ed25519("a", &[7; 32]), SigningKey::es256("b", &[7; 32]).unwrap()] {
        let jws = key.sign_jwt("aa-agent+jwt", &map(&json!({"iss": "https://a.example"})));
        let jws = CompactJws::decode(&jws).unwrap();
        assert_eq!(jws.header_str("alg"), Some(key.public().algorithm().name()));
        assert_eq!((jws.header_str("typ"), jws.header_str("kid")), (Some("aa-agent+jwt"), Some(key.kid())));
        assert!(jws.signed_by(key.public()));
    }
}

#[test]
fn faulty_keys_are_told_apart() {
    let good = SigningKey::ed25519("a", &[7; 32]).public().to_jwk();
    let with = |name: &str, value: Value| {
        let mut jwk = good.clone();
        if value.is_null() {
            jwk.remove(name)
        } else {
            jwk.insert(name.into(), value)
        };
        PublicKey::from_jwk(&jwk).map(|_| ())
    };
    assert_eq!(with("alg", Value::Null), Err(KeyFault::AlgorithmAbsent));
    assert_eq!(with("alg", json!("EdDSA")), Err(KeyFault::AlgorithmUnsupported("EdDSA".into())));
    assert_eq!(with("alg", json!("HS256")), Err(KeyFault::AlgorithmUnsupported("HS256".into())));
    assert_eq!(with("alg", json!("ES256")), Err(KeyFault::Disagrees));
    assert_eq!(with("crv", json!("P-256")), Err(KeyFault::Disagrees));
    assert_eq!(with("kty", json!("AKP")), Err(KeyFault::AlgorithmUnsupported("AKP".into())));
    assert_eq!(with("kty", json!("oct")), Err(KeyFault::AlgorithmUnsupported("oct".into())));
    assert_eq!(with("kty", json!(7)), Err(KeyFault::Incomplete("kty")));
    assert_eq!(with("kty", Value::Null), Err(KeyFault::Incomplete("kty")));
    assert_eq!(with("kty", json!("RSA")), Err(KeyFault::Incomplete("n")));
    assert_eq!(with("k", json!("AAAA")), Err(KeyFault::Private("k")));
    assert_eq!(with("x", Value::Null), Err(KeyFault::Incomplete("x")));
    assert_eq!(with("x", json!("AAAA")), Err(KeyFault::Malformed));
    assert_eq!(with("d", json!("AAAA")), Err(KeyFault::Private("d")));
    // The identity point: every signature of a certain form would verify under it.
    assert_eq!(with("x", json!("AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")), Err(KeyFault::Malformed));
}

/// "JWKS Discovery and Caching": an unselected member of unknown type never breaks its neighbours.
#[test]
fn a_strange_neighbour_breaks_nothing() {
    let good = SigningKey::ed25519("good", &[7; 32]);
    let set = json!({"keys": [{"kty": "AKP", "alg": "ML-DSA-65", "kid": "pq", "pub": "AA"}, 7, {"kid": 3}, good.public().to_jwk()]});
    let set = Jwks::parse(set.to_string().as_bytes()).unwrap();
    assert!(set.select("good").unwrap().is_ok());
    assert_eq!(set.select("pq").unwrap().unwrap_err(), &KeyFault::AlgorithmUnsupported("AKP".into()));
    assert!(set.select("absent").is_none());
}

#[test]
fn a_critical_extension_is_refused() {
    let header = BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"Ed25519","typ":"x","crit":["b64"],"b64":false}"#);
    let payload = BASE64_URL_SAFE_NO_PAD.encode("{}");
    assert!(CompactJws::decode(&format!("{header}.{payload}.AA")).is_none());
}

#[test]
fn a_private_key_is_never_printed() {
    let key = SigningKey::ed25519("a", &[7; 32]);
    assert!(!format!("{key:?}").contains("07"));
    assert!(format!("{key:?}").contains("redacted"));
}
