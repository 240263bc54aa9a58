//! Minting resource tokens.
//!
//! Implements "Resource Token" of draft-hardt-oauth-aauth-protocol-11. A resource token copies who the person is from
//! the token that the request carried, so it can be made from a verified person token or auth token and from nothing
//! else: [`Presented`] has no other maker.

use super::random;
use super::resource::Resource;
use crate::aauth::identifier::ServerId;
use crate::aauth::metadata::Dwk;
use crate::aauth::token::Common;
use crate::aauth::token::resource::ResourceToken;
use crate::aauth::verify::VerifiedToken;
use crate::clock::Seconds;

/// What a resource token copies from the verified token that a request presented.
#[derive(Debug, Clone)]
pub struct Presented {
    ps: ServerId,
    sub: String,
    jti: String,
    agent_jkt: String,
    mission_s256: Option<String>,
    tenant: Option<String>,
    account: Option<String>,
}

impl Presented {
    /// Of a person token or an auth token; an agent token names no person.
    pub fn of(token: &VerifiedToken) -> Option<Self> {
        let agent_jkt = token.key().thumbprint().as_str().to_owned();
        match token {
            VerifiedToken::Agent(_) => None,
            VerifiedToken::Person(person) => Some(Self {
                ps: person.common.iss.clone(),
                sub: person.sub.clone(),
                jti: person.common.jti.clone(),
                agent_jkt,
                mission_s256: person.mission_s256.clone(),
                tenant: person.tenant.clone(),
                account: None,
            }),
            VerifiedToken::Auth(auth) => Some(Self {
                ps: auth.ps.clone(),
                sub: auth.sub.clone(),
                jti: auth.common.jti.clone(),
                agent_jkt,
                mission_s256: auth.mission_s256.clone(),
                tenant: auth.tenant.clone(),
                account: auth.account.clone(),
            }),
        }
    }
}

/// The resource has no key to sign with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the resource has no signing key")]
pub struct NoSigningKey;

/// A resource token asking for `scopes`, for whoever `presented` names. `account` is the one the caller asked for; a
/// step-up stays with the account of the token it started from.
pub fn resource_token(
    resource: &Resource,
    presented: Presented,
    scopes: Vec<String>,
    account: Option<String>,
    now: Seconds,
) -> Result<String, NoSigningKey> {
    let key = resource.signing_key.as_ref().ok_or(NoSigningKey)?;
    let token = ResourceToken {
        common: Common {
            iss: resource.issuer.clone(),
            dwk: Dwk::Resource,
            jti: random::token_id(),
            iat: now,
            exp: now.saturating_add(resource.resource_token_lifetime),
        },
        // Four-party: the resource's own access server redeems it. Three-party: the person's server does.
        aud: resource.access_server.clone().unwrap_or_else(|| presented.ps.clone()),
        ps: presented.ps,
        sub: presented.sub,
        presented_jti: presented.jti,
        agent_jkt: presented.agent_jkt,
        scopes,
        account: account.or(presented.account),
        login_hint: None,
        mission_s256: presented.mission_s256,
        tenant: presented.tenant,
        interaction: None,
    };
    Ok(token.sign(key))
}
