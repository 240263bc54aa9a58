//! Putting an ask before the person, and telling the asker where it stands.
//!
//! Implements the server's side of "Deferred Responses", "Interaction Required" and "Approval Pending" of
//! draft-hardt-oauth-aauth-protocol-11.

use std::time::Duration;

use aauth_authorizer::aauth::requirement::Requirement;
use aauth_authorizer::clock::Seconds;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::answer::{Answer, PendingPath, PendingView};
use super::authenticate::Signed;
use super::missions::{relayed, unavailable};
use super::poll::upstream_of;
use super::refusal::{Outcome, Refusal};
use super::{PersonServer, code, random};
use crate::domain::ask::{Ask, Hints};
use crate::domain::pending::{Asker, CodeState, Pending, PendingId, State, Waiting, Wanted};
use crate::domain::person::PersonKey;
use crate::store::{Added, Limits};

/// Seconds an agent has to answer a question of the person's.
pub(super) const CLARIFY_WITHIN: Seconds = 300;
/// Between two looks at the store, for what another replica did.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// How many codes are drawn before giving up: each is taken already with a chance of one in some thousands.
const CODES_DRAWN: usize = 8;

impl PersonServer {
    /// Keeps an agent's ask for its person to decide.
    pub(super) async fn pend(
        &self,
        signed: &Signed,
        person: Option<PersonKey>,
        ask: Ask,
        hints: &Hints,
    ) -> Outcome<Pending> {
        let reachable = person.as_ref().is_some_and(|person| self.is_reachable(person));
        if !reachable && hints.can_interact() && matches!(ask, Ask::Relay(_)) {
            return Err(unavailable());
        }
        if !reachable && !hints.can_interact() {
            let detail =
                "the person cannot be reached from here, and the agent did not declare the capability `interaction`";
            return Err(Refusal::problem(403, "user_unreachable", detail));
        }
        let asker = Asker::Agent(signed.key());
        match self.same_ask(&asker, &ask).await? {
            Some(pending) => Ok(pending),
            None => self.keep(asker, person, ask).await,
        }
    }

    /// The same ask of the same agent's that waits already. Who asks twice, or caught a request and sends it again, is
    /// told where it waits, and the person is asked once.
    async fn same_ask(&self, asker: &Asker, ask: &Ask) -> Outcome<Option<Pending>> {
        let Ok(wanted) = serde_json::to_value(ask) else { return Ok(None) };
        let under_way = self.store.under_way(asker, self.clock.now()).await?;
        let undecided =
            |pending: &Pending| matches!(&pending.state, State::Waiting(waiting) if waiting.chat.is_empty());
        let same = |pending: &Pending| serde_json::to_value(&pending.ask).is_ok_and(|ask| ask == wanted);
        Ok(under_way.into_iter().find(|pending| undecided(pending) && same(pending)))
    }

    /// Keeps an ask, and rings for the person.
    pub(super) async fn keep(&self, asker: Asker, person: Option<PersonKey>, ask: Ask) -> Outcome<Pending> {
        self.keep_as(asker, person, ask, State::Waiting(Waiting::default())).await
    }

    /// Keeps an ask that is in this state from its beginning.
    pub(super) async fn keep_as(
        &self,
        asker: Asker,
        person: Option<PersonKey>,
        ask: Ask,
        state: State,
    ) -> Outcome<Pending> {
        let now = self.clock.now();
        let until = until(&ask).unwrap_or(now + self.settings.pending_ttl);
        // "A pending downstream request whose upstream token expires before it completes ends with expired".
        let expires_at = upstream_of(&ask).map_or(until, |upstream| upstream.exp.min(until));
        let pending = Pending {
            id: PendingId::new(random::id()),
            asker,
            person,
            code: CodeState { code: code::new(), consumed: false, failures: 0 },
            ask,
            state,
            callback: None,
            created_at: now,
            expires_at,
            polled_at: None,
        };
        let mut pending = pending;
        for _ in 0..CODES_DRAWN {
            match self.store.add_pending(pending.clone(), self.pending_limits(), now).await? {
                Added::Yes => {
                    self.bell.ring(&pending.id, pending.person.as_ref());
                    return Ok(pending);
                }
                Added::CodeTaken => pending.code.code = code::new(),
                Added::TooManyOfAsker | Added::TooManyForPerson => {
                    let detail = "too many requests wait already: poll those, or cancel some";
                    return Err(Refusal::later(429, "rate_limited", detail, 30));
                }
            }
        }
        Err(Refusal::later(503, "temporarily_unavailable", "no free code was found", 5))
    }

    fn pending_limits(&self) -> Limits {
        let limits = &self.settings.limits;
        Limits { of_asker: limits.pending_per_asker, for_person: limits.pending_per_person }
    }

