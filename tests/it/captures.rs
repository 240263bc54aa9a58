//! Requests and tokens that independent implementations made, captured on the wire: each verifies or fails as it
//! should, at the second it was signed. Where each file comes from stands in `tests/vectors/README.md`.

use aauth_authorizer::aauth::digest;
use aauth_authorizer::aauth::error::{SignatureError, SignatureErrorCode as Code};
use aauth_authorizer::aauth::identifier::{IdentifierRules, ServerId};
use aauth_authorizer::aauth::key::{CompactJws, Jwks, thumbprint};
use aauth_authorizer::aauth::message::{Fields, Message};
use aauth_authorizer::aauth::metadata::{Dwk, IssuerMetadata};
use aauth_authorizer::aauth::signature::{Scheme, SignatureKey, SignatureRules, SignedRequest};
use aauth_authorizer::aauth::token::{MAX_AGENT_LIFETIME, TokenType, Unverified};
use aauth_authorizer::aauth::verify::{self, TokenRules, VerifiedRequest};
use aauth_authorizer::clock::Seconds;
use serde_json::{Value, json};

const AAUTH_PY: &str = include_str!("../vectors/aauth-py-0.5.0.json");
const SHIMMED: &str = include_str!("../vectors/aauth-py-shimmed-cases.json");
const INTROSPECTION: &str = include_str!("../vectors/introspection-aauth-ps-0.1.0.json");

/// A file of cases, with the documents its issuers publish.
struct Capture(Value);

impl Capture {
    fn open(file: &str) -> Self {
        Self(serde_json::from_str(file).unwrap())
    }

    fn cases(&self) -> impl Iterator<Item = Case<'_>> {
        self.0["cases"].as_array().unwrap().iter().map(|value| Case { capture: self, value })
    }

    /// What discovery would find: the metadata document, then the key set it names. One implementation names its
    /// keys by their thumbprints, so each is in the set under that name also.
    fn keys_of(&self, issuer: &ServerId, dwk: Dwk) -> Jwks {
        let documents = &self.0["documents"];
        let metadata = documents[issuer.well_known(dwk.name())].to_string();
        let metadata = IssuerMetadata::parse(metadata.as_bytes(), issuer).unwrap();
        let mut keys = documents[&metadata.jwks_uri]["keys"].as_array().unwrap().clone();
        for party in self.0["keys"].as_object().unwrap().values() {
            if keys[0]["x"] == party["private_jwk"]["x"] {
                let mut alias = keys[0].clone();
                alias["kid"] = party["thumbprint"].clone();
                keys.push(alias);
            }
        }
        Jwks::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
    }
}

#[derive(Clone, Copy)]
struct Case<'a> {
    capture: &'a Capture,
    value: &'a Value,
}

