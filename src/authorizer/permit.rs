//! What goes upstream with a request that passes: identity headers, dynamic metadata, and what must not pass.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::answer::Permit;
use super::identify::Caller;
use super::resource::Resource;
use crate::aauth::message::{Message, push_percent_encoded};
use crate::aauth::verify::{VerifiedIdentity, VerifiedToken};

/// Every identity header there is. Those not set on a permit are removed from the request, so none can be forged.
pub const IDENTITY_HEADERS: [&str; 14] = [
    "x-aauth-level",
    "x-aauth-resource",
    "x-aauth-issuer",
    "x-aauth-agent",
    "x-aauth-agent-server",
    "x-aauth-delegate",
    "x-aauth-person",
    "x-aauth-person-server",
    "x-aauth-scope",
    "x-aauth-account",
    "x-aauth-tenant",
    "x-aauth-mission",
    "x-aauth-txn",
    "x-aauth-jkt",
];

const SIGNATURE_HEADERS: [&str; 3] = ["signature", "signature-input", "signature-key"];

/// How much was proved about a caller: the `level` of logs, metrics and metadata.
pub fn level(caller: Option<&Caller>) -> &'static str {
    match caller {
        None => "none",
        Some(Caller::Bare(_, request)) => match request.identity() {
            VerifiedIdentity::Server { .. } => "identified",
            VerifiedIdentity::Key | VerifiedIdentity::DelegatedKey { .. } | VerifiedIdentity::Token(_) => {
                "pseudonymous"
            }
        },
        Some(Caller::Token(known, _)) => match known.token {
            VerifiedToken::Agent(_) => "identified",
            VerifiedToken::Person(_) => "person",
            VerifiedToken::Auth(_) => "authorized",
        },
    }
}

/// The permit for a caller, with what the policies that permitted it add.
pub(super) fn compose(
    resource: &Resource,
    caller: Option<&Caller>,
    message: &Message,
    policy_headers: &[(Arc<str>, Arc<str>)],
    policy_metadata: &[(Arc<str>, Arc<str>)],
    policies: &[Arc<str>],
) -> Permit {
    let facts = facts(resource, caller);
    let mut metadata = Map::new();
    let mut headers = Vec::with_capacity(IDENTITY_HEADERS.len() + policy_headers.len());
    for fact in facts {
        if let Some(name) = fact.header {
            headers.push((name.to_owned(), header_safe(&fact.value)));
        }
        if let Some(name) = fact.metadata {
            metadata.insert(name.to_owned(), Value::String(fact.value));
        }
    }
    if let Some(VerifiedToken::Auth(auth)) = caller.and_then(Caller::token) {
        metadata.insert("scopes".into(), auth.scopes.clone().into());
    }
    metadata.insert("policies".into(), policies.iter().map(|id| Value::from(&**id)).collect());
    for (name, value) in policy_headers {
        headers.retain(|(known, _)| known != &**name);
        headers.push((name.to_string(), header_safe(value)));
    }
    metadata.extend(policy_metadata.iter().map(|(name, value)| (name.to_string(), Value::from(&**value))));
    let remove = to_remove(resource, message, &headers);
    Permit { headers, remove, metadata }
}

/// One thing known about the caller, and where it is told.
struct Fact {
    header: Option<&'static str>,
    metadata: Option<&'static str>,
    value: String,
}

fn facts(resource: &Resource, caller: Option<&Caller>) -> Vec<Fact> {
    let mut facts = Vec::with_capacity(16);
    let mut tell = |header: Option<&'static str>, metadata: Option<&'static str>, value: &str| {
        facts.push(Fact { header, metadata, value: value.to_owned() });
    };
    tell(Some("x-aauth-level"), Some("level"), level(caller));
    tell(Some("x-aauth-resource"), Some("resource"), &resource.id);
    let Some(caller) = caller else { return facts };
    tell(Some("x-aauth-jkt"), Some("jkt"), caller.request().thumbprint().as_str());
    match (caller.token(), caller.request().identity()) {
        (None, VerifiedIdentity::Server { id, .. }) => {
            tell(None, Some("scheme"), "jwks_uri");
            tell(Some("x-aauth-agent-server"), Some("agent_server"), id.as_str());
        }
        (None, VerifiedIdentity::DelegatedKey { stable }) => {
            tell(None, Some("scheme"), "jkt-jwt");
            tell(Some("x-aauth-agent"), Some("sub"), stable.as_str());
        }
        (None, VerifiedIdentity::Key | VerifiedIdentity::Token(_)) => tell(None, Some("scheme"), "hwk"),
        (Some(token), _) => {
            tell(None, Some("scheme"), "jwt");
            tell(None, Some("token_type"), token.typ().typ());
            tell(None, Some("jti"), &token.common().jti);
            tell(Some("x-aauth-issuer"), Some("issuer"), token.common().iss.as_str());
            of_token(token, &mut tell);
        }
    }
    facts
}

