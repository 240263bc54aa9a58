//! Requests: each way of signing verifies, under the one key it names, over the one request it was made for.

use super::*;
use crate::aauth::digest;
use crate::aauth::message::Fields;
use crate::aauth::signature::{Scheme, SignatureKey, SignatureRules, base_of};
use crate::aauth::signing::{Signer, sign};

pub(super) fn signature_rules() -> SignatureRules {
    SignatureRules { schemes: Scheme::ALL.to_vec(), ..SignatureRules::default() }
}

fn line(name: &str, value: &str) -> (String, Vec<u8>) {
    (name.to_owned(), value.as_bytes().to_vec())
}

/// A request, taken apart so that each part can be changed.
#[derive(Debug, Clone)]
pub(super) struct Parts {
    pub(super) method: &'static str,
    pub(super) authority: &'static str,
    pub(super) target: &'static str,
    pub(super) lines: Vec<(String, Vec<u8>)>,
}

impl Parts {
    pub(super) fn message(&self) -> Message {
        Message::request(self.method, "https", self.authority, self.target, Fields::lines(self.lines.clone()))
    }

    fn without(mut self, name: &str) -> Self {
        self.lines.retain(|(n, _)| n != name);
        self
    }

    fn with(self, name: &str, value: &str) -> Self {
        let mut parts = self.without(name);
        parts.lines.push(line(name, value));
        parts
    }

    /// Signed over everything it has.
    pub(super) fn signed(mut self, signer: Signer<'_>, key: &SigningKey) -> Self {
        let names: Vec<_> = self.lines.iter().map(|(name, _)| name.clone()).collect();
        let mut additional = vec!["@query"];
        additional.extend(names.iter().map(String::as_str));
        let headers = sign(&self.message(), &additional, signer, key, NOW).unwrap();
        self.lines.extend(headers.into_pairs().map(|(name, value)| line(name, &value)));
        self
    }
}

pub(super) fn post() -> Parts {
    let lines = vec![
        line("content-digest", &digest::sha256_field(b"{}")),
        line("content-type", "application/json"),
        line("x-list", "1"),
    ];
    Parts { method: "POST", authority: "us.example", target: "/orders/7?limit=10", lines }
}

/// Everything a server does with a request, whatever the scheme.
pub(super) fn verify(message: &Message) -> Result<VerifiedRequest, SignatureError> {
    let signed = SignedRequest::read(message, &signature_rules(), NOW)?.expect("a signature");
    match signed.key() {
        SignatureKey::Jwt(jwt) => {
            let unverified = Unverified::parse(jwt, IdentifierRules::Strict)?;
            let token = token(&unverified, &Draft::good(unverified.typ()).keys, &rules(), NOW)?;
            request_of_token(&signed, message, &token)
        }
        SignatureKey::JwksUri { id, dwk, kid } => {
            let id = ServerId::parse(id).map_err(|_| SignatureError::new(Code::InvalidKey, "id"))?;
            let dwk = Dwk::from_name(dwk).ok_or_else(|| SignatureError::new(Code::InvalidKey, "dwk"))?;
            request_of_server(&signed, message, (&id, dwk, kid), &Draft::good(TokenType::Person).keys)
        }
        SignatureKey::Hwk(key) => request_of_key(&signed, message, key),
        SignatureKey::JktJwt(jwt) => request_of_delegated_key(&signed, message, jwt, 60, NOW),
    }
}

fn identity(parts: &Parts) -> VerifiedIdentity {
    verify(&parts.message()).unwrap().identity().clone()
}

fn code(parts: &Parts) -> Code {
    verify(&parts.message()).expect_err("a refusal").code
}

/// A `jkt-s256+jwt` in the making.
struct Naming {
    header: Value,
    claims: Value,
    key: SigningKey,
}

impl Naming {
    /// By a stable ES256 key, for the agent's key.
    fn good() -> Self {
        let key = SigningKey::es256("stable", &[21; 32]).unwrap();
        let public = |key: &SigningKey| {
            let mut jwk = key.public().to_jwk();
            jwk.remove("kid");
            Value::Object(jwk)
        };
        let iss = format!("urn:jkt:sha-256:{}", key.public().thumbprint());
        Self {
            header: json!({"alg": "ES256", "typ": "jkt-s256+jwt", "jwk": public(&key)}),
            claims: json!({"iss": iss, "iat": NOW, "exp": NOW + 60, "cnf": {"jwk": public(&agent_key())}}),
            key,
        }
    }

