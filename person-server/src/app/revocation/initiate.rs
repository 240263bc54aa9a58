//! The person withdraws what an agent of theirs holds: all of it, what a consent or a mission gave it, or one token.
//!
//! Implements what a person server initiates of "Revocation Cascade". "A PS MAY report the outcome of a revocation the
//! person initiated to that person, per recipient": that is [`Revoked`].

use std::time::Duration;

use aauth_authorizer::clock::Seconds;
use serde::Serialize;
use tokio::time::{Instant, sleep, timeout};

use super::super::refusal::{Outcome, Refusal};
use super::super::{PersonServer, random};
use crate::domain::agent::AgentKey;
use crate::domain::issued::TokenRef;
use crate::domain::person::PersonKey;
use crate::domain::withdrawal::{Asker, Cause, Downstream, Notice, Role, Withdrawn};
use crate::store::Withdraw;

/// How long a person is kept waiting for others to answer.
const SHORTLY: Duration = Duration::from_secs(5);
/// Between two looks at how far it is.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// What came of withdrawing tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Revoked {
    /// Its name, to look again.
    pub id: String,
    /// How many tokens were withdrawn.
    pub tokens: i64,
    /// When.
    pub at: Seconds,
    /// Whether everybody has been told, or cannot be.
    pub settled: bool,
    /// Who is told, and how far that is.
    pub recipients: Vec<Informed>,
}

/// Somebody who is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Informed {
    /// Who.
    pub recipient: String,
    /// As what.
    pub role: Role,
    /// `due`, `awaited`, `recorded`, `unsupported`, `unavailable`.
    pub outcome: &'static str,
    /// The draft's name of the failure: until the token ends by itself, it is honored there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'static str>,
    /// When the token ends by itself.
    pub exp: Seconds,
    /// What an access server says of its own recipients.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub downstream: Vec<Downstream>,
}

impl From<Notice> for Informed {
    fn from(notice: Notice) -> Self {
        Self {
            recipient: notice.recipient.to_string(),
            role: notice.role,
            outcome: notice.told.name(),
            error: notice.told.error(),
            exp: notice.exp,
            downstream: notice.downstream,
        }
    }
}

impl PersonServer {
    /// The person ends an agent, whoever its provider is: it is nobody's from now on, what waits of it ends, and every token it holds is
    /// withdrawn.
    pub async fn end_agent(&self, person: &PersonKey, agent: &AgentKey) -> Outcome<Revoked> {
        self.revoke_held(person, Cause::Agent(person.clone(), agent.clone()), SHORTLY).await
    }

    /// What the agent holds is withdrawn; it may ask for more.
    pub(in crate::app) async fn revoke_all_held_by(&self, person: &PersonKey, agent: &AgentKey) -> Outcome<Revoked> {
        self.revoke_held(person, Cause::Held(person.clone(), agent.clone()), SHORTLY).await
    }

    /// The person takes a consent back, and with it what the agent holds at that resource.
    pub async fn revoke_consent(&self, person: &PersonKey, consent: &str) -> Outcome<Revoked> {
        self.revoke_held(person, Cause::Consent(person.clone(), consent.to_owned()), SHORTLY).await
    }

    /// The person takes one token back, and whatever rests on it.
    pub async fn revoke_token(&self, person: &PersonKey, token: &TokenRef) -> Outcome<Revoked> {
        self.revoke_held(person, Cause::Token(person.clone(), token.clone()), SHORTLY).await
    }

    /// Everything that was issued on a mission that is over is withdrawn. Nobody is kept waiting for others to hear of it.
    pub async fn revoke_all_under(&self, person: &PersonKey, mission: &str) -> Outcome<Revoked> {
        self.revoke_held(person, Cause::Mission(person.clone(), mission.to_owned()), Duration::ZERO).await
    }

    /// How far a withdrawal of the person's is.
    pub async fn revoked(&self, person: &PersonKey, id: &str) -> Outcome<Revoked> {
        let withdrawal = self.store.withdrawal(id).await?.ok_or_else(Refusal::not_found)?;
        if withdrawal.asker != Asker::Person(person.clone()) {
            return Err(Refusal::not_found());
        }
        let notices = self.store.notices(id).await?;
        let now = self.clock.now();
        Ok(Revoked {
            id: withdrawal.id,
            tokens: withdrawal.tokens,
            at: withdrawal.at,
            settled: notices.iter().all(|notice| notice.is_settled(now)),
            recipients: notices.into_iter().map(Informed::from).collect(),
        })
    }

    async fn revoke_held(&self, person: &PersonKey, cause: Cause, wait: Duration) -> Outcome<Revoked> {
        let id = match self.withdraw(cause).await? {
            Withdrawn::Recorded { id, .. } | Withdrawn::Before { id } => id,
            Withdrawn::NotTheirs | Withdrawn::TooMany => return Err(Refusal::not_found()),
        };
        self.tell_within(&id, wait).await;
        self.revoked(person, &id).await
    }

    /// Records a withdrawal, and rings for the asks that ended with it.
    pub(super) async fn withdraw(&self, cause: Cause) -> Outcome<Withdrawn> {
        let issuer = self.settings.issuer.clone();
        let withdraw = Withdraw { id: random::id(), cause, issuer, now: self.clock.now() };
        let withdrawn = self.store.withdraw(withdraw).await?;
        if let Withdrawn::Recorded { ended, .. } = &withdrawn {
            for pending in ended {
                self.bell.ring(pending, None);
            }
        }
        Ok(withdrawn)
    }

    /// Tells whoever has to be told, for as long as the caller waits. What takes longer goes on by itself.
    pub(super) async fn tell_within(&self, id: &str, wait: Duration) {
        let (notifier, id) = (self.notifier.clone(), id.to_owned());
        let telling = tokio::spawn(async move {
            notifier.tell(id).await;
            // Something may be due again, or of another withdrawal.
            notifier.wake();
        });
        // The task goes on when the handle is dropped.
        let _ = timeout(wait, telling).await;
    }

    /// Waits until a withdrawal is settled, or for so long.
    pub(super) async fn settled_within(&self, id: &str, wait: Duration) -> Outcome<()> {
        let until = Instant::now() + wait;
        loop {
            let now = self.clock.now();
            let settled = self.store.notices(id).await?.iter().all(|notice| notice.is_settled(now));
            if settled || Instant::now() >= until {
                return Ok(());
            }
            sleep(LOOK_AGAIN).await;
        }
    }
}
