//! What the person says to an ask, checked against what was asked.
//!
//! A decision names the version it was shown, so that an ask that the agent changed meanwhile is not approved unseen.

use aauth_authorizer::clock::Seconds;

use super::approvals::{Approval, may_ask, version};
use super::enter::Caller;
use crate::app::PersonServer;
use crate::app::refusal::{Outcome, Refusal};
use crate::domain::ask::Ask;
use crate::domain::decision::{Approval as Granted, Decision, Remember};
use crate::domain::pending::{Pending, PendingId};

const DAY: Seconds = 24 * 3600;
/// The longest that a yes is remembered or a mission lasts, when an end is given.
const MAX_UNTIL: Seconds = 3650 * DAY;

/// A decision, and what it is about.
#[derive(Debug, Clone)]
pub struct Said {
    /// The version that was shown.
    pub version: String,
    /// What the person says.
    pub decision: Decision,
}

impl PersonServer {
    /// The caller decides. Gives the ask as it is then, and where the browser goes.
    pub async fn said(&self, caller: &Caller, id: &PendingId, said: Said) -> Outcome<(Approval, Option<String>)> {
        let pending = self.persons_pending(&caller.person, id).await?;
        if version(&pending.ask)? != said.version {
            let detail = "the agent changed what it asks since it was shown: look again";
            return Err(Refusal::problem(409, "conflict", detail));
        }
        let decision = match said.decision {
            Decision::Approve(granted) => Decision::Approve(Box::new(self.fitting(caller, &pending, *granted).await?)),
            Decision::Ask { .. } if !may_ask(&pending) => {
                let detail = "the agent answers no questions, has one to answer, or was asked often enough";
                return Err(Refusal::problem(409, "conflict", detail));
            }
            decision @ (Decision::Deny { .. } | Decision::Ask { .. }) => decision,
        };
        let decided = self.decide_as_shown(&caller.person, pending, decision).await?;
        let way_back = self.way_back(&decided).await;
        Ok((self.approval_of(caller, decided).await?, way_back))
    }

    /// An approval that fits what was asked, with the person's own defaults.
    async fn fitting(&self, caller: &Caller, pending: &Pending, granted: Granted) -> Outcome<Granted> {
        let now = self.clock.now();
        fits(&pending.ask, &granted)?;
        let remember = match granted.remember {
            Remember::Always { until: None } => {
                let days = self.store.settings(&caller.person).await?.remember_days;
                Remember::Always { until: days.map(|days| now + Seconds::from(days) * DAY) }
            }
            remember @ (Remember::Once | Remember::Mission | Remember::Always { .. }) => remember,
        };
        if let Remember::Always { until: Some(until) } = remember {
            is_ahead("until", until, now)?;
        }
        if let Some(end) = granted.mission.as_ref().and_then(|mission| mission.expires_at) {
            is_ahead("expires_at", end, now)?;
        }
        Ok(Granted { remember, ..granted })
    }
}

/// Whether everything that is said has something in the ask that it is about.
fn fits(ask: &Ask, granted: &Granted) -> Outcome<()> {
    let wrong = |detail: &str| Err(Refusal::invalid_request(detail));
    let (tokens, authorize) = (ask.resource().is_some(), matches!(ask, Ask::Authorize(_)));
    if granted.remember != Remember::Once && !tokens {
        return wrong("`remember` is for what is asked at a resource: this is for once");
    }
    if granted.remember == Remember::Mission && ask.mission().is_none() {
        return wrong("`remember` says `mission`, and the request belongs to none");
    }
    if granted.scopes.is_some() && !authorize {
        return wrong("`scopes` is for an authorization, which this is not");
    }
    if granted.scopes.as_ref().is_some_and(Vec::is_empty)
        && matches!(ask, Ask::Authorize(ask) if !ask.scopes.is_empty())
    {
        return wrong("`scopes` is empty: deny the request instead");
    }
    if granted.answer.is_some() && !matches!(ask, Ask::Question(_)) {
        return wrong("`answer` is for a question, which this is not");
    }
    if granted.mission.is_some() && !matches!(ask, Ask::Mission(_)) {
        return wrong("`mission` is for a mission that is proposed, which this is not");
    }
    if granted.link.is_some() && !matches!(ask, Ask::Enroll(_)) {
        return wrong("`link` is for a device that enrolls, which this is not");
    }
    Ok(())
}

fn is_ahead(name: &str, time: Seconds, now: Seconds) -> Outcome<()> {
    if time <= now || time > now + MAX_UNTIL {
        return Err(Refusal::invalid_request(format!("`{name}` is not a time within the next ten years")));
    }
    Ok(())
}