    fn claim(mut self, name: &str, value: Value) -> Self {
        set(&mut self.claims, name, value);
        self
    }

    fn header(mut self, name: &str, value: Value) -> Self {
        set(&mut self.header, name, value);
        self
    }

    fn request(&self) -> Parts {
        let token = compact(&self.header.to_string(), &self.claims.to_string(), &self.key);
        post().signed(Signer::Delegated { token: &token }, &agent_key())
    }
}

/// "Signing (Agent)" and "Verification (Server)": an agent with each token it may present.
#[test]
fn an_agent_signs_with_the_key_its_token_confirms() {
    for typ in [TokenType::Agent, TokenType::Person, TokenType::Auth] {
        let token = Draft::good(typ).sign();
        let parts = post().signed(Signer::Agent { token: &token }, &agent_key());
        let verified = verify(&parts.message()).unwrap();
        assert!(matches!(verified.identity(), VerifiedIdentity::Token(token) if token.typ() == typ));
        assert_eq!((verified.thumbprint(), verified.created()), (agent_key().public().thumbprint(), NOW));
        // A stolen token is of no use without the key.
        let thief = post().signed(Signer::Agent { token: &token }, &key("agent", 66));
        assert_eq!(code(&thief), Code::InvalidSignature);
    }
    let token = Draft::good(TokenType::Resource).sign();
    let parts = post().signed(Signer::Agent { token: &token }, &agent_key());
    assert_eq!(code(&parts), Code::InvalidJwt, "a resource token is nobody's identity");
}

#[test]
fn an_agent_may_sign_by_es256() {
    let own = SigningKey::es256("agent", &[7; 32]).unwrap();
    let token = Draft::good(TokenType::Agent).claim("cnf", json!({"jwk": own.public().to_jwk()})).sign();
    let verified = verify(&post().signed(Signer::Agent { token: &token }, &own).message()).unwrap();
    assert_eq!(verified.thumbprint(), own.public().thumbprint());
}

/// "Server Signing": a server by the keys it publishes.
#[test]
fn a_server_signs_with_a_key_it_publishes() {
    let id = ServerId::parse("https://ps.example").unwrap();
    let signer = Signer::Server { id: &id, dwk: Dwk::Person };
    let parts = post().signed(signer, &issuer_key(TokenType::Person));
    let VerifiedIdentity::Server { id: found, dwk } = identity(&parts) else { panic!() };
    assert_eq!((found, dwk), (id.clone(), Dwk::Person));
    assert_eq!(code(&post().signed(signer, &key("ps-1", 66))), Code::InvalidSignature);
    assert_eq!(code(&post().signed(signer, &key("ps-2", 12))), Code::UnknownKey);
}

/// HTTP Signature Keys, "Header Web Key (hwk)".
#[test]
fn a_bare_key_signs_for_itself() {
    for own in [key("k", 5), SigningKey::es256("k", &[5; 32]).unwrap()] {
        let verified = verify(&post().signed(Signer::Pseudonymous, &own).message()).unwrap();
        assert!(matches!(verified.identity(), VerifiedIdentity::Key));
        assert_eq!(verified.thumbprint(), own.public().thumbprint());
    }
}

/// HTTP Signature Keys, "JKT JWT Self-Issued Key Delegation".
#[test]
fn a_stable_key_vouches_for_the_signing_key() {
    let VerifiedIdentity::DelegatedKey { stable } = identity(&Naming::good().request()) else { panic!() };
    assert_eq!(&stable, Naming::good().key.public().thumbprint());
    let signed_by_the_library =
        Naming::good().key.sign_jwt_with_inline_key("jkt-s256+jwt", Naming::good().claims.as_object().unwrap());
    let parts = post().signed(Signer::Delegated { token: &signed_by_the_library }, &agent_key());
    assert!(verify(&parts.message()).is_ok());
}

