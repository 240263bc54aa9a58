//! The person token, `aa-person+jwt`: which person the key's holder acts for, at one resource. "Person Token". It is
//! identity, never authorization.

use serde_json::{Map, Value};

use super::{Common, TokenFault, TokenType, Unverified, confirmation_claim, insert_some};
use crate::aauth::identifier::{IdentifierRules, PersonId, ServerId};
use crate::aauth::key::{PublicKey, SigningKey};

/// The claims of a person token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonToken {
    /// The claims every token has; the issuer is a person server.
    pub common: Common,
    /// The one resource it speaks to.
    pub aud: ServerId,
    /// The person, as the issuer names them to this resource.
    pub sub: String,
    /// The agent's key.
    pub key: PublicKey,
    /// The mission the agent is on.
    pub mission_s256: Option<String>,
    /// The person's organization.
    pub tenant: Option<String>,
    /// Other claims.
    pub more: Map<String, Value>,
}

impl PersonToken {
    pub(in crate::aauth) fn read(token: &Unverified, rules: IdentifierRules) -> Result<Self, TokenFault> {
        let claims = token.claims();
        claims.forbid(&["scope", "account"])?;
        Ok(Self {
            common: Common::read(token)?,
            aud: claims.audience(rules)?,
            sub: claims.text("sub")?.to_owned(),
            key: claims.confirmation()?,
            mission_s256: claims.mission()?,
            tenant: claims.optional_text("tenant")?.map(str::to_owned),
            more: claims.others(&["mission_s256", "tenant"]),
        })
    }

    /// Who the person is: never `sub` alone.
    pub fn person(&self) -> PersonId {
        PersonId { iss: self.common.iss.clone(), sub: self.sub.clone() }
    }

    /// The claims as they are signed.
    pub fn to_claims(&self) -> Map<String, Value> {
        let mut claims = self.more.clone();
        self.common.write(&mut claims);
        claims.insert("aud".into(), self.aud.as_str().into());
        claims.insert("sub".into(), self.sub.as_str().into());
        claims.insert("cnf".into(), confirmation_claim(&self.key));
        insert_some(&mut claims, "mission_s256", self.mission_s256.as_deref());
        insert_some(&mut claims, "tenant", self.tenant.as_deref());
        claims
    }

    /// Signs it with the person server's key.
    pub fn sign(&self, key: &SigningKey) -> String {
        key.sign_jwt(TokenType::Person.typ(), &self.to_claims())
    }
}
