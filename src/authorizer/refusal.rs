//! From a reason to refuse, to the answer that says so: one place for each kind of reason.

use super::answer::{Answer, Challenge, Denied, Fault, Unauthenticated};
use super::identify::Caller;
use super::mint::{self, Presented};
use super::resource::{AccessMode, Resource};
use crate::aauth::error::{SignatureError, SignatureErrorCode as Code};
use crate::aauth::requirement::Requirement;
use crate::aauth::token::TokenType;
use crate::aauth::verify::VerifiedToken;
use crate::clock::Seconds;
use crate::discovery::DiscoveryFault;
use crate::policy::{Ask, Cause, Denial, Require};

/// A signature failure.
pub(super) fn unauthenticated(resource: &Resource, error: SignatureError) -> Box<Answer> {
    let accept_scheme = resource.signatures.accept_signature_scheme();
    Box::new(Answer::Unauthenticated(Unauthenticated { error, requirement: None, accept_scheme }))
}

/// No signature at all: what to sign with depends on what the resource wants to know.
pub(super) fn unsigned(resource: &Resource) -> Box<Answer> {
    unsigned_for(resource, resource.access)
}

/// No signature, where so much has to be known of the caller.
fn unsigned_for(resource: &Resource, needed: AccessMode) -> Box<Answer> {
    let error = SignatureError::new(Code::InvalidSignature, "the request carries no signature");
    let requirement = match needed {
        AccessMode::AgentToken => Requirement::AgentToken,
        // A resource token cannot be had before a person token: "Auth Token Required".
        AccessMode::PersonToken | AccessMode::AuthToken => Requirement::PersonToken,
    };
    let accept_scheme = resource.signatures.accept_signature_scheme();
    Box::new(Answer::Unauthenticated(Unauthenticated { error, requirement: Some(requirement), accept_scheme }))
}

/// "Presenting a Revoked Token": never a resource token, which would name a revoked one.
pub(super) fn revoked(resource: &Resource, token: &VerifiedToken) -> Box<Answer> {
    let error = SignatureError::new(Code::RevokedJwt, "the token was withdrawn by its issuer");
    let requirement = (token.typ() == TokenType::Auth).then_some(Requirement::PersonToken);
    let accept_scheme = resource.signatures.accept_signature_scheme();
    Box::new(Answer::Unauthenticated(Unauthenticated { error, requirement, accept_scheme }))
}

/// A method with an effect, seen before.
pub(super) fn replayed(resource: &Resource) -> Box<Answer> {
    unauthenticated(resource, SignatureError::new(Code::InvalidSignature, "this signed request was already accepted"))
}

/// The caller's agent has to say who the person is.
pub(super) fn person_token_needed(detail: impl Into<String>) -> Box<Answer> {
    Box::new(Answer::Challenge(Challenge { requirement: Requirement::PersonToken, detail: detail.into() }))
}

/// The caller's person has to consent. Without a verified person there is nobody to ask yet, so that comes first.
pub(super) fn auth_token_needed(
    resource: &Resource,
    caller: &Caller,
    scopes: Vec<String>,
    detail: String,
    now: Seconds,
) -> Box<Answer> {
    let Some(presented) = caller.token().and_then(Presented::of) else {
        return person_token_needed(detail);
    };
    match mint::resource_token(resource, presented, scopes, None, now) {
        Ok(resource_token) => {
            Box::new(Answer::Challenge(Challenge { requirement: Requirement::AuthToken { resource_token }, detail }))
        }
        Err(no_key) => Box::new(Answer::Unavailable(Fault { code: "no_signing_key", detail: no_key.to_string() })),
    }
}

