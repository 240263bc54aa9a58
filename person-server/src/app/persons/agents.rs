//! The person's agents: looked at, renamed, ended.

use super::enter::Caller;
use super::lists::Cursor;
use crate::app::refusal::{Outcome, Refusal};
use crate::app::{PersonServer, Revoked};
use crate::domain::agent::{AgentKey, Binding};
use crate::domain::enrollment::Device;
use crate::store::Page;

impl PersonServer {
    /// The caller's agents, the latest bound first.
    pub async fn agents(&self, caller: &Caller, after: Option<Cursor>, limit: u32) -> Outcome<Vec<Binding>> {
        Ok(self.store.agents_page(&caller.person, Page { after, limit }).await?)
    }

    /// One of the caller's agents.
    pub async fn agent_of(&self, caller: &Caller, agent: &AgentKey) -> Outcome<Binding> {
        let binding = self.store.agent(agent).await?;
        binding.filter(|binding| binding.person == caller.person).ok_or_else(Refusal::not_found)
    }

    /// Calls one of the caller's agents something else.
    pub async fn rename(&self, caller: &Caller, agent: &AgentKey, name: &str) -> Outcome<Binding> {
        if !self.store.rename_agent(&caller.person, agent, name).await? {
            return Err(Refusal::not_found());
        }
        self.agent_of(caller, agent).await
    }

    /// Ends one of the caller's agents: it gets nothing more, what it asked is over, and what it holds is withdrawn.
    /// `None` where it was ended before.
    pub async fn dismiss(&self, caller: &Caller, agent: &AgentKey) -> Outcome<Option<Revoked>> {
        if !self.agent_of(caller, agent).await?.is_active() {
            return Ok(None);
        }
        self.end_agent(&caller.person, agent).await.map(Some)
    }

    /// The devices of one of the caller's agents.
    pub async fn devices(&self, caller: &Caller, agent: &AgentKey) -> Outcome<Vec<Device>> {
        self.devices_of(&caller.person, agent).await
    }

    /// Ends one device of an agent of the caller's.
    pub async fn dismiss_device(&self, caller: &Caller, stable: &str) -> Outcome<()> {
        self.end_device(&caller.person, stable).await
    }
}
