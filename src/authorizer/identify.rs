//! Steps 4 and 5 of a check: find the keys, verify, and know who signed.
//!
//! Whom the resource trusts is settled before anything is fetched, so that a stranger's token makes us call nobody.

use std::sync::Arc;

use super::answer::{Answer, Fault};
use super::check::Authorizer;
use super::known::{KnownToken, KnownTokens};
use super::refusal;
use super::resource::Resource;
use crate::aauth::error::{SignatureError, SignatureErrorCode as Code};
use crate::aauth::identifier::ServerId;
use crate::aauth::message::Message;
use crate::aauth::metadata::Dwk;
use crate::aauth::signature::{SignatureKey, SignedRequest};
use crate::aauth::token::{TokenFault, Unverified};
use crate::aauth::verify::{self, VerifiedIdentity, VerifiedRequest};
use crate::clock::Seconds;
use crate::discovery::DiscoveryFault;
use crate::policy::{Principal, Subject};

/// Who signed a request, with what policies need to know of them.
#[derive(Debug, Clone)]
pub enum Caller {
    /// The holder of a token.
    Token(Arc<KnownToken>, VerifiedRequest),
    /// A server, or a key without a token.
    Bare(Arc<Subject>, VerifiedRequest),
}

impl Caller {
    /// The proof.
    pub fn request(&self) -> &VerifiedRequest {
        match self {
            Self::Token(_, request) | Self::Bare(_, request) => request,
        }
    }

    /// As policies see them.
    pub fn subject(&self) -> &Subject {
        match self {
            Self::Token(known, _) => &known.subject,
            Self::Bare(subject, _) => subject,
        }
    }

    /// The token, where one was presented.
    pub fn token(&self) -> Option<&verify::VerifiedToken> {
        match self {
            Self::Token(known, _) => Some(&known.token),
            Self::Bare(..) => None,
        }
    }
}

impl Authorizer {
    /// Who signed this request.
    pub(super) async fn identify(
        &self,
        resource: &Resource,
        signed: &SignedRequest,
        message: &Message,
        now: Seconds,
    ) -> Result<Caller, Box<Answer>> {
        let refuse = |error: SignatureError| refusal::unauthenticated(resource, error);
        match signed.key() {
            SignatureKey::Jwt(compact) => {
                let known = self.known_token(resource, compact, now).await?;
                let request = verify::request_of_token(signed, message, &known.token).map_err(refuse)?;
                Ok(Caller::Token(known, request))
            }
            SignatureKey::JwksUri { id, dwk, kid } => self.server(resource, signed, message, (id, dwk, kid)).await,
            SignatureKey::Hwk(key) => verify::request_of_key(signed, message, key).map(bare).map_err(refuse),
            SignatureKey::JktJwt(naming) => {
                let window = resource.signatures.window;
                verify::request_of_delegated_key(signed, message, naming, window, now).map(bare).map_err(refuse)
            }
        }
    }

    /// A token as verified now or within the last minute.
    async fn known_token(
        &self,
        resource: &Resource,
        compact: &str,
        now: Seconds,
    ) -> Result<Arc<KnownToken>, Box<Answer>> {
        let key = KnownTokens::key(&resource.id, compact);
        if let Some(known) = self.known.find(&key) {
            return if known.token.has_expired(now) {
                Err(refusal::unauthenticated(resource, TokenFault::Expired.into()))
            } else {
                Ok(known)
            };
        }
        let token = self.verify_token(resource, compact, now).await?;
        let known = Arc::new(KnownToken::new(token));
        self.known.remember(key, &known);
        Ok(known)
    }

