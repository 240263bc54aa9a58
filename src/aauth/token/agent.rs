//! The agent token, `aa-agent+jwt`: which agent holds the key. "Agent Token".

use serde_json::{Map, Value};

use super::{Common, TokenFault, TokenType, Unverified, confirmation_claim, identifier_fault, insert_some};
use crate::aauth::identifier::{AgentId, IdentifierRules, ServerId};
use crate::aauth::key::{PublicKey, SigningKey};

/// The claims of an agent token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentToken {
    /// The claims every token has.
    pub common: Common,
    /// The agent.
    pub sub: AgentId,
    /// The agent's key.
    pub key: PublicKey,
    /// The agent's person server.
    pub ps: Option<ServerId>,
    /// For a sub-agent, its parent.
    pub parent_agent: Option<AgentId>,
    /// Claims of the provider's own.
    pub more: Map<String, Value>,
}

impl AgentToken {
    pub(in crate::aauth) fn read(token: &Unverified, rules: IdentifierRules) -> Result<Self, TokenFault> {
        let claims = token.claims();
        let common = Common::read(token)?;
        let agent = |name: &'static str, text: &str| {
            AgentId::parse_under(text, rules).map_err(|fault| identifier_fault(name, &fault))
        };
        let sub = agent("sub", claims.text("sub")?)?;
        // An agent provider names its own agents only: without this, any provider could claim any other's.
        if sub.domain() != common.iss.host() {
            return Err(TokenFault::ForeignAgent);
        }
        let parent_agent = claims.optional_text("parent_agent")?.map(|text| agent("parent_agent", text)).transpose()?;
        if parent_agent.as_ref().is_some_and(|parent| parent.domain() != sub.domain()) {
            return Err(TokenFault::claim("parent_agent", "names an agent of another provider"));
        }
        Ok(Self {
            common,
            sub,
            key: claims.confirmation()?,
            ps: if claims.0.contains_key("ps") { Some(claims.server("ps", rules)?) } else { None },
            parent_agent,
            more: claims.others(&["ps", "parent_agent"]),
        })
    }

    /// The claims as they are signed.
    pub fn to_claims(&self) -> Map<String, Value> {
        let mut claims = self.more.clone();
        self.common.write(&mut claims);
        claims.insert("sub".into(), self.sub.as_str().into());
        claims.insert("cnf".into(), confirmation_claim(&self.key));
        insert_some(&mut claims, "ps", self.ps.as_ref().map(ServerId::as_str));
        insert_some(&mut claims, "parent_agent", self.parent_agent.as_ref().map(AgentId::as_str));
        claims
    }

    /// Signs it with the provider's key.
    pub fn sign(&self, key: &SigningKey) -> String {
        key.sign_jwt(TokenType::Agent.typ(), &self.to_claims())
    }
}
