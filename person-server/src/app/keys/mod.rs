//! The keys this server signs with, and those it publishes.
//!
//! Implements "JWKS Discovery and Caching" of draft-hardt-oauth-aauth-protocol-11 from the side of who publishes: a key
//! is published before it signs, for as long as others may keep an older set, and stays published until everything it
//! signed is over. All of that follows from the names of the files in the key directory and the time:
//!
//! | file | what it is |
//! |---|---|
//! | `<seconds>-<name>.pem` | a signing key (PKCS#8, Ed25519), which signs from that second since 1970; its `kid` is the name without `.pem` |
//! | `subject.key` | 32 random bytes, the secret of directed identifiers; never rotated |
//!
//! Of the signing keys whose second has come, the latest signs. So a rotation is a new file, taking a key out of use is
//! removing one, and a backup is a copy of the directory.
//!
//! | room | what it does |
//! |---|---|
//! | `schedule` | which key signs, which are published: pure |
//! | `directory` | reads the directory, makes what is missing |
//! | `rotate` | adds a key, lists them, removes what is over |
//! | `files` | files for their owner's eyes alone |
//! | `error` | what is wrong with a directory |

mod directory;
mod error;
mod files;
mod rotate;
mod schedule;

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use aauth_authorizer::aauth::key::{Jwks, SigningKey};
use aauth_authorizer::clock::{Seconds, SharedClock};

use crate::domain::directed::SubjectKey;

pub use self::directory::KeyDirectory;
pub use self::error::KeysError;
pub use self::rotate::Listed;
pub use self::schedule::{OVERLAP, Use};

/// How often a running server looks at the directory again.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// Signs with one key and publishes it beside its predecessors and its successor. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Keys {
    current: Arc<RwLock<Current>>,
    directory: Option<KeyDirectory>,
}

#[derive(Debug, Clone)]
struct Current {
    signing: Arc<SigningKey>,
    jwks: Arc<Jwks>,
}

impl Keys {
    /// Signs with `signing`, publishes it and `others`.
    pub fn new(signing: SigningKey, others: &[SigningKey]) -> Self {
        let current = Current::of(signing, others);
        Self { current: Arc::new(RwLock::new(current)), directory: None }
    }

    /// The keys of a directory, which are made on the first start, and the secret beside them.
    pub fn open(path: impl Into<PathBuf>, now: Seconds) -> Result<(Self, SubjectKey), KeysError> {
        let directory = KeyDirectory::at(path);
        let subjects = directory.prepare(now)?;
        let current = Current::read(&directory, now)?;
        Ok((Self { current: Arc::new(RwLock::new(current)), directory: Some(directory) }, subjects))
    }

    /// Looks at the directory again. Where that fails, what was in use stays in use.
    pub fn reload(&self, now: Seconds) -> Result<(), KeysError> {
        let Some(directory) = &self.directory else { return Ok(()) };
        let next = Current::read(directory, now)?;
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if next.signing.kid() != current.signing.kid() {
            tracing::info!(kid = next.signing.kid(), before = current.signing.kid(), "another key signs from now on");
        }
        *current = next;
        Ok(())
    }

    /// Looks at the directory again and again, for ever.
    pub async fn follow(self, clock: SharedClock) {
        loop {
            tokio::time::sleep(LOOK_AGAIN).await;
            let (keys, now) = (self.clone(), clock.now());
            let reloaded = tokio::task::spawn_blocking(move || keys.reload(now)).await;
            if let Ok(Err(error)) = reloaded {
                tracing::error!(%error, "the key directory cannot be used: the keys that are in use stay");
            }
        }
    }

    /// The key to sign with now.
    pub fn signing(&self) -> Arc<SigningKey> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner).signing)
    }

    /// The keys that are published.
    pub fn jwks(&self) -> Arc<Jwks> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner).jwks)
    }
}

impl Current {
    fn of(signing: SigningKey, others: &[SigningKey]) -> Self {
        let published = std::iter::once(&signing).chain(others).map(SigningKey::public);
        Self { jwks: Arc::new(Jwks::of(published)), signing: Arc::new(signing) }
    }

    fn read(directory: &KeyDirectory, now: Seconds) -> Result<Self, KeysError> {
        let mut published = directory.keys()?;
        let uses = schedule::uses(&published.iter().map(|key| key.signs_from).collect::<Vec<_>>(), now);
        let mut uses = uses.into_iter();
        let (mut signing, mut others) = (None, Vec::new());
        for found in published.drain(..) {
            match uses.next() {
                Some(Use::Signs) => signing = Some(found.key),
                Some(Use::Waits { .. } | Use::Stays { .. }) => others.push(found.key),
                Some(Use::Over) | None => {}
            }
        }
        let signing = signing.ok_or_else(|| KeysError::Empty { directory: directory.path().to_owned() })?;
        Ok(Self::of(signing, &others))
    }
}

#[cfg(test)]
mod tests;