#[test]
fn a_naming_token_that_breaks_a_rule_vouches_for_nobody() {
    let stranger = SigningKey::es256("stranger", &[22; 32]).unwrap();
    let private = {
        let mut jwk = Naming::good().header["jwk"].clone();
        set(&mut jwk, "d", json!("AAAA"));
        jwk
    };
    let mut no_alg = Naming::good().header["jwk"].clone();
    set(&mut no_alg, "alg", Value::Null);
    let good = Naming::good;
    for (what, naming, expected) in [
        (
            "another's iss",
            good().claim("iss", json!("urn:jkt:sha-256:NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")),
            Code::InvalidJwt,
        ),
        (
            "an iss of another hash",
            good().claim("iss", json!(good().claims["iss"].as_str().unwrap().replace("256", "512"))),
            Code::InvalidJwt,
        ),
        ("no iss", good().claim("iss", Value::Null), Code::InvalidJwt),
        ("an unsupported hash", good().header("typ", json!("jkt-s512+jwt")), Code::InvalidJwt),
        ("another typ", good().header("typ", json!("aa-agent+jwt")), Code::InvalidJwt),
        ("no typ", good().header("typ", Value::Null), Code::InvalidJwt),
        ("no key", good().header("jwk", Value::Null), Code::InvalidJwt),
        ("a private key", good().header("jwk", private), Code::InvalidKey),
        ("a key without alg", good().header("jwk", no_alg), Code::UnsupportedAlgorithm),
        ("another alg", good().header("alg", json!("Ed25519")), Code::InvalidJwt),
        ("no alg", good().header("alg", json!("none")), Code::InvalidJwt),
        ("another's signature", Naming { key: stranger, ..good() }, Code::InvalidJwt),
        ("an exp of now", good().claim("exp", json!(NOW)), Code::ExpiredJwt),
        ("no exp", good().claim("exp", Value::Null), Code::InvalidJwt),
        ("no iat", good().claim("iat", Value::Null), Code::InvalidJwt),
        ("an iat ahead", good().claim("iat", json!(NOW + 61)), Code::ClockSkew),
        ("no cnf", good().claim("cnf", Value::Null), Code::InvalidJwt),
        (
            "a cnf without alg",
            good().claim("cnf", json!({"jwk": {"kty": "OKP", "crv": "Ed25519", "x": "AA"}})),
            Code::UnsupportedAlgorithm,
        ),
    ] {
        assert_eq!(code(&naming.request()), expected, "{what}");
    }
    // Named one key, signed with another.
    let token = good().key.sign_jwt_with_inline_key("jkt-s256+jwt", good().claims.as_object().unwrap());
    let parts = post().signed(Signer::Delegated { token: &token }, &key("agent", 66));
    assert_eq!(code(&parts), Code::InvalidSignature);
}

/// "Signature Parameters": a `keyid` names the key that `Signature-Key` conveys, by `kid` or by thumbprint, or the
/// request is refused; the key is never looked up by it.
#[test]
fn keyid_names_the_conveyed_key_or_nothing() {
    let own = key("k", 5);
    let conveyed = {
        let signed = post().signed(Signer::Pseudonymous, &own);
        signed.message().fields().text("signature-key").unwrap()
    };
    let with_keyid = |keyid: &str| {
        let covered = format!(
            "(\"@method\" \"@authority\" \"@path\" \"signature-key\");created={NOW};keyid={keyid:?};alg=\"hmac-sha256\""
        );
        let parts = post().with("signature-key", &conveyed);
        let signature = own.sign(&base_of(&parts.message(), &covered).unwrap());
        let signature = base64::prelude::BASE64_STANDARD.encode(signature);
        parts.with("signature-input", &format!("sig={covered}")).with("signature", &format!("sig=:{signature}:"))
    };
    assert!(verify(&with_keyid(own.public().thumbprint().as_str()).message()).is_ok());
    for wrong in ["", "other", key("k", 6).public().thumbprint().as_str()] {
        assert_eq!(code(&with_keyid(wrong)), Code::InvalidSignature, "{wrong}");
    }
}

