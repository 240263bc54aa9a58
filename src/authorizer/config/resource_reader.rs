//! From a section of the file to a [`ResourceConfig`], key by key. What keys must agree on is told in [`super::check`].

use std::time::Duration;

use super::endpoint::endpoint;
use super::error::{Fault, quotable};
use super::keys::SigningKeys;
use super::reader::{Parsed, Section};
use super::resource::{
    DisplayMetadata, MAX_RESOURCE_TOKEN_LIFETIME, ResourceConfig, ResourceId, Scheme, SignatureRules,
};
use super::trust::{Issuer, TrustedIssuer};
use super::values::{field_name, flag, host, server_id, text, word};
use super::{duration, legacy, rpc, url};
use crate::aauth::identifier::{IdentifierRules, ServerId};
use crate::aauth::signature;
use crate::aauth::token::TokenType;
use crate::authorizer::resource::AccessMode;

const SCHEMES: &[(&str, signature::Scheme)] = &[
    ("jwt", signature::Scheme::Jwt),
    ("jwks_uri", signature::Scheme::JwksUri),
    ("hwk", signature::Scheme::Hwk),
    ("jkt-jwt", signature::Scheme::JktJwt),
];

const JWT_TYPES: &[(&str, TokenType)] =
    &[("aa-agent+jwt", TokenType::Agent), ("aa-person+jwt", TokenType::Person), ("aa-auth+jwt", TokenType::Auth)];

const MODES: &[(&str, AccessMode)] = &[
    ("agent-token", AccessMode::AgentToken),
    ("identity", AccessMode::AgentToken),
    ("person-token", AccessMode::PersonToken),
    ("auth-token", AccessMode::AuthToken),
];

/// Reads one resource. A name that is wrong is reported and stands in as empty, so that the rest is read all the same.
pub(crate) fn resource(section: &Section<'_>, rules: IdentifierRules) -> ResourceConfig {
    let id = section.required("id", ResourceId::parse).unwrap_or_else(|| ResourceId(String::new()));
    named(section, id, rules)
}

/// Reads one whose name is told elsewhere.
pub(crate) fn resource_called(section: &Section<'_>, id: &str, rules: IdentifierRules) -> Option<ResourceConfig> {
    let id = ResourceId::parse(id).map_err(|fault| section.wrong("id", fault)).ok()?;
    Some(named(section, id, rules))
}

fn named(section: &Section<'_>, id: ResourceId, rules: IdentifierRules) -> ResourceConfig {
    let mut resource = ResourceConfig::new(id);
    resource.hosts = section.list("hosts", host);
    resource.issuer = section.value("issuer", server_id(rules));
    if resource.issuer.is_none() && !section.has("issuer") {
        resource.issuer = resource.hosts.first().and_then(|host| issuer_of(host));
    }
    let access = section.section("access");
    access.set("require", &mut resource.access, access_mode);
    access.set("allow_anonymous", &mut resource.allow_anonymous, flag);
    resource.signing_keys = section.optional_section("signing_key").and_then(|s| SigningKeys::read(&s));
    resource.signatures = signatures(section);
    resource.display = display(section, rules);

    scopes(section, &mut resource);
    trust(section, &mut resource, rules);
    tokens(section, &mut resource);
    edge(section, &mut resource, rules);
    resource.rpc = rpc::routes(section, resource.id.as_str());
    legacy::ignored_resource_keys(section);
    resource
}

/// Where nothing is minted, the host names the resource well enough.
fn issuer_of(host: &str) -> Option<ServerId> {
    ServerId::parse(&format!("https://{host}")).ok()
}

fn access_mode(text: &str) -> Parsed<AccessMode> {
    // The earlier generation trimmed and lowered it.
    let text = text.trim().to_ascii_lowercase();
    if text == "interaction" {
        return Err(Fault::new("`interaction` is not supported by this version"));
    }
    word("an access mode", MODES)(&text)
}

fn scopes(section: &Section<'_>, resource: &mut ResourceConfig) {
    resource.scope_descriptions = section.map("scope_descriptions", scope, text).into_iter().collect();
    resource.supported_scopes = section.list("supported_scopes", scope);
    resource.default_resource_token_scopes = section.list("default_resource_token_scopes", scope);
    resource.identity_scopes = section.list("identity_scopes", scope);
}

/// A scope token of RFC 6749, section 3.3; the earlier generation trimmed it.
fn scope(text: &str) -> Parsed<String> {
    let scope = text.trim();
    let legal = |b: u8| b.is_ascii_graphic() && b != b'"' && b != b'\\';
    if scope.is_empty() || scope.len() > 256 || !scope.bytes().all(legal) {
        return Err(Fault::new(format!("`{}` is not a scope", quotable(text))));
    }
    Ok(scope.to_owned())
}

