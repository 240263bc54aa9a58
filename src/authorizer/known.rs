//! Tokens that verified a moment ago, with what policies need to know of them.
//!
//! A token is verified once and then recognised by its SHA-256, for at most a minute and never past its `exp`. The
//! request's own signature is verified every time: recognising a token proves nothing about who sent it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::aauth::identifier::{AgentId, ServerId};
use crate::aauth::verify::VerifiedToken;
use crate::policy::{ClaimValue, Principal, Subject, TokenFacts, TokenKind};

/// A verified token and its holder as policies see them.
#[derive(Debug)]
pub struct KnownToken {
    /// The token.
    pub token: VerifiedToken,
    /// Its holder, ready for Cedar.
    pub subject: Subject,
}

impl KnownToken {
    /// Prepares what policies need of a token that has verified.
    pub fn new(token: VerifiedToken) -> Self {
        let subject = subject(&token);
        Self { token, subject }
    }
}

/// The recently verified tokens of all resources.
#[derive(Debug)]
pub struct KnownTokens {
    cache: Cache<[u8; 32], Arc<KnownToken>>,
}

/// How long a verified token is recognised before its issuer's keys are looked at again.
const RECOGNISED: Duration = Duration::from_mins(1);

impl KnownTokens {
    /// Room for so many tokens.
    pub fn new(max_entries: u64) -> Self {
        Self { cache: Cache::builder().max_capacity(max_entries).time_to_live(RECOGNISED).build() }
    }

    /// What this token is known by at this resource: one resource's verdict is no other's.
    pub fn key(resource: &str, token: &str) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(resource.as_bytes());
        hash.update([0]);
        hash.update(token.as_bytes());
        hash.finalize().into()
    }

    /// The token, if it verified lately.
    pub fn find(&self, key: &[u8; 32]) -> Option<Arc<KnownToken>> {
        self.cache.get(key)
    }

    /// Remembers a verified token.
    pub fn remember(&self, key: [u8; 32], known: &Arc<KnownToken>) {
        self.cache.insert(key, Arc::clone(known));
    }

    /// How many are held.
    pub fn len(&self) -> u64 {
        self.cache.entry_count()
    }

    /// Whether none is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

fn subject(token: &VerifiedToken) -> Subject {
    let common = token.common();
    let text = |id: &ServerId| id.as_str().to_owned();
    let facts = |kind| TokenFacts {
        kind,
        issuer: text(&common.iss),
        jti: common.jti.clone(),
        scopes: Vec::new(),
        issued_at: common.iat,
        expires_at: common.exp,
        mission: None,
        account: None,
        tenant: None,
        key: token.key().thumbprint().as_str().to_owned(),
        claims: BTreeMap::new(),
    };
    match token {
        VerifiedToken::Agent(agent) => {
            let principal = Principal::Agent {
                id: agent.sub.as_str().to_owned(),
                provider: text(&common.iss),
                parent: agent.parent_agent.as_ref().map(AgentId::as_str).map(str::to_owned),
                ps: agent.ps.as_ref().map(text),
            };
            let facts = TokenFacts { claims: tags(&agent.more), ..facts(TokenKind::Agent) };
            Subject::new(principal, Some(facts))
        }
        VerifiedToken::Person(person) => {
            let principal = Principal::Person {
                iss: text(&common.iss),
                sub: person.sub.clone(),
                ps: text(&common.iss),
                tenant: person.tenant.clone(),
                groups: names(&person.more, "groups"),
                roles: names(&person.more, "roles"),
            };
            let facts = TokenFacts {
                mission: person.mission_s256.clone(),
                tenant: person.tenant.clone(),
                claims: tags(&person.more),
                ..facts(TokenKind::Person)
            };
            Subject::new(principal, Some(facts))
        }
        VerifiedToken::Auth(auth) => {
            let principal = Principal::Person {
                iss: text(&common.iss),
                sub: auth.sub.clone(),
                ps: text(&auth.ps),
                tenant: auth.tenant.clone(),
                groups: names(&auth.more, "groups"),
                roles: names(&auth.more, "roles"),
            };
            let facts = TokenFacts {
                scopes: auth.scopes.clone(),
                mission: auth.mission_s256.clone(),
                account: auth.account.clone(),
                tenant: auth.tenant.clone(),
                claims: tags(&auth.more),
                ..facts(TokenKind::Auth)
            };
            Subject::new(principal, Some(facts))
        }
    }
}

/// The strings of an array claim.
fn names(claims: &Map<String, Value>, name: &str) -> Vec<String> {
    let list = claims.get(name).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Claims without a place of their own: strings, and arrays of strings. Others cannot be tags and are left out.
fn tags(claims: &Map<String, Value>) -> BTreeMap<String, ClaimValue> {
    let value = |value: &Value| match value {
        Value::String(text) => Some(ClaimValue::One(text.clone())),
        Value::Bool(flag) => Some(ClaimValue::One(flag.to_string())),
        Value::Number(number) => Some(ClaimValue::One(number.to_string())),
        Value::Array(list) => {
            let strings: Option<Vec<_>> = list.iter().map(|v| v.as_str().map(str::to_owned)).collect();
            strings.map(ClaimValue::Many)
        }
        Value::Null | Value::Object(_) => None,
    };
    claims.iter().filter_map(|(name, v)| Some((name.clone(), value(v)?))).collect()
}
