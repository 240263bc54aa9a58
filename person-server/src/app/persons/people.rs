//! Persons, and the links they set themselves up with.

use std::fmt;

use aauth_authorizer::aauth::identifier::ServerId;
use aauth_authorizer::clock::{Seconds, SharedClock};
use serde_json::{Map, Value};

use crate::app::random;
use crate::domain::person::{Person, PersonKey};
use crate::domain::session::{ApiToken, SETUP_LASTS, Secret, SecretDigest, SecretKind};
use crate::store::{Store, StoreError};

use super::api_tokens;

/// The name of the person that a new server begins with.
const FIRST: &str = "Owner";

/// Who is a person of this server. For whoever runs it: nothing here asks who calls.
#[derive(Debug, Clone)]
pub struct People {
    store: Store,
    clock: SharedClock,
    issuer: ServerId,
}

/// What a person sets themselves up with, once. Whoever has it first is that person.
pub struct Invitation {
    /// Whom it is for.
    pub person: PersonKey,
    /// The secret by itself, for `POST /api/session`.
    pub token: String,
    /// A link that holds it, behind `#`, where it is in no log.
    pub link: String,
    /// Until when it works.
    pub expires_at: Seconds,
}

impl fmt::Debug for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invitation").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

impl People {
    /// The persons in this store.
    pub fn new(store: Store, clock: SharedClock, issuer: ServerId) -> Self {
        Self { store, clock, issuer }
    }

    /// Adds a person.
    pub async fn add(&self, name: &str, email: Option<&str>, tenant: Option<&str>) -> Result<Invitation, StoreError> {
        let person = self.person(name, email, tenant);
        let (invitation, digest) = self.invitation(&person.key);
        self.store.add_person(person, digest, invitation.expires_at).await?;
        Ok(invitation)
    }

    /// Adds the first person of a new server. `None` where there is somebody already.
    pub async fn add_first(&self) -> Result<Option<Invitation>, StoreError> {
        let person = self.person(FIRST, None, None);
        let (invitation, digest) = self.invitation(&person.key);
        let added = self.store.add_first_person(person, digest, invitation.expires_at).await?;
        Ok(added.then_some(invitation))
    }

    /// Gives a person another link, in place of one that was not used. `None` where there is no such person.
    pub async fn invite(&self, person: &PersonKey) -> Result<Option<Invitation>, StoreError> {
        let (invitation, digest) = self.invitation(person);
        let invited = self.store.invite(person, digest, invitation.expires_at).await?;
        Ok(invited.then_some(invitation))
    }

    /// Gives a person an API token. `None` where there is no such person, or they have too many.
    pub async fn add_api_token(&self, person: &PersonKey, name: &str) -> Result<Option<String>, StoreError> {
        let (token, secret) = api_tokens::new(person, name, None, self.clock.now());
        let event = api_tokens::event(&token, "api_token.added", self.clock.now());
        let added = self.store.add_api_token(token, secret.digest(), api_tokens::MOST, event).await?;
        Ok(added.then(|| secret.reveal()))
    }

    /// Ends an API token. `false` where the person has no such.
    pub async fn revoke_api_token(&self, person: &PersonKey, id: &str) -> Result<bool, StoreError> {
        let event = api_tokens::ended(person, id, self.clock.now());
        self.store.revoke_api_token(person, id, event).await
    }

    /// A person's API tokens.
    pub async fn api_tokens(&self, person: &PersonKey) -> Result<Vec<ApiToken>, StoreError> {
        self.store.api_tokens_of(person).await
    }

    /// Everybody, the earliest first.
    pub async fn all(&self) -> Result<Vec<Person>, StoreError> {
        self.store.people(10_000).await
    }

    fn person(&self, name: &str, email: Option<&str>, tenant: Option<&str>) -> Person {
        let mut claims = Map::new();
        if name != FIRST {
            claims.insert("name".to_owned(), Value::from(name));
        }
        if let Some(email) = email {
            claims.insert("email".to_owned(), Value::from(email));
        }
        Person {
            key: PersonKey::new(random::id()),
            name: name.to_owned(),
            tenant: tenant.map(str::to_owned),
            claims,
            created_at: self.clock.now(),
        }
    }

    fn invitation(&self, person: &PersonKey) -> (Invitation, SecretDigest) {
        let secret = Secret::new(SecretKind::Setup, random::secret());
        let token = secret.reveal();
        let invitation = Invitation {
            person: person.clone(),
            link: format!("{}/login#setup={token}", self.issuer),
            token,
            expires_at: self.clock.now() + SETUP_LASTS,
        };
        (invitation, secret.digest())
    }
}
