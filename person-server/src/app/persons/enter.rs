//! Who calls: the holder of a session's cookie, or of an API token.

use std::fmt;

use crate::app::refusal::{Outcome, Refusal};
use crate::app::{PersonServer, random};
use crate::domain::audit::AuditEvent;
use crate::domain::person::PersonKey;
use crate::domain::session::{Presented, Secret, SecretDigest, SecretKind, Session};

/// A person, authenticated.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who.
    pub person: PersonKey,
    /// By what.
    pub by: By,
}

/// By what a caller was authenticated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// A session.
    Session {
        /// Its id.
        id: String,
    },
    /// An API token.
    ApiToken {
        /// Its id.
        id: String,
    },
}

/// What a request carries.
#[derive(Clone)]
pub enum Credential {
    /// A session's secret, which a browser sends by itself.
    Cookie(String),
    /// An API token, which it does not.
    Bearer(String),
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cookie(_) => "Cookie(..)",
            Self::Bearer(_) => "Bearer(..)",
        })
    }
}

/// A caller, and the secret that is to replace the one they came with.
#[derive(Debug, Clone)]
pub struct Entered {
    /// Who calls.
    pub caller: Caller,
    /// The next secret of their session.
    pub renewed: Option<Secret>,
}

impl PersonServer {
    /// Who calls with this credential. Being here, they can be reached from now on without an agent's help.
    pub async fn enter(&self, credential: &Credential) -> Outcome<Entered> {
        let entered = match credential {
            Credential::Bearer(text) => self.by_api_token(text).await?,
            Credential::Cookie(text) => self.by_session(text).await?,
        };
        self.is_here(&entered.caller.person);
        Ok(entered)
    }

    /// Whether what the caller came with still counts. For what takes longer than one answer.
    pub(super) async fn is_still(&self, caller: &Caller) -> Outcome<bool> {
        let now = self.clock.now();
        Ok(match &caller.by {
            By::Session { id } => {
                let sessions = self.store.sessions_of(&caller.person, now).await?;
                sessions.iter().any(|session| session.id == *id)
            }
            By::ApiToken { id } => {
                let tokens = self.store.api_tokens_of(&caller.person).await?;
                tokens.iter().any(|token| token.id == *id && token.expires_at.is_none_or(|end| now < end))
            }
        })
    }

    async fn by_api_token(&self, text: &str) -> Outcome<Entered> {
        let secret = Secret::parse(SecretKind::Api, text).ok_or_else(unauthenticated)?;
        let now = self.clock.now();
        let token = self.store.api_token(secret.digest(), now).await?.ok_or_else(unauthenticated)?;
        if token.notes(now) {
            self.store.note_api_token(&token.id, now).await?;
        }
        Ok(Entered { caller: Caller { person: token.person, by: By::ApiToken { id: token.id } }, renewed: None })
    }

    async fn by_session(&self, text: &str) -> Outcome<Entered> {
        let secret = Secret::parse(SecretKind::Session, text).ok_or_else(unauthenticated)?;
        let (digest, now) = (secret.digest(), self.clock.now());
        let session = self.store.session(digest, now).await?.ok_or_else(unauthenticated)?;
        let renewed = match session.presented(digest, now) {
            Presented::Over => return Err(unauthenticated()),
            Presented::Copied => return Err(self.copied(&session).await?),
            Presented::Confirms => {
                self.store.confirm_secret(&session.id, digest, now).await?;
                None
            }
            Presented::Counts { offer: true, .. } => self.renewed(&session).await?,
            Presented::Counts { offer: false, note } => {
                if note {
                    self.store.note_session(&session.id, now).await?;
                }
                None
            }
        };
        Ok(Entered { caller: Caller { person: session.person, by: By::Session { id: session.id } }, renewed })
    }

    /// Offers the session its next secret, unless a request at the same time has done so.
    async fn renewed(&self, session: &Session) -> Outcome<Option<Secret>> {
        let secret = Secret::new(SecretKind::Session, random::secret());
        let digest: SecretDigest = secret.digest();
        let offered = self.store.offer_secret(&session.id, digest, self.clock.now()).await?;
        Ok(offered.then_some(secret))
    }

    /// A secret that was replaced has turned up: two hold the session, and it ends for both.
    async fn copied(&self, session: &Session) -> Outcome<Refusal> {
        let event = AuditEvent::new(self.clock.now(), Some(session.person.clone()), "session.copied");
        self.store.end_session(&session.person, &session.id, event).await?;
        tracing::warn!("a session ended because a secret it had replaced was presented again");
        Ok(unauthenticated())
    }
}

/// The caller is nobody we know.
fn unauthenticated() -> Refusal {
    let detail = "log in, or send an API token as `Authorization: Bearer`";
    Refusal::problem(401, "unauthenticated", detail)
}
