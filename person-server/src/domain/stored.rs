//! Identifiers and keys in stored JSON: strings and JWKs, read back into their types.
//!
//! What is stored was verified when it came in, under this deployment's identifier rules. It is read under the wider
//! of the two, so that switching `development` off does not make yesterday's rows unreadable.

use aauth_authorizer::aauth::identifier::{AgentId, IdentifierRules, ServerId};
use aauth_authorizer::aauth::key::PublicKey;
use serde::{Deserializer, Serializer};
use serde_json::{Map, Value};

/// The rules stored identifiers are read under.
pub const RULES: IdentifierRules = IdentifierRules::LoopbackAllowed;

/// `#[serde(with = "stored::server")]`
pub mod server {
    use super::{Deserializer, RULES, Serializer, ServerId};
    use serde::Deserialize as _;
    use serde::de::Error as _;

    /// As a string.
    pub fn serialize<S: Serializer>(id: &ServerId, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(id.as_str())
    }

    /// From a string.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<ServerId, D::Error> {
        ServerId::parse_under(&String::deserialize(from)?, RULES).map_err(D::Error::custom)
    }
}

/// `#[serde(with = "stored::agent")]`
pub mod agent {
    use super::{AgentId, Deserializer, RULES, Serializer};
    use serde::Deserialize as _;
    use serde::de::Error as _;

    /// As a string.
    pub fn serialize<S: Serializer>(id: &AgentId, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(id.as_str())
    }

    /// From a string.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<AgentId, D::Error> {
        AgentId::parse_under(&String::deserialize(from)?, RULES).map_err(D::Error::custom)
    }
}

/// `#[serde(with = "stored::key")]`
pub mod key {
    use super::{Deserializer, Map, PublicKey, Serializer, Value};
    use serde::de::Error as _;
    use serde::{Deserialize as _, Serialize as _};

    /// As a JWK.
    pub fn serialize<S: Serializer>(key: &PublicKey, to: S) -> Result<S::Ok, S::Error> {
        key.to_jwk().serialize(to)
    }

    /// From a JWK.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<PublicKey, D::Error> {
        PublicKey::from_jwk(&Map::<String, Value>::deserialize(from)?).map_err(D::Error::custom)
    }
}

/// A key as it is kept in a column of its own.
pub fn key_to_json(key: &PublicKey) -> String {
    Value::Object(key.to_jwk()).to_string()
}

/// Reads what [`key_to_json`] wrote.
pub fn key_from_json(json: &str) -> Option<PublicKey> {
    PublicKey::from_jwk(serde_json::from_str::<Value>(json).ok()?.as_object()?).ok()
}
