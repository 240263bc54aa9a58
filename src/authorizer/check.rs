//! One check. Read `Authorizer::decide` and you have read the draft: each line is one step, each `?` one way to be
//! refused, each type a stronger promise than the one before.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::answer::{Answer, Denied, Fault, Permit};
use super::consulted::Consulted;
use super::identify::Caller;
use super::inbound::{Body, InboundRequest};
use super::known::KnownTokens;
use super::permit;
use super::questions::Questions;
use super::record::Record;
use super::refusal;
use super::resource::{AccessMode, Resource, Resources};
use super::revocation::Revocations;
use crate::aauth::digest;
use crate::aauth::error::{SignatureError, SignatureErrorCode as Code};
use crate::aauth::message::Message;
use crate::aauth::signature::SignedRequest;
use crate::clock::{Seconds, SharedClock};
use crate::discovery::Issuers;
use crate::policy::{Decision, Outcome, PolicyStore, Principal, Subject};
use crate::replay::{self, ReplayCache};

/// Everything a check needs. Shared by all of them.
#[derive(Debug)]
pub struct Authorizer {
    /// The resources.
    pub resources: Resources,
    /// Their issuers' keys.
    pub issuers: Issuers,
    /// The policies in force.
    pub policies: Arc<PolicyStore>,
    /// Tokens verified lately.
    pub known: KnownTokens,
    /// Requests let through lately.
    pub replays: ReplayCache,
    /// Tokens withdrawn.
    pub revocations: Revocations,
    /// The time.
    pub clock: SharedClock,
    /// How long a check may wait for an issuer's keys.
    pub fetch_budget: Duration,
}

/// The answer, and what to write down of how it came about.
#[derive(Debug)]
pub struct Checked {
    /// The answer.
    pub answer: Answer,
    /// For the decision log, metrics and traces.
    pub record: Record,
}

impl Authorizer {
    /// Decides about one request.
    pub async fn check(&self, request: InboundRequest) -> Checked {
        let mut record = Record::of(&request);
        let answer = self.answer(request, &mut record).await;
        record.conclude(&answer);
        Checked { answer, record }
    }

    /// The same, and what the policies were asked on the way.
    pub async fn check_consulted(&self, request: InboundRequest) -> (Checked, Vec<Consulted>) {
        let mut record = Record::attentive(&request);
        let answer = self.answer(request, &mut record).await;
        record.conclude(&answer);
        let consulted = record.take_consulted();
        (Checked { answer, record }, consulted)
    }

    /// The same for an edge that keeps the record, also of a check that it breaks off.
    pub(super) async fn answer(&self, request: InboundRequest, record: &mut Record) -> Answer {
        match self.decide(request, record).await {
            Ok(permit) => Answer::Permit(permit),
            Err(refusal) => *refusal,
        }
    }

    /// Steps 2 to 7. Receiving the request and answering it are the gateway adapter's.
    async fn decide(&self, request: InboundRequest, record: &mut Record) -> Result<Permit, Box<Answer>> {
        let now = self.clock.now();
        let resource = self.locate(&request, record)?;
        let request = as_the_agent_saw_it(request, &resource);
        let message = &request.message;
        let read = SignedRequest::read(message, &resource.signatures, now);
        let Some(signed) = read.map_err(|error| refusal::unauthenticated(&resource, error))? else {
            return self.unsigned(&resource, &request, record, now);
        };
        let caller = record.time_verify(self.identify(&resource, &signed, message, now)).await?;
        record.signed(&signed);
        record.identified(&caller);
        body_is_the_one_signed(&resource, &signed, &request)?;
        let questions = Questions::of(&resource, &request)?;
        record.asked(&questions);
        self.admit(&resource, &caller, &questions, now)?;
        let permit = self.ask_policy(&resource, Some(&caller), &questions, record, now)?;
        self.first_time(&resource, &caller, &signed, message)?;
        Ok(permit)
    }

    /// Step 2: the resource.
    fn locate(&self, request: &InboundRequest, record: &mut Record) -> Result<Arc<Resource>, Box<Answer>> {
        let Some(resource) = self.resources.locate(request) else {
            let detail = match &request.resource_id {
                Some(_) => "the gateway names a resource that is not configured",
                None => "no resource is configured for this host",
            };
            return Err(Box::new(Answer::Forbidden(Denied::forbidden(detail))));
        };
        record.located(&resource.id);
        // An agent token names no audience: what ties a request to us is the authority that was signed. A gateway that
        // sends us whatever host it is asked for would let any other service hand on what agents signed for it.
        if !resource.answers_to(request.message.authority()) {
            return Err(Box::new(Answer::Forbidden(Denied::forbidden("this resource is not served under this host"))));
        }
        Ok(Arc::clone(resource))
    }

    /// No signature: where the operator admits such requests, policies decide; elsewhere they are challenged.
    fn unsigned(
        &self,
        resource: &Resource,
        request: &InboundRequest,
        record: &mut Record,
        now: Seconds,
    ) -> Result<Permit, Box<Answer>> {
        if !resource.anonymous {
            return Err(refusal::unsigned(resource));
        }
        let questions = Questions::of(resource, request)?;
        record.asked(&questions);
        self.ask_policy(resource, None, &questions, record, now)
    }

