//! What the person approved is done: the key is an agent's from now on, and gets its first agent token.
//!
//! Approved as a new agent, it is bound to the person with that: "Agent-Person Binding". Approved as another device of an
//! agent that is known, it is the same agent to everybody.

use crate::app::answer::Reply;
use crate::app::poll::gone;
use crate::app::refusal::{Outcome, Refusal};
use crate::app::{PersonServer, random};
use crate::domain::agent::{AgentKey, Binding};
use crate::domain::ask::{Ask, EnrollAsk};
use crate::domain::audit::AuditEvent;
use crate::domain::enrollment::{Device, agent_id};
use crate::domain::pending::{Approved, Pending};
use crate::store::{EnrollOutcome, Enrollment, Record};

use super::proof::Holder;

impl PersonServer {
    /// Enrols the key, and tells it its first agent token.
    pub(super) async fn enroll(&self, holder: &Holder, pending: &Pending, approved: &Approved) -> Outcome<Reply> {
        let Ask::Enroll(ask) = &pending.ask else { return Err(Refusal::not_found()) };
        let (agent, binding) = self.agent_approved(ask, approved)?;
        let granted = self.mint_agent_token(&agent.sub, &holder.key).ok_or_else(Refusal::server_error)?;
        let device = self.device(holder, ask, &agent);
        let enrollment = Enrollment {
            record: enrolled(&device, approved, binding.is_none()),
            device,
            person: approved.by.clone(),
            binding,
            token: granted.seen.clone(),
            collects: pending.id.clone(),
        };
        match self.store.enroll(enrollment).await? {
            EnrollOutcome::Enrolled => Ok(granted.reply()),
            EnrollOutcome::NotPending => Err(gone()),
            EnrollOutcome::NotTheirs => {
                self.let_go(pending).await?;
                let detail = "the agent that this was to be a device of has been ended";
                Err(Refusal::problem(403, "denied", detail))
            }
            EnrollOutcome::KnownKey => {
                let device = self.store.device(&holder.stable).await?.ok_or_else(Refusal::server_error)?;
                self.agent_token_for(holder, &device).await
            }
        }
    }

    /// The agent it is from now on, and its binding where it is new.
    fn agent_approved(&self, ask: &EnrollAsk, approved: &Approved) -> Outcome<(AgentKey, Option<Binding>)> {
        let iss = self.settings.issuer.clone();
        if let Some(link) = &approved.approval.link {
            return Ok((AgentKey { iss, sub: link.clone() }, None));
        }
        let sub = agent_id(&iss, &random::id(), self.settings.identifiers).map_err(|error| {
            tracing::error!(%error, "no agent identifier can be made under this issuer");
            Refusal::server_error()
        })?;
        let agent = AgentKey { iss, sub };
        let now = self.clock.now();
        let binding = Binding {
            agent: agent.clone(),
            person: approved.by.clone(),
            name: approved.approval.name.clone().or_else(|| Some(ask.name.clone())),
            platform: ask.hints.platform.clone(),
            device: ask.hints.device.clone(),
            bound_at: now,
            seen_at: now,
            revoked_at: None,
        };
        Ok((agent, Some(binding)))
    }

    fn device(&self, holder: &Holder, ask: &EnrollAsk, agent: &AgentKey) -> Device {
        let now = self.clock.now();
        Device {
            stable: holder.stable.clone(),
            agent: agent.clone(),
            name: ask.name.clone(),
            platform: ask.hints.platform.clone(),
            device: ask.hints.device.clone(),
            enrolled_at: now,
            refreshed_at: now,
            revoked_at: None,
        }
    }
}

fn enrolled(device: &Device, approved: &Approved, linked: bool) -> Record {
    let kind = if linked { "device.linked" } else { "agent.enrolled" };
    let mut event = AuditEvent::new(device.enrolled_at, Some(approved.by.clone()), kind);
    event.agent = Some(device.agent.sub.as_str().to_owned());
    // What it calls itself is its own word, and kept as such.
    event.detail.insert("agent_name".to_owned(), device.name.as_str().into());
    Record { events: vec![event], ..Record::default() }
}
