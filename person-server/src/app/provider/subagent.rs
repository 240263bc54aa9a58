//! Sub-agents of our agents: named after their parent, one level deep, and gone with it.
//!
//! Implements the provider's side of "Sub-Agent Identity" and "Single-Level Depth" of
//! draft-hardt-oauth-aauth-protocol-11. The parent asks, signing with its agent token; the person approved the parent,
//! and is not asked again.

use aauth_authorizer::clock::Seconds;

use crate::app::PersonServer;
use crate::app::answer::Reply;
use crate::app::authenticate::Signed;
use crate::app::inbound::Inbound;
use crate::app::refusal::{Outcome, Refusal};
use crate::app::whose::{MAX_TOKEN, Whose};
use crate::domain::agent::Binding;
use crate::domain::audit::AuditEvent;
use crate::domain::enrollment::{MAX_DISCRIMINATOR, subagent_id};
use crate::store::{Record, SubAgency, SubAgencyOutcome};

use super::token::{GrantedAgent, Parent, ended};
use super::worker;

impl PersonServer {
    /// `POST` for a sub-agent's agent token.
    pub async fn subagent_token_request(&self, request: &Inbound) -> Outcome<Reply> {
        let signed = self.agent(request).await?;
        let parent = self.parent(&signed).await?;
        let parameters = request.parameters()?;
        let id = subagent_id(&signed.agent.sub, &parameters.text("discriminator", 255)?, self.settings.identifiers);
        let id = id.ok_or_else(|| {
            let most = MAX_DISCRIMINATOR;
            let detail = format!("the parameter `discriminator` is not 1 to {most} letters, digits, `-`, `_` and `.`");
            Refusal::invalid_request(detail)
        })?;
        let (now, window) = (self.clock.now(), self.settings.signature_window);
        let proof = parameters.text("proof", MAX_TOKEN)?;
        let key = worker::key(&proof, &signed.agent.sub, self.settings.issuer.as_str(), (now, window))
            .map_err(|why| Refusal::invalid_request(format!("the parameter `proof`: {why}")))?;
        if key == signed.agent.key {
            return Err(Refusal::invalid_request("the parameter `proof`: a sub-agent has a key of its own"));
        }
        let until = until(&signed, parameters.optional_seconds("ttl")?, now)?;
        let granted = self.mint_token_of(&id, &key, Some(Parent { id: &signed.agent.sub, until }));
        let granted = granted.ok_or_else(|| Refusal::invalid_request("the parent's agent token is about to expire"))?;
        self.record_subagent(&signed, &parent, &granted).await?;
        Ok(granted.reply())
    }

    /// The binding of an agent that may have sub-agents here.
    async fn parent(&self, signed: &Signed) -> Outcome<Binding> {
        if signed.agent.parent_agent.is_some() {
            return Err(Refusal::invalid_request("a sub-agent has no sub-agents: its parent may ask for one more"));
        }
        if signed.agent.common.iss != self.settings.issuer {
            let detail = "a sub-agent's agent token is of its parent's agent provider, which is another";
            return Err(Refusal::invalid_request(detail));
        }
        match self.bound(signed).await? {
            Whose::Bound(binding) => Ok(*binding),
            Whose::Nobody | Whose::Chained(_) => Err(ended()),
        }
    }

    async fn record_subagent(&self, signed: &Signed, parent: &Binding, granted: &GrantedAgent) -> Outcome<()> {
        let now = self.clock.now();
        let mut event = AuditEvent::new(now, Some(parent.person.clone()), "subagent.made");
        event.agent = Some(parent.agent.sub.as_str().to_owned());
        event.detail.insert("subagent".to_owned(), granted.seen.agent.sub.as_str().into());
        let agency = SubAgency {
            parent: parent.agent.clone(),
            parent_token: signed.seen(),
            token: granted.seen.clone(),
            limit: self.settings.limits.subagents_per_agent,
            at: now,
            record: Record { events: vec![event], ..Record::default() },
        };
        match self.store.grant_subagent_token(agency).await? {
            SubAgencyOutcome::Recorded => Ok(()),
            SubAgencyOutcome::Ended => Err(ended()),
            SubAgencyOutcome::TooMany => {
                let detail = "this agent has as many sub-agents as it may: use one of them, or let one expire";
                Err(Refusal::later(429, "rate_limited", detail, 60))
            }
        }
    }
}

/// When the token ends: with its parent's at the latest.
fn until(signed: &Signed, ttl: Option<Seconds>, now: Seconds) -> Outcome<Seconds> {
    let parents = signed.agent.common.exp;
    match ttl {
        None => Ok(parents),
        Some(0) => Err(Refusal::invalid_request("the parameter `ttl` is 0")),
        Some(ttl) => Ok(parents.min(now.saturating_add(ttl))),
    }
}