    /// The answer once the person has decided, or where it stands when the asker waits no longer.
    pub(super) async fn answer_when_decided(
        &self,
        signed: &Signed,
        pending: Pending,
        wait: Option<Duration>,
    ) -> Outcome<Answer> {
        if matches!(pending.state, State::Federating(_)) && self.clock.now() < pending.expires_at {
            return Box::pin(self.federating(signed, &pending, wait)).await;
        }
        let pending = self.wait_for(pending, wait).await?;
        self.outcome(signed, &pending).await
    }

    /// The pending ask as it is after something happened to it, or after `wait`.
    pub(super) async fn wait_for(&self, pending: Pending, wait: Option<Duration>) -> Outcome<Pending> {
        let Some(wait) = wait else { return Ok(pending) };
        let until = Instant::now() + wait;
        let mut bell = self.bell.listen();
        let mut pending = pending;
        // A server that stops lets whoever waits go: they ask again, and find the next one.
        while self.has_nothing_to_tell(&pending) && Instant::now() < until && !self.is_stopping() {
            let look = until.min(Instant::now() + LOOK_AGAIN);
            if timeout_at(look, bell.rings_for(&pending.id)).await.is_err() {
                sleep_until(look).await;
            }
            pending = self.store.pending(&pending.id).await?.ok_or_else(Refusal::not_found)?;
        }
        Ok(pending)
    }

    fn has_nothing_to_tell(&self, pending: &Pending) -> bool {
        let waits = match &pending.state {
            State::Waiting(waiting) => waiting.question.is_none(),
            State::Federating(_) | State::Approved(_) | State::Ended(_) | State::Gone { .. } => false,
        };
        let now = self.clock.now();
        waits && now < pending.expires_at && relayed(pending, now).is_none()
    }

    /// A pending ask as its asker sees it.
    pub(super) fn view(&self, pending: &Pending, path: PendingPath) -> PendingView {
        let mut view = PendingView {
            id: pending.id.clone(),
            path,
            interacting: false,
            requirement: None,
            clarification: None,
            timeout: None,
            retry_after: self.settings.poll_interval,
        };
        match &pending.state {
            State::Waiting(waiting) => {
                view.interacting = waiting.arrived;
                if let Some(question) = &waiting.question {
                    view.requirement = Some(Requirement::Clarification);
                    view.timeout = Some((question.asked_at + CLARIFY_WITHIN - self.clock.now()).max(0));
                    view.clarification = Some(question.clone());
                } else {
                    view.requirement = Some(self.requirement(pending));
                }
            }
            State::Federating(federating) => {
                view.interacting = federating.arrived;
                view.requirement = federating.wants.as_ref().map(|wanted| required(&pending.ask, wanted));
                if let Some(Wanted::Clarification(question)) = &federating.wants {
                    view.timeout = Some((question.asked_at + CLARIFY_WITHIN - self.clock.now()).max(0));
                    view.clarification = Some(question.clone());
                }
            }
            State::Approved(_) | State::Ended(_) | State::Gone { .. } => {}
        }
        view
    }

    /// How the person is brought to decide: by the agent, as long as nobody has arrived, or over our own channel.
    fn requirement(&self, pending: &Pending) -> Requirement {
        let interaction = Requirement::Interaction {
            url: format!("{}/interact", self.settings.issuer.as_str()),
            code: code::shown(&pending.code.code),
        };
        match &pending.person {
            // The agent has asked for the person to be told, so it is not to bring them here.
            Some(_) if matches!(pending.ask, Ask::Relay(_)) => Requirement::Approval,
            _ if !pending.code.consumed => interaction,
            Some(_) | None => Requirement::Approval,
        }
    }
}

/// Until when the asker wants the person to be asked, where it says so.
fn until(ask: &Ask) -> Option<Seconds> {
    match ask {
        Ask::Relay(relay) => relay.until,
        Ask::Enroll(_)
        | Ask::Identify(_)
        | Ask::Authorize(_)
        | Ask::Mission(_)
        | Ask::Update(_)
        | Ask::Complete(_)
        | Ask::Permit(_)
        | Ask::Question(_) => None,
    }
}

/// What an access server wants, as it is told to the agent: an agent that cannot get the person anywhere waits until
/// they find their own way there.
fn required(ask: &Ask, wanted: &Wanted) -> Requirement {
    let can_interact = matches!(ask, Ask::Authorize(ask) if ask.hints.can_interact());
    match wanted {
        Wanted::Interaction { url, code } if can_interact => {
            Requirement::Interaction { url: url.clone(), code: code.clone() }
        }
        Wanted::Interaction { .. } | Wanted::Approval | Wanted::Payment { .. } => Requirement::Approval,
        Wanted::Clarification(_) => Requirement::Clarification,
    }
}
