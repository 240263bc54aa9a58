//! What an operator wants to know of a running authorizer, as JSON. No key, token or person is in it.

use serde_json::{Value, json};

use super::check::Authorizer;
use super::resource::Resource;
use crate::policy::{LoadErrors, LoadFault};

impl Authorizer {
    /// What is in force, what was last refused, and what is held.
    pub fn status(&self) -> Value {
        let policies = self.policies.status();
        let discovery = self.issuers.stats();
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "policies": {
                "generation": policies.generation,
                "content_hash": policies.content_hash,
                "count": policies.policies,
                "last_reload_error": policies.last_error.as_deref().map(load_errors),
            },
            "resources": self.resources.iter().map(|resource| summary(resource)).collect::<Vec<_>>(),
            "discovery": {
                "issuers": discovery.entries,
                "fetch_success": discovery.fetch_success,
                "fetch_error": discovery.fetch_error,
                "stale_served": discovery.stale_served,
                "held_back": discovery.held_back,
            },
            "revocations": self.revocations.len(),
            "known_tokens": self.known.len(),
        })
    }
}

fn summary(resource: &Resource) -> Value {
    json!({
        "id": resource.id,
        "issuer": resource.issuer.as_str(),
        "hosts": resource.hosts,
        "access_mode": resource.access.name(),
        "signing_kid": resource.signing_key.as_ref().map(|key| key.kid().to_owned()),
    })
}

fn load_errors(errors: &LoadErrors) -> Value {
    json!({
        "count": errors.count(),
        "faults": errors.faults().iter().map(load_fault).collect::<Vec<_>>(),
    })
}

/// `at` is what an editor jumps to.
fn load_fault(fault: &LoadFault) -> Value {
    let file = fault.file.display();
    let at = fault.position.map_or_else(|| file.to_string(), |p| format!("{file}:{}:{}", p.line, p.column));
    json!({
        "at": at,
        "file": file.to_string(),
        "line": fault.position.map(|position| position.line),
        "column": fault.position.map(|position| position.column),
        "message": fault.message,
        "hint": fault.hint,
    })
}
