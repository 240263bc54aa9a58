//! What a policy says besides yes and no, read from its annotations and checked when it is loaded.
//!
//! | Annotation | On | Effect |
//! |---|---|---|
//! | `@id("...")` | all | the name in logs and decisions; required, unique |
//! | `@require("agent-token" \| "person-token" \| "auth-token" \| "interaction")` | forbid | the denial is that challenge |
//! | `@scope("a b")` | forbid, permit | the scopes to ask for; on a permit, what would make it match |
//! | `@reason("...")` | all | told to the caller |
//! | `@status("403" \| "404" \| "429")` | forbid | the status of a plain denial |
//! | `@header_NAME("...")`, `@metadata_NAME("...")` | permit | sent upstream; `_` in a header's name is `-` |
//! | `@shadow` | all | evaluated and reported, not enforced |
//!
//! Anything else is an error: a misspelt `@require` would otherwise be a challenge that never comes.

use std::collections::BTreeSet;
use std::sync::Arc;

use cedar_policy::Policy;

use super::decision::Effect;
use super::error::did_you_mean;

/// The longest value of an annotation, in bytes.
const MAX_VALUE: usize = 1024;

/// The longest id, in bytes.
const MAX_ID: usize = 128;

/// What a challenge asks for, from the weakest to the strongest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Require {
    /// An agent token.
    AgentToken,
    /// A person token.
    PersonToken,
    /// An auth token.
    AuthToken,
    /// The person, at the resource.
    Interaction,
}

impl Require {
    const ALL: [Self; 4] = [Self::AgentToken, Self::PersonToken, Self::AuthToken, Self::Interaction];

    /// Its value in an annotation.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AgentToken => "agent-token",
            Self::PersonToken => "person-token",
            Self::AuthToken => "auth-token",
            Self::Interaction => "interaction",
        }
    }
}

/// Everything the annotations of one policy say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Obligations {
    pub(super) id: Arc<str>,
    pub(super) effect: Effect,
    pub(super) shadow: bool,
    pub(super) require: Option<Require>,
    pub(super) scopes: BTreeSet<Arc<str>>,
    pub(super) reason: Option<Arc<str>>,
    pub(super) status: Option<u16>,
    pub(super) headers: Vec<(Arc<str>, Arc<str>)>,
    pub(super) metadata: Vec<(Arc<str>, Arc<str>)>,
}

/// Something wrong with an annotation.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Complaint {
    /// The annotation, to find its place; none when one is missing.
    pub(super) key: Option<String>,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

impl Complaint {
    fn new(key: &str, message: impl Into<String>) -> Self {
        Self { key: Some(key.to_owned()), message: message.into(), hint: None }
    }

    fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

/// Reads the annotations of a policy, with every complaint about them.
pub(super) fn read(policy: &Policy) -> (Obligations, Vec<Complaint>) {
    let effect = match policy.effect() {
        cedar_policy::Effect::Permit => Effect::Permit,
        cedar_policy::Effect::Forbid => Effect::Forbid,
    };
    let mut found = Obligations {
        id: policy.annotation("id").unwrap_or_default().into(),
        effect,
        shadow: false,
        require: None,
        scopes: BTreeSet::new(),
        reason: None,
        status: None,
        headers: Vec::new(),
        metadata: Vec::new(),
    };
    let mut complaints = Vec::new();
    if policy.annotation("id").is_none() {
        complaints.push(Complaint {
            key: None,
            message: "the policy has no `@id`".to_owned(),
            hint: Some("name it, as `@id(\"orders-read\")` in front of it".to_owned()),
        });
    }
    let mut annotations: Vec<_> = policy.annotations().collect();
    annotations.sort_unstable();
    for (key, value) in annotations {
        complaints.extend(found.take(key, value).err());
    }
    complaints.extend(found.contradiction());
    (found, complaints)
}

impl Obligations {
    fn take(&mut self, key: &str, value: &str) -> Result<(), Complaint> {
        if value.len() > MAX_VALUE {
            return Err(Complaint::new(key, format!("`@{key}` is longer than {MAX_VALUE} bytes")));
        }
        match key {
            "id" => id(value).map(drop),
            "shadow" => {
                self.shadow = true;
                if value.is_empty() { Ok(()) } else { Err(Complaint::new(key, "`@shadow` takes no value")) }
            }
            "reason" => {
                self.reason = Some(text(key, value)?);
                Ok(())
            }
            "scope" => {
                self.scopes = scopes(value)?;
                Ok(())
            }
            "require" => {
                self.only_on(Effect::Forbid, key)?;
                self.require = Some(require(value)?);
                Ok(())
            }
            "status" => {
                self.only_on(Effect::Forbid, key)?;
                self.status = Some(status(value)?);
                Ok(())
            }
            _ => self.take_prefixed(key, value),
        }
    }

