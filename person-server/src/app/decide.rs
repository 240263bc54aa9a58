//! The person decides.
//!
//! Implements "PS Approval Endpoint Authentication" as far as values go: whoever calls here was authenticated as this
//! person. A decision is taken once; the second of two tabs is told that the first has decided. A yes that is remembered
//! is recorded in the same transaction, so that nothing acknowledged is lost.

use aauth_authorizer::aauth::error::PollErrorCode as Code;
use aauth_authorizer::aauth::interaction_code::InteractionCode;

use super::missions::{decided, ends, over};
use super::refusal::{Outcome, Refusal};
use super::{PersonServer, random};
use crate::domain::agent::{AgentKey, Binding};
use crate::domain::ask::{Ask, Hints};
use crate::domain::audit::AuditEvent;
use crate::domain::consent::Consent;
use crate::domain::decision::{Approval, Decision, Remember};
use crate::domain::pending::{Approved, Asker, Clarification, Ended, Pending, PendingId, State};
use crate::domain::person::PersonKey;
use crate::store::{Arrival, Decided, Record};

impl PersonServer {
    /// The person arrives with a code: "Single use". An ask that is nobody's becomes theirs to decide.
    pub async fn arrive(&self, person: &PersonKey, typed: &str, callback: Option<String>) -> Outcome<Pending> {
        let refused =
            || Refusal::problem(Code::InvalidCode.status(), Code::InvalidCode.code(), "no such code, or it was used");
        if !self.arrivals.admits(person.as_str()) {
            return Err(Refusal::later(429, "rate_limited", "too many codes were tried: wait a minute", 60));
        }
        let typed = InteractionCode::parse(typed).map_err(|_| refused())?;
        let arrival = self.store.arrive(person, typed.symbols(), callback.as_deref(), self.clock.now()).await?;
        match arrival {
            Arrival::Here(pending) => {
                self.bell.ring(&pending.id, pending.person.as_ref());
                Ok(*pending)
            }
            Arrival::Failed(pending) => {
                self.bell.ring(&pending.id, pending.person.as_ref());
                Err(refused())
            }
            Arrival::Expired => {
                Err(Refusal::problem(Code::Expired.status(), Code::Expired.code(), "nobody decided in time"))
            }
            // Another person's ask must not be told from none.
            Arrival::Unknown | Arrival::Wrong | Arrival::Used | Arrival::NotTheirs => Err(refused()),
        }
    }

    /// The person decides about an ask of theirs.
    pub async fn decide(&self, person: &PersonKey, id: &PendingId, decision: Decision) -> Outcome<Pending> {
        let pending = self.persons_pending(person, id).await?;
        self.decide_as_shown(person, pending, decision).await
    }

    /// The person decides about an ask of theirs as they were shown it: one that changed meanwhile is left undecided.
    pub async fn decide_as_shown(&self, person: &PersonKey, pending: Pending, decision: Decision) -> Outcome<Pending> {
        let now = self.clock.now();
        let State::Waiting(waiting) = &pending.state else { return Err(decided_already()) };
        if now >= pending.expires_at {
            return Err(Refusal::problem(Code::Expired.status(), Code::Expired.code(), "it expired undecided"));
        }
        if let Some(termination) = self.mission_ended_under(&pending).await? {
            return Err(over(termination));
        }
        let (state, what) = match decision {
            Decision::Approve(approval) => {
                let approval = self.admissible(person, &pending, *approval).await?;
                (State::Approved(Approved { approval, by: person.clone(), at: now }), "approved")
            }
            Decision::Deny { reason } => {
                let detail = reason.unwrap_or_else(|| "the person declined".to_owned());
                (State::Ended(Ended::new(Code::Denied.status(), Code::Denied.code(), detail, now)), "denied")
            }
            Decision::Ask { question, options } => {
                if !waiting.may_ask() {
                    let detail = "the agent has not answered the last question, or was asked often enough";
                    return Err(Refusal::problem(409, "conflict", detail));
                }
                let mut waiting = waiting.clone();
                waiting.arrived = true;
                waiting.question = Some(Clarification { question, options, asked_at: now });
                (State::Waiting(waiting), "questioned")
            }
        };
        let record = self.recorded(person, &pending, &state, what);
        let decided = self.store.decide(person, &pending, state, record, now).await?;
        self.bell.ring(&pending.id, Some(person));
        match decided {
            Decided::Yes(pending) => {
                if let Some((mission, _)) = ends(&pending, &pending.state) {
                    self.revoke_all_under(person, &mission).await?;
                }
                Ok(*pending)
            }
            Decided::Before(_) => Err(decided_already()),
            Decided::NotTheirs => Err(Refusal::not_found()),
        }
    }

    /// An ask that this person may look at and decide: theirs, or nobody's where there is nobody else.
    pub async fn persons_pending(&self, person: &PersonKey, id: &PendingId) -> Outcome<Pending> {
        let pending = self.store.pending(id).await?.ok_or_else(Refusal::not_found)?;
        match &pending.person {
            Some(owner) if owner == person => Ok(pending),
            // Where there is nobody else it can only be theirs, and no code is needed to say so.
            None if self.is_alone(person).await? => self.arrive(person, &pending.code.code, None).await,
            Some(_) | None => Err(Refusal::not_found()),
        }
    }

    /// Whether this is the one person of this server.
    pub(super) async fn is_alone(&self, person: &PersonKey) -> Outcome<bool> {
        let people = self.store.people(2).await?;
        Ok(matches!(people.as_slice(), [only] if only.key == *person))
    }

