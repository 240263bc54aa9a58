//! Tokens in the making: good until something is done to them.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde_json::{Value, json};

use crate::aauth::key::SigningKey;
use crate::authorizer::testkit::{ACCESS, AGENTS, NOW, PERSONS, RESOURCE, agent_key, issuer_key, key};

#[derive(Debug, Clone)]
pub(super) struct Token {
    header: Value,
    claims: Value,
    key: SigningKey,
}

impl Token {
    /// An agent token for `aauth:ada@agents.example`.
    pub(super) fn agent() -> Self {
        let token = Self::new("aa-agent+jwt", AGENTS, "aauth-agent.json", "agent-1");
        token.claim("sub", json!("aauth:ada@agents.example")).claim("ps", json!(PERSONS)).claim("aud", Value::Null)
    }

    /// A person token for `ada`.
    pub(super) fn person() -> Self {
        Self::new("aa-person+jwt", PERSONS, "aauth-person.json", "person-1")
    }

    /// An auth token of the person server, for `ada` and `orders.read`.
    pub(super) fn auth() -> Self {
        let token = Self::new("aa-auth+jwt", PERSONS, "aauth-person.json", "auth-1");
        token.claim("ps", json!(PERSONS)).claim("scope", json!("orders.read"))
    }

    /// The same by the access server.
    pub(super) fn access() -> Self {
        let token = Self::new("aa-auth+jwt", ACCESS, "aauth-access.json", "access-1");
        token.claim("ps", json!(PERSONS)).claim("scope", json!("orders.read"))
    }

    /// What the resource itself would sign.
    pub(super) fn resource() -> Self {
        let token = Self::new("aa-resource+jwt", RESOURCE, "aauth-resource.json", "resource-1").by(key("orders-1"));
        let token = token.claim("cnf", Value::Null).claim("ps", json!(PERSONS)).claim("aud", json!(PERSONS));
        let jkt = agent_key().public().thumbprint().as_str().to_owned();
        token.claim("presented_jti", json!("person-1")).claim("agent_jkt", json!(jkt))
    }

    /// A `jkt-s256+jwt` in which this key vouches for the agent's.
    pub(super) fn naming(stable: &SigningKey) -> Self {
        let iss = format!("urn:jkt:sha-256:{}", stable.public().thumbprint());
        Self {
            header: json!({ "alg": "Ed25519", "typ": "jkt-s256+jwt", "jwk": jwk(stable) }),
            claims: json!({ "iss": iss, "iat": NOW, "exp": NOW + 60, "cnf": { "jwk": jwk(&agent_key()) } }),
            key: stable.clone(),
        }
    }

    fn new(typ: &str, issuer: &str, dwk: &str, jti: &str) -> Self {
        let key = issuer_key(issuer);
        let claims = json!({
            "iss": issuer, "dwk": dwk, "jti": jti, "iat": NOW - 10, "exp": NOW + 600, "sub": "ada", "aud": RESOURCE,
            "cnf": { "jwk": jwk(&agent_key()) },
        });
        Self { header: json!({ "alg": "Ed25519", "typ": typ, "kid": key.kid() }), claims, key }
    }

    /// With a claim set; `null` takes it away.
    pub(super) fn claim(mut self, name: &str, value: Value) -> Self {
        set(&mut self.claims, name, value);
        self
    }

    /// With a header member set; `null` takes it away.
    pub(super) fn header(mut self, name: &str, value: Value) -> Self {
        set(&mut self.header, name, value);
        self
    }

    /// With a member of `cnf.jwk` set; `null` takes it away.
    pub(super) fn confirming(mut self, name: &str, value: Value) -> Self {
        set(&mut self.claims["cnf"]["jwk"], name, value);
        self
    }

    /// Bound to another key.
    pub(super) fn bound_to(self, key: &SigningKey) -> Self {
        self.claim("cnf", json!({ "jwk": jwk(key) }))
    }

    /// Signed by another key, under the issuer's `kid`.
    pub(super) fn by(mut self, key: SigningKey) -> Self {
        self.key = key;
        self
    }

    pub(super) fn sign(&self) -> String {
        let encode = |part: &Value| BASE64_URL_SAFE_NO_PAD.encode(part.to_string());
        let signed = format!("{}.{}", encode(&self.header), encode(&self.claims));
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(self.key.sign(signed.as_bytes())))
    }

    /// This token's header and claims under the signature that the issuer made over its own.
    pub(super) fn under_the_signature_of(&self, other: &Self) -> String {
        let (signed, _) = self.sign().rsplit_once('.').map(|(s, t)| (s.to_owned(), t.to_owned())).unwrap();
        format!("{signed}.{}", other.sign().rsplit_once('.').unwrap().1)
    }

    /// Without any signature.
    pub(super) fn unsigned(&self) -> String {
        format!("{}.", self.sign().rsplit_once('.').unwrap().0)
    }
}

/// The public key as tokens carry it.
pub(super) fn jwk(key: &SigningKey) -> Value {
    let mut jwk = key.public().to_jwk();
    jwk.remove("kid");
    jwk.remove("use");
    Value::Object(jwk)
}

pub(super) fn set(object: &mut Value, name: &str, value: Value) {
    let object = object.as_object_mut().unwrap();
    if value.is_null() {
        object.remove(name);
    } else {
        object.insert(name.to_owned(), value);
    }
}