impl<'a> Case<'a> {
    fn name(self) -> &'a str {
        self.value["name"].as_str().unwrap()
    }

    fn header(self, name: &str) -> Option<&'a str> {
        self.value["headers"][name].as_str()
    }

    /// The second at which it was signed.
    fn created(self) -> Seconds {
        let (_, created) = self.header("signature-input").unwrap().rsplit_once("created=").unwrap();
        created.parse().unwrap()
    }

    fn message(self) -> Message {
        let text = |name: &str| self.value[name].as_str().unwrap();
        let query = self.value["query"].as_str().map_or_else(String::new, |query| format!("?{query}"));
        let lines = self.value["headers"].as_object().unwrap().iter();
        let fields = Fields::lines(lines.map(|(name, v)| (name.clone(), v.as_str().unwrap().as_bytes().to_vec())));
        Message::request(
            text("method"),
            "https",
            text("authority"),
            &format!("{}{query}", self.value["path"].as_str().unwrap()),
            fields,
        )
    }

    /// Everything a server does with the request, with or without tolerance for base64url.
    fn verify(self, base64url: bool) -> Result<VerifiedRequest, SignatureError> {
        let (message, now) = (self.message(), self.created());
        let rules =
            SignatureRules { schemes: vec![Scheme::Jwt, Scheme::JwksUri], base64url, ..SignatureRules::default() };
        let signed = SignedRequest::read(&message, &rules, now)?.unwrap();
        match signed.key() {
            SignatureKey::Jwt(jwt) => {
                let token = Unverified::parse(jwt, IdentifierRules::Strict)?;
                let keys = self.capture.keys_of(token.issuer(), token.dwk());
                let audience = format!("https://{}", message.authority());
                let token = verify::token(&token, &keys, &rules_for(&audience), now)?;
                verify::request_of_token(&signed, &message, &token)
            }
            SignatureKey::JwksUri { id, dwk, kid } => {
                let (id, dwk) = (ServerId::parse(id).unwrap(), Dwk::from_name(dwk).unwrap());
                let keys = self.capture.keys_of(&id, dwk);
                verify::request_of_server(&signed, &message, (&id, dwk, kid), &keys)
            }
            SignatureKey::Hwk(_) | SignatureKey::JktJwt(_) => panic!("{}: no capture has this scheme", self.name()),
        }
    }

    /// Whether the known defect is in it: an ES256 signature in DER is longer than `r || s`.
    fn is_der(self) -> bool {
        self.header("signature").unwrap().len() > 94
    }

    /// The tokens of the request's body and of the answer's.
    fn tokens_in_bodies(self) -> Vec<String> {
        let bodies = [&self.value["body"], &self.value["response"]["body"]];
        let parsed = bodies.into_iter().filter_map(|body| serde_json::from_str::<Value>(body.as_str()?).ok());
        parsed.flat_map(|body| strings(&body)).filter(|text| text.starts_with("eyJ") && text.contains('.')).collect()
    }

    /// Verifies a token as the party it is addressed to does.
    fn verify_token(self, compact: &str) -> TokenType {
        let token = Unverified::parse(compact, IdentifierRules::Strict).unwrap();
        let keys = self.capture.keys_of(token.issuer(), token.dwk());
        let audience = match token.typ() {
            TokenType::Resource => "https://ps.peer.test",
            TokenType::Agent | TokenType::Person | TokenType::Auth => "https://api.peer.test",
        };
        let (rules, now) = (rules_for(audience), self.created());
        match token.typ() {
            TokenType::Resource => {
                verify::resource_token(&token, &keys, &rules, now).unwrap();
            }
            TokenType::Agent | TokenType::Person | TokenType::Auth => {
                verify::token(&token, &keys, &rules, now).unwrap();
            }
        }
        token.typ()
    }
}

/// Every string in a JSON value.
fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(values) => values.iter().flat_map(strings).collect(),
        Value::Object(members) => members.values().flat_map(strings).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

fn rules_for(audience: &str) -> TokenRules {
    TokenRules {
        audience: ServerId::parse(audience).unwrap(),
        identifiers: IdentifierRules::Strict,
        window: 60,
        max_agent_lifetime: MAX_AGENT_LIFETIME,
    }
}

#[test]
fn what_the_python_library_signs_verifies_where_base64url_is_admitted() {
    let capture = Capture::open(AAUTH_PY);
    assert_eq!(capture.cases().count(), 11);
    for case in capture.cases().filter(|case| !case.is_der()) {
        assert!(case.verify(true).is_ok(), "{}: {:?}", case.name(), case.verify(true));
        // Without `-` and `_` the alphabets agree, and RFC 9651 tells parsers not to insist on padding.
        let refused = case.verify(false).err().map(|fault| fault.code);
        let told_apart = case.header("signature").unwrap().contains(['-', '_']);
        assert_eq!(refused, told_apart.then_some(Code::InvalidSignature), "{}", case.name());
    }
}

#[test]
fn an_es256_signature_in_der_is_refused_always() {
    let capture = Capture::open(AAUTH_PY);
    let der: Vec<_> = capture.cases().filter(|case| case.is_der()).collect();
    assert_eq!(der.iter().map(|case| case.name()).collect::<Vec<_>>(), ["resource_get_agent_token_es256"]);
    for base64url in [true, false] {
        assert_eq!(der[0].verify(base64url).unwrap_err().code, Code::InvalidSignature);
    }
}

#[test]
fn the_same_librarys_requests_encoded_by_the_standards_verify() {
    let capture = Capture::open(SHIMMED);
    assert_eq!(capture.cases().count(), 5);
    for case in capture.cases() {
        for base64url in [true, false] {
            assert!(case.verify(base64url).is_ok(), "{}: {:?}", case.name(), case.verify(base64url));
        }
    }
}

