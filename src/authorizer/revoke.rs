//! The revocation endpoint: an issuer withdraws one of its tokens.
//!
//! Implements the recipient's part of "Token Revocation" of draft-hardt-oauth-aauth-protocol-11. The issuer is who
//! signed, never who the body says. Nothing is downstream of a resource, so every answer is the last one. Its HTTP is
//! the `http` room's.

use super::answer::Answer;
use super::check::{Authorizer, as_the_agent_saw_it, body_is_the_one_signed};
use super::inbound::InboundRequest;
use super::parameters;
use super::refusal;
use super::resource::Resource;
use super::revocation::RevocationRefused;
use crate::aauth::error::{RevocationErrorCode as Code, SignatureError, SignatureErrorCode};
use crate::aauth::identifier::ServerId;
use crate::aauth::metadata::Dwk;
use crate::aauth::signature::{Scheme, SignatureKey, SignatureRules, SignedRequest};
use crate::aauth::verify::VerifiedIdentity;
use crate::clock::Seconds;

/// A revocation that is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    /// Who withdrew the token.
    pub issuer: ServerId,
    /// Which one.
    pub jti: String,
}

/// Why a revocation is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotRevoked {
    /// The signature does not prove who calls.
    Caller(Box<Answer>),
    /// The caller may not, or asks wrongly.
    Request {
        /// "Revocation Response", errors.
        code: Code,
        /// One line for the developer.
        detail: String,
        /// Seconds to wait before the next try.
        retry_after: Option<Seconds>,
    },
}

impl Authorizer {
    /// Answers a request to the resource's revocation endpoint.
    pub async fn revoke(&self, resource: &Resource, request: InboundRequest) -> Result<Revoked, NotRevoked> {
        let now = self.clock.now();
        let request = as_the_agent_saw_it(request, resource);
        let issuer = self.revoking_issuer(resource, &request, now).await?;
        let (jti, exp) = which_token(&request)?;
        match self.revocations.record(&issuer, &jti, exp, now) {
            Ok(()) => Ok(Revoked { issuer, jti }),
            Err(fault @ RevocationRefused::TooFar) => Err(refused(Code::InvalidRequest, fault.to_string())),
            Err(fault @ RevocationRefused::RateLimited { retry_after }) => Err(NotRevoked::Request {
                code: Code::RateLimited,
                detail: fault.to_string(),
                retry_after: Some(retry_after),
            }),
        }
    }

    /// Whom the signature proves to call.
    async fn revoking_issuer(
        &self,
        resource: &Resource,
        request: &InboundRequest,
        now: Seconds,
    ) -> Result<ServerId, NotRevoked> {
        let rules = rules(resource);
        let unproved = |mut answer: Box<Answer>| {
            if let Answer::Unauthenticated(failure) = &mut *answer {
                failure.accept_scheme = rules.accept_signature_scheme();
            }
            NotRevoked::Caller(answer)
        };
        let invalid = |error: SignatureError| unproved(refusal::unauthenticated(resource, error));
        let signed = SignedRequest::read(&request.message, &rules, now).map_err(invalid)?.ok_or_else(|| {
            let detail = "the request carries no signature";
            invalid(SignatureError::new(SignatureErrorCode::InvalidSignature, detail))
        })?;
        body_is_the_one_signed(resource, &signed, request).map_err(unproved)?;
        let SignatureKey::JwksUri { id, dwk, kid } = signed.key() else {
            // `rules` accept no other scheme.
            let detail = "a revocation is signed under the `jwks_uri` scheme";
            return Err(invalid(SignatureError::new(SignatureErrorCode::UnsupportedScheme, detail)));
        };
        // Before anything is fetched: a stranger must not make us call whom it names.
        if !may_revoke(resource, id, dwk) {
            return Err(refused(Code::UnsupportedIss, "this resource takes no revocations from this caller"));
        }
        let caller = self.server(resource, &signed, &request.message, (id, dwk, kid)).await.map_err(unproved)?;
        match caller.request().identity() {
            VerifiedIdentity::Server { id, .. } => Ok(id.clone()),
            VerifiedIdentity::Token(_) | VerifiedIdentity::Key | VerifiedIdentity::DelegatedKey { .. } => {
                Err(refused(Code::ServerError, "the caller was not identified as a server"))
            }
        }
    }
}

/// "Revocation Request": signed as a server, over the body's digest and type along with the base components.
fn rules(resource: &Resource) -> SignatureRules {
    SignatureRules {
        additional_components: ["content-digest", "content-type"].map(str::to_owned).to_vec(),
        schemes: vec![Scheme::JwksUri],
        ..resource.signatures.clone()
    }
}

/// "Who Revokes What": the servers whose person tokens and auth tokens are accepted. No revocation of an agent token
/// comes to a resource.
fn may_revoke(resource: &Resource, id: &str, dwk: &str) -> bool {
    let Ok(id) = ServerId::parse_under(id, resource.tokens.identifiers) else { return false };
    match Dwk::from_name(dwk) {
        Some(Dwk::Person) => resource.person_servers.accepts(&id),
        Some(Dwk::Access) => resource.auth_servers.accepts(&id),
        Some(Dwk::Agent | Dwk::Resource) | None => false,
    }
}

/// `jti`, under the rule that tokens' own are read by, and `exp`.
fn which_token(request: &InboundRequest) -> Result<(String, Seconds), NotRevoked> {
    let invalid = |detail: &str| refused(Code::InvalidRequest, detail);
    let parameters = parameters::read(request).map_err(|fault| invalid(&fault.to_string()))?;
    let jti = parameters.get("jti").and_then(|jti| jti.as_str());
    let jti = jti.filter(|jti| !jti.is_empty() && jti.len() <= 2048 && !jti.chars().any(char::is_control));
    let jti = jti.ok_or_else(|| invalid("`jti` is missing or is not the identifier of a token"))?;
    let exp = parameters.get("exp").and_then(serde_json::Value::as_i64).filter(|exp| *exp >= 0);
    let exp = exp.ok_or_else(|| invalid("`exp` is missing or is not a time in whole seconds"))?;
    Ok((jti.to_owned(), exp))
}

fn refused(code: Code, detail: impl Into<String>) -> NotRevoked {
    NotRevoked::Request { code, detail: detail.into(), retry_after: None }
}
