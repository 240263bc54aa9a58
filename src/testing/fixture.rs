//! The tokens of fixtures, really minted: nothing but a valid token makes a verified one, in tests as in production.

use serde_json::Value;

use super::keys;
use super::suite::{Holder, Token};
use crate::aauth::identifier::ServerId;
use crate::aauth::metadata::Dwk;
use crate::aauth::token::agent::AgentToken;
use crate::aauth::token::auth::AuthToken;
use crate::aauth::token::person::PersonToken;
use crate::aauth::token::{Common, TokenType};
use crate::clock::Seconds;

/// The document by which a token's issuer is found.
pub(super) fn dwk(token: &Token) -> Dwk {
    match &token.holder {
        Holder::Agent { .. } => Dwk::Agent,
        // Somebody else than the person's own server authorizes for a resource as its access server.
        Holder::Person { server, .. } if token.typ == TokenType::Auth && token.issuer != *server => Dwk::Access,
        Holder::Person { .. } => Dwk::Person,
    }
}

/// When the token ends.
pub(super) fn expiry(token: &Token, now: Seconds) -> Seconds {
    now.saturating_add(token.expires_in)
}

/// Its id: as told, else the caller's name.
pub(super) fn jti<'a>(token: &'a Token, caller: &'a str) -> &'a str {
    token.jti.as_deref().unwrap_or(caller)
}

/// Mints the token of a caller for a resource.
pub(super) fn mint(token: &Token, caller: &str, resource: &ServerId, now: Seconds) -> String {
    let common = Common {
        iss: token.issuer.clone(),
        dwk: dwk(token),
        jti: jti(token, caller).to_owned(),
        iat: now.saturating_sub(token.age),
        exp: expiry(token, now),
    };
    let key = keys::of_caller(caller).public().clone();
    let signer = keys::of_issuer(token.issuer.as_str());
    let aud = token.audience.clone().unwrap_or_else(|| resource.clone());
    let (mission_s256, more) = (token.mission.clone(), token.claims.clone());
    match token.holder.clone() {
        Holder::Agent { id, parent, ps } => {
            AgentToken { common, sub: id, key, ps, parent_agent: parent, more }.sign(&signer)
        }
        Holder::Person { sub, tenant, .. } if token.typ == TokenType::Person => {
            PersonToken { common, aud, sub, key, mission_s256, tenant, more }.sign(&signer)
        }
        Holder::Person { server, sub, tenant } => {
            let (mut scopes, account) = (token.scopes.clone(), token.account.clone());
            scopes.sort();
            AuthToken { common, aud, ps: server, sub, key, scopes, account, mission_s256, tenant, more }.sign(&signer)
        }
    }
}

/// The token with a claim that its issuer did not sign.
pub(super) fn forged(token: &str) -> String {
    use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
    let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    if let Some(payload) = parts.get_mut(1) {
        let claims = BASE64_URL_SAFE_NO_PAD.decode(payload.as_str()).unwrap_or_default();
        if let Ok(Value::Object(mut claims)) = serde_json::from_slice(&claims) {
            claims.insert("forged".to_owned(), true.into());
            *payload = BASE64_URL_SAFE_NO_PAD.encode(Value::Object(claims).to_string());
        }
    }
    parts.join(".")
}