/// The server's own refusals are about the body, so every signature of its own client is good; the Python library's
/// is good where base64url is.
#[test]
fn what_a_client_of_the_person_server_signs_verifies() {
    let capture = Capture::open(INTROSPECTION);
    assert_eq!(capture.cases().count(), 15);
    for case in capture.cases() {
        let standard = case.value["signer"] == "introspection";
        assert!(case.verify(true).is_ok(), "{}: {:?}", case.name(), case.verify(true));
        assert_eq!(case.verify(false).is_ok(), standard, "{}", case.name());
        // That server, too, refuses what is signed in base64url, and nothing else, with 401.
        assert_eq!(case.value["response"]["status"] == 401, !standard, "{}", case.name());
    }
}

#[test]
fn every_token_in_a_body_verifies_for_its_audience() {
    let mut seen = Vec::new();
    for file in [AAUTH_PY, SHIMMED, INTROSPECTION] {
        let capture = Capture::open(file);
        for case in capture.cases() {
            seen.extend(case.tokens_in_bodies().iter().map(|token| case.verify_token(token)));
        }
    }
    let count = |typ| seen.iter().filter(|t| **t == typ).count();
    assert_eq!(
        [TokenType::Agent, TokenType::Person, TokenType::Resource, TokenType::Auth].map(count),
        [0, 7, 4, 2],
        "tokens of each type"
    );
}

#[test]
fn every_content_digest_speaks_of_its_body() {
    let mut checked = 0;
    for file in [AAUTH_PY, SHIMMED, INTROSPECTION] {
        for case in Capture::open(file).cases() {
            let Some(field) = case.header("content-digest") else { continue };
            let body = case.value["body"].as_str().unwrap();
            assert_eq!(digest::matches(field, body.as_bytes()), Ok(()), "{}", case.name());
            checked += 1;
        }
    }
    assert!(checked > 15);
}

/// The recorders decoded keys and tokens with libraries of their own: ours read the same.
#[test]
fn every_key_and_token_reads_as_it_was_recorded() {
    for file in [AAUTH_PY, SHIMMED, INTROSPECTION] {
        let capture = Capture::open(file);
        for (party, key) in capture.0["keys"].as_object().unwrap() {
            let ours = thumbprint(key["private_jwk"].as_object().unwrap()).unwrap();
            assert_eq!(ours.as_str(), key["thumbprint"], "{party}");
        }
        for case in capture.cases() {
            for (typ, token) in case.value["tokens"].as_object().unwrap() {
                let jws = CompactJws::decode(token["raw"].as_str().unwrap()).unwrap();
                assert_eq!(Value::Object(jws.header), token["header"], "{typ} of {}", case.name());
                assert_eq!(Value::Object(jws.claims), token["claims"], "{typ} of {}", case.name());
            }
        }
    }
}

/// Discovery by `{iss}/.well-known/{dwk}`: the documents that Person Server fetched, in the order we would.
#[test]
fn the_documents_another_server_fetched_are_those_we_would_fetch() {
    let capture = Capture::open(INTROSPECTION);
    let fetched = capture.0["hub_requests"].as_array().unwrap().iter().map(|fetch| fetch["url"].as_str().unwrap());
    let would = |issuer: &str, dwk: Dwk| {
        let issuer = ServerId::parse(issuer).unwrap();
        let document = issuer.well_known(dwk.name());
        let metadata = capture.0["documents"][&document].to_string();
        [document, IssuerMetadata::parse(metadata.as_bytes(), &issuer).unwrap().jwks_uri]
    };
    let ours = [would("https://agents.peer.test", Dwk::Agent), would("https://api.peer.test", Dwk::Resource)].concat();
    assert_eq!(fetched.collect::<Vec<_>>(), ours);
}

/// A captured request is good for the window around `created`, at its own server, and as it was sent.
#[test]
fn no_captured_request_verifies_when_anything_covered_has_changed() {
    for file in [AAUTH_PY, SHIMMED, INTROSPECTION] {
        let capture = Capture::open(file);
        for case in capture.cases().filter(|case| !case.is_der()) {
            for member in ["method", "path", "authority"] {
                let mut changed = case.value.clone();
                changed[member] = match member {
                    "method" => "PUT".into(),
                    "path" => "/elsewhere".into(),
                    _ => "other.peer.test".into(),
                };
                let changed = Case { capture: &capture, value: &changed };
                assert!(changed.verify(true).is_err(), "{} with another {member}", case.name());
            }
        }
    }
}
