//! An ask that is granted becomes what was asked for.

use super::PersonServer;
use super::answer::Answer;
use super::authenticate::Signed;
use super::refusal::Outcome;
use crate::domain::ask::Ask;
use crate::domain::decision::Approval;
use crate::domain::pending::PendingId;
use crate::domain::person::PersonKey;

/// A yes, and whose.
#[derive(Debug, Clone)]
pub(super) struct Granted {
    /// The person in whose name it is granted.
    pub(super) person: PersonKey,
    /// How it came about.
    pub(super) how: HowDecided,
    /// What the person said, where they were asked.
    pub(super) approval: Option<Approval>,
    /// The pending ask that is collected with it, and not to be collected again.
    pub(super) collects: Option<PendingId>,
}

/// How a yes came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum HowDecided {
    /// The person was asked.
    Person,
    /// The person had said so before.
    Consent,
    /// These policies permitted it.
    Policy(Vec<String>),
    /// As it was recorded before an access server was asked.
    Before(String),
}

impl HowDecided {
    /// As it is recorded.
    pub(super) fn record(&self) -> String {
        match self {
            Self::Person => "person".to_owned(),
            Self::Consent => "consent".to_owned(),
            Self::Policy(policies) => format!("policy {}", policies.join(", ")),
            Self::Before(recorded) => recorded.clone(),
        }
    }
}

impl PersonServer {
    /// Makes what was asked for.
    pub(super) async fn fulfil(&self, signed: &Signed, ask: &Ask, granted: Granted) -> Outcome<Answer> {
        let reply = match ask {
            // Only an access server can make the agent wait once more.
            Ask::Authorize(ask) if ask.federation.is_some() => {
                return Box::pin(self.federate(signed, ask, granted)).await;
            }
            Ask::Identify(ask) => self.identify(signed, ask, granted).await,
            Ask::Authorize(ask) => self.authorize(signed, ask, granted).await,
            Ask::Mission(ask) => self.start_mission(signed, ask, granted).await,
            Ask::Update(ask) => self.record_update(signed, ask, granted).await,
            Ask::Complete(ask) => self.complete_mission(signed, ask, granted).await,
            Ask::Permit(ask) => self.grant_permission(signed, ask, granted).await,
            Ask::Relay(ask) => self.conclude_relay(signed, ask, granted).await,
            Ask::Question(ask) => self.tell_answer(signed, ask, granted).await,
            // An agent that enrolls has no agent token to sign with: see `provider`.
            Ask::Enroll(_) => Err(super::refusal::Refusal::not_found()),
        };
        reply.map(Answer::Done)
    }
}
