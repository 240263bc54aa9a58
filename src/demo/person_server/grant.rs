//! The tokens: whose they are, for what, for how long.
//!
//! Implements "Resource Token Verification" and the bounds of "Person Token Structure" and "Auth Token Structure".

use serde_json::{Map, Value, json};

use super::PersonServer;
use super::asking::{Asking, KEYS_WITHIN, rules_for};
use super::refusal::Refusal;
use crate::aauth::error::TokenParameter;
use crate::aauth::identifier::{IdentifierRules, ServerId};
use crate::aauth::key::Jwks;
use crate::aauth::metadata::Dwk;
use crate::aauth::token::auth::AuthToken;
use crate::aauth::token::person::PersonToken;
use crate::aauth::token::resource::ResourceToken;
use crate::aauth::token::{Common, MAX_GRANT_LIFETIME, Unverified};
use crate::aauth::verify::{self, Verified, VerifiedToken};
use crate::authorizer::random;
use crate::clock::Seconds;
use crate::demo::names::{PERSON, SCOPES};

impl PersonServer {
    /// Which person the agent acts for, to one resource.
    pub(super) fn person_token(&self, asking: &Asking) -> Result<Value, Refusal> {
        let resource = ServerId::parse(asking.parameter("resource")?)
            .map_err(|fault| Refusal::invalid_request(&fault.to_string()))?;
        let now = self.clock.now();
        let common = self.common(now, &[asking.agent.common.exp]);
        let expires_in = common.exp - now;
        self.say(format!("yes, {} acts for Ada: a person token", asking.agent.sub));
        let token = PersonToken {
            common,
            aud: resource,
            sub: PERSON.to_owned(),
            key: asking.agent.key.clone(),
            mission_s256: None,
            tenant: None,
            more: Map::new(),
        };
        Ok(json!({ "person_token": token.sign(&self.key), "expires_in": expires_in }))
    }

    /// What the person consents to: here, whatever is asked.
    pub(super) async fn auth_token(&self, asking: &Asking) -> Result<Value, Refusal> {
        let resource = self.resource_token(asking).await?;
        let presented = self.presented_token(asking, &resource)?;
        let now = self.clock.now();
        let common = self.common(now, &[asking.agent.common.exp, presented.common().exp]);
        let expires_in = common.exp - now;
        self.say(format!("Ada consents to \"{}\": an auth token", meaning(&resource.scopes)));
        let token = AuthToken {
            common,
            aud: resource.common.iss.clone(),
            ps: self.id.clone(),
            sub: resource.sub.clone(),
            key: asking.agent.key.clone(),
            scopes: resource.scopes.clone(),
            account: resource.account.clone(),
            mission_s256: resource.mission_s256.clone(),
            tenant: resource.tenant.clone(),
            more: Map::new(),
        };
        Ok(json!({ "auth_token": token.sign(&self.key), "expires_in": expires_in }))
    }

    /// Steps 1 and 2: the resource's word, for us, about this agent's key.
    async fn resource_token(&self, asking: &Asking) -> Result<Verified<ResourceToken>, Refusal> {
        let refused = |fault| Refusal::token(TokenParameter::Resource, &fault);
        let text = asking.parameter("resource_token")?;
        let token = Unverified::parse(text, IdentifierRules::Strict).map_err(refused)?;
        let keys = self.issuers.keys(token.issuer(), token.dwk(), token.kid(), KEYS_WITHIN).await?;
        let token = verify::resource_token(&token, &keys, &rules_for(self.id.clone()), self.clock.now());
        let token = token.map_err(refused)?;
        if token.agent_jkt != asking.agent.key.thumbprint().as_str() {
            return Err(Refusal::tampered("agent_jkt"));
        }
        Ok(token)
    }

    /// Step 3: the token the resource saw, which is ours and says the same.
    fn presented_token(&self, asking: &Asking, resource: &ResourceToken) -> Result<VerifiedToken, Refusal> {
        let refused = |fault| Refusal::token(TokenParameter::Presented, &fault);
        let text = asking.parameter("presented_token")?;
        let token = Unverified::parse(text, IdentifierRules::Strict).map_err(refused)?;
        let ours = Jwks::of([self.key.public()]);
        let token = verify::token(&token, &ours, &rules_for(resource.common.iss.clone()), self.clock.now());
        let token = token.map_err(refused)?;
        let (ps, sub, mission, tenant) = match &token {
            VerifiedToken::Person(person) => (&person.common.iss, &person.sub, &person.mission_s256, &person.tenant),
            VerifiedToken::Auth(auth) => (&auth.ps, &auth.sub, &auth.mission_s256, &auth.tenant),
            VerifiedToken::Agent(_) => return Err(Refusal::tampered("presented_jti")),
        };
        let claims = [
            ("presented_jti", resource.presented_jti == token.common().jti),
            ("agent_jkt", resource.agent_jkt == token.key().thumbprint().as_str()),
            ("ps", resource.ps == *ps && resource.ps == self.id && token.common().iss == self.id),
            ("sub", resource.sub == *sub),
            ("mission_s256", resource.mission_s256 == *mission),
            ("tenant", resource.tenant == *tenant),
        ];
        match claims.into_iter().find(|(_, same)| !same) {
            Some((claim, _)) => Err(Refusal::tampered(claim)),
            None => Ok(token),
        }
    }

    /// A new token's own claims. It outlives none of the tokens it was given for.
    fn common(&self, now: Seconds, bounds: &[Seconds]) -> Common {
        let exp = bounds.iter().copied().fold(now + MAX_GRANT_LIFETIME, Seconds::min);
        Common { iss: self.id.clone(), dwk: Dwk::Person, jti: random::token_id(), iat: now, exp }
    }
}

/// Scopes in words, as a person would be asked.
fn meaning(scopes: &[String]) -> String {
    let words = |scope: &String| {
        let known = SCOPES.iter().find(|(name, _)| name == scope);
        known.map_or_else(|| scope.clone(), |(name, meaning)| format!("{meaning} ({name})"))
    };
    scopes.iter().map(words).collect::<Vec<_>>().join(", ")
}
