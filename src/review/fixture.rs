//! The caller of a line of the decision log, as the fixture of a test.

use serde_json::{Map, Value, json};

use crate::authorizer::kept::Asked;
use crate::policy::{ClaimValue, Principal, TokenFacts, TokenKind};

/// The fixture that stands for who asked; none for a key, which no test can hold.
pub(super) fn fixture(asked: &Asked) -> Option<Value> {
    let Some(token) = &asked.token else {
        return match &asked.principal {
            Principal::Agent { id, .. } => Some(json!({ "server": id })),
            Principal::Anonymous => Some(json!({ "anonymous": true })),
            Principal::Person { .. } | Principal::Key { .. } => None,
        };
    };
    match &asked.principal {
        Principal::Agent { id, provider, parent, ps } => {
            let mut agent = json!({ "id": id });
            let own = id.rsplit_once('@').map(|(_, domain)| format!("https://{domain}"));
            if own.as_ref() != Some(provider) {
                put(&mut agent, "provider", Some(provider));
            }
            put(&mut agent, "parent", parent.as_ref());
            put(&mut agent, "ps", ps.as_ref());
            claims(&mut agent, token);
            Some(json!({ "agent": agent }))
        }
        Principal::Person { sub, ps, tenant, groups, roles, .. } => {
            let mut person = json!({ "server": ps, "sub": sub });
            put(&mut person, "tenant", tenant.as_ref());
            for (name, list) in [("groups", groups), ("roles", roles)] {
                if !list.is_empty() {
                    put(&mut person, name, Some(list));
                }
            }
            claims(&mut person, token);
            Some(json!({ "person": person, "token": of_token(token, ps) }))
        }
        Principal::Key { .. } | Principal::Anonymous => None,
    }
}

fn of_token(token: &TokenFacts, ps: &str) -> Value {
    let mut found = json!({ "typ": token.kind.as_str() });
    if token.kind == TokenKind::Auth {
        put(&mut found, "scopes", Some(&token.scopes));
    }
    put(&mut found, "account", token.account.as_ref());
    put(&mut found, "mission", token.mission.as_ref());
    if token.issuer != ps {
        put(&mut found, "issuer", Some(&token.issuer));
    }
    found
}

pub(super) fn put(object: &mut Value, name: &str, value: Option<&impl serde::Serialize>) {
    if let (Some(members), Some(value)) = (object.as_object_mut(), value) {
        members.insert(name.to_owned(), json!(value));
    }
}

/// The claims that have no place of their own.
fn claims(holder: &mut Value, token: &TokenFacts) {
    let placed = |name: &str| matches!(name, "groups" | "roles");
    let claims: Map<String, Value> = token
        .claims
        .iter()
        .filter(|(name, _)| !placed(name))
        .map(|(name, value)| match value {
            ClaimValue::One(one) => (name.clone(), json!(one)),
            ClaimValue::Many(many) => (name.clone(), json!(many)),
        })
        .collect();
    if !claims.is_empty() {
        put(holder, "claims", Some(&claims));
    }
}
