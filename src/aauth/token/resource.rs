//! The resource token, `aa-resource+jwt`: what a resource asks for, of whom, bound to the agent's key. "Resource
//! Token". It names no agent.

use serde_json::{Map, Value};

use super::{Common, ResourceInteraction, TokenFault, TokenType, Unverified, insert_scopes, insert_some};
use crate::aauth::identifier::{IdentifierRules, ServerId};
use crate::aauth::key::SigningKey;

/// The claims of a resource token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceToken {
    /// The claims every token has; the issuer is the resource.
    pub common: Common,
    /// Who redeems it: the person server, or the resource's access server.
    pub aud: ServerId,
    /// The person server whose namespace `sub` is in.
    pub ps: ServerId,
    /// The person, copied from the presented token.
    pub sub: String,
    /// The `jti` of the token the request carried.
    pub presented_jti: String,
    /// The thumbprint of the agent's key.
    pub agent_jkt: String,
    /// What is asked for, sorted.
    pub scopes: Vec<String>,
    /// For which account.
    pub account: Option<String>,
    /// A hint about the person.
    pub login_hint: Option<String>,
    /// The presented token's mission.
    pub mission_s256: Option<String>,
    /// The presented token's tenant.
    pub tenant: Option<String>,
    /// What the person has to do at the resource first.
    pub interaction: Option<ResourceInteraction>,
}

impl ResourceToken {
    pub(in crate::aauth) fn read(token: &Unverified, rules: IdentifierRules) -> Result<Self, TokenFault> {
        let claims = token.claims();
        claims.forbid(&["cnf"])?;
        let optional = |name| claims.optional_text(name).map(|text| text.map(str::to_owned));
        Ok(Self {
            common: Common::read(token)?,
            aud: claims.audience(rules)?,
            ps: claims.server("ps", rules)?,
            sub: claims.text("sub")?.to_owned(),
            presented_jti: claims.text("presented_jti")?.to_owned(),
            agent_jkt: claims.text("agent_jkt")?.to_owned(),
            scopes: claims.scopes()?,
            account: optional("account")?,
            login_hint: optional("login_hint")?,
            mission_s256: claims.mission()?,
            tenant: optional("tenant")?,
            interaction: claims.0.get("interaction").map(|it| ResourceInteraction::read(it, rules)).transpose()?,
        })
    }

    /// The claims as they are signed.
    pub fn to_claims(&self) -> Map<String, Value> {
        let mut claims = Map::new();
        self.common.write(&mut claims);
        claims.insert("aud".into(), self.aud.as_str().into());
        claims.insert("ps".into(), self.ps.as_str().into());
        claims.insert("sub".into(), self.sub.as_str().into());
        claims.insert("presented_jti".into(), self.presented_jti.as_str().into());
        claims.insert("agent_jkt".into(), self.agent_jkt.as_str().into());
        insert_scopes(&mut claims, &self.scopes);
        insert_some(&mut claims, "account", self.account.as_deref());
        insert_some(&mut claims, "login_hint", self.login_hint.as_deref());
        insert_some(&mut claims, "mission_s256", self.mission_s256.as_deref());
        insert_some(&mut claims, "tenant", self.tenant.as_deref());
        if let Some(interaction) = &self.interaction {
            claims.insert("interaction".into(), interaction.to_claim());
        }
        claims
    }

    /// Signs it with the resource's key.
    pub fn sign(&self, key: &SigningKey) -> String {
        key.sign_jwt(TokenType::Resource.typ(), &self.to_claims())
    }
}
