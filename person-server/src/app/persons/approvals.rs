//! What waits for the person, in full context: "Consent Presentation".
//!
//! What the resource and the provider say of themselves, what this server knows, and what the agent says are kept apart
//! to the end, so that whoever shows them can say which is whose.

use std::collections::BTreeSet;

use aauth_authorizer::aauth::identifier::ServerId;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use sha2::{Digest as _, Sha256};

use super::about::{About, Descriptions, Server};
use super::enter::Caller;
use crate::app::PersonServer;
use crate::app::decide::agent_of;
use crate::app::refusal::{Outcome, Refusal};
use crate::domain::agent::{AgentKey, Binding};
use crate::domain::ask::{Ask, Hints};
use crate::domain::consent::{Consent, Wanted};
use crate::domain::mission::{LogEntry, Mission};
use crate::domain::pending::{Asker, Pending, PendingId, State};

/// An ask, and what the person should know about it.
#[derive(Debug, Clone)]
pub struct Approval {
    /// The ask.
    pub pending: Pending,
    /// Names the ask as it is now: a decision names what it is about by it.
    pub version: String,
    /// Who asks. `None` where a key asks to become an agent.
    pub agent: Option<AgentSeen>,
    /// Who vouches for the agent: its provider.
    pub provider: ServerId,
    /// Whether that is this server.
    pub provider_is_ours: bool,
    /// What the provider says of itself.
    pub provider_about: Option<About>,
    /// What the resource says of itself.
    pub resource_about: Option<About>,
    /// Whether an agent of the person's has been at the resource.
    pub resource_known: bool,
    /// What is asked for.
    pub scopes: Vec<ScopeSeen>,
    /// The mission it belongs to, and the updates to it that were accepted.
    pub mission: Option<(Mission, Vec<LogEntry>)>,
    /// Whether the person may ask the agent about it.
    pub may_ask: bool,
    /// Where the person's browser may be sent afterwards.
    pub callback: Option<String>,
}

/// The agent that asks, as this server knows it.
#[derive(Debug, Clone)]
pub struct AgentSeen {
    /// Which.
    pub key: AgentKey,
    /// What the person calls it, and since when it is theirs. `None` where it is new.
    pub bound: Option<Binding>,
}

/// A scope, and whether the person agreed to it before.
#[derive(Debug, Clone)]
pub struct ScopeSeen {
    /// The scope.
    pub scope: String,
    /// What the resource says it means.
    pub description: Option<String>,
    /// Whether nothing that is remembered covers it.
    pub new: bool,
}

impl PersonServer {
    /// What waits for the caller: their own, and what is nobody's where they are alone. The earliest first.
    pub async fn waiting(&self, caller: &Caller) -> Outcome<Vec<Pending>> {
        let now = self.clock.now();
        let mut waiting = self.store.waiting_for(&caller.person, now).await?;
        if self.is_alone(&caller.person).await? {
            waiting.extend(self.store.waiting_for_nobody(now).await?);
            waiting.sort_by(|a, b| (a.created_at, a.id.as_str()).cmp(&(b.created_at, b.id.as_str())));
        }
        Ok(waiting)
    }

    /// What waits for the caller, after the ask named, in full context.
    pub async fn approvals(&self, caller: &Caller, after: Option<&str>, limit: usize) -> Outcome<Vec<Approval>> {
        let waiting = self.waiting(caller).await?;
        let past = |pending: &Pending| after.is_some_and(|after| pending.id.as_str() != after);
        let rest = match after {
            Some(after) if waiting.iter().any(|pending| pending.id.as_str() == after) => {
                waiting.into_iter().skip_while(past).skip(1).take(limit).collect()
            }
            // What the last page ended with was decided meanwhile. Shown twice is better than not at all.
            Some(_) | None => waiting.into_iter().take(limit).collect(),
        };
        self.in_context(caller, rest).await
    }

    /// An ask of the caller's, in full context, decided or not.
    pub async fn approval(&self, caller: &Caller, id: &PendingId) -> Outcome<Approval> {
        let pending = self.persons_pending(&caller.person, id).await?;
        self.approval_of(caller, pending).await
    }

    /// The person arrives with a code.
    pub async fn arrival(&self, caller: &Caller, code: &str, callback: Option<String>) -> Outcome<Approval> {
        if let Some(callback) = &callback {
            super::callback::is_well_formed(callback)?;
        }
        let pending = self.arrive(&caller.person, code, callback).await?;
        self.approval_of(caller, pending).await
    }

    /// An ask of the caller's, in full context.
    pub(super) async fn approval_of(&self, caller: &Caller, pending: Pending) -> Outcome<Approval> {
        self.in_context(caller, vec![pending]).await?.pop().ok_or_else(Refusal::server_error)
    }

