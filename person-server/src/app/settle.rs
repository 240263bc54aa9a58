//! From an ask to an answer: granted, refused, or put before the person.

use std::time::Duration;

use serde_json::Map;

use super::PersonServer;
use super::answer::Answer;
use super::authenticate::Signed;
use super::fulfil::{Granted, HowDecided};
use super::missions::detail;
use super::refusal::{Outcome, Refusal};
use super::weigh::Verdict;
use super::whose::Whose;
use crate::domain::ask::{Ask, Hints};

impl PersonServer {
    /// Settles what an agent asks, waiting as long as it is willing to.
    pub(super) async fn settle(
        &self,
        signed: &Signed,
        whose: &Whose,
        ask: Ask,
        hints: &Hints,
        wait: Option<Duration>,
    ) -> Outcome<Answer> {
        match self.weigh(signed, whose, &ask, hints).await? {
            Verdict::Refuse { reason } => {
                self.log_ask(&ask, "refused", detail("reason", &reason)).await?;
                self.refused(signed, whose, &ask, reason).await
            }
            Verdict::Grant { policies, consented } => {
                let person = whose.person().ok_or_else(Refusal::server_error)?.clone();
                let how = if consented { HowDecided::Consent } else { HowDecided::Policy(policies) };
                // Before anything is handed out. An update is logged by being accepted.
                if !matches!(ask, Ask::Update(_)) {
                    self.log_ask(&ask, "granted", detail("by", &how.record())).await?;
                }
                let granted = Granted { person, how, approval: None, collects: None };
                self.fulfil(signed, &ask, granted).await
            }
            Verdict::AskPerson if hints.prompt.iter().any(|value| value == "none") => {
                let detail = "the person would have to be asked, and `prompt` is `none`";
                Err(Refusal::problem(403, "user_unreachable", detail))
            }
            Verdict::AskPerson => {
                let pending = self.pend(signed, whose.person().cloned(), ask, hints).await?;
                if let Err(over) = self.log_ask(&pending.ask, "asked", Map::new()).await {
                    self.let_go(&pending).await?;
                    return Err(over);
                }
                // Whoever has to bring the person here needs the code before anybody can decide.
                let wait = match &pending.person {
                    Some(person) if self.is_reachable(person) => wait,
                    Some(_) | None => None,
                };
                self.answer_when_decided(signed, pending, wait).await
            }
        }
    }
}
