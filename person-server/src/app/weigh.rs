//! Whether an ask is granted, refused, or put before the person.
//!
//! Policies decide, knowing what the person has said before: `permit` grants, `forbid` refuses, neither asks. What no
//! policy may settle is settled here: an agent that is nobody's, and a person who wants to be asked.

use super::PersonServer;
use super::authenticate::Signed;
use super::refusal::Outcome;
use super::whose::Whose;
use crate::domain::ask::{Ask, Hints};
use crate::domain::consent::{Consent, Wanted};
use crate::governance::{GovernanceQuestion, GovernanceVerdict};

/// What becomes of an ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is granted without asking.
    Grant {
        /// By which policies.
        policies: Vec<String>,
        /// Whether the person had said yes to all of it before.
        consented: bool,
    },
    /// The person is asked.
    AskPerson,
    /// It is refused.
    Refuse {
        /// Why, for the agent.
        reason: String,
    },
}

impl PersonServer {
    /// Weighs an ask.
    pub(super) async fn weigh(&self, signed: &Signed, whose: &Whose, ask: &Ask, hints: &Hints) -> Outcome<Verdict> {
        let consents = self.consents(signed, whose, ask).await?;
        let now = self.clock.now();
        let consented = consents.iter().any(|consent| consent.covers(wanted(ask), now));
        let question = self.question(signed, whose, ask, hints, (&consents, consented)).await?;
        let verdict = match self.governance.decide(&question) {
            GovernanceVerdict::Refuse { reason, .. } => {
                let reason = reason.unwrap_or_else(|| "a policy of the person server forbids it".to_owned());
                return Ok(Verdict::Refuse { reason });
            }
            GovernanceVerdict::Grant { policies } => Verdict::Grant { policies, consented },
            GovernanceVerdict::AskPerson => Verdict::AskPerson,
        };
        let wants_to_be_asked = hints.prompt.iter().any(|value| matches!(value.as_str(), "consent" | "login"));
        // Nobody has said yet whose agent this is, and no policy can.
        Ok(if whose.person().is_none() || wants_to_be_asked { Verdict::AskPerson } else { verdict })
    }

    async fn consents(&self, signed: &Signed, whose: &Whose, ask: &Ask) -> Outcome<Vec<Consent>> {
        match (whose, ask.resource()) {
            (Whose::Bound(binding), Some(resource)) => {
                Ok(self.store.consents(&binding.person, &signed.key(), resource).await?)
            }
            (Whose::Bound(_) | Whose::Nobody | Whose::Chained(_), _) => Ok(Vec::new()),
        }
    }
}

/// What a consent would have to cover.
fn wanted(ask: &Ask) -> Wanted<'_> {
    match ask {
        Ask::Authorize(ask) => {
            Wanted { scopes: &ask.scopes, account: ask.account.as_deref(), mission: ask.mission.as_deref() }
        }
        Ask::Enroll(_)
        | Ask::Identify(_)
        | Ask::Mission(_)
        | Ask::Update(_)
        | Ask::Complete(_)
        | Ask::Permit(_)
        | Ask::Relay(_)
        | Ask::Question(_) => Wanted { scopes: &[], account: None, mission: ask.mission() },
    }
}

