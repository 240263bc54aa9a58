//! What an access server issued is verified before the agent gets it.
//!
//! Implements "Auth Token Delivery" of draft-hardt-oauth-aauth-protocol-11.

use aauth_authorizer::aauth::error::TokenParameter;
use aauth_authorizer::aauth::metadata::Dwk;
use aauth_authorizer::aauth::token::auth::AuthToken;
use aauth_authorizer::aauth::token::{TokenType, Unverified};
use aauth_authorizer::aauth::verify::{Verified, VerifiedToken};
use aauth_authorizer::clock::Seconds;
use serde_json::json;

use super::super::PersonServer;
use super::super::answer::Reply;
use super::super::authenticate::Signed;
use super::super::authorize::{granted_scopes, rests_on};
use super::super::refusal::Refusal;
use super::way::{Stop, Way};
use crate::domain::issued::{Issued, IssuedKind, TokenRef};

impl PersonServer {
    /// Verifies, records, and hands out what the access server issued.
    pub(super) async fn deliver(&self, signed: &Signed, way: &Way, compact: &str) -> Result<Reply, Stop> {
        let token = self.delivered(way, compact).await?;
        let reference = TokenRef { iss: token.common.iss.clone(), jti: token.common.jti.clone() };
        if self.store.issued(&reference).await?.is_some() {
            return Err(Stop::unreachable("it issued this very token before", self.clock.now()));
        }
        let (ask, granted) = (&way.ask, way.granted());
        let issued = Issued {
            kind: IssuedKind::Federated,
            token: reference,
            resource: ask.resource.clone(),
            agent: signed.key(),
            subagent: ask.subagent.as_ref().map(|subagent| subagent.id.as_str().to_owned()),
            sub: ask.sub.clone(),
            person: granted.person.clone(),
            scopes: token.scopes.clone(),
            mission: ask.mission.clone(),
            root: self.root_of(ask).await?,
            upstream: ask.upstream.as_ref().map(|up| TokenRef { iss: up.iss.clone(), jti: up.jti.clone() }),
            decided_by: way.decided_by.clone(),
            issued_at: self.clock.now(),
            exp: token.common.exp,
        };
        self.record_issue(signed, issued, rests_on(signed, ask), &granted).await?;
        let expires_in = token.common.exp - self.clock.now();
        Ok(Reply::ok(json!({ "auth_token": compact, "expires_in": expires_in })))
    }

    /// Steps 1 to 3, and then the others.
    async fn delivered(&self, way: &Way, compact: &str) -> Result<Verified<AuthToken>, Stop> {
        let now = self.clock.now();
        let unusable = |why: &str| Stop::unreachable(why, now);
        let unverified = Unverified::parse(compact, self.settings.identifiers);
        let unverified = unverified.map_err(|fault| unusable(&format!("its auth token cannot be read: {fault}")))?;
        // Before its keys are looked for: they are the access server's, or the token is not.
        if *unverified.issuer() != way.ask.audience || unverified.dwk() != Dwk::Access {
            return Err(unusable("its auth token is of another issuer"));
        }
        let (takes, audience) = ([TokenType::Auth], way.ask.resource.clone());
        let token = match self.token_parameter(TokenParameter::Presented, compact, audience, &takes).await {
            Ok(VerifiedToken::Auth(token)) => token,
            Ok(VerifiedToken::Agent(_) | VerifiedToken::Person(_)) => return Err(unusable("it is no auth token")),
            Err(refusal @ Refusal::Later(..)) => return Err(Stop::Refused(refusal)),
            Err(Refusal::Problem(problem)) => {
                let why = problem.detail.unwrap_or_default();
                return Err(unusable(&format!("its auth token does not verify: {why}")));
            }
            Err(Refusal::Signature(_)) => return Err(unusable("its auth token does not verify")),
        };
        match self.differs(way, &token) {
            None => Ok(token),
            Some(what) => Err(unusable(&format!("its auth token is not what was asked for: {what}"))),
        }
    }

    /// Steps 4 to 7, and what else a token must not differ in: what says nothing of account and mission is less.
    fn differs(&self, way: &Way, token: &AuthToken) -> Option<&'static str> {
        let ask = &way.ask;
        let granted = granted_scopes(ask, &way.granted());
        let within = |bound: Option<Seconds>| bound.is_none_or(|bound| token.common.exp <= bound);
        let same = |theirs: &Option<String>, ours: &Option<String>| theirs.is_none() || theirs == ours;
        [
            ("it is bound to another key", token.key.thumbprint() == ask.presented.key.thumbprint()),
            ("it is about another person", token.sub == ask.sub),
            ("it names another person server", token.ps == self.settings.issuer),
            ("its scope is broader", token.scopes.iter().all(|scope| granted.contains(scope))),
            ("it outlives the presented token", within(Some(ask.presented.exp))),
            ("it outlives the upstream token", within(ask.upstream.as_ref().map(|upstream| upstream.exp))),
            ("it outlives the sub-agent's agent token", within(ask.subagent.as_ref().map(|subagent| subagent.exp))),
            ("it is for another account", same(&token.account, &ask.account)),
            ("it is on another mission", same(&token.mission_s256, &ask.mission)),
            ("it names another organization", same(&token.tenant, &ask.tenant)),
        ]
        .into_iter()
        .find(|(_, holds)| !holds)
        .map(|(what, _)| what)
    }
}
