//! What verification proves, and each way in which it refuses.

mod claims;
mod requests;
mod robustness;
mod tokens;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde_json::{Value, json};

use super::*;
use crate::aauth::key::SigningKey;
use crate::aauth::token::MAX_AGENT_LIFETIME;

const NOW: Seconds = 1_730_217_600;

fn key(kid: &str, seed: u8) -> SigningKey {
    SigningKey::ed25519(kid, &[seed; 32])
}

fn agent_key() -> SigningKey {
    key("agent", 1)
}

/// Whoever issues a type of token in these tests, by that type.
fn issuer_key(typ: TokenType) -> SigningKey {
    match typ {
        TokenType::Agent => key("ap-1", 11),
        TokenType::Person => key("ps-1", 12),
        TokenType::Resource => key("rs-1", 13),
        // One of the four signs by the other algorithm.
        TokenType::Auth => SigningKey::es256("as-1", &[14; 32]).unwrap(),
    }
}

fn rules() -> TokenRules {
    TokenRules {
        audience: ServerId::parse("https://us.example").unwrap(),
        identifiers: IdentifierRules::Strict,
        window: 60,
        max_agent_lifetime: MAX_AGENT_LIFETIME,
    }
}

/// A compact JWS of whatever header and payload, signed by whatever key.
fn compact(header: &str, payload: &str, key: &SigningKey) -> String {
    let signed = format!("{}.{}", BASE64_URL_SAFE_NO_PAD.encode(header), BASE64_URL_SAFE_NO_PAD.encode(payload));
    format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes())))
}

/// A token in the making: good until something is done to it.
#[derive(Debug, Clone)]
struct Draft {
    header: Value,
    claims: Value,
    key: SigningKey,
    keys: Jwks,
}

impl Draft {
    fn good(typ: TokenType) -> Self {
        let key = issuer_key(typ);
        let common = |iss: &str, dwk: &str| {
            json!({"iss": iss, "dwk": dwk, "jti": "t-1", "iat": NOW - 10, "exp": NOW + 200, "sub": "person-1",
                   "aud": "https://us.example"})
        };
        let mut claims = match typ {
            TokenType::Agent => common("https://agents.example", "aauth-agent.json"),
            TokenType::Person => common("https://ps.example", "aauth-person.json"),
            TokenType::Resource => common("https://api.example", "aauth-resource.json"),
            TokenType::Auth => common("https://access.example", "aauth-access.json"),
        };
        let more = match typ {
            TokenType::Agent => json!({"sub": "aauth:ada@agents.example", "ps": "https://ps.example"}),
            TokenType::Person => json!({}),
            TokenType::Resource => json!({"ps": "https://ps.example", "presented_jti": "p-1", "agent_jkt": "x"}),
            TokenType::Auth => json!({"ps": "https://ps.example", "scope": "a b"}),
        };
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        if typ != TokenType::Resource {
            let mut jwk = agent_key().public().to_jwk();
            jwk.remove("kid");
            claims["cnf"] = json!({ "jwk": jwk });
        }
        let header = json!({"alg": key.public().algorithm().name(), "typ": typ.typ(), "kid": key.kid()});
        Self { header, claims, keys: Jwks::of([key.public()]), key }
    }

    /// With a claim set; `null` takes it away.
    fn claim(mut self, name: &str, value: Value) -> Self {
        set(&mut self.claims, name, value);
        self
    }

    /// With a header member set; `null` takes it away.
    fn header(mut self, name: &str, value: Value) -> Self {
        set(&mut self.header, name, value);
        self
    }

    /// With a member of `cnf.jwk` set; `null` takes it away.
    fn confirming(mut self, name: &str, value: Value) -> Self {
        set(&mut self.claims["cnf"]["jwk"], name, value);
        self
    }

    fn sign(&self) -> String {
        compact(&self.header.to_string(), &self.claims.to_string(), &self.key)
    }

    /// Everything a recipient does with the token, where a token of type `typ` is expected.
    fn verify(&self, typ: TokenType) -> Result<(), TokenFault> {
        verify_as(typ, &self.sign(), &self.keys)
    }
}

fn set(object: &mut Value, name: &str, value: Value) {
    let object = object.as_object_mut().unwrap();
    if value.is_null() {
        object.remove(name);
    } else {
        object.insert(name.to_owned(), value);
    }
}

fn verify_as(typ: TokenType, compact: &str, keys: &Jwks) -> Result<(), TokenFault> {
    let unverified = Unverified::parse(compact, IdentifierRules::Strict)?;
    match typ {
        TokenType::Resource => resource_token(&unverified, keys, &rules(), NOW).map(|_| ()),
        TokenType::Agent | TokenType::Person | TokenType::Auth => token(&unverified, keys, &rules(), NOW).map(|_| ()),
    }
}
