//! What goes into a mission's log: each ask made under it, and what came of it. "Mission Log".

use aauth_authorizer::clock::Seconds;
use serde_json::{Map, Value, json};

use super::facts::over;
use crate::app::PersonServer;
use crate::app::refusal::{Outcome, Refusal};
use crate::domain::ask::Ask;
use crate::domain::mission::{LogKind, NewEntry, Reason, Termination};
use crate::domain::pending::{Pending, State, Waiting};
use crate::store::Appended;

/// How many entries an agent may fill a log with.
pub(super) const MAX_ENTRIES: u32 = 20_000;

impl PersonServer {
    /// Records what came of an ask at once. Nothing where it is on no mission; an error where the mission is over.
    pub(in crate::app) async fn log_ask(&self, ask: &Ask, outcome: &str, more: Map<String, Value>) -> Outcome<()> {
        match NewEntry::about(ask, outcome, more, self.clock.now()) {
            Some(entry) => self.log(entry).await,
            None => Ok(()),
        }
    }

    /// Adds an entry of the agent's.
    pub(super) async fn log(&self, entry: NewEntry) -> Outcome<()> {
        match self.store.append_to_log(entry, MAX_ENTRIES).await? {
            Appended::Yes { .. } => Ok(()),
            Appended::Over(termination) => Err(over(termination)),
            Appended::Full => Err(full()),
            Appended::NotPending | Appended::Unknown => Err(Refusal::server_error()),
        }
    }
}

/// The agent has said all that is kept.
pub(super) fn full() -> Refusal {
    Refusal::problem(403, "denied", "this mission's log is full: complete the mission and propose another")
}

/// One member of an entry.
pub(in crate::app) fn detail(name: &str, value: &str) -> Map<String, Value> {
    Map::from_iter([(name.to_owned(), value.into())])
}

/// What the person's decision adds to the log.
pub(in crate::app) fn decided(pending: &Pending, next: &State, now: Seconds) -> Option<NewEntry> {
    let ask = &pending.ask;
    let (outcome, more) = match next {
        State::Approved(approved) => {
            let approval = &approved.approval;
            (
                "approved",
                json!({ "by": "person", "scope": approval.scopes.as_ref().map(|all| all.join(" ")), "answer": approval.answer }),
            )
        }
        State::Ended(ended) => ("denied", json!({ "by": "person", "reason": ended.detail })),
        State::Waiting(Waiting { question: Some(asked), .. }) => {
            let detail =
                json!({ "about": LogKind::of(ask).name(), "question": asked.question, "options": asked.options });
            return Some(NewEntry::new(ask.mission()?, LogKind::Clarification, members(&detail), now));
        }
        State::Waiting(_) | State::Federating(_) | State::Gone { .. } => return None,
    };
    NewEntry::about(ask, outcome, members(&more), now)
}

/// What the agent's answer adds to the log: the exchange that `waiting` ends with.
pub(in crate::app) fn answered(ask: &Ask, waiting: &Waiting, now: Seconds) -> Option<NewEntry> {
    let said = waiting.chat.last()?;
    let about = LogKind::of(ask).name();
    let detail = json!({ "about": about, "question": said.question, "answer": said.answer });
    Some(NewEntry::new(ask.mission()?, LogKind::Clarification, members(&detail), now))
}

/// The mission that is over by the person's decision: they accepted that it is done.
pub(in crate::app) fn ends(pending: &Pending, next: &State) -> Option<(String, Termination)> {
    match (&pending.ask, next) {
        (Ask::Complete(ask), State::Approved(approved)) => {
            Some((ask.mission.clone(), Termination { reason: Reason::Completed, at: approved.at }))
        }
        (
            Ask::Complete(_)
            | Ask::Enroll(_)
            | Ask::Identify(_)
            | Ask::Authorize(_)
            | Ask::Mission(_)
            | Ask::Update(_)
            | Ask::Permit(_)
            | Ask::Relay(_)
            | Ask::Question(_),
            _,
        ) => None,
    }
}

/// The members that there are.
fn members(detail: &Value) -> Map<String, Value> {
    let there = |value: &Value| !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty());
    detail
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, value)| there(value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}
