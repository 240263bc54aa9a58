//! Tokens that come as request parameters: `resource_token`, `presented_token`, `upstream_token`, `subagent_token`.
//!
//! Implements "Common JWT Verification" for them. Each that fails has codes of its own:
//! `<invalid|expired|revoked>_<parameter>_token`.

use std::sync::Arc;

use aauth_authorizer::aauth::error::TokenParameter;
use aauth_authorizer::aauth::identifier::ServerId;
use aauth_authorizer::aauth::key::Jwks;
use aauth_authorizer::aauth::token::resource::ResourceToken;
use aauth_authorizer::aauth::token::{TokenFault, TokenType, Unverified};
use aauth_authorizer::aauth::verify::{self, TokenRules, Verified, VerifiedToken};
use aauth_authorizer::clock::Seconds;

use super::PersonServer;
use super::authenticate::KEYS_WITHIN;
use super::refusal::{Outcome, Refusal};
use crate::domain::issued::TokenRef;

impl PersonServer {
    /// A person, auth or agent token that came as a parameter, verified as one addressed to `audience`.
    pub(super) async fn token_parameter(
        &self,
        parameter: TokenParameter,
        compact: &str,
        audience: ServerId,
        takes: &[TokenType],
    ) -> Outcome<VerifiedToken> {
        let refused = |fault: TokenFault| Refusal::token(parameter, &fault);
        let unverified = Unverified::parse(compact, self.settings.identifiers).map_err(refused)?;
        if !takes.contains(&unverified.typ()) {
            return Err(refused(TokenFault::WrongType(unverified.typ().typ().to_owned())));
        }
        let rules = self.token_rules(audience);
        let token = self.proved(parameter, &unverified, &rules, verify::token).await?;
        self.parameter_not_revoked(parameter, &token.common().iss, &token.common().jti).await?;
        Ok(token)
    }

    /// A resource token that came as `resource_token`. Whom it is addressed to is for the caller to look at.
    pub(super) async fn resource_token(&self, compact: &str) -> Outcome<Verified<ResourceToken>> {
        let refused = |fault: TokenFault| Refusal::token(TokenParameter::Resource, &fault);
        let unverified = Unverified::parse(compact, self.settings.identifiers).map_err(refused)?;
        if unverified.typ() != TokenType::Resource {
            return Err(refused(TokenFault::WrongType(unverified.typ().typ().to_owned())));
        }
        let rules = self.token_rules(self.settings.issuer.clone());
        let token = self.proved(TokenParameter::Resource, &unverified, &rules, verify::resource_challenge).await?;
        self.parameter_not_revoked(TokenParameter::Resource, &token.common.iss, &token.common.jti).await?;
        Ok(token)
    }

    /// Proves a token by its issuer's keys, which are looked for again where the signature fails.
    async fn proved<T>(
        &self,
        parameter: TokenParameter,
        token: &Unverified,
        rules: &TokenRules,
        verify: impl Fn(&Unverified, &Jwks, &TokenRules, Seconds) -> Result<T, TokenFault>,
    ) -> Outcome<T> {
        let now = self.clock.now();
        let refused = |fault: TokenFault| Refusal::token(parameter, &fault);
        let (issuer, dwk) = (token.issuer(), token.dwk());
        if *issuer == self.settings.issuer {
            return verify(token, &self.keys.jwks(), rules, now).map_err(refused);
        }
        let lost = |fault| Refusal::undiscovered(parameter, &fault);
        let keys: Arc<Jwks> = self.issuers.keys(issuer, dwk, token.kid(), KEYS_WITHIN).await.map_err(lost)?;
        match verify(token, &keys, rules, now) {
            Err(fault @ TokenFault::BadSignature) => {
                let newer = self.issuers.refresh(issuer, dwk, &keys, KEYS_WITHIN).await.map_err(lost)?;
                let keys = newer.ok_or_else(|| refused(fault))?;
                verify(token, &keys, rules, now).map_err(refused)
            }
            verdict => verdict.map_err(refused),
        }
    }

    async fn parameter_not_revoked(&self, parameter: TokenParameter, iss: &ServerId, jti: &str) -> Outcome<()> {
        let token = TokenRef { iss: iss.clone(), jti: jti.to_owned() };
        if self.is_revoked(token).await? {
            let detail = format!("the `{}` was revoked by the server that issued it", parameter.name());
            return Err(Refusal::token_endpoint(parameter.revoked(), detail));
        }
        Ok(())
    }
}
