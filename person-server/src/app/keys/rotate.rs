//! Rotation: a new key is added, and what is over is removed.

use std::fs;

use aauth_authorizer::clock::Seconds;

use super::directory::KeyDirectory;
use super::error::KeysError;
use super::schedule::{Use, uses};

/// A signing key, as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its `kid`.
    pub kid: String,
    /// When it signs, or began to.
    pub signs_from: Seconds,
    /// What it is used for.
    pub used: Use,
    /// Its thumbprint.
    pub thumbprint: String,
}

impl KeyDirectory {
    /// The signing keys and what they are used for, the earliest first.
    pub fn list(&self, now: Seconds) -> Result<Vec<Listed>, KeysError> {
        let found = self.keys()?;
        let uses = uses(&found.iter().map(|found| found.signs_from).collect::<Vec<_>>(), now);
        let listed = found.into_iter().zip(uses).map(|(found, used)| Listed {
            kid: found.key.kid().to_owned(),
            signs_from: found.signs_from,
            used,
            thumbprint: found.key.public().thumbprint().as_str().to_owned(),
        });
        Ok(listed.collect())
    }

    /// Adds a key that signs once it has been published for `overlap`, and removes the keys that are over. Running
    /// servers notice by themselves.
    pub fn rotate(&self, now: Seconds, overlap: Seconds) -> Result<Listed, KeysError> {
        let before = self.list(now)?;
        if before.is_empty() {
            return Err(KeysError::Empty { directory: self.path().to_owned() });
        }
        if let Some((kid, from)) = before.iter().find_map(|key| match key.used {
            Use::Waits { from } => Some((key.kid.clone(), from)),
            Use::Signs | Use::Stays { .. } | Use::Over => None,
        }) {
            return Err(KeysError::Waiting { kid, from });
        }
        // Two keys of one second would leave it to their names which signs.
        let latest = before.iter().map(|key| key.signs_from).max().unwrap_or(now);
        let kid = self.add_key(now.saturating_add(overlap).max(latest.saturating_add(1)))?;
        for key in before.iter().filter(|key| key.used == Use::Over) {
            let path = self.path().join(format!("{}.pem", key.kid));
            fs::remove_file(&path).map_err(KeysError::io("remove", &path))?;
        }
        let after = self.list(now)?;
        after
            .into_iter()
            .find(|key| key.kid == kid)
            .ok_or_else(|| KeysError::Empty { directory: self.path().to_owned() })
    }
}
