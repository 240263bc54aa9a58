//! How a session begins, and ends.
//!
//! [`Login`] is where passkeys and other providers' logins join: each proves who is there, and gets the same session.

use std::fmt;

use super::enter::{By, Caller};
use crate::app::refusal::{Outcome, Refusal};
use crate::app::{PersonServer, Source, random};
use crate::domain::audit::AuditEvent;
use crate::domain::session::{Secret, SecretKind, Session};

/// What a person proves with who they are.
#[derive(Clone)]
pub enum Login {
    /// A setup link's secret, which is used up.
    Setup(String),
    /// An API token.
    ApiToken(String),
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Setup(_) => "Setup(..)",
            Self::ApiToken(_) => "ApiToken(..)",
        })
    }
}

impl PersonServer {
    /// Begins a session. A source has so many attempts in a minute.
    pub async fn log_in(&self, login: &Login, source: &Source) -> Outcome<(Session, Secret)> {
        if !self.desk.logins.admits(source.as_str()) {
            return Err(Refusal::later(429, "rate_limited", "too many attempts to log in: wait a minute", 60));
        }
        let now = self.clock.now();
        let secret = Secret::new(SecretKind::Session, random::secret());
        let id = random::id();
        let session = match login {
            Login::Setup(text) => {
                let setup = Secret::parse(SecretKind::Setup, text).ok_or_else(refused)?;
                self.store.begin_by_setup(setup.digest(), id, secret.clone(), now).await?
            }
            Login::ApiToken(text) => {
                let token = Secret::parse(SecretKind::Api, text).ok_or_else(refused)?;
                self.store.begin_by_api_token(token.digest(), id, secret.clone(), now).await?
            }
        };
        let session = session.ok_or_else(refused)?;
        self.is_here(&session.person);
        Ok((session, secret))
    }

    /// The caller's sessions.
    pub async fn sessions(&self, caller: &Caller) -> Outcome<Vec<Session>> {
        Ok(self.store.sessions_of(&caller.person, self.clock.now()).await?)
    }

    /// Ends the session the caller came with.
    pub async fn log_out(&self, caller: &Caller) -> Outcome<()> {
        match &caller.by {
            By::Session { id } => self.end_session(caller, id).await,
            By::ApiToken { .. } => Err(Refusal::invalid_request("an API token is no session")),
        }
    }

    /// Ends one of the caller's sessions.
    pub async fn end_session(&self, caller: &Caller, id: &str) -> Outcome<()> {
        let event = AuditEvent::new(self.clock.now(), Some(caller.person.clone()), "session.ended");
        let ended = self.store.end_session(&caller.person, id, event).await?;
        ended.then_some(()).ok_or_else(Refusal::not_found)
    }

    /// Ends every session of the caller's. API tokens stay: each is ended by itself.
    pub async fn log_out_everywhere(&self, caller: &Caller) -> Outcome<u64> {
        let event = AuditEvent::new(self.clock.now(), Some(caller.person.clone()), "session.all_ended");
        Ok(self.store.end_sessions(&caller.person, event).await?)
    }
}

/// The same for a secret that never was, was used, or is over.
fn refused() -> Refusal {
    let detail = "this login is not known, was used, or is over: ask the operator for another link";
    Refusal::problem(401, "unauthenticated", detail)
}
