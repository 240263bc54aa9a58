//! Who signed a request.
//!
//! Implements the profile of "HTTP Message Signatures Profile" of draft-hardt-oauth-aauth-protocol-11 as a person server
//! has it: agents present an agent token under `jwt`, servers sign under `jwks_uri`, and a body is covered by its digest
//! and its type.

use std::time::Duration;

use aauth_authorizer::aauth::digest;
use aauth_authorizer::aauth::error::{SignatureError, SignatureErrorCode as Code};
use aauth_authorizer::aauth::identifier::ServerId;
use aauth_authorizer::aauth::metadata::Dwk;
use aauth_authorizer::aauth::signature::{Scheme, SignatureKey, SignatureRules, SignedRequest};
use aauth_authorizer::aauth::token::agent::AgentToken;
use aauth_authorizer::aauth::token::{MAX_AGENT_LIFETIME, TokenFault, TokenType, Unverified};
use aauth_authorizer::aauth::verify::{self, TokenRules, Verified, VerifiedIdentity, VerifiedToken};
use aauth_authorizer::clock::Seconds;

use super::PersonServer;
use super::inbound::Inbound;
use super::refusal::Outcome;
use crate::domain::agent::AgentKey;
use crate::domain::issued::{SeenAgentToken, TokenRef};

/// How long the keys of an issuer are waited for.
pub(super) const KEYS_WITHIN: Duration = Duration::from_secs(5);

/// An agent that signed a request: proved, trusted and not revoked.
#[derive(Debug, Clone)]
pub(super) struct Signed {
    /// Its agent token.
    pub(super) agent: Verified<AgentToken>,
    /// The same as it was sent, for an access server to see.
    pub(super) compact: String,
}

impl Signed {
    /// Which agent.
    pub(super) fn key(&self) -> AgentKey {
        AgentKey { iss: self.agent.common.iss.clone(), sub: self.agent.sub.clone() }
    }

    /// What is kept of its token.
    pub(super) fn seen(&self) -> SeenAgentToken {
        SeenAgentToken { agent: self.key(), jti: self.agent.common.jti.clone(), exp: self.agent.common.exp }
    }
}

/// Which servers may call.
#[derive(Debug, Clone, Copy)]
pub(super) enum Callers<'a> {
    /// Those whose revocations are taken.
    WhoRevoke,
    /// This one.
    Only(&'a ServerId),
}

impl PersonServer {
    /// The agent that signed.
    pub(super) async fn agent(&self, request: &Inbound) -> Outcome<Signed> {
        let now = self.clock.now();
        let signed = self.signature(request, vec![Scheme::Jwt], now)?;
        let SignatureKey::Jwt(compact) = signed.key() else {
            // The rules admit no other scheme.
            return Err(SignatureError::new(Code::UnsupportedScheme, "an agent presents its agent token").into());
        };
        let agent = match self.known.find(compact) {
            Some(known) if known.common.exp <= now => return Err(SignatureError::from(TokenFault::Expired).into()),
            Some(known) => known,
            None => self.new_agent_token(compact, now).await?,
        };
        verify::request_of_token(&signed, &request.message, &VerifiedToken::Agent(agent.clone()))?;
        self.not_revoked(&agent).await?;
        Ok(Signed { agent, compact: compact.clone() })
    }

    /// Reads and checks what is common to every signed request: its signature headers, and its body's digest.
    pub(super) fn signature(&self, request: &Inbound, schemes: Vec<Scheme>, now: Seconds) -> Outcome<SignedRequest> {
        let has_body = !request.body.is_empty();
        let covered = if has_body { &["content-digest", "content-type"][..] } else { &[] };
        let rules = SignatureRules {
            additional_components: covered.iter().map(|&name| name.to_owned()).collect(),
            schemes,
            window: self.settings.signature_window,
            ..SignatureRules::default()
        };
        let signed = SignedRequest::read(&request.message, &rules, now)?
            .ok_or_else(|| SignatureError::new(Code::InvalidSignature, "the request carries no signature"))?;
        if has_body {
            let field = request.message.fields().text("content-digest").unwrap_or_default();
            digest::matches(&field, &request.body)
                .map_err(|fault| SignatureError::new(Code::InvalidSignature, fault.to_string()))?;
        }
        Ok(signed)
    }

    /// Verifies an agent token seen for the first time in a while, and keeps a record of it: "Revocation Cascade".
    async fn new_agent_token(&self, compact: &str, now: Seconds) -> Outcome<Verified<AgentToken>> {
        let unverified = Unverified::parse(compact, self.settings.identifiers).map_err(SignatureError::from)?;
        if unverified.typ() != TokenType::Agent {
            let typ = unverified.typ().typ().to_owned();
            return Err(SignatureError::from(TokenFault::WrongType(typ)).into());
        }
        if !self.trusts_provider(unverified.issuer()) {
            let detail = format!("this person server does not know the agent provider `{}`", unverified.issuer());
            return Err(SignatureError::new(Code::InvalidKey, detail).into());
        }
        let VerifiedToken::Agent(agent) = self.verified(&unverified, &self.settings.issuer, now).await? else {
            return Err(SignatureError::from(TokenFault::WrongType("(other)".to_owned())).into());
        };
        let seen = SeenAgentToken {
            agent: AgentKey { iss: agent.common.iss.clone(), sub: agent.sub.clone() },
            jti: agent.common.jti.clone(),
            exp: agent.common.exp,
        };
        self.store.see_agent_token(seen).await?;
        self.known.remember(compact, &agent);
        Ok(agent)
    }

