//! The clarification chat: the person's questions to the agent, and its answers.
//!
//! Implements "Clarification Chat" of draft-hardt-oauth-aauth-protocol-11. Whatever the agent answers is its own words;
//! who shows them has to say so.

use aauth_authorizer::aauth::error::PollErrorCode as Code;
use aauth_authorizer::clock::Seconds;

use super::answer::Answer;
use super::authenticate::Signed;
use super::hints::MAX_TEXT;
use super::inbound::{Inbound, Parameters};
use super::missions::answered;
use super::refusal::{Outcome, Refusal};
use super::resource_ask::Behalf;
use super::{PersonServer, poll};
use crate::domain::ask::{Ask, AuthorizeAsk};
use crate::domain::pending::{Exchange, Pending, PendingId, State, Waiting};
use crate::store::{Change, Record};

impl PersonServer {
    /// `POST` to a pending URL: an answer, or a changed request.
    pub async fn respond(&self, request: &Inbound, id: &PendingId) -> Outcome<Answer> {
        let signed = self.agent(request).await?;
        let parameters = request.parameters()?;
        let action = parameters.text("action", 64)?;
        let pending = self.own_pending(&signed, id).await?;
        match action.as_str() {
            "clarification_response" => self.answered(&signed, pending, &parameters).await,
            "updated_request" => self.updated(&signed, pending, &parameters).await,
            _ => Err(Refusal::invalid_request("`action` is neither `clarification_response` nor `updated_request`")),
        }
    }

    async fn answered(&self, signed: &Signed, pending: Pending, parameters: &Parameters) -> Outcome<Answer> {
        let answer = parameters.text("clarification_response", MAX_TEXT)?;
        if matches!(pending.state, State::Federating(_)) {
            return Box::pin(self.answer_access_server(signed, pending, &answer)).await;
        }
        let waiting = self.questioned(&pending)?;
        let waiting = said(waiting, &answer, self.clock.now());
        self.change(signed, pending, None, waiting).await
    }

    /// "Updated Request": less of the same, by the same parties.
    async fn updated(&self, signed: &Signed, pending: Pending, parameters: &Parameters) -> Outcome<Answer> {
        if matches!(pending.state, State::Federating(_)) {
            return Box::pin(self.update_at_access_server(signed, pending, parameters)).await;
        }
        let waiting = self.questioned(&pending)?;
        let Ask::Authorize(before) = &pending.ask else {
            return Err(Refusal::invalid_request("only a request for an auth token can be updated"));
        };
        let after = self.updated_ask(signed, before, parameters).await?;
        let waiting = said(waiting, "", self.clock.now());
        self.change(signed, pending, Some(Ask::Authorize(Box::new(after))), waiting).await
    }

    /// What is asked instead: of the same by the same.
    pub(super) async fn updated_ask(
        &self,
        signed: &Signed,
        before: &AuthorizeAsk,
        parameters: &Parameters,
    ) -> Outcome<AuthorizeAsk> {
        let behalf = Behalf { subagent: before.subagent.clone(), upstream: before.upstream.clone() };
        let justification = parameters.optional_text("justification", MAX_TEXT)?;
        let mut hints = before.hints.clone();
        hints.justification = justification.or(hints.justification);
        let after = self.resource_ask(signed, parameters, behalf, &hints).await?;
        match other_than_before(before, &after) {
            None => Ok(after),
            Some(claim) => {
                let detail = format!("its `{claim}` is not that of the request it updates");
                Err(Refusal::problem(400, "invalid_resource_token", detail))
            }
        }
    }

    /// The state of an ask that has a question open.
    pub(super) fn questioned(&self, pending: &Pending) -> Outcome<Waiting> {
        match &pending.state {
            State::Waiting(_) if self.clock.now() >= pending.expires_at => {
                Err(Refusal::problem(Code::Expired.status(), Code::Expired.code(), "nobody decided in time"))
            }
            State::Waiting(waiting) if waiting.question.is_some() => Ok(waiting.clone()),
            State::Waiting(_) | State::Federating(_) | State::Approved(_) | State::Ended(_) => {
                Err(Refusal::invalid_request("nothing was asked"))
            }
            State::Gone { .. } => Err(poll::gone()),
        }
    }

    async fn change(&self, signed: &Signed, pending: Pending, ask: Option<Ask>, waiting: Waiting) -> Outcome<Answer> {
        let changed = self.changed(pending, ask, waiting).await?;
        self.outcome(signed, &changed).await
    }

    /// The pending ask once the open question is answered, and perhaps the ask changed.
    pub(super) async fn changed(&self, pending: Pending, ask: Option<Ask>, waiting: Waiting) -> Outcome<Pending> {
        let id = pending.id.clone();
        let at = self.clock.now();
        let change = move |stored: &Pending| match &stored.state {
            // What was answered is the question that is still open, or the answer is to nothing.
            State::Waiting(now) if now.question.is_some() => {
                let log = answered(&stored.ask, &waiting, at).into_iter().collect();
                let record = Record { log, ..Record::default() };
                Change { ask: ask.clone(), record, ..Change::to(State::Waiting(waiting.clone()), true) }
            }
            State::Waiting(_) | State::Federating(_) | State::Approved(_) | State::Ended(_) | State::Gone { .. } => {
                Change::none(false)
            }
        };
        if self.store.change_pending("clarify", &id, change).await? != Some(true) {
            return Err(Refusal::problem(409, "conflict", "the request changed meanwhile: poll it"));
        }
        self.bell.ring(&id, pending.person.as_ref());
        self.store.pending(&id).await?.ok_or_else(Refusal::not_found)
    }
}

/// The question and its answer move into the chat.
pub(super) fn said(waiting: Waiting, answer: &str, now: Seconds) -> Waiting {
    let mut chat = waiting.chat;
    if let Some(asked) = waiting.question {
        chat.push(Exchange { question: asked.question, answer: answer.to_owned(), at: now });
    }
    Waiting { arrived: waiting.arrived, chat, question: None }
}

/// "The new resource token MUST have the same iss, ps, sub, agent_jkt, mission_s256, and tenant as the original." `ps`
/// is this server in both, or neither were here.
fn other_than_before(before: &AuthorizeAsk, after: &AuthorizeAsk) -> Option<&'static str> {
    let same = [
        ("iss", before.resource == after.resource),
        ("sub", before.sub == after.sub),
        ("agent_jkt", before.presented.key.thumbprint() == after.presented.key.thumbprint()),
        ("mission_s256", before.mission == after.mission),
        ("tenant", before.tenant == after.tenant),
    ];
    same.into_iter().find(|(_, same)| !same).map(|(claim, _)| claim)
}
