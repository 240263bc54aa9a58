//! The pending URL: polled, answered and given up by whoever asked.
//!
//! Implements "Polling with GET", "Agent Response to Clarification" and "Pending URL Security" of
//! draft-hardt-oauth-aauth-protocol-11. To anybody but the asker there is nothing here.

use aauth_authorizer::aauth::error::PollErrorCode as Code;

use super::PersonServer;
use super::answer::{Answer, PendingPath, Reply};
use super::authenticate::Signed;
use super::fulfil::{Granted, HowDecided};
use super::inbound::Inbound;
use super::missions::{denied, mission_end_told, over, relayed};
use super::refusal::{Outcome, Refusal};
use crate::domain::ask::{Ask, Upstream};
use crate::domain::pending::{Asker, Ended, Pending, PendingId, State};
use crate::store::Change;

impl PersonServer {
    /// `GET` of a pending URL.
    pub async fn poll(&self, request: &Inbound, id: &PendingId) -> Outcome<Answer> {
        let signed = self.agent(request).await?;
        let pending = self.own_pending(&signed, id).await?;
        if request.wait.is_none() && !self.polls.admits(id.as_str()) {
            return Err(Refusal::later(429, Code::SlowDown.code(), "polled too often: wait 5 s longer each time", 5));
        }
        self.answer_when_decided(&signed, pending, request.wait).await
    }

    /// `DELETE` of a pending URL: "Cancel Request".
    pub async fn cancel(&self, request: &Inbound, id: &PendingId) -> Outcome<Reply> {
        let signed = self.agent(request).await?;
        let pending = self.own_pending(&signed, id).await?;
        match &pending.state {
            State::Gone { .. } => Err(gone()),
            State::Waiting(_) | State::Federating(_) | State::Approved(_) | State::Ended(_) => {
                self.let_go(&pending).await?;
                self.withdraw_from_access_server(&pending.ask);
                self.bell.ring(&pending.id, pending.person.as_ref());
                Ok(Reply::empty(204))
            }
        }
    }

    /// The ask at this URL, if this agent asked.
    pub(super) async fn own_pending(&self, signed: &Signed, id: &PendingId) -> Outcome<Pending> {
        let pending = self.store.pending(id).await?.ok_or_else(Refusal::not_found)?;
        match &pending.asker {
            Asker::Agent(agent) if *agent == signed.key() => Ok(pending),
            Asker::Agent(_) | Asker::Key { .. } | Asker::Server { .. } => Err(Refusal::not_found()),
        }
    }

    /// What the agent is told of its ask, and gets where it was approved.
    pub(super) async fn outcome(&self, signed: &Signed, pending: &Pending) -> Outcome<Answer> {
        if let Some(termination) = self.mission_ended_under(pending).await? {
            self.let_go(pending).await?;
            return Err(over(termination));
        }
        if let Some(relayed) = relayed(pending, self.clock.now()) {
            return self.end_relay(pending, relayed).await;
        }
        match &pending.state {
            State::Waiting(_) | State::Federating(_) | State::Approved(_) if self.clock.now() >= pending.expires_at => {
                Err(self.expire(pending).await?)
            }
            State::Waiting(_) => Ok(Answer::Pending(self.view(pending, PendingPath::Request))),
            State::Federating(_) => Box::pin(self.federating(signed, pending, None)).await,
            State::Approved(approved) => {
                let granted = Granted {
                    person: approved.by.clone(),
                    how: HowDecided::Person,
                    approval: Some(approved.approval.clone()),
                    collects: Some(pending.id.clone()),
                };
                self.still_depends_on_nothing_revoked(pending).await?;
                self.fulfil(signed, &pending.ask, granted).await
            }
            // A permission is refused with an answer of its own.
            State::Ended(ended) if matches!(pending.ask, Ask::Permit(_)) && ended.error == Code::Denied.code() => {
                self.let_go(pending).await?;
                Ok(denied(ended.detail.as_deref()))
            }
            State::Ended(ended) => Err(self.tell(pending, ended).await?),
            State::Gone { .. } => Err(gone()),
        }
    }

    /// Tells the asker how it ended, once.
    pub(super) async fn tell(&self, pending: &Pending, ended: &Ended) -> Outcome<Refusal> {
        self.let_go(pending).await?;
        if let Some(termination) = mission_end_told(ended) {
            return Ok(over(termination));
        }
        Ok(Refusal::problem(ended.status, &ended.error, ended.detail.clone().unwrap_or_default()))
    }

    /// The ask is over, and its URL is gone.
    pub(super) async fn let_go(&self, pending: &Pending) -> Outcome<()> {
        let at = self.clock.now();
        self.store.change_pending("let go", &pending.id, move |_| Change::to(State::Gone { at }, ())).await?;
        Ok(())
    }

    /// Nobody decided in time: `expired`, or `abandoned` where the person had arrived.
    pub(super) async fn expire(&self, pending: &Pending) -> Outcome<Refusal> {
        let now = self.clock.now();
        let (code, detail) = match &pending.state {
            _ if upstream_of(&pending.ask).is_some_and(|upstream| upstream.exp <= now) => {
                (Code::Expired, "the upstream token expired: start over with a later one")
            }
            State::Waiting(waiting) if waiting.arrived => {
                (Code::Abandoned, "the person opened the request and did not decide in time")
            }
            State::Federating(_) => (Code::Expired, "the access server did not decide in time"),
            State::Approved(_) => (Code::Expired, "it was approved, and not collected in time"),
            State::Waiting(_) | State::Ended(_) | State::Gone { .. } => {
                (Code::Expired, "nobody decided in time: ask again for a new code")
            }
        };
        let ended = Ended::new(code.status(), code.code(), detail, now);
        self.withdraw_from_access_server(&pending.ask);
        self.tell(pending, &ended).await
    }
}

/// The token an ask was chained on.
pub(super) fn upstream_of(ask: &Ask) -> Option<&Upstream> {
    match ask {
        Ask::Identify(ask) => ask.upstream.as_ref(),
        Ask::Authorize(ask) => ask.upstream.as_ref(),
        Ask::Enroll(_)
        | Ask::Mission(_)
        | Ask::Update(_)
        | Ask::Complete(_)
        | Ask::Permit(_)
        | Ask::Relay(_)
        | Ask::Question(_) => None,
    }
}

/// "Once a terminal response is returned, the pending URL MUST return 410 Gone."
pub(super) fn gone() -> Refusal {
    let detail = "this request is settled, and was told so: ask again";
    Refusal::problem(Code::InvalidCode.status(), Code::InvalidCode.code(), detail)
}