    fn take_prefixed(&mut self, key: &str, value: &str) -> Result<(), Complaint> {
        if let Some(name) = key.strip_prefix("header_") {
            self.only_on(Effect::Permit, key)?;
            self.headers.push((header_name(key, name)?, text(key, value)?));
        } else if let Some(name) = key.strip_prefix("metadata_").filter(|name| !name.is_empty()) {
            self.only_on(Effect::Permit, key)?;
            self.metadata.push((name.into(), text(key, value)?));
        } else {
            let known = ["id", "require", "scope", "reason", "status", "shadow", "header_", "metadata_"];
            let complaint = Complaint::new(key, format!("`@{key}` is not an annotation of this program"));
            return Err(match did_you_mean(key, known) {
                Some(hint) => complaint.hint(hint),
                None => complaint.hint("write what is only for readers as a `//` comment"),
            });
        }
        Ok(())
    }

    fn only_on(&self, effect: Effect, key: &str) -> Result<(), Complaint> {
        if self.effect == effect {
            return Ok(());
        }
        let name = match effect {
            Effect::Permit => "permit",
            Effect::Forbid => "forbid",
        };
        Err(Complaint::new(key, format!("`@{key}` says something only on a `{name}`")))
    }

    /// Annotations that are right one by one and wrong together.
    fn contradiction(&self) -> Option<Complaint> {
        if self.effect == Effect::Permit || self.scopes.is_empty() {
            return None;
        }
        match self.require {
            Some(Require::AuthToken | Require::Interaction) => None,
            Some(weaker @ (Require::AgentToken | Require::PersonToken)) => {
                let message = format!("`{}` carries no scope, so `@scope` asks for nothing", weaker.as_str());
                Some(Complaint::new("scope", message).hint("ask for an `auth-token`, or leave the scope out"))
            }
            None => Some(
                Complaint::new("scope", "a `forbid` with `@scope` needs `@require` to ask for it")
                    .hint("add `@require(\"auth-token\")`"),
            ),
        }
    }
}

fn id(value: &str) -> Result<(), Complaint> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '/');
    if value.is_empty() || value.len() > MAX_ID || !value.chars().all(plain) {
        return Err(Complaint::new("id", format!("`{}` is not an id", value.escape_debug()))
            .hint(format!("use 1 to {MAX_ID} letters, digits and `-_.:/`")));
    }
    Ok(())
}

fn require(value: &str) -> Result<Require, Complaint> {
    Require::ALL.into_iter().find(|require| require.as_str() == value).ok_or_else(|| {
        let complaint = Complaint::new("require", format!("`{}` cannot be required", value.escape_debug()));
        let values = Require::ALL.map(Require::as_str);
        complaint.hint(did_you_mean(value, values).unwrap_or_else(|| format!("one of `{}`", values.join("`, `"))))
    })
}

fn status(value: &str) -> Result<u16, Complaint> {
    match value {
        "403" => Ok(403),
        "404" => Ok(404),
        "429" => Ok(429),
        _ => Err(Complaint::new("status", format!("`{}` is not a status of a denial", value.escape_debug()))
            .hint("one of `403`, `404`, `429`")),
    }
}

/// Scope tokens, as RFC 6749 has them.
fn scopes(value: &str) -> Result<BTreeSet<Arc<str>>, Complaint> {
    let scopes: BTreeSet<Arc<str>> = value.split_ascii_whitespace().map(Arc::from).collect();
    let token = |c: char| c.is_ascii_graphic() && c != '"' && c != '\\';
    if let Some(bad) = scopes.iter().find(|scope| !scope.chars().all(token)) {
        return Err(Complaint::new("scope", format!("`{}` is not a scope", bad.escape_debug())));
    }
    if scopes.is_empty() {
        return Err(Complaint::new("scope", "`@scope` names no scope"));
    }
    Ok(scopes)
}

/// A value that travels in a header.
fn text(key: &str, value: &str) -> Result<Arc<str>, Complaint> {
    if value.is_empty() {
        return Err(Complaint::new(key, format!("`@{key}` needs a value")));
    }
    // A reason may be in any language; a header may not.
    let legible = |c: char| if key == "reason" { !c.is_control() } else { c == ' ' || c.is_ascii_graphic() };
    if !value.chars().all(legible) {
        return Err(Complaint::new(key, format!("`@{key}` holds a character that cannot be sent")));
    }
    Ok(value.into())
}

/// The header an annotation names. Those that frame a message, steer the proxy or state an identity are not a
/// policy's to set.
fn header_name(key: &str, name: &str) -> Result<Arc<str>, Complaint> {
    const RESERVED: [&str; 12] = [
        "connection",
        "content-length",
        "host",
        "keep-alive",
        "signature",
        "signature-input",
        "signature-key",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "expect",
    ];
    const RESERVED_PREFIXES: [&str; 3] = ["x-aauth-", "x-envoy-", "proxy-"];
    let header = name.replace('_', "-").to_ascii_lowercase();
    if header.trim_matches('-').is_empty() {
        return Err(Complaint::new(key, format!("`@{key}` names no header")));
    }
    if RESERVED.contains(&header.as_str()) || RESERVED_PREFIXES.iter().any(|prefix| header.starts_with(prefix)) {
        return Err(Complaint::new(key, format!("the header `{header}` is not a policy's to set")));
    }
    Ok(header.into())
}

#[cfg(test)]
mod tests;