fn of_token(token: &VerifiedToken, tell: &mut impl FnMut(Option<&'static str>, Option<&'static str>, &str)) {
    match token {
        VerifiedToken::Agent(agent) => {
            tell(Some("x-aauth-agent-server"), Some("agent_server"), agent.common.iss.as_str());
            tell(Some("x-aauth-agent"), Some("agent"), agent.sub.as_str());
            tell(Some("x-aauth-delegate"), Some("sub"), agent.sub.as_str());
        }
        VerifiedToken::Person(person) => {
            tell(Some("x-aauth-person-server"), Some("ps"), person.common.iss.as_str());
            tell(Some("x-aauth-person"), Some("sub"), &person.sub);
            about_grant(person.tenant.as_deref(), person.mission_s256.as_deref(), tell);
        }
        VerifiedToken::Auth(auth) => {
            tell(Some("x-aauth-person-server"), Some("ps"), auth.ps.as_str());
            tell(Some("x-aauth-person"), Some("sub"), &auth.sub);
            tell(Some("x-aauth-scope"), Some("scope"), &auth.scopes.join(" "));
            if let Some(account) = &auth.account {
                tell(Some("x-aauth-account"), Some("account"), account);
            }
            about_grant(auth.tenant.as_deref(), auth.mission_s256.as_deref(), tell);
        }
    }
}

fn about_grant(
    tenant: Option<&str>,
    mission: Option<&str>,
    tell: &mut impl FnMut(Option<&'static str>, Option<&'static str>, &str),
) {
    if let Some(tenant) = tenant {
        tell(Some("x-aauth-tenant"), Some("tenant"), tenant);
    }
    if let Some(mission) = mission {
        tell(Some("x-aauth-mission"), Some("mission_s256"), mission);
    }
}

/// Every identity header that is not set here, known to us or only named like one, and the signature's own headers
/// where the resource keeps them to itself.
fn to_remove(resource: &Resource, message: &Message, set: &[(String, String)]) -> Vec<String> {
    let named_like_ours = message.fields().iter().map(|(name, _)| name).filter(|name| reads_like_ours(name));
    let mut remove: Vec<String> = IDENTITY_HEADERS.into_iter().chain(named_like_ours).map(str::to_owned).collect();
    if resource.strip_signature_headers {
        remove.extend(SIGNATURE_HEADERS.map(str::to_owned));
    }
    remove.retain(|name| !set.iter().any(|(known, _)| known == name));
    remove.sort();
    remove.dedup();
    remove
}

/// CGI and its heirs write `-` and `_` alike: to an upstream behind one, `x_aauth_person` is `x-aauth-person`.
fn reads_like_ours(name: &str) -> bool {
    name.bytes().map(|b| if b == b'_' { b'-' } else { b }).take(8).eq(*b"x-aauth-")
}

/// A header value: what is not visible ASCII is percent-encoded, so that no identity is dropped or split by a proxy.
fn header_safe(value: &str) -> String {
    if value.bytes().all(|b| matches!(b, 0x20..=0x7E)) {
        return value.to_owned();
    }
    value.bytes().fold(String::with_capacity(value.len() * 3), |mut safe, byte| {
        match byte {
            b'%' => safe.push_str("%25"),
            0x20..=0x7E => safe.push(char::from(byte)),
            _ => push_percent_encoded(&mut safe, byte),
        }
        safe
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_upstream_may_take_for_ours_is_recognised() {
        for name in ["x-aauth-person", "x_aauth_person", "x-aauth_person", "x-aauth-", "x_aauth_unheard_of"] {
            assert!(reads_like_ours(name), "{name}");
        }
        for name in ["x-aauth", "x-other", "my-x-aauth-person", "aauth-access"] {
            assert!(!reads_like_ours(name), "{name}");
        }
    }

    #[test]
    fn no_header_value_can_end_a_line() {
        assert_eq!(header_safe("ada"), "ada");
        assert_eq!(header_safe("a\r\nx-aauth-scope: all"), "a%0D%0Ax-aauth-scope: all");
        assert_eq!(header_safe("Ada Lovelacé"), "Ada Lovelac%C3%A9");
    }
}
