//! The two tokens a person server issues, within their bounds.
//!
//! Implements "Person Token Structure" and "Auth Token Structure" of draft-hardt-oauth-aauth-protocol-11. A token
//! outlives nothing it was given for: the agent's token, the presented token, the upstream token, the mission.

use aauth_authorizer::aauth::identifier::ServerId;
use aauth_authorizer::aauth::key::PublicKey;
use aauth_authorizer::aauth::metadata::Dwk;
use aauth_authorizer::aauth::token::auth::AuthToken;
use aauth_authorizer::aauth::token::person::PersonToken;
use aauth_authorizer::aauth::token::{Common, MAX_GRANT_LIFETIME};
use aauth_authorizer::clock::Seconds;
use serde_json::Map;

use super::{PersonServer, random};
use crate::domain::ask::AuthorizeAsk;
use crate::domain::person::Person;

/// A token, signed, and what is kept of it.
#[derive(Debug)]
pub(super) struct Minted {
    pub(super) compact: String,
    pub(super) common: Common,
}

impl Minted {
    /// `expires_in`
    pub(super) fn expires_in(&self) -> Seconds {
        self.common.exp - self.common.iat
    }
}

impl PersonServer {
    /// A person token for `resource`, bound to `key`.
    pub(super) fn person_token(
        &self,
        person: &Person,
        resource: &ServerId,
        key: &PublicKey,
        mission: Option<String>,
        bounds: &[Seconds],
    ) -> Option<Minted> {
        let common = self.common(bounds)?;
        let token = PersonToken {
            common: common.clone(),
            aud: resource.clone(),
            sub: self.subjects.subject(&person.key, resource),
            key: key.clone(),
            mission_s256: mission,
            tenant: person.tenant.clone(),
            more: Map::new(),
        };
        Some(Minted { compact: token.sign(&self.keys.signing()), common })
    }

    /// An auth token for what was asked, as far as `scopes` were granted.
    pub(super) fn auth_token(
        &self,
        person: &Person,
        ask: &AuthorizeAsk,
        scopes: &[String],
        bounds: &[Seconds],
    ) -> Option<Minted> {
        let common = self.common(bounds)?;
        let token = AuthToken {
            common: common.clone(),
            aud: ask.resource.clone(),
            ps: self.settings.issuer.clone(),
            sub: ask.sub.clone(),
            key: ask.presented.key.clone(),
            scopes: scopes.to_vec(),
            account: ask.account.clone(),
            mission_s256: ask.mission.clone(),
            tenant: ask.tenant.clone(),
            more: super::identity::claims(person, scopes),
        };
        Some(Minted { compact: token.sign(&self.keys.signing()), common })
    }

    /// `None` where a bound has passed: a token of no length is no token.
    fn common(&self, bounds: &[Seconds]) -> Option<Common> {
        let now = self.clock.now();
        let exp = bounds.iter().copied().fold(now + MAX_GRANT_LIFETIME, Seconds::min);
        let common =
            Common { iss: self.settings.issuer.clone(), dwk: Dwk::Person, jti: random::token_id(now), iat: now, exp };
        (exp > now).then_some(common)
    }
}
