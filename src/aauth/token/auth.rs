//! The auth token, `aa-auth+jwt`: what a person server or an access server authorized. "Auth Token".

use serde_json::{Map, Value};

use super::{Common, TokenFault, TokenType, Unverified, confirmation_claim, insert_scopes, insert_some};
use crate::aauth::identifier::{IdentifierRules, PersonId, ServerId};
use crate::aauth::key::{PublicKey, SigningKey};
use crate::aauth::metadata::Dwk;

/// The claims of an auth token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthToken {
    /// The claims every token has; the issuer is a person server or an access server.
    pub common: Common,
    /// The one resource it speaks to.
    pub aud: ServerId,
    /// The person's person server; the issuer itself where a person server issued the token.
    pub ps: ServerId,
    /// The person, as `ps` names them to this resource.
    pub sub: String,
    /// The agent's key.
    pub key: PublicKey,
    /// What is authorized, sorted.
    pub scopes: Vec<String>,
    /// For which of the person's accounts.
    pub account: Option<String>,
    /// On which mission.
    pub mission_s256: Option<String>,
    /// The person's organization.
    pub tenant: Option<String>,
    /// Other claims.
    pub more: Map<String, Value>,
}

impl AuthToken {
    pub(in crate::aauth) fn read(token: &Unverified, rules: IdentifierRules) -> Result<Self, TokenFault> {
        let claims = token.claims();
        let common = Common::read(token)?;
        let ps = claims.server("ps", rules)?;
        if common.dwk == Dwk::Person && ps != common.iss {
            return Err(TokenFault::claim("ps", "is not the person server that issued the token"));
        }
        Ok(Self {
            common,
            aud: claims.audience(rules)?,
            ps,
            sub: claims.text("sub")?.to_owned(),
            key: claims.confirmation()?,
            scopes: claims.scopes()?,
            account: claims.optional_text("account")?.map(str::to_owned),
            mission_s256: claims.mission()?,
            tenant: claims.optional_text("tenant")?.map(str::to_owned),
            more: claims.others(&["ps", "scope", "account", "mission_s256", "tenant"]),
        })
    }

    /// Who the person is, by whoever issued the token: `(iss, sub)`.
    pub fn person(&self) -> PersonId {
        PersonId { iss: self.common.iss.clone(), sub: self.sub.clone() }
    }

    /// The claims as they are signed.
    pub fn to_claims(&self) -> Map<String, Value> {
        let mut claims = self.more.clone();
        self.common.write(&mut claims);
        claims.insert("aud".into(), self.aud.as_str().into());
        claims.insert("ps".into(), self.ps.as_str().into());
        claims.insert("sub".into(), self.sub.as_str().into());
        claims.insert("cnf".into(), confirmation_claim(&self.key));
        insert_scopes(&mut claims, &self.scopes);
        insert_some(&mut claims, "account", self.account.as_deref());
        insert_some(&mut claims, "mission_s256", self.mission_s256.as_deref());
        insert_some(&mut claims, "tenant", self.tenant.as_deref());
        claims
    }

    /// Signs it with the issuer's key.
    pub fn sign(&self, key: &SigningKey) -> String {
        key.sign_jwt(TokenType::Auth.typ(), &self.to_claims())
    }
}
