//! Reading a metadata document: its issuer first, then members one by one, each of a bounded size.
//!
//! An oversized or misplaced member condemns the whole document: what is shown to a person must not be half of what its
//! author wrote. `null` counts as absent, since many a serialiser writes it so.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::MetadataFault;
use crate::aauth::identifier::{IdentifierRules, ServerId};
use crate::aauth::token::parse_scopes;
use crate::aauth::url::{InvalidUrl, PublicUrl};

/// Entries of any list or map.
const MAX_ENTRIES: usize = 200;
/// Characters of a list's entry: an algorithm, a scope, a claim, a component.
const MAX_ENTRY: usize = 200;
/// Bytes of a scope's description.
const MAX_SCOPE_DESCRIPTION: usize = 4096;

/// The part of any metadata document that key discovery needs, its issuer already matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerMetadata {
    /// Where the issuer's keys are.
    pub jwks_uri: String,
}

impl IssuerMetadata {
    /// Reads a document fetched from `{expected}/.well-known/...`.
    pub fn parse(bytes: &[u8], expected: &ServerId) -> Result<Self, MetadataFault> {
        let document = object_of(bytes, expected)?;
        let jwks_uri = document.get("jwks_uri").and_then(|uri| uri.as_str()).ok_or(MetadataFault::JwksUriMissing)?;
        Ok(Self { jwks_uri: jwks_uri.to_owned() })
    }
}

/// A document whose issuer is the one it was fetched for.
#[derive(Debug)]
pub(super) struct Document {
    members: Map<String, Value>,
    rules: IdentifierRules,
}

impl Document {
    pub(super) fn parse(bytes: &[u8], expected: &ServerId, rules: IdentifierRules) -> Result<Self, MetadataFault> {
        Ok(Self { members: object_of(bytes, expected)?, rules })
    }

    /// A string of at most so many bytes, without control characters but line breaks and tabs.
    pub(super) fn text(&self, name: &'static str, max: usize) -> Result<Option<String>, MetadataFault> {
        let Some(value) = self.member(name) else { return Ok(None) };
        let text = value.as_str().ok_or_else(|| fault(name, "is not a string"))?;
        bounded(name, text, max).map(Some)
    }

    /// As [`Self::text`], counted in characters and on one line.
    pub(super) fn line(&self, name: &'static str, max: usize) -> Result<Option<String>, MetadataFault> {
        let text = self.text(name, max * 4)?;
        if text.as_ref().is_some_and(|text| text.chars().count() > max || text.chars().any(char::is_control)) {
            return Err(fault(name, format!("must be one line of at most {max} characters")));
        }
        Ok(text)
    }

    /// An `https` URL.
    pub(super) fn url(&self, name: &'static str) -> Result<Option<String>, MetadataFault> {
        self.url_by(name, PublicUrl::parse)
    }

    /// An `https` URL without a query.
    pub(super) fn endpoint(&self, name: &'static str) -> Result<Option<String>, MetadataFault> {
        self.url_by(name, PublicUrl::endpoint)
    }

    fn url_by(
        &self,
        name: &'static str,
        parse: impl Fn(&str, IdentifierRules) -> Result<PublicUrl, InvalidUrl>,
    ) -> Result<Option<String>, MetadataFault> {
        let Some(value) = self.member(name) else { return Ok(None) };
        let text = value.as_str().ok_or_else(|| fault(name, "is not a string"))?;
        parse(text, self.rules).map(|url| Some(url.to_string())).map_err(|why| fault(name, why.to_string()))
    }

    /// Where the keys are. Whether that is fetched from is for egress admission to say.
    pub(super) fn jwks_uri(&self) -> Result<String, MetadataFault> {
        self.url("jwks_uri")?.ok_or(MetadataFault::JwksUriMissing)
    }

    pub(super) fn boolean(&self, name: &'static str) -> Result<bool, MetadataFault> {
        match self.member(name) {
            None => Ok(false),
            Some(value) => value.as_bool().ok_or_else(|| fault(name, "is neither true nor false")),
        }
    }

    pub(super) fn count(&self, name: &'static str) -> Result<Option<u64>, MetadataFault> {
        self.member(name).map(|value| value.as_u64().ok_or_else(|| fault(name, "is not a whole number"))).transpose()
    }

    /// A list of short strings.
    pub(super) fn list(&self, name: &'static str) -> Result<Vec<String>, MetadataFault> {
        let Some(value) = self.member(name) else { return Ok(Vec::new()) };
        let list = value.as_array().ok_or_else(|| fault(name, "is not an array"))?;
        if list.len() > MAX_ENTRIES {
            return Err(fault(name, format!("has more than {MAX_ENTRIES} entries")));
        }
        let entry = |value: &Value| {
            let text = value.as_str().ok_or_else(|| fault(name, "holds something that is not a string"))?;
            bounded(name, text, MAX_ENTRY)
        };
        list.iter().map(entry).collect()
    }

    /// Scopes with what each means.
    pub(super) fn scopes(&self, name: &'static str) -> Result<BTreeMap<String, String>, MetadataFault> {
        let Some(value) = self.member(name) else { return Ok(BTreeMap::new()) };
        let scopes = value.as_object().ok_or_else(|| fault(name, "is not an object"))?;
        if scopes.len() > MAX_ENTRIES {
            return Err(fault(name, format!("has more than {MAX_ENTRIES} scopes")));
        }
        let entry = |(scope, text): (&String, &Value)| {
            let legal = scope.len() <= MAX_ENTRY && parse_scopes(scope).is_some_and(|parsed| parsed == [scope.clone()]);
            let text =
                text.as_str().ok_or_else(|| fault(name, "describes a scope by something that is not a string"))?;
            if !legal {
                return Err(fault(name, "holds a name that no scope may have"));
            }
            Ok((scope.clone(), bounded(name, text, MAX_SCOPE_DESCRIPTION)?))
        };
        scopes.iter().map(entry).collect()
    }

    fn member(&self, name: &str) -> Option<&Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }
}

/// A member that a document must have.
pub(super) fn required<T>(name: &'static str, value: Option<T>) -> Result<T, MetadataFault> {
    value.ok_or_else(|| fault(name, "is missing"))
}

fn object_of(bytes: &[u8], expected: &ServerId) -> Result<Map<String, Value>, MetadataFault> {
    let document: Map<String, Value> = serde_json::from_slice(bytes).map_err(|_| MetadataFault::NotJson)?;
    match document.get("issuer").and_then(Value::as_str) {
        None => Err(MetadataFault::IssuerMissing),
        Some(issuer) if issuer != expected.as_str() => Err(MetadataFault::IssuerMismatch),
        Some(_) => Ok(document),
    }
}

fn bounded(name: &'static str, text: &str, max: usize) -> Result<String, MetadataFault> {
    if text.len() > max {
        return Err(fault(name, format!("is longer than {max} bytes")));
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(fault(name, "holds control characters"));
    }
    Ok(text.to_owned())
}

fn fault(name: &'static str, why: impl Into<String>) -> MetadataFault {
    MetadataFault::Member { name, why: why.into() }
}
