//! The key directory: what is in it, and what is made on the first start.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use aauth_authorizer::aauth::key::{Algorithm, SigningKey};
use aauth_authorizer::clock::Seconds;

use super::error::KeysError;
use super::files;
use crate::app::random;
use crate::domain::directed::SubjectKey;

const SUBJECT_KEY: &str = "subject.key";
const EXTENSION: &str = "pem";

/// A directory of keys. Cheap enough to clone.
#[derive(Debug, Clone)]
pub struct KeyDirectory {
    path: PathBuf,
}

/// A signing key, as it was found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) signs_from: Seconds,
    pub(super) key: SigningKey,
    pub(super) path: PathBuf,
}

impl KeyDirectory {
    /// The directory at this path, whether it is there or not.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes what a first start finds missing: the directory, one signing key, and the secret of directed identifiers.
    pub(super) fn prepare(&self, now: Seconds) -> Result<SubjectKey, KeysError> {
        files::make_directory(&self.path)?;
        let has_keys = !self.keys()?.is_empty();
        let subjects = self.subject_key(has_keys)?;
        if !has_keys {
            let kid = self.add_key(now)?;
            tracing::info!(%kid, directory = %self.path.display(), "a new signing key was made");
        }
        Ok(subjects)
    }

    /// The signing keys, by when they sign.
    pub(super) fn keys(&self) -> Result<Vec<Found>, KeysError> {
        files::require_private(&self.path, "700")?;
        let mut found = Vec::new();
        for path in self.pem_files()? {
            found.push(read_key(path)?);
        }
        found.sort_by(|one, other| (one.signs_from, one.key.kid()).cmp(&(other.signs_from, other.key.kid())));
        let mut seen: HashMap<String, &Path> = HashMap::new();
        for Found { key, path, .. } in &found {
            if let Some(first) = seen.insert(key.public().thumbprint().as_str().to_owned(), path) {
                return Err(KeysError::Twice { first: first.to_owned(), second: path.clone() });
            }
        }
        Ok(found)
    }

    /// Adds a new key, to sign from then on. Returns its `kid`.
    pub(super) fn add_key(&self, signs_from: Seconds) -> Result<String, KeysError> {
        loop {
            let id = random::id();
            let kid = format!("{signs_from}-{}", id.get(..8).unwrap_or(&id));
            let path = self.path.join(format!("{kid}.{EXTENSION}"));
            let pem = SigningKey::ed25519(&kid, &random::secret()).to_pkcs8_pem();
            let pem = pem.map_err(|_| KeysError::NoKey { path: path.clone() })?;
            // Taken already with a chance of one in four thousand million.
            if files::write_new(&path, pem.as_bytes())? {
                return Ok(kid);
            }
        }
    }

    fn subject_key(&self, has_keys: bool) -> Result<SubjectKey, KeysError> {
        let path = self.path.join(SUBJECT_KEY);
        if !path.exists() {
            if has_keys {
                return Err(KeysError::SubjectKeyMissing { path });
            }
            // Where another start was quicker, its secret counts: it is read below.
            files::write_new(&path, &random::secret())?;
        }
        let bytes = <[u8; 32]>::try_from(files::read(&path)?);
        bytes.map(SubjectKey::new).map_err(|_| KeysError::SubjectKeyLength { path })
    }

    fn pem_files(&self) -> Result<Vec<PathBuf>, KeysError> {
        let read = KeysError::io("list", &self.path);
        let entries = std::fs::read_dir(&self.path).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(read)?;
        let paths = entries.into_iter().map(|entry| entry.path());
        Ok(paths.filter(|path| path.extension().is_some_and(|extension| extension == EXTENSION)).collect())
    }
}

fn read_key(path: PathBuf) -> Result<Found, KeysError> {
    let Some((signs_from, kid)) = parse_name(&path) else { return Err(KeysError::Name { path }) };
    let pem = String::from_utf8(files::read(&path)?).map_err(|_| KeysError::NoKey { path: path.clone() })?;
    match SigningKey::from_pkcs8_pem(&kid, &pem) {
        Ok(key) if key.public().algorithm() == Algorithm::Ed25519 => Ok(Found { signs_from, key, path }),
        Ok(_) | Err(_) => Err(KeysError::NoKey { path }),
    }
}

fn parse_name(path: &Path) -> Option<(Seconds, String)> {
    let kid = path.file_stem()?.to_str()?;
    let (seconds, name) = kid.split_once('-')?;
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let named = (1..=64).contains(&name.len()) && name.chars().all(legal);
    let digits = !seconds.is_empty() && seconds.bytes().all(|byte| byte.is_ascii_digit());
    if !named || !digits {
        return None;
    }
    Some((seconds.parse().ok()?, kid.to_owned()))
}
