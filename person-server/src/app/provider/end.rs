//! The person ends an agent, or one device of it.
//!
//! Implements the provider's part of "Token Revocation" of draft-hardt-oauth-aauth-protocol-11: the agent gets no agent
//! token any more, those it has are withdrawn here, which is the one place an agent token is withdrawn at, and what it
//! asked for is over. What it was issued for resources is `withdraw_issued_to`'s.

use aauth_authorizer::aauth::error::PollErrorCode as Code;

use crate::app::PersonServer;
use crate::app::refusal::{Outcome, Refusal};
use crate::domain::agent::AgentKey;
use crate::domain::audit::AuditEvent;
use crate::domain::enrollment::Device;
use crate::domain::pending::Ended;
use crate::domain::person::PersonKey;
use crate::store::Record;

impl PersonServer {
    /// Ends an agent of the person's, whoever its provider is. Not found where it is not theirs, or is ended already.
    pub async fn end_agent(&self, person: &PersonKey, agent: &AgentKey) -> Outcome<()> {
        let now = self.clock.now();
        let mut event = AuditEvent::new(now, Some(person.clone()), "agent.ended");
        event.agent = Some(agent.sub.as_str().to_owned());
        let record = Record { events: vec![event], ..Record::default() };
        let ended = Ended::new(Code::Revoked.status(), Code::Revoked.code(), "the person has ended the agent", now);
        let woken = self.store.end_agent(person, agent, ended, record).await?.ok_or_else(Refusal::not_found)?;
        for pending in woken {
            self.bell.ring(&pending, Some(person));
        }
        self.withdraw_issued_to(agent).await
    }

    /// Ends one device of an agent of the person's. The agent's other devices fetch new agent tokens.
    pub async fn end_device(&self, person: &PersonKey, stable: &str) -> Outcome<()> {
        let now = self.clock.now();
        let device = self.store.device(stable).await?.ok_or_else(Refusal::not_found)?;
        let mut event = AuditEvent::new(now, Some(person.clone()), "device.ended");
        event.agent = Some(device.agent.sub.as_str().to_owned());
        event.detail.insert("agent_name".to_owned(), device.name.as_str().into());
        let record = Record { events: vec![event], ..Record::default() };
        if self.store.end_device(person, stable, record, now).await? { Ok(()) } else { Err(Refusal::not_found()) }
    }

    /// The devices of an agent of the person's.
    pub async fn devices_of(&self, person: &PersonKey, agent: &AgentKey) -> Outcome<Vec<Device>> {
        match self.store.agent(agent).await? {
            Some(binding) if binding.person == *person => Ok(self.store.devices_of(agent).await?),
            Some(_) | None => Err(Refusal::not_found()),
        }
    }

    /// The cascade: every person token and auth token that the agent was issued is withdrawn where it was used.
    ///
    /// Until the revocation of issued tokens calls in here, they end by themselves within the hour; none is issued anew.
    #[expect(clippy::unused_async, reason = "the cascade that belongs here writes and sends")]
    async fn withdraw_issued_to(&self, _agent: &AgentKey) -> Outcome<()> {
        Ok(())
    }
}
