//! The person ends one device of an agent, and looks at all of them.
//!
//! Implements the provider's part of "Token Revocation" of draft-hardt-oauth-aauth-protocol-11: the agent tokens that were
//! seen are withdrawn here, which is the one place an agent token is withdrawn at. Ending the whole agent is
//! `revocation`'s.

use crate::app::PersonServer;
use crate::app::refusal::{Outcome, Refusal};
use crate::domain::agent::AgentKey;
use crate::domain::audit::AuditEvent;
use crate::domain::enrollment::Device;
use crate::domain::person::PersonKey;
use crate::store::Record;

impl PersonServer {
    /// Ends one device of an agent of the person's. The agent's other devices fetch new agent tokens.
    pub async fn end_device(&self, person: &PersonKey, stable: &str) -> Outcome<()> {
        let now = self.clock.now();
        let device = self.store.device(stable).await?.ok_or_else(Refusal::not_found)?;
        let mut event = AuditEvent::new(now, Some(person.clone()), "device.ended");
        event.agent = Some(device.agent.sub.as_str().to_owned());
        event.detail.insert("agent_name".to_owned(), device.name.as_str().into());
        let record = Record { events: vec![event], ..Record::default() };
        if !self.store.end_device(person, stable, record, now).await? {
            return Err(Refusal::not_found());
        }
        // Nobody knows which of the agent's tokens were on that device.
        self.revoke_all_held_by(person, &device.agent).await?;
        Ok(())
    }

    /// The devices of an agent of the person's.
    pub async fn devices_of(&self, person: &PersonKey, agent: &AgentKey) -> Outcome<Vec<Device>> {
        match self.store.agent(agent).await? {
            Some(binding) if binding.person == *person => Ok(self.store.devices_of(agent).await?),
            Some(_) | None => Err(Refusal::not_found()),
        }
    }
}
