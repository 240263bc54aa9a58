//! A person of this server. How they log in is not decided here.

use std::fmt;

use aauth_authorizer::clock::Seconds;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A person's key in this server's own records. It never leaves the server: resources see directed identifiers.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PersonKey(String);

impl PersonKey {
    /// The key with this text, as stored or as made from random bytes.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PersonKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Their key.
    pub key: PersonKey,
    /// What they are called, for themselves and in the log.
    pub name: String,
    /// The organization they belong to; a claim of every token, where there is one.
    pub tenant: Option<String>,
    /// Identity claims that may be told when asked for and consented to (`email`, `name`, ...).
    pub claims: Map<String, Value>,
    /// Since when.
    pub created_at: Seconds,
}