    /// What is kept with a decision.
    fn recorded(&self, person: &PersonKey, pending: &Pending, state: &State, what: &str) -> Record {
        let (binding, consent) = match state {
            State::Approved(approved) => (
                self.binding_of(person, pending, &approved.approval),
                self.consent_of(person, pending, &approved.approval),
            ),
            State::Waiting(_) | State::Federating(_) | State::Ended(_) | State::Gone { .. } => (None, None),
        };
        let now = self.clock.now();
        let mut event = AuditEvent::new(now, Some(person.clone()), &format!("ask.{what}"));
        event.detail.insert("kind".to_owned(), pending.ask.kind().into());
        event.agent = agent_of(pending).map(|agent| agent.sub.as_str().to_owned());
        event.resource = pending.ask.resource().map(|resource| resource.as_str().to_owned());
        event.mission = pending.ask.mission().map(str::to_owned);
        Record {
            bindings: binding.into_iter().collect(),
            consents: consent.into_iter().collect(),
            events: vec![event],
            log: decided(pending, state, now).into_iter().collect(),
            ends: ends(pending, state),
        }
    }

    /// "The binding is typically established lazily -- when the person first authorizes the agent".
    fn binding_of(&self, person: &PersonKey, pending: &Pending, approval: &Approval) -> Option<Binding> {
        let hints = match &pending.ask {
            Ask::Identify(ask) if ask.upstream.is_none() => ask.hints.clone(),
            Ask::Mission(ask) => ask.hints.clone(),
            Ask::Permit(_) | Ask::Relay(_) | Ask::Question(_) => Hints::default(),
            // An agent that enrolls is bound when it collects its token; the others come from an agent that is bound.
            Ask::Identify(_) | Ask::Authorize(_) | Ask::Enroll(_) | Ask::Update(_) | Ask::Complete(_) => return None,
        };
        let now = self.clock.now();
        Some(Binding {
            agent: agent_of(pending)?.clone(),
            person: person.clone(),
            name: approval.name.clone(),
            platform: hints.platform,
            device: hints.device,
            bound_at: now,
            seen_at: now,
            revoked_at: None,
        })
    }

    fn consent_of(&self, person: &PersonKey, pending: &Pending, approval: &Approval) -> Option<Consent> {
        let (resource, account, scopes) = match &pending.ask {
            Ask::Identify(ask) if ask.upstream.is_none() => (&ask.resource, None, Vec::new()),
            Ask::Authorize(ask) if ask.upstream.is_none() => {
                let granted = approval.scopes.clone().unwrap_or_else(|| ask.scopes.clone());
                (&ask.resource, ask.account.clone(), granted)
            }
            Ask::Identify(_)
            | Ask::Authorize(_)
            | Ask::Enroll(_)
            | Ask::Mission(_)
            | Ask::Update(_)
            | Ask::Complete(_)
            | Ask::Permit(_)
            | Ask::Relay(_)
            | Ask::Question(_) => return None,
        };
        let mission = pending.ask.mission().map(str::to_owned);
        let (mission, expires_at) = match approval.remember {
            Remember::Once => return None,
            Remember::Mission => (Some(mission?), None),
            Remember::Always { until } => (None, until),
        };
        Some(Consent {
            id: random::id(),
            person: person.clone(),
            agent: agent_of(pending)?.clone(),
            resource: resource.clone(),
            account,
            mission,
            scopes,
            created_at: self.clock.now(),
            expires_at,
            revoked_at: None,
        })
    }

    /// The approval as it may stand: within what was asked.
    async fn admissible(&self, person: &PersonKey, pending: &Pending, approval: Approval) -> Outcome<Approval> {
        let wrong = |detail: String| Refusal::invalid_request(detail);
        if let (Ask::Authorize(ask), Some(scopes)) = (&pending.ask, &approval.scopes)
            && let Some(scope) = scopes.iter().find(|scope| !ask.scopes.contains(scope))
        {
            return Err(wrong(format!("the scope `{}` was not asked for", scope.escape_debug())));
        }
        if let (Ask::Authorize(ask), Some(scopes)) = (&pending.ask, &approval.scopes)
            && ask.federation.is_some()
            && ask.scopes.iter().any(|scope| !scopes.contains(scope))
        {
            // What it is asked for stands in the resource token, which nobody here can change.
            let detail = "the access server grants all of it or none: to grant less, ask the agent to ask for less";
            return Err(wrong(detail.to_owned()));
        }
        if let (Ask::Mission(ask), Some(edit)) = (&pending.ask, &approval.mission) {
            self.admissible_edit(ask, edit)?;
        }
        if matches!(pending.ask, Ask::Question(_)) && approval.answer.is_none() {
            return Err(wrong("a question is answered with `answer`".to_owned()));
        }
        if let Some(link) = &approval.link {
            let agent = AgentKey { iss: self.settings.issuer.clone(), sub: link.clone() };
            let known = self.store.agent(&agent).await?;
            if !known.is_some_and(|binding| binding.person == *person && binding.is_active()) {
                return Err(wrong("`link` is not an agent of this person's".to_owned()));
            }
        }
        Ok(approval)
    }
}

/// The agent that asked.
pub(super) fn agent_of(pending: &Pending) -> Option<&AgentKey> {
    match &pending.asker {
        Asker::Agent(agent) => Some(agent),
        Asker::Key { .. } | Asker::Server { .. } => None,
    }
}

fn decided_already() -> Refusal {
    Refusal::problem(409, "conflict", "this request was decided, withdrawn or changed meanwhile")
}
