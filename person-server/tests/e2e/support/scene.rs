//! A person server, its person, and a resource that trusts it.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use aauth_authorizer::aauth::key::SigningKey;

use super::{Person, PersonServer, Python, Resource};

/// Everybody but the agent.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) server: PersonServer,
    pub(crate) ada: Person,
    pub(crate) resource: Resource,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let place = PersonServer::place();
        let resource = Resource::start(place);
        let server = PersonServer::start(place, resource.published, None);
        let ada = Person::set_up(&server);
        Self { server, ada, resource }
    }

    /// An agent of the Python library's, with a key made of one byte, and a stable key made of another.
    pub(crate) fn python(&self, signing: u8, stable: Option<u8>) -> Python {
        let (server, gateway) = (self.server.address, self.resource.gateway.address);
        Python::new(server, gateway, self.resource.published, &key(signing), stable.map(key).as_ref())
    }
}

/// A private JWK whose seed is one byte, repeated.
pub(crate) fn key(seed: u8) -> Value {
    let seed = [seed; 32];
    let mut jwk = Value::Object(SigningKey::ed25519("key", &seed).public().to_jwk());
    jwk["d"] = json!(BASE64_URL_SAFE_NO_PAD.encode(seed));
    jwk
}
