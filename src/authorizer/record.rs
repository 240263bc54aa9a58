//! What is written down of a check: for the decision log, for metrics, for traces. Never a token, a signature, a body,
//! a query or a person's `sub`.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::answer::Answer;
use super::consulted::Consulted;
use super::identify::Caller;
use super::inbound::InboundRequest;
use super::permit;
use super::questions::Questions;
use super::stopwatch::Stopwatch;
use super::trace;
use crate::aauth::signature::SignedRequest;
use crate::aauth::verify::VerifiedToken;
use crate::policy::Decision;

/// The most calls that are named.
const MOST_CALLS: usize = 8;

/// One check.
#[derive(Debug)]
pub struct Record {
    /// The resource's id; empty where none was found.
    pub resource: String,
    /// The method, as received.
    pub method: String,
    /// The authority, as received.
    pub host: String,
    /// The path, without its query.
    pub path: String,
    /// What the calls in the body ask for: the method and, of a tool, its name. The first of them.
    pub calls: Vec<String>,
    /// How much was proved: `none`, `pseudonymous`, `identified`, `person` or `authorized`.
    pub level: &'static str,
    /// `allow`, `challenged`, `unauthenticated`, `denied` or `unavailable`.
    pub outcome: &'static str,
    /// What says more about the outcome.
    pub code: &'static str,
    /// For the operator, where the outcome needs it.
    pub detail: Option<String>,
    /// The presented token's type, once verified.
    pub token_typ: Option<&'static str>,
    /// The presented token's issuer.
    pub token_iss: Option<String>,
    /// The presented token's identifier.
    pub token_jti: Option<String>,
    /// The agent, where the token names one.
    pub agent: Option<String>,
    /// The thumbprint of the key that signed.
    pub jkt: Option<String>,
    /// Whether the signature came as base64url, which one widespread library sends and no standard has.
    pub base64url: bool,
    /// The policies that determined the answer.
    pub policies: Vec<Arc<str>>,
    /// The policies that could not be evaluated.
    pub policy_errors: Vec<Arc<str>>,
    /// The `@shadow` policies that would have turned the answer.
    pub shadow_policies: Vec<Arc<str>>,
    /// The set of policies that was asked.
    pub generation: Option<u64>,
    /// Microseconds spent finding keys and verifying.
    pub verify_us: u64,
    /// Microseconds spent in Cedar.
    pub decide_us: u64,
    /// Microseconds in all.
    pub total_us: u64,
    watch: Stopwatch,
    /// The questions put to the policies, where somebody wants to hear of them.
    consulted: Option<Vec<Consulted>>,
}

impl Record {
    pub(super) fn of(request: &InboundRequest) -> Self {
        Self {
            resource: String::new(),
            method: bounded(request.message.method(), 32),
            host: bounded(request.message.authority(), 255),
            path: bounded(request.message.path(), 1024),
            calls: Vec::new(),
            level: "none",
            outcome: "",
            code: "",
            detail: None,
            token_typ: None,
            token_iss: None,
            token_jti: None,
            agent: None,
            jkt: None,
            base64url: false,
            policies: Vec::new(),
            policy_errors: Vec::new(),
            shadow_policies: Vec::new(),
            generation: None,
            verify_us: 0,
            decide_us: 0,
            total_us: 0,
            watch: Stopwatch::start(),
            consulted: None,
        }
    }

    /// One that also keeps what the policies are asked.
    pub(in crate::authorizer) fn attentive(request: &InboundRequest) -> Self {
        Self { consulted: Some(Vec::new()), ..Self::of(request) }
    }

    /// Notes a question and its decision, if they are to be kept.
    pub(super) fn consulted(&mut self, note: impl FnOnce() -> Consulted) {
        if let Some(kept) = &mut self.consulted {
            kept.push(note());
        }
    }

    /// The questions that were kept; none unless somebody wants to hear of them.
    pub fn questions(&self) -> &[Consulted] {
        self.consulted.as_deref().unwrap_or_default()
    }

    /// The questions that were kept, to be had.
    pub(super) fn take_consulted(&mut self) -> Vec<Consulted> {
        self.consulted.take().unwrap_or_default()
    }

    pub(super) fn located(&mut self, resource: &str) {
        resource.clone_into(&mut self.resource);
    }

    /// Seconds in all.
    pub fn seconds(&self) -> f64 {
        Duration::from_micros(self.total_us).as_secs_f64()
    }

    /// Runs a step and notes how long it took.
    pub(super) async fn time_verify<T>(&mut self, step: impl Future<Output = T>) -> T {
        let watch = Stopwatch::start();
        let done = trace::in_span(trace::verify(), step).await;
        self.verify_us = watch.micros();
        done
    }

    /// Runs a step and notes how long it took.
    pub(super) fn time_decide<T>(&mut self, step: impl FnOnce() -> T) -> T {
        let watch = Stopwatch::start();
        let done = trace::decide().in_scope(step);
        self.decide_us = watch.micros();
        done
    }

    pub(super) fn signed(&mut self, signed: &SignedRequest) {
        self.base64url = signed.is_base64url();
    }

    pub(super) fn identified(&mut self, caller: &Caller) {
        self.level = permit::level(Some(caller));
        self.jkt = Some(caller.request().thumbprint().as_str().to_owned());
        if let Some(token) = caller.token() {
            self.token_typ = Some(token.typ().typ());
            self.token_iss = Some(token.common().iss.as_str().to_owned());
            self.token_jti = Some(token.common().jti.clone());
            if let VerifiedToken::Agent(agent) = token {
                self.agent = Some(agent.sub.as_str().to_owned());
            }
        }
    }

    pub(super) fn asked(&mut self, questions: &Questions<'_>) {
        self.calls = questions.calls().iter().take(MOST_CALLS).map(|call| bounded(&call.label(), 256)).collect();
    }

    pub(super) fn decided(&mut self, decision: &Decision) {
        self.policies.clone_from(&decision.policies);
        self.policy_errors = decision.errors.iter().map(|error| Arc::clone(&error.policy)).collect();
        self.shadow_policies = decision.divergent().map(|verdict| Arc::clone(&verdict.policy)).collect();
        self.generation = Some(decision.generation);
    }

    pub(super) fn conclude(&mut self, answer: &Answer) {
        self.outcome = answer.outcome();
        self.code = answer.code();
        self.detail = match answer {
            Answer::Permit(_) => None,
            Answer::Challenge(challenge) => Some(challenge.detail.clone()),
            Answer::Unauthenticated(failure) => Some(failure.error.detail.clone()),
            Answer::Forbidden(denied) => Some(denied.detail.clone()),
            Answer::Unavailable(fault) => Some(fault.detail.clone()),
        };
        self.total_us = self.watch.micros();
    }
}

fn bounded(text: &str, longest: usize) -> String {
    if text.len() <= longest { text.to_owned() } else { text.chars().take(longest).collect() }
}
