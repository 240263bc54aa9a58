//! A relay: it reports that it reached the person, and nothing of what they did elsewhere. "Interaction Response".

use aauth_authorizer::aauth::error::InteractionErrorCode as Code;
use aauth_authorizer::clock::Seconds;
use serde_json::{Map, json};

use crate::app::PersonServer;
use crate::app::answer::{Answer, Reply};
use crate::app::authenticate::Signed;
use crate::app::fulfil::Granted;
use crate::app::poll::gone;
use crate::app::refusal::{Outcome, Refusal};
use crate::domain::ask::{Ask, RelayAsk};
use crate::domain::mission::NewEntry;
use crate::domain::pending::{Pending, State};
use crate::store::{Change, Record};

/// What a relay came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::app) enum Relayed {
    /// The person has seen it, and goes there.
    Engaged,
    /// The agent waits no longer.
    Elapsed,
}

impl Relayed {
    /// The last response: 200, since the relay is over either way. The resource's own URL says how it went there.
    fn reply(self) -> Reply {
        Reply::ok(json!({ "status": match self { Self::Engaged => "interacting", Self::Elapsed => "pending" } }))
    }

    fn outcome(self) -> &'static str {
        match self {
            Self::Engaged => "engaged",
            Self::Elapsed => "elapsed",
        }
    }
}

/// Whether a relay has come to an end: "once the user has engaged or this window elapses, whichever comes first".
pub(in crate::app) fn relayed(pending: &Pending, now: Seconds) -> Option<Relayed> {
    let Ask::Relay(relay) = &pending.ask else { return None };
    match &pending.state {
        // Who asks the agent something first has looked, and not gone.
        State::Waiting(waiting) if waiting.arrived && waiting.question.is_none() && waiting.chat.is_empty() => {
            Some(Relayed::Engaged)
        }
        State::Waiting(_) if relay.until.is_some_and(|until| until <= now) => Some(Relayed::Elapsed),
        State::Waiting(_) | State::Federating(_) | State::Approved(_) | State::Ended(_) | State::Gone { .. } => None,
    }
}

impl PersonServer {
    /// The person went there by their page.
    pub(in crate::app) async fn conclude_relay(&self, _: &Signed, ask: &RelayAsk, granted: Granted) -> Outcome<Reply> {
        self.mission_end(ask.mission.as_deref()).await?;
        self.collect(&granted).await?;
        Ok(Relayed::Engaged.reply())
    }

    /// The relay is over without a decision.
    pub(in crate::app) async fn end_relay(&self, pending: &Pending, relayed: Relayed) -> Outcome<Answer> {
        self.mission_end(pending.ask.mission()).await?;
        let at = self.clock.now();
        let rule = move |pending: &Pending| match &pending.state {
            State::Waiting(_) => {
                let entry = NewEntry::about(&pending.ask, relayed.outcome(), Map::new(), at);
                let record = Record { log: entry.into_iter().collect(), ..Record::default() };
                Change { record, ..Change::to(State::Gone { at }, true) }
            }
            State::Federating(_) | State::Approved(_) | State::Ended(_) | State::Gone { .. } => Change::none(false),
        };
        if self.store.change_pending("end relay", &pending.id, rule).await? != Some(true) {
            return Err(gone());
        }
        self.bell.ring(&pending.id, pending.person.as_ref());
        Ok(Answer::Done(relayed.reply()))
    }
}

/// There is no way to the person from here, and the agent has one: "Non-terminal: the agent directs the user to the
/// url/code itself".
pub(in crate::app) fn unavailable() -> Refusal {
    let detail = "the person cannot be reached from here: direct them to the url yourself";
    Refusal::problem(Code::InteractionUnavailable.status(), Code::InteractionUnavailable.code(), detail)
}