    async fn in_context(&self, caller: &Caller, pendings: Vec<Pending>) -> Outcome<Vec<Approval>> {
        let described = self.described(pendings.iter().flat_map(|pending| self.servers_of(pending)).collect()).await;
        let mut approvals = Vec::with_capacity(pendings.len());
        for pending in pendings {
            approvals.push(self.seen(caller, pending, &described).await?);
        }
        Ok(approvals)
    }

    async fn seen(&self, caller: &Caller, pending: Pending, described: &Descriptions) -> Outcome<Approval> {
        let provider = self.provider_of(&pending).clone();
        let resource_about =
            pending.ask.resource().and_then(|id| described.get(&Server::Resource(id.clone()))).cloned();
        let resource_known = match pending.ask.resource() {
            Some(resource) => self.store.has_been_at(&caller.person, resource).await?,
            None => false,
        };
        let agent = match agent_of(&pending) {
            Some(key) => {
                let binding = self.store.agent(key).await?;
                let bound = binding.filter(|bound| bound.person == caller.person && bound.is_active());
                Some(AgentSeen { key: key.clone(), bound })
            }
            None => None,
        };
        Ok(Approval {
            version: version(&pending.ask)?,
            may_ask: may_ask(&pending),
            scopes: self.scopes_of(&pending, resource_about.as_ref()).await?,
            provider_is_ours: provider == self.settings.issuer,
            provider_about: described.get(&Server::Provider(provider.clone())).cloned(),
            mission: self.mission_seen(caller, &pending).await?,
            callback: self.admitted_callback(&pending).await,
            provider,
            agent,
            resource_about,
            resource_known,
            pending,
        })
    }

    /// "Mission Update": what an update is shown beside.
    async fn mission_seen(&self, caller: &Caller, pending: &Pending) -> Outcome<Option<(Mission, Vec<LogEntry>)>> {
        let Some(s256) = pending.ask.mission() else { return Ok(None) };
        match self.store.mission(s256).await? {
            Some(mission) if mission.person == caller.person => {
                let mission = Mission { state: mission.state_at(self.clock.now()), ..mission };
                Ok(Some((mission, self.store.mission_updates(s256).await?)))
            }
            Some(_) | None => Ok(None),
        }
    }

    /// Who vouches for whoever asks. A key that is no agent's yet asks us to.
    pub(super) fn provider_of<'a>(&'a self, pending: &'a Pending) -> &'a ServerId {
        match &pending.asker {
            Asker::Agent(agent) => &agent.iss,
            Asker::Server { id } => id,
            Asker::Key { .. } => &self.settings.issuer,
        }
    }

    fn servers_of(&self, pending: &Pending) -> BTreeSet<Server> {
        let provider = self.provider_of(pending);
        let provider = (*provider != self.settings.issuer).then(|| Server::Provider(provider.clone()));
        let resource = pending.ask.resource().map(|id| Server::Resource(id.clone()));
        provider.into_iter().chain(resource).collect()
    }

    async fn scopes_of(&self, pending: &Pending, about: Option<&About>) -> Outcome<Vec<ScopeSeen>> {
        let Ask::Authorize(ask) = &pending.ask else { return Ok(Vec::new()) };
        let now = self.clock.now();
        // What was agreed to for the agent itself says nothing about what an intermediary may do.
        let consents = match agent_of(pending) {
            Some(agent) if ask.upstream.is_none() => self.store.consents(agent, &ask.resource, now).await?,
            Some(_) | None => Vec::new(),
        };
        let covered = |scope: &String, consent: &Consent| {
            let scopes = std::slice::from_ref(scope);
            consent.covers(Wanted { scopes, account: ask.account.as_deref(), mission: ask.mission.as_deref() }, now)
        };
        let seen = |scope: &String| ScopeSeen {
            scope: scope.clone(),
            description: about.and_then(|about| about.scopes.get(scope)).cloned(),
            new: !consents.iter().any(|consent| covered(scope, consent)),
        };
        Ok(ask.scopes.iter().map(seen).collect())
    }
}

/// Whether the agent answers questions, and may be asked another.
pub(super) fn may_ask(pending: &Pending) -> bool {
    let waits = matches!(&pending.state, State::Waiting(waiting) if waiting.may_ask());
    waits && pending.ask.hints().is_some_and(Hints::can_clarify)
}

/// Names an ask by what is asked.
pub(super) fn version(ask: &Ask) -> Outcome<String> {
    let text = serde_json::to_vec(ask).map_err(|_| Refusal::server_error())?;
    let digest = Sha256::digest(&text);
    Ok(BASE64_URL_SAFE_NO_PAD.encode(digest.get(..16).unwrap_or_default()))
}

/// Names an ask by what is asked and by where it stands, for who has to notice that either changed.
pub(super) fn standing(pending: &Pending) -> Outcome<String> {
    let text = serde_json::to_vec(&(&pending.ask, &pending.state)).map_err(|_| Refusal::server_error())?;
    let digest = Sha256::digest(&text);
    Ok(BASE64_URL_SAFE_NO_PAD.encode(digest.get(..16).unwrap_or_default()))
}