#[test]
fn keyid_may_be_the_kid_of_a_published_key() {
    let own = issuer_key(TokenType::Person);
    for (keyid, good) in [("ps-1", true), (own.public().thumbprint().as_str(), true), ("ps-2", false)] {
        let covered = format!("(\"@method\" \"@authority\" \"@path\" \"signature-key\");created={NOW};keyid={keyid:?}");
        let conveyed = r#"sig=jwks_uri;id="https://ps.example";dwk="aauth-person.json";kid="ps-1""#;
        let parts = post().with("signature-key", conveyed);
        let signature = own.sign(&base_of(&parts.message(), &covered).unwrap());
        let signature = base64::prelude::BASE64_STANDARD.encode(signature);
        let parts =
            parts.with("signature-input", &format!("sig={covered}")).with("signature", &format!("sig=:{signature}:"));
        assert_eq!(verify(&parts.message()).is_ok(), good, "{keyid}");
    }
}

/// The property a signature is for: over one request, it verifies for no other.
#[test]
fn a_signature_over_one_request_verifies_for_no_other() {
    let token = Draft::good(TokenType::Auth).sign();
    let good = post().signed(Signer::Agent { token: &token }, &agent_key());
    assert!(verify(&good.message()).is_ok());
    let other_token = Draft::good(TokenType::Auth).claim("jti", json!("t-2")).sign();
    let other_key = format!("sig=jwt;jwt=\"{other_token}\"");
    let g = || good.clone();
    for (what, changed) in [
        ("the method", Parts { method: "PUT", ..g() }),
        ("the method's case", Parts { method: "post", ..g() }),
        ("the authority", Parts { authority: "us.example.org", ..g() }),
        ("the port", Parts { authority: "us.example:8443", ..g() }),
        ("the path", Parts { target: "/orders/8?limit=10", ..g() }),
        ("the path's encoding", Parts { target: "/orders/%37?limit=10", ..g() }),
        ("a slash", Parts { target: "/orders/7/?limit=10", ..g() }),
        ("the query", Parts { target: "/orders/7?limit=11", ..g() }),
        ("an empty query", Parts { target: "/orders/7", ..g() }),
        ("the body's digest", g().with("content-digest", &digest::sha256_field(b"[]"))),
        ("a covered header", g().with("content-type", "text/plain")),
        ("a covered header's absence", g().without("x-list")),
        ("a second line of a covered header", {
            let mut parts = g();
            parts.lines.push(line("x-list", "2"));
            parts
        }),
        ("the token, for another good one", g().with("signature-key", &other_key)),
        ("the token's presentation", g().with("signature-key", &format!("sig=jwt;jwt=\"{token}\";x"))),
    ] {
        assert_eq!(code(&changed), Code::InvalidSignature, "{what}");
    }
    for (what, unchanged) in [
        ("an uncovered header", g().with("user-agent", "x")),
        ("the authority's case", Parts { authority: "US.Example", ..g() }),
        ("the default port", Parts { authority: "us.example:443", ..g() }),
        ("white space around a covered header", g().with("content-type", "  application/json ")),
    ] {
        assert!(verify(&unchanged.message()).is_ok(), "{what}");
    }
}

/// What is not covered is not protected, and so never to be relied on: a query that nobody signed.
#[test]
fn what_is_not_covered_may_change() {
    let token = Draft::good(TokenType::Agent).sign();
    let mut parts = post();
    let headers = sign(&parts.message(), &[], Signer::Agent { token: &token }, &agent_key(), NOW).unwrap();
    parts.lines.extend(headers.into_pairs().map(|(name, value)| line(name, &value)));
    let changed = Parts { target: "/orders/7?limit=11", ..parts };
    assert!(verify(&changed.message()).is_ok());
    let signed = SignedRequest::read(&changed.message(), &signature_rules(), NOW).unwrap().unwrap();
    assert!(!signed.covers("@query"));
}

#[test]
fn nothing_absent_can_be_signed() {
    let token = Draft::good(TokenType::Agent).sign();
    assert!(sign(&post().message(), &["x-absent"], Signer::Agent { token: &token }, &agent_key(), NOW).is_err());
}
