//! One agent provider, one agent, one Person Server and one resource that exist only as keys and documents, for the
//! peers to speak of. Keys are made of a repeated byte: nothing here is a secret.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;
use serde_json::{Value, json};

use super::peer::Peer;

pub(crate) const AGENT_PROVIDER: &str = "https://agents.peer.test";
pub(crate) const PERSON_SERVER: &str = "https://ps.peer.test";
pub(crate) const RESOURCE: &str = "https://api.peer.test";
pub(crate) const AGENT: &str = "aauth:ada@agents.peer.test";

/// The keys (private JWKs), and what their owners publish.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) agent_provider: Value,
    pub(crate) agent: Value,
    pub(crate) person_server: Value,
    pub(crate) resource: Value,
    /// `{ISSUER: JWKS}`, as `aauth_agent.py` takes them.
    pub(crate) jwks: Value,
    /// `{URL: JSON}`, as `regent.py` and `introspection_ps.py` take them.
    pub(crate) documents: Value,
}

impl World {
    /// The same world each time.
    pub(crate) fn new() -> Self {
        let (agent_provider, person_server, resource) = (key(1, "ap-1"), key(3, "ps-1"), key(4, "rs-1"));
        let servers = [
            (AGENT_PROVIDER, "aauth-agent.json", &agent_provider),
            (PERSON_SERVER, "aauth-person.json", &person_server),
            (RESOURCE, "aauth-resource.json", &resource),
        ];
        let (mut jwks, mut documents) = (json!({}), json!({}));
        for (issuer, document, key) in servers {
            let keys = json!({ "keys": [public(key)] });
            let metadata = json!({ "issuer": issuer, "jwks_uri": format!("{issuer}/jwks.json") });
            put(&mut documents, &format!("{issuer}/.well-known/{document}"), metadata);
            put(&mut documents, &format!("{issuer}/jwks.json"), keys.clone());
            put(&mut jwks, issuer, keys);
        }
        Self { agent_provider, agent: key(2, "agent-1"), person_server, resource, jwks, documents }
    }

    /// The documents of one issuer, by path.
    pub(crate) fn published(&self, issuer: &str) -> Vec<(String, Value)> {
        let documents = self.documents.as_object().unwrap().iter();
        documents.filter_map(|(url, document)| Some((url.strip_prefix(issuer)?.to_owned(), document.clone()))).collect()
    }

    /// An agent token of the provider, made by the agents' own library.
    pub(crate) fn agent_token(&self, aauth: &mut Peer) -> Value {
        aauth.call(&json!({
            "op": "agent_token", "iss": AGENT_PROVIDER, "sub": AGENT, "private_jwk": self.agent_provider,
            "kid": "ap-1", "agent_jwk": self.agent, "ps": PERSON_SERVER,
        }))
    }
}

/// An Ed25519 private JWK whose seed is one byte, repeated.
pub(crate) fn key(seed: u8, kid: &str) -> Value {
    let seed = [seed; 32];
    let public = SigningKey::from_bytes(&seed).verifying_key().to_bytes();
    json!({
        "kty": "OKP", "crv": "Ed25519", "alg": "Ed25519", "kid": kid,
        "x": URL_SAFE_NO_PAD.encode(public), "d": URL_SAFE_NO_PAD.encode(seed),
    })
}

/// The same key as anybody may see it.
pub(crate) fn public(key: &Value) -> Value {
    let mut public = key.clone();
    public.as_object_mut().unwrap().remove("d");
    public
}

/// Sets one member of a JSON object.
pub(crate) fn put(object: &mut Value, name: &str, value: Value) {
    object.as_object_mut().unwrap().insert(name.to_owned(), value);
}
