//! API tokens: what stands for a person in their scripts. Whoever has one may do all that the person may, except to
//! make another.

use aauth_authorizer::clock::Seconds;

use super::enter::{By, Caller};
use crate::app::refusal::{Outcome, Refusal};
use crate::app::{PersonServer, random};
use crate::domain::audit::AuditEvent;
use crate::domain::person::PersonKey;
use crate::domain::session::{ApiToken, Secret, SecretKind};

/// Tokens that one person has at once.
pub(super) const MOST: u32 = 50;

/// A new token, and its secret.
pub(super) fn new(person: &PersonKey, name: &str, until: Option<Seconds>, now: Seconds) -> (ApiToken, Secret) {
    let token = ApiToken {
        id: random::id(),
        person: person.clone(),
        name: name.to_owned(),
        created_at: now,
        expires_at: until,
        used_at: None,
    };
    (token, Secret::new(SecretKind::Api, random::secret()))
}

/// What is noted of a token.
pub(super) fn event(token: &ApiToken, kind: &str, now: Seconds) -> AuditEvent {
    let mut event = AuditEvent::new(now, Some(token.person.clone()), kind);
    event.detail.insert("id".to_owned(), token.id.as_str().into());
    event.detail.insert("name".to_owned(), token.name.as_str().into());
    event
}

/// What is noted of a token's end.
pub(super) fn ended(person: &PersonKey, id: &str, now: Seconds) -> AuditEvent {
    let mut event = AuditEvent::new(now, Some(person.clone()), "api_token.ended");
    event.detail.insert("id".to_owned(), id.into());
    event
}

impl PersonServer {
    /// The caller's API tokens.
    pub async fn api_tokens(&self, caller: &Caller) -> Outcome<Vec<ApiToken>> {
        Ok(self.store.api_tokens_of(&caller.person).await?)
    }

    /// Another API token for the caller, whose secret is told this once.
    pub async fn add_api_token(
        &self,
        caller: &Caller,
        name: &str,
        until: Option<Seconds>,
    ) -> Outcome<(ApiToken, Secret)> {
        if matches!(caller.by, By::ApiToken { .. }) {
            // One that leaked could otherwise outlive its revocation.
            return Err(Refusal::problem(403, "denied", "an API token makes no other: log in and use the session"));
        }
        let now = self.clock.now();
        if until.is_some_and(|until| until <= now) {
            return Err(Refusal::invalid_request("`expires_at` has passed"));
        }
        let (token, secret) = new(&caller.person, name, until, now);
        let event = event(&token, "api_token.added", now);
        if !self.store.add_api_token(token.clone(), secret.digest(), MOST, event).await? {
            return Err(Refusal::problem(409, "conflict", "there are too many API tokens: revoke some"));
        }
        Ok((token, secret))
    }

    /// Ends an API token of the caller's, and the sessions it began.
    pub async fn end_api_token(&self, caller: &Caller, id: &str) -> Outcome<()> {
        let event = ended(&caller.person, id, self.clock.now());
        let ended = self.store.revoke_api_token(&caller.person, id, event).await?;
        ended.then_some(()).ok_or_else(Refusal::not_found)
    }
}