    /// Verifies a token by its issuer's keys, our own among them, as one addressed to `audience`.
    async fn verified(&self, token: &Unverified, audience: &ServerId, now: Seconds) -> Outcome<VerifiedToken> {
        let rules = self.token_rules(audience.clone());
        if *token.issuer() == self.settings.issuer {
            return Ok(verify::token(token, &self.keys.jwks(), &rules, now).map_err(SignatureError::from)?);
        }
        let (issuer, dwk) = (token.issuer(), token.dwk());
        let keys = self.issuers.keys(issuer, dwk, token.kid(), KEYS_WITHIN).await?;
        match verify::token(token, &keys, &rules, now) {
            // The issuer may have replaced the key under its old name: look once more.
            Err(fault @ TokenFault::BadSignature) => {
                let newer = self.issuers.refresh(issuer, dwk, &keys, KEYS_WITHIN).await?;
                let keys = newer.ok_or_else(|| SignatureError::from(fault))?;
                Ok(verify::token(token, &keys, &rules, now).map_err(SignatureError::from)?)
            }
            verdict => Ok(verdict.map_err(SignatureError::from)?),
        }
    }

    /// "Presenting a Revoked Token".
    async fn not_revoked(&self, agent: &AgentToken) -> Outcome<()> {
        let token = TokenRef { iss: agent.common.iss.clone(), jti: agent.common.jti.clone() };
        if self.is_revoked(token).await? {
            let detail = "the agent token was revoked";
            return Err(SignatureError::new(Code::RevokedJwt, detail).into());
        }
        Ok(())
    }

    /// Whether this token was withdrawn.
    pub(super) async fn is_revoked(&self, token: TokenRef) -> Outcome<bool> {
        Ok(!self.store.revoked_of(vec![token]).await?.is_empty())
    }

    /// Whose agents are served: our own provider's, and those the operator trusts.
    pub(super) fn trusts_provider(&self, provider: &ServerId) -> bool {
        *provider == self.settings.issuer || self.settings.agent_providers.accepts(provider)
    }

    /// The server that signed, if it is one of those expected: "Keying Material", `jwks_uri`.
    pub(super) async fn server(&self, request: &Inbound, callers: Callers<'_>) -> Outcome<Option<(ServerId, Dwk)>> {
        let now = self.clock.now();
        let signed = self.signature(request, vec![Scheme::JwksUri], now)?;
        let SignatureKey::JwksUri { id, dwk, kid } = signed.key() else {
            return Err(SignatureError::new(Code::UnsupportedScheme, "a server signs under `jwks_uri`").into());
        };
        let invalid = |detail: String| SignatureError::new(Code::InvalidKey, detail);
        let id = ServerId::parse_under(id, self.settings.identifiers).map_err(|fault| invalid(fault.to_string()))?;
        let dwk = Dwk::from_name(dwk).ok_or_else(|| invalid("`dwk` names no AAuth metadata document".to_owned()))?;
        // Before anything is fetched: a stranger must not make us call whom it names.
        let expected = match callers {
            Callers::WhoRevoke => self.may_revoke(&id, dwk).await?,
            Callers::Only(server) => *server == id,
        };
        if !expected {
            return Ok(None);
        }
        let keys = self.issuers.keys(&id, dwk, kid, KEYS_WITHIN).await?;
        let proof = |keys| verify::request_of_server(&signed, &request.message, (&id, dwk, kid), keys);
        let proved = match proof(&keys) {
            Err(error) if error.code == Code::InvalidSignature => {
                let newer = self.issuers.refresh(&id, dwk, &keys, KEYS_WITHIN).await?;
                let keys = newer.ok_or(error)?;
                proof(&keys)?
            }
            verdict => verdict?,
        };
        match proved.identity() {
            VerifiedIdentity::Server { id, dwk } => Ok(Some((id.clone(), *dwk))),
            VerifiedIdentity::Token(_) | VerifiedIdentity::Key | VerifiedIdentity::DelegatedKey { .. } => Ok(None),
        }
    }

    /// How a token for `audience` is verified here.
    pub(super) fn token_rules(&self, audience: ServerId) -> TokenRules {
        TokenRules {
            audience,
            identifiers: self.settings.identifiers,
            window: self.settings.signature_window,
            max_agent_lifetime: MAX_AGENT_LIFETIME,
        }
    }
}