/// What a discovery fault is to the caller: a code where their issuer is at fault, `None` for an outage.
pub(super) fn of_discovery(fault: &DiscoveryFault) -> Option<Code> {
    match fault {
        DiscoveryFault::IssuerMissing => Some(Code::IssuerMissing),
        DiscoveryFault::IssuerMismatch => Some(Code::IssuerMismatch),
        DiscoveryFault::NotAdmitted(_)
        | DiscoveryFault::InvalidMetadata(_)
        | DiscoveryFault::InvalidJwks(_)
        | DiscoveryFault::TooLarge(_) => Some(Code::InvalidKey),
        DiscoveryFault::Status(status) => (400..500).contains(status).then_some(Code::InvalidKey),
        DiscoveryFault::Unsendable(_) | DiscoveryFault::Unreachable(_) | DiscoveryFault::TimedOut => None,
    }
}

/// A denial by policy, for a caller whose signature verified (or who has none, where a resource admits that).
pub(super) fn of_policy(resource: &Resource, caller: Option<&Caller>, denial: &Denial, now: Seconds) -> Box<Answer> {
    if denial.cause == Cause::EvaluationError {
        return Box::new(Answer::Forbidden(Denied {
            status: 403,
            code: "policy_error",
            detail: "a policy could not be evaluated for this request".to_owned(),
        }));
    }
    let detail = denial.reason.as_deref().unwrap_or("policy does not permit this request").to_owned();
    let ask = denial.challenge.as_ref().filter(|ask| could_change_the_answer(resource, caller, ask));
    match (ask, caller) {
        (Some(ask), None) => unsigned_for(resource, resource.access.max(mode_of(ask.require))),
        (Some(ask), Some(caller)) => challenge(resource, caller, ask, detail, now),
        (None, _) => {
            let code = match denial.status {
                404 => "not_found",
                429 => "rate_limited",
                _ => "forbidden",
            };
            Box::new(Answer::Forbidden(Denied { status: denial.status, code, detail }))
        }
    }
}

/// A request about which there is nothing to ask. No request is read so, and if one were, it would not pass.
pub(super) fn nothing_asked() -> Box<Answer> {
    Box::new(Answer::Forbidden(Denied::forbidden("the request asks for nothing")))
}

/// The access mode that has what a policy requires.
fn mode_of(require: Require) -> AccessMode {
    match require {
        Require::AgentToken | Require::Interaction => AccessMode::AgentToken,
        Require::PersonToken => AccessMode::PersonToken,
        Require::AuthToken => AccessMode::AuthToken,
    }
}

fn challenge(resource: &Resource, caller: &Caller, ask: &Ask, detail: String, now: Seconds) -> Box<Answer> {
    match ask.require {
        Require::AgentToken => Box::new(Answer::Challenge(Challenge { requirement: Requirement::AgentToken, detail })),
        Require::PersonToken => person_token_needed(detail),
        Require::AuthToken => auth_token_needed(resource, caller, resource.askable(&ask.scopes), detail, now),
        // An interaction needs a page of the resource's own, which this resource does not have.
        Require::Interaction => Box::new(Answer::Forbidden(Denied::forbidden(detail))),
    }
}

/// Whether the caller lacks what the policy asks for, and this resource can ask for it.
fn could_change_the_answer(resource: &Resource, caller: Option<&Caller>, ask: &Ask) -> bool {
    let holds = caller.and_then(Caller::token).map(VerifiedToken::typ);
    match ask.require {
        Require::AgentToken => holds.is_none(),
        Require::PersonToken => {
            !matches!(holds, Some(TokenType::Person | TokenType::Auth)) && !resource.person_servers.is_nobody()
        }
        Require::AuthToken => {
            let askable = resource.askable(&ask.scopes);
            let grantable = resource.signing_key.is_some() && !resource.person_servers.is_nobody();
            grantable && askable.len() == ask.scopes.len() && !holds_scopes(caller, &ask.scopes)
        }
        Require::Interaction => false,
    }
}

/// Whether the caller's auth token has every one of these scopes already: asking for them again would go round.
fn holds_scopes(caller: Option<&Caller>, scopes: &[String]) -> bool {
    match caller.and_then(Caller::token) {
        Some(VerifiedToken::Auth(auth)) => scopes.iter().all(|scope| auth.scopes.contains(scope)),
        Some(VerifiedToken::Agent(_) | VerifiedToken::Person(_)) | None => false,
    }
}