    async fn verify_token(
        &self,
        resource: &Resource,
        compact: &str,
        now: Seconds,
    ) -> Result<verify::VerifiedToken, Box<Answer>> {
        let refuse = |fault: TokenFault| refusal::unauthenticated(resource, fault.into());
        let unproved = Unverified::parse(compact, resource.tokens.identifiers).map_err(refuse)?;
        let (issuer, dwk) = (unproved.issuer(), unproved.dwk());
        if !resource.takes(unproved.typ()) {
            return Err(refuse(TokenFault::WrongType(unproved.typ().typ().to_owned())));
        }
        if !resource.trusts(unproved.typ(), dwk, issuer) {
            let detail = format!("this resource does not accept an {} of `{issuer}`", unproved.typ().typ());
            return Err(refusal::unauthenticated(resource, SignatureError::new(Code::InvalidKey, detail)));
        }
        let lost = |fault: DiscoveryFault| undiscovered(resource, issuer, &fault);
        let keys = self.issuers.keys(issuer, dwk, unproved.kid(), self.fetch_budget).await.map_err(lost)?;
        match verify::token(&unproved, &keys, &resource.tokens, now) {
            // The issuer may have replaced the key under its old name: look once more, no more than once a minute.
            Err(fault @ TokenFault::BadSignature) => {
                let newer = self.issuers.refresh(issuer, dwk, &keys, self.fetch_budget).await.map_err(lost)?;
                let keys = newer.ok_or_else(|| refuse(fault))?;
                verify::token(&unproved, &keys, &resource.tokens, now).map_err(refuse)
            }
            verdict => verdict.map_err(refuse),
        }
    }

    /// A server that signs in its own right, by its published keys.
    pub(super) async fn server(
        &self,
        resource: &Resource,
        signed: &SignedRequest,
        message: &Message,
        (id, dwk, kid): (&str, &str, &str),
    ) -> Result<Caller, Box<Answer>> {
        let invalid =
            |detail: String| refusal::unauthenticated(resource, SignatureError::new(Code::InvalidKey, detail));
        let id = ServerId::parse_under(id, resource.tokens.identifiers).map_err(|fault| invalid(fault.to_string()))?;
        let dwk = Dwk::from_name(dwk).ok_or_else(|| invalid("`dwk` names no AAuth metadata document".to_owned()))?;
        if !resource.trusts_server(dwk, &id) {
            return Err(invalid(format!("this resource does not accept signatures of `{id}`")));
        }
        let lost = |fault: DiscoveryFault| undiscovered(resource, &id, &fault);
        let keys = self.issuers.keys(&id, dwk, kid, self.fetch_budget).await.map_err(lost)?;
        let proof = |keys| verify::request_of_server(signed, message, (&id, dwk, kid), keys);
        let request = match proof(&keys) {
            Err(error) if error.code == Code::InvalidSignature => {
                let newer = self.issuers.refresh(&id, dwk, &keys, self.fetch_budget).await.map_err(lost)?;
                let keys = newer.ok_or_else(|| refusal::unauthenticated(resource, error))?;
                proof(&keys)
            }
            verdict => verdict,
        };
        request.map(bare).map_err(|error| refusal::unauthenticated(resource, error))
    }
}

/// A caller without a token: a server stands as its own agent, a key as itself.
fn bare(request: VerifiedRequest) -> Caller {
    let principal = match request.identity() {
        VerifiedIdentity::Server { id, .. } => {
            let id = id.as_str().to_owned();
            Principal::Agent { provider: id.clone(), id, parent: None, ps: None }
        }
        VerifiedIdentity::DelegatedKey { stable } => Principal::Key { thumbprint: stable.as_str().to_owned() },
        VerifiedIdentity::Key | VerifiedIdentity::Token(_) => {
            Principal::Key { thumbprint: request.thumbprint().as_str().to_owned() }
        }
    };
    Caller::Bare(Arc::new(Subject::new(principal, None)), request)
}

/// The issuer's keys cannot be had. What its documents say wrongly is the caller's issuer's fault and is told; what
/// cannot be reached right now is an outage, and denies as one.
fn undiscovered(resource: &Resource, issuer: &ServerId, fault: &DiscoveryFault) -> Box<Answer> {
    match refusal::of_discovery(fault) {
        Some(code) => refusal::unauthenticated(resource, SignatureError::new(code, fault.to_string())),
        None => Box::new(Answer::Unavailable(Fault { code: "discovery", detail: format!("`{issuer}`: {fault}") })),
    }
}