fn trust(section: &Section<'_>, resource: &mut ResourceConfig, rules: IdentifierRules) {
    resource.agent_servers = TrustedIssuer::read_list(section, "agent_servers", rules);
    resource.person_servers = TrustedIssuer::read_list(section, "person_servers", rules);
    resource.auth_servers = TrustedIssuer::read_list(section, "auth_servers", rules);
    resource.access_server = section.value("access_server", server_id(rules));

    // The earlier generation names one person server, apart from any list.
    let Some(inner) = section.optional_section("person_server") else { return };
    let Some(server) = TrustedIssuer::read(&inner, rules) else { return };
    let Issuer::Named(id) = &server.issuer else {
        inner.wrong("issuer", Fault::new("must be one server").hint("`\"*\"` belongs in `person_servers`"));
        return;
    };
    resource.person_server = Some(id.clone());
    match resource.person_servers.iter_mut().find(|t| t.issuer == server.issuer) {
        Some(listed) => listed.jwks_uri = listed.jwks_uri.take().or(server.jwks_uri),
        None => resource.person_servers.push(server),
    }
}

fn signatures(section: &Section<'_>) -> SignatureRules {
    let mut rules = SignatureRules::default();
    let (second, minute) = (Duration::from_secs(1), Duration::from_mins(1));
    section.set("signature_window", &mut rules.window, duration::within(second..=10 * minute));
    rules.additional_components = section.list("additional_signature_components", component);
    let schemes = section.list("allowed_signature_key_schemes", |text| {
        word("a scheme of Signature-Key", SCHEMES)(&text.trim().to_ascii_lowercase())
    });
    if section.has("allowed_signature_key_schemes") {
        rules.allowed_schemes = schemes;
    }
    section.set("allow_pseudonymous", &mut rules.allow_pseudonymous, flag);
    section.set("allow_base64url_signatures", &mut rules.allow_base64url, flag);
    rules
}

/// A component of RFC 9421 that a signature can be made to cover.
fn component(text: &str) -> Parsed<String> {
    const DERIVED: [&str; 6] = ["@method", "@authority", "@path", "@query", "@target-uri", "@scheme"];
    if DERIVED.contains(&text) {
        return Ok(text.to_owned());
    }
    if text.starts_with('@') {
        let known = DERIVED.map(|d| format!("`{d}`")).join(", ");
        return Err(Fault::new(format!("`{}` is not a derived component known here", quotable(text)))
            .hint(format!("known are {known}")));
    }
    if ["signature", "signature-input"].contains(&text) {
        return Err(Fault::new(format!("`{text}` cannot be covered by the signature it carries")));
    }
    field_name(text)
}

fn tokens(section: &Section<'_>, resource: &mut ResourceConfig) {
    let (second, day) = (Duration::from_secs(1), Duration::from_hours(24));
    let lifetime = duration::within(10 * second..=MAX_RESOURCE_TOKEN_LIFETIME);
    section.set("resource_token_lifetime", &mut resource.resource_token_lifetime, lifetime);
    section.set(
        "max_agent_token_lifetime",
        &mut resource.max_agent_token_lifetime,
        duration::within(60 * second..=day),
    );
    resource.allowed_jwt_types =
        section.list("allowed_jwt_types", |text| word("a type of token", JWT_TYPES)(&text.trim().to_ascii_lowercase()));
}

fn edge(section: &Section<'_>, resource: &mut ResourceConfig, rules: IdentifierRules) {
    resource.authority_override = section.value("authority_override", host);
    resource.scheme_override =
        section.value("scheme_override", word("a scheme", &[("http", Scheme::Http), ("https", Scheme::Https)]));
    section.set("strip_signature_headers", &mut resource.strip_signature_headers, flag);
    resource.forward_headers_to_policy = section.list("forward_headers_to_policy", visible_field);
    section.section("replay").set("unsafe_methods", &mut resource.replay_protection, flag);
    section.set("authorization_endpoint", &mut resource.authorization_endpoint, endpoint(rules));
    section.set("authorization_endpoint_override", &mut resource.authorization_endpoint, endpoint(rules));
    section.set("revocation_endpoint", &mut resource.revocation_endpoint, endpoint(rules));
}

/// Credentials are for verifying, not for policies: their errors and explanations quote what they saw.
fn visible_field(text: &str) -> Parsed<String> {
    const SECRET: [&str; 6] =
        ["authorization", "proxy-authorization", "cookie", "signature", "signature-key", "aauth-access"];
    let name = field_name(text)?;
    if SECRET.contains(&name.as_str()) {
        return Err(Fault::new(format!("`{name}` carries a credential, which policies must not see")));
    }
    Ok(name)
}

fn display(section: &Section<'_>, rules: IdentifierRules) -> DisplayMetadata {
    let (name, earlier_name) = (section.value("name", text), section.value("client_name", text));
    if name.is_some() && earlier_name.is_some() {
        section.wrong("client_name", Fault::new("is another word for `name`, which is given too").hint("keep `name`"));
    }
    DisplayMetadata {
        name: name.or(earlier_name),
        description: section.value("description", text),
        logo_uri: section.value("logo_uri", url::public(rules)),
        logo_dark_uri: section.value("logo_dark_uri", url::public(rules)),
        documentation_uri: section.value("documentation_uri", url::public(rules)),
        tos_uri: section.value("tos_uri", url::public(rules)),
        policy_uri: section.value("policy_uri", url::public(rules)),
    }
}
