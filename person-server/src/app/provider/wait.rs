//! The pending URL of a registration: polled, answered and given up by whoever proves the stable key that asked.
//!
//! An agent that started again meanwhile has a new key to sign with and the same stable key: it may go on.

use aauth_authorizer::aauth::error::PollErrorCode as Code;

use crate::app::PersonServer;
use crate::app::answer::{Answer, PendingPath, Reply};
use crate::app::clarify::said;
use crate::app::hints::MAX_TEXT;
use crate::app::inbound::Inbound;
use crate::app::poll::gone;
use crate::app::refusal::{Outcome, Refusal};
use crate::domain::pending::{Pending, PendingId, State};

use super::proof::Holder;
use super::register::asker;

impl PersonServer {
    /// `GET` of a registration's pending URL.
    pub async fn poll_registration(&self, request: &Inbound, id: &PendingId) -> Outcome<Answer> {
        let (holder, pending) = self.own_registration(request, id).await?;
        if request.wait.is_none() && !self.polls.admits(id.as_str()) {
            return Err(Refusal::later(429, Code::SlowDown.code(), "polled too often: wait 5 s longer each time", 5));
        }
        let pending = self.wait_for(pending, request.wait).await?;
        self.enrollment_outcome(&holder, &pending).await
    }

    /// `POST` to it: the answer to a question of the person's.
    pub async fn answer_registration(&self, request: &Inbound, id: &PendingId) -> Outcome<Answer> {
        let (holder, pending) = self.own_registration(request, id).await?;
        let parameters = request.parameters()?;
        if parameters.text("action", 64)? != "clarification_response" {
            return Err(Refusal::invalid_request("`action` is not `clarification_response`"));
        }
        let answer = parameters.text("clarification_response", MAX_TEXT)?;
        let waiting = said(self.questioned(&pending)?, &answer, self.clock.now());
        let changed = self.changed(pending, None, waiting).await?;
        self.enrollment_outcome(&holder, &changed).await
    }

    /// `DELETE` of it.
    pub async fn cancel_registration(&self, request: &Inbound, id: &PendingId) -> Outcome<Reply> {
        let (_, pending) = self.own_registration(request, id).await?;
        if matches!(pending.state, State::Gone { .. }) {
            return Err(gone());
        }
        self.let_go(&pending).await?;
        self.bell.ring(&pending.id, pending.person.as_ref());
        Ok(Reply::empty(204))
    }

    /// The registration at this URL, if this key asked. To anybody else there is nothing.
    async fn own_registration(&self, request: &Inbound, id: &PendingId) -> Outcome<(Holder, Pending)> {
        let holder = self.holder(request)?;
        let pending = self.store.pending(id).await?.filter(|pending| pending.asker == asker(&holder));
        Ok((holder, pending.ok_or_else(Refusal::not_found)?))
    }

    /// What the key is told, and gets where it was approved.
    pub(super) async fn enrollment_outcome(&self, holder: &Holder, pending: &Pending) -> Outcome<Answer> {
        match &pending.state {
            State::Waiting(_) | State::Federating(_) if self.clock.now() >= pending.expires_at => {
                Err(self.expire(pending).await?)
            }
            State::Waiting(_) | State::Federating(_) => {
                Ok(Answer::Pending(self.view(pending, PendingPath::Registration)))
            }
            State::Approved(approved) => self.enroll(holder, pending, approved).await.map(Answer::Done),
            State::Ended(ended) => Err(self.tell(pending, ended).await?),
            State::Gone { .. } => Err(gone()),
        }
    }
}
