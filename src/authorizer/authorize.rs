//! The authorization endpoint: a resource token for an agent that asks beforehand.
//!
//! Implements "Authorization Endpoint" of draft-hardt-oauth-aauth-protocol-11, in its form with a resource token. Its
//! HTTP is the `http` room's.

use super::answer::Answer;
use super::check::{Authorizer, as_the_agent_saw_it, body_is_the_one_signed};
use super::inbound::InboundRequest;
use super::mint::{self, Presented};
use super::parameters;
use super::refusal;
use super::resource::Resource;
use crate::aauth::error::{AuthorizationErrorCode as Code, SignatureError, SignatureErrorCode};
use crate::aauth::requirement::Requirement;
use crate::aauth::signature::{SignatureKey, SignedRequest};
use crate::aauth::token::{TokenType, Unverified};
use crate::aauth::verify::VerifiedToken;
use crate::clock::Seconds;

/// What the agent takes to its person server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationGrant {
    /// The `aa-resource+jwt`.
    pub resource_token: String,
}

/// Why there is no resource token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthorizationRefused {
    /// The caller is not, or not yet, an agent with a person.
    Caller(Box<Answer>),
    /// The caller is, and asks for something that cannot be.
    Request {
        /// "Authorization Endpoint Error Responses".
        code: Code,
        /// One line for the developer.
        detail: String,
    },
}

impl From<Box<Answer>> for AuthorizationRefused {
    fn from(answer: Box<Answer>) -> Self {
        Self::Caller(answer)
    }
}

/// The longest name of an account, in characters.
const MAX_ACCOUNT: usize = 255;

impl Authorizer {
    /// Answers a request to the resource's authorization endpoint.
    ///
    /// The same request may come twice: what it yields is bound to the agent's key, so whoever repeats a captured
    /// one gains nothing.
    pub async fn authorize(
        &self,
        resource: &Resource,
        request: InboundRequest,
    ) -> Result<AuthorizationGrant, AuthorizationRefused> {
        let now = self.clock.now();
        let request = as_the_agent_saw_it(request, resource);
        let presented = self.presented_person(resource, &request, now).await?;
        let ask = Ask::read(resource, &request)?;
        let minted = mint::resource_token(resource, presented, ask.scopes, ask.account, now);
        let resource_token = minted.map_err(|fault| refused(Code::ServerError, fault.to_string()))?;
        Ok(AuthorizationGrant { resource_token })
    }

    /// The person whom the caller's verified person token names; nothing else will do here.
    async fn presented_person(
        &self,
        resource: &Resource,
        request: &InboundRequest,
        now: Seconds,
    ) -> Result<Presented, Box<Answer>> {
        let message = &request.message;
        let read = SignedRequest::read(message, &resource.signatures, now);
        let read = read.map_err(|error| asking_for_a_person_token(refusal::unauthenticated(resource, error)))?;
        let Some(signed) = read else {
            let error = SignatureError::new(SignatureErrorCode::InvalidSignature, "the request carries no signature");
            return Err(asking_for_a_person_token(refusal::unauthenticated(resource, error)));
        };
        let caller = self.identify(resource, &signed, message, now).await.map_err(|answer| {
            if presents_a_person_token(resource, &signed) { answer } else { asking_for_a_person_token(answer) }
        })?;
        body_is_the_one_signed(resource, &signed, request)?;
        let needed = || refusal::person_token_needed("the authorization endpoint takes a person token");
        let token = caller.token().ok_or_else(needed)?;
        if self.revocations.is_revoked(&token.common().iss, &token.common().jti) {
            return Err(refusal::revoked(resource, token));
        }
        match token {
            VerifiedToken::Person(_) => Presented::of(token).ok_or_else(needed),
            VerifiedToken::Agent(_) | VerifiedToken::Auth(_) => Err(needed()),
        }
    }
}

/// What is asked for, all of it this resource's to ask a person server for.
#[derive(Debug, PartialEq, Eq)]
struct Ask {
    scopes: Vec<String>,
    account: Option<String>,
}

impl Ask {
    fn read(resource: &Resource, request: &InboundRequest) -> Result<Self, AuthorizationRefused> {
        let invalid = |detail: &str| refused(Code::InvalidRequest, detail);
        let parameters = parameters::read(request).map_err(|fault| invalid(&fault.to_string()))?;
        let scope = parameters.get("scope").ok_or_else(|| invalid("`scope` is missing"))?;
        let scope = scope.as_str().ok_or_else(|| invalid("`scope` is not a string"))?;
        let mut scopes: Vec<_> = scope.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect();
        scopes.sort();
        scopes.dedup();
        if scopes.is_empty() {
            return Err(invalid("`scope` is empty"));
        }
        let known = resource.askable(&scopes);
        if let Some(unknown) = scopes.iter().find(|scope| !known.contains(scope)) {
            let detail = format!("this resource has no scope `{}`", printable(unknown));
            return Err(refused(Code::InvalidScope, detail));
        }
        let account = match parameters.get("account") {
            None => None,
            Some(account) => Some(account.as_str().ok_or_else(|| invalid("`account` is not a string"))?),
        };
        // Which accounts there are is the resource's own knowledge; here only nonsense is told apart.
        if account.is_some_and(|name| name.is_empty() || name.chars().count() > MAX_ACCOUNT || has_control(name)) {
            return Err(refused(Code::InvalidAccount, "`account` cannot be the name of an account"));
        }
        Ok(Self { scopes, account: account.map(str::to_owned) })
    }
}

fn has_control(text: &str) -> bool {
    text.chars().any(char::is_control)
}

fn printable(text: &str) -> String {
    text.chars().take(80).flat_map(char::escape_debug).collect()
}

fn refused(code: Code, detail: impl Into<String>) -> AuthorizationRefused {
    AuthorizationRefused::Request { code, detail: detail.into() }
}

/// Whether what failed was at least the right kind of token.
fn presents_a_person_token(resource: &Resource, signed: &SignedRequest) -> bool {
    match signed.key() {
        SignatureKey::Jwt(compact) => {
            Unverified::parse(compact, resource.tokens.identifiers).is_ok_and(|token| token.typ() == TokenType::Person)
        }
        SignatureKey::JwksUri { .. } | SignatureKey::Hwk(_) | SignatureKey::JktJwt(_) => false,
    }
}

/// "Person Token Required": a request without a person token learns that it needs one, whatever else is wrong.
fn asking_for_a_person_token(mut answer: Box<Answer>) -> Box<Answer> {
    if let Answer::Unauthenticated(failure) = &mut *answer {
        failure.requirement.get_or_insert(Requirement::PersonToken);
    }
    answer
}