    /// Step 6: not revoked, and the kind of token that the access mode asks for.
    fn admit(
        &self,
        resource: &Resource,
        caller: &Caller,
        questions: &Questions<'_>,
        now: Seconds,
    ) -> Result<(), Box<Answer>> {
        // A bare key or server is here because the resource accepts its scheme; it satisfies the weakest mode alone.
        let mode = match caller.token() {
            None => AccessMode::AgentToken,
            Some(token) => {
                if self.revocations.is_revoked(&token.common().iss, &token.common().jti) {
                    return Err(refusal::revoked(resource, token));
                }
                AccessMode::satisfied_by(token.typ()).unwrap_or(AccessMode::AgentToken)
            }
        };
        if mode >= resource.access {
            return Ok(());
        }
        if mode == AccessMode::PersonToken {
            let scopes = self.scopes_to_ask(resource, caller, questions, now);
            let detail = "this resource is served to authorized agents only".to_owned();
            return Err(refusal::auth_token_needed(resource, caller, scopes, detail, now));
        }
        Err(refusal::person_token_needed("this resource needs to know which person the agent acts for"))
    }

    /// What to ask the person for: what the policies want for this very request, else what the operator set.
    fn scopes_to_ask(
        &self,
        resource: &Resource,
        caller: &Caller,
        questions: &Questions<'_>,
        now: Seconds,
    ) -> Vec<String> {
        let policies = self.policies.current();
        let wanted: BTreeSet<String> = questions
            .facts()
            .flat_map(|facts| policies.scopes_wanted(&resource.id, caller.subject(), &facts, now))
            .collect();
        let wanted: Vec<String> = wanted.into_iter().collect();
        let wanted = resource.askable(&wanted);
        if !wanted.is_empty() {
            return wanted;
        }
        if !resource.default_scopes.is_empty() {
            return resource.default_scopes.clone();
        }
        resource.scope_descriptions.keys().cloned().collect()
    }

    /// Step 7: the policies. Where there are several questions, each of them has to be let pass.
    fn ask_policy(
        &self,
        resource: &Resource,
        caller: Option<&Caller>,
        questions: &Questions<'_>,
        record: &mut Record,
        now: Seconds,
    ) -> Result<Permit, Box<Answer>> {
        let nobody;
        let subject = if let Some(caller) = caller {
            caller.subject()
        } else {
            nobody = Subject::new(Principal::Anonymous, None);
            &nobody
        };
        let policies = self.policies.current();
        let decisions = record.time_decide(|| policies.decide_each(&resource.id, subject, questions.facts(), now));
        for (facts, decision) in questions.facts().zip(&decisions) {
            record.consulted(|| Consulted::new(&resource.id, subject, &facts, now, decision));
        }
        let Some(decision) = Decision::of_all(decisions, subject) else { return Err(refusal::nothing_asked()) };
        record.decided(&decision);
        match &decision.outcome {
            Outcome::Permit { headers, metadata } => {
                Ok(permit::compose(resource, caller, questions.message(), headers, metadata, &decision.policies))
            }
            Outcome::Deny(denial) => Err(refusal::of_policy(resource, caller, denial, now)),
        }
    }

    /// "Freshness and Replay": what has an effect is let through once.
    fn first_time(
        &self,
        resource: &Resource,
        caller: &Caller,
        signed: &SignedRequest,
        message: &Message,
    ) -> Result<(), Box<Answer>> {
        if !resource.refuse_replays || replay::is_safe(message.method()) {
            return Ok(());
        }
        let base = signed.base(message).map_err(|error| refusal::unauthenticated(resource, error))?;
        if self.replays.is_first(caller.request().thumbprint(), &base) {
            Ok(())
        } else {
            Err(refusal::replayed(resource))
        }
    }
}

/// The request under the name and scheme that the agent signed, where the gateway forwards others.
pub(super) fn as_the_agent_saw_it(mut request: InboundRequest, resource: &Resource) -> InboundRequest {
    if resource.authority_override.is_some() || resource.scheme.is_some() {
        let (authority, scheme) = (resource.authority_override.as_deref(), resource.scheme.as_deref());
        request.message = request.message.seen_as(scheme, authority);
    }
    request
}

/// `Content-Digest` speaks of the body that came with it, where there is one to compare.
pub(super) fn body_is_the_one_signed(
    resource: &Resource,
    signed: &SignedRequest,
    request: &InboundRequest,
) -> Result<(), Box<Answer>> {
    if !request.message.fields().has("content-digest") {
        return Ok(());
    }
    // Bytes that are no text say nothing of any body, as an empty field does.
    let field = request.message.fields().text("content-digest").unwrap_or_default();
    let required = resource.signatures.required().any(|component| component == "content-digest");
    match &request.body {
        Body::Whole(body) => digest::matches(&field, body).map_err(|fault| {
            let detail = fault.to_string();
            if signed.covers("content-digest") {
                refusal::unauthenticated(resource, SignatureError::new(Code::InvalidSignature, detail))
            } else {
                Box::new(Answer::Forbidden(Denied::bad_request(detail)))
            }
        }),
        // A digest that was signed and cannot be checked is as good as none; some gateways let a client claim that.
        Body::Partial if required || signed.covers("content-digest") => Err(Box::new(Answer::Forbidden(Denied {
            status: 413,
            code: "content_too_large",
            detail: "the body is larger than the gateway forwards, so its digest cannot be checked".to_owned(),
        }))),
        // Here it is the operator who demands a digest and does not forward what it speaks of.
        Body::NotForwarded if required => Err(Box::new(Answer::Unavailable(Fault {
            code: "body_not_forwarded",
            detail: "the resource requires content-digest, but the gateway does not forward bodies".to_owned(),
        }))),
        Body::Partial | Body::NotForwarded => Ok(()),
    }
}

#[cfg(test)]
mod tests;
