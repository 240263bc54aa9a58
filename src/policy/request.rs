//! The question, in plain words: who asks, with what token, for what. No Cedar type is named here, so that those who
//! ask need not know it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::call::Call;

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Principal {
    /// An agent token was proved.
    Agent {
        /// The agent identifier, `aauth:local@domain`.
        id: String,
        /// The issuer of the agent token.
        provider: String,
        /// The agent that made this one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent: Option<String>,
        /// The agent's person server.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ps: Option<String>,
    },
    /// A person token or an auth token was proved: an agent acting for a person.
    Person {
        /// Who issued the token.
        iss: String,
        /// The person, in the words of the person server.
        sub: String,
        /// The person server. Where it is not `iss` (an access server's auth token), the person is `<ps>#<sub>`.
        ps: String,
        /// The person's tenant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tenant: Option<String>,
        /// The person's groups.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        groups: Vec<String>,
        /// The person's roles.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        roles: Vec<String>,
    },
    /// A key was proved, without an identity.
    Key {
        /// Its JWK thumbprint.
        thumbprint: String,
    },
    /// No signature.
    Anonymous,
}

/// What kind of token was proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// An agent token.
    Agent,
    /// A person token.
    Person,
    /// An auth token.
    Auth,
}

impl TokenKind {
    /// The value of `context.token.typ`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Person => "person",
            Self::Auth => "auth",
        }
    }
}

/// The value of a claim that has no place of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ClaimValue {
    /// One string.
    One(String),
    /// Several.
    Many(Vec<String>),
}

/// What the verified token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenFacts {
    /// Its kind.
    #[serde(rename = "typ")]
    pub kind: TokenKind,
    /// Its issuer.
    pub issuer: String,
    /// Its id.
    pub jti: String,
    /// Its scopes, split.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// When it was issued, in seconds since the epoch.
    pub issued_at: i64,
    /// When it expires, in seconds since the epoch.
    pub expires_at: i64,
    /// The mission it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mission: Option<String>,
    /// The account it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The tenant it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// The thumbprint of the key it is bound to.
    pub key: String,
    /// Every other claim a policy may want; tags on the principal.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub claims: BTreeMap<String, ClaimValue>,
}

/// What is asked of a resource.
#[derive(Debug, Clone, Copy)]
pub struct RequestFacts<'a> {
    /// The method, as sent.
    pub method: &'a str,
    /// The host.
    pub host: &'a str,
    /// The path, as sent, without the query.
    pub path: &'a str,
    /// The query, as sent, without its `?`. Decoded here, and only if a policy asks for it.
    pub query: Option<&'a str>,
    /// The headers policies may see. Names are made lower case here.
    pub headers: &'a [(&'a str, &'a str)],
    /// Where the request came from.
    pub source_ip: Option<IpAddr>,
    /// The identity of the proxy's client.
    pub peer: Option<&'a str>,
    /// The call in the body, where the path is served by JSON-RPC: then that is what is asked, and not the method.
    pub call: Option<&'a Call>,
}
