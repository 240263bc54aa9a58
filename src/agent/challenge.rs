//! Whether a resource's challenge is to be believed before it is carried to a person server.
//!
//! Implements "Resource Challenge Verification": the resource token is this resource's, for this agent's key, this
//! person and the very token that was presented.

use std::time::Duration;

use crate::aauth::identifier::ServerId;
use crate::aauth::token::Unverified;
use crate::aauth::token::resource::ResourceToken;
use crate::aauth::verify::{self, TokenRules, Verified, VerifiedToken};

use super::Agent;
use super::error::ChallengeFault;

/// How long the keys of an issuer are waited for.
pub(super) const KEYS_WITHIN: Duration = Duration::from_secs(10);

/// Seconds that an issuer's clock may be ahead of ours.
const WINDOW: i64 = 60;

impl Agent {
    /// Steps 2 to 6: verified, and about what was presented.
    pub(super) async fn believe(
        &self,
        resource: &ServerId,
        resource_token: &str,
        presented: &VerifiedToken,
    ) -> Result<Verified<ResourceToken>, ChallengeFault> {
        let unverified = Unverified::parse(resource_token, self.identifiers)?;
        if unverified.issuer() != resource {
            return Err(ChallengeFault::Claim("iss"));
        }
        let keys = self.issuers.keys(resource, unverified.dwk(), unverified.kid(), KEYS_WITHIN).await?;
        let token = verify::resource_challenge(&unverified, &keys, &self.token_rules(resource), self.clock.now())?;
        let (ps, sub) = match presented {
            VerifiedToken::Person(person) => (&person.common.iss, Some(&person.sub)),
            VerifiedToken::Auth(auth) => (&auth.ps, Some(&auth.sub)),
            VerifiedToken::Agent(agent) => (&agent.common.iss, None),
        };
        let claims = [
            ("agent_jkt", token.agent_jkt == self.key.public().thumbprint().as_str()),
            ("ps", token.ps == *ps && self.person_server.as_ref().is_some_and(|own| *own.id() == token.ps)),
            ("sub", Some(&token.sub) == sub),
            ("presented_jti", token.presented_jti == presented.common().jti),
        ];
        match claims.into_iter().find(|(_, holds)| !holds) {
            Some((claim, _)) => Err(ChallengeFault::Claim(claim)),
            None => Ok(token),
        }
    }

    /// What tokens for a resource are verified by.
    pub(super) fn token_rules(&self, resource: &ServerId) -> TokenRules {
        TokenRules {
            audience: resource.clone(),
            identifiers: self.identifiers,
            window: WINDOW,
            max_agent_lifetime: crate::aauth::token::MAX_AGENT_LIFETIME,
        }
    }
}
