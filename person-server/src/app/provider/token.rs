//! Agent tokens: minted within their bounds, recorded, and then told.
//!
//! Implements "Agent Token Structure" of draft-hardt-oauth-aauth-protocol-11: `ps` is this server, `exp` at most a day
//! ahead, `cnf` the key that was just proved.

use aauth_authorizer::aauth::identifier::AgentId;
use aauth_authorizer::aauth::key::PublicKey;
use aauth_authorizer::aauth::metadata::Dwk;
use aauth_authorizer::aauth::token::agent::AgentToken;
use aauth_authorizer::aauth::token::{Common, MAX_AGENT_LIFETIME};
use aauth_authorizer::clock::Seconds;
use serde_json::{Map, json};

use crate::app::answer::Reply;
use crate::app::refusal::{Outcome, Refusal};
use crate::app::{PersonServer, random};
use crate::domain::agent::AgentKey;
use crate::domain::enrollment::Device;
use crate::domain::issued::SeenAgentToken;
use crate::store::{GrantOutcome, Granting, Record};

use super::proof::Holder;

/// A sub-agent's parent, and what its token must not outlive.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parent<'a> {
    pub(super) id: &'a AgentId,
    pub(super) until: Seconds,
}

/// An agent token, signed, and what is kept of it.
#[derive(Debug, Clone)]
pub(super) struct GrantedAgent {
    compact: String,
    expires_in: Seconds,
    pub(super) seen: SeenAgentToken,
}

impl GrantedAgent {
    /// The response.
    pub(super) fn reply(&self) -> Reply {
        let agent = self.seen.agent.sub.as_str();
        Reply::ok(json!({ "agent_token": self.compact, "expires_in": self.expires_in, "agent": agent }))
    }
}

impl PersonServer {
    /// The next agent token of a device that is enrolled. Nobody is asked.
    pub(super) async fn agent_token_for(&self, holder: &Holder, device: &Device) -> Outcome<Reply> {
        let granted = self.mint_agent_token(&device.agent.sub, &holder.key).ok_or_else(Refusal::server_error)?;
        let granting = Granting {
            stable: holder.stable.clone(),
            token: granted.seen.clone(),
            at: self.clock.now(),
            record: Record::default(),
        };
        match self.store.grant_agent_token(granting).await? {
            GrantOutcome::Recorded => Ok(granted.reply()),
            GrantOutcome::Ended => Err(ended()),
            GrantOutcome::Unknown => Err(Refusal::not_found()),
        }
    }

    /// An agent token for an agent of ours.
    pub(super) fn mint_agent_token(&self, sub: &AgentId, key: &PublicKey) -> Option<GrantedAgent> {
        self.mint_token_of(sub, key, None)
    }

    /// An agent token. `None` where there is no time left for one.
    pub(super) fn mint_token_of(
        &self,
        sub: &AgentId,
        key: &PublicKey,
        parent: Option<Parent<'_>>,
    ) -> Option<GrantedAgent> {
        let now = self.clock.now();
        let longest = now + self.settings.agent_token_lifetime.min(MAX_AGENT_LIFETIME);
        let exp = parent.map_or(longest, |parent| parent.until.min(longest));
        let iss = self.settings.issuer.clone();
        let common = Common { iss: iss.clone(), dwk: Dwk::Agent, jti: random::id(), iat: now, exp };
        let seen =
            SeenAgentToken { agent: AgentKey { iss: iss.clone(), sub: sub.clone() }, jti: common.jti.clone(), exp };
        let token = AgentToken {
            common,
            sub: sub.clone(),
            key: key.clone(),
            ps: Some(iss),
            parent_agent: parent.map(|parent| parent.id.clone()),
            more: Map::new(),
        };
        let compact = token.sign(&self.keys.signing());
        (exp > now).then_some(GrantedAgent { compact, expires_in: exp - now, seen })
    }
}

/// The person has ended it.
pub(super) fn ended() -> Refusal {
    Refusal::problem(403, "denied", "the person has ended this agent's access")
}
