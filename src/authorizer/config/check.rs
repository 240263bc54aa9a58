//! What keys must agree on: rules that no key can be judged by alone. Every breach is reported.

use std::collections::{BTreeMap, BTreeSet};

use super::error::Fault;
use super::reader::Section;
use super::resource::ResourceConfig;
use crate::aauth::signature;
use crate::aauth::token::TokenType;
use crate::authorizer::resource::AccessMode;

/// The rules within one resource.
pub(super) fn resource(resource: &ResourceConfig, section: &Section<'_>) {
    identity(resource, section);
    schemes(resource, section);
    scopes(resource, section);
    match resource.access {
        AccessMode::AgentToken => {}
        AccessMode::PersonToken => needs_person_servers(resource, section),
        AccessMode::AuthToken => grants(resource, section),
    }
    silent_trust(resource, section);
    if resource.authorization_endpoint.path == resource.revocation_endpoint.path {
        section.wrong("revocation_endpoint", Fault::new("is the path of `authorization_endpoint` too"));
    }
}

/// The rules between resources.
pub(super) fn across(resources: &[(ResourceConfig, Section<'_>)]) {
    let mut ids = BTreeSet::new();
    let mut hosts = BTreeMap::new();
    for (resource, section) in resources {
        let id = resource.id.as_str();
        if !id.is_empty() && !ids.insert(id) {
            section.wrong("id", Fault::new(format!("`{id}` names another resource already")));
        }
        for (n, host) in resource.hosts.iter().enumerate() {
            if let Some(owner) = hosts.insert(host.as_str(), id) {
                section.wrong_item("hosts", n, Fault::new(format!("`{host}` is a host of `{owner}` already")));
            }
        }
    }
}

fn identity(resource: &ResourceConfig, section: &Section<'_>) {
    let mints = resource.access != AccessMode::AgentToken;
    // An issuer that is there but wrong has been reported.
    if mints && !section.has("issuer") {
        let mode = resource.access.name();
        let fault = Fault::new(format!("is required, since `access.require` is `{mode}`"));
        section.wrong("issuer", fault.hint("tokens are made out to it"));
    }
    if resource.hosts.is_empty() && !section.has("hosts") {
        section.warn("hosts", "none, so that only the proxy's `aauth_resource_id` leads here");
    }
}

fn schemes(resource: &ResourceConfig, section: &Section<'_>) {
    let rules = &resource.signatures;
    let key = "allowed_signature_key_schemes";
    if rules.allowed_schemes.is_empty() {
        // Items that were wrong have been reported; a list that was empty from the start has not.
        if section.has_empty_list(key) {
            section.wrong(key, Fault::new("no scheme is left, so no request could be accepted"));
        }
        return;
    }
    for (n, scheme) in rules.allowed_schemes.iter().enumerate() {
        if scheme.is_pseudonymous() && !rules.allow_pseudonymous {
            let fault = Fault::new(format!("`{}` proves no identity", scheme.name()));
            section.wrong_item(key, n, fault.hint("it takes `allow_pseudonymous: true`"));
        }
    }
    if rules.allowed_schemes.contains(&signature::Scheme::Jwt) {
        return;
    }
    if resource.access != AccessMode::AgentToken {
        let mode = resource.access.name();
        section.wrong(key, Fault::new(format!("must include `jwt`, since `access.require` is `{mode}`")));
    } else if !resource.allowed_jwt_types.is_empty() {
        section.wrong(key, Fault::new("must include `jwt`, since `allowed_jwt_types` names tokens"));
    }
}

fn scopes(resource: &ResourceConfig, section: &Section<'_>) {
    for (n, scope) in resource.default_resource_token_scopes.iter().enumerate() {
        if !resource.may_ask_for(scope) {
            let fault = Fault::new(format!("`{scope}` is not a scope of this resource"));
            section.wrong_item("default_resource_token_scopes", n, fault.hint("describe it in `scope_descriptions`"));
        }
    }
}

fn needs_person_servers(resource: &ResourceConfig, section: &Section<'_>) {
    if resource.person_servers.is_empty() && !section.has("person_servers") && !section.has("person_server") {
        let fault = Fault::new("is required, since `access.require` is `person-token`");
        section.wrong("person_servers", fault.hint("list those you trust, or write `[{ issuer: \"*\" }]`"));
    }
}

fn grants(resource: &ResourceConfig, section: &Section<'_>) {
    let because = "is required, since `access.require` is `auth-token`";
    if !section.has("signing_key") {
        section.wrong("signing_key", Fault::new(because).hint("resource tokens are signed with it"));
    }
    let someone = ["person_servers", "person_server", "access_server"];
    if !someone.iter().any(|key| section.has(key)) {
        let fault = Fault::new(because).hint("list person servers you trust, or name an `access_server`");
        section.wrong("person_servers", fault);
    }
    if !section.has("scope_descriptions") && !section.has("supported_scopes") {
        section.wrong("scope_descriptions", Fault::new(because).hint("people are asked to consent to scopes"));
    }
    if !resource.allowed_jwt_types.is_empty() && !resource.allowed_jwt_types.contains(&TokenType::Auth) {
        section.wrong(
            "allowed_jwt_types",
            Fault::new("must include `aa-auth+jwt`, since `access.require` is `auth-token`"),
        );
    }
    if let Some(server) = &resource.access_server
        && super::trust::trusted(&resource.auth_servers, server).is_none()
    {
        section.wrong(
            "access_server",
            Fault::new(format!("`{server}` is not in `auth_servers`, so what it grants is refused")),
        );
    }
}

/// Silence trusts nobody, which is safe and seldom meant.
fn silent_trust(resource: &ResourceConfig, section: &Section<'_>) {
    if resource.agent_servers.is_empty() && !section.has("agent_servers") {
        section.warn("agent_servers", "none, so that no agent token is accepted");
    }
}
