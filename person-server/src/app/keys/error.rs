//! What is wrong with a key directory. All of it is the operator's to mend.

use std::io;
use std::path::{Path, PathBuf};

/// A key directory that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The file system says no.
    #[error("cannot {what} `{path}`: {why}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// With what.
        path: PathBuf,
        /// What the system says.
        why: io::Error,
    },
    /// Somebody else may use the keys.
    #[error("other users of this machine can get at `{path}` (mode {mode:03o}): `chmod {wanted} {path}`")]
    Shared {
        /// The file or directory.
        path: PathBuf,
        /// Its mode.
        mode: u32,
        /// What it should be.
        wanted: &'static str,
    },
    /// A file is not named as a key is.
    #[error("`{path}` is not named `<seconds since 1970>-<letters, digits, - and _>.pem`")]
    Name {
        /// The file.
        path: PathBuf,
    },
    /// A file holds no key.
    #[error("`{path}` is no PKCS#8 PEM private key on Ed25519")]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// Two files hold one key.
    #[error("`{first}` and `{second}` hold the same key: remove the one that was copied")]
    Twice {
        /// A file.
        first: PathBuf,
        /// Another.
        second: PathBuf,
    },
    /// There is no key.
    #[error("there is no signing key in `{directory}`")]
    Empty {
        /// The directory.
        directory: PathBuf,
    },
    /// The secret is gone, and with it every directed identifier.
    #[error(
        "`{path}` is missing beside signing keys that are there: restore it from a backup, since with another one every \
         person is somebody else to every resource"
    )]
    SubjectKeyMissing {
        /// Where it should be.
        path: PathBuf,
    },
    /// The secret is of another length.
    #[error("`{path}` does not hold 32 bytes: restore it from a backup")]
    SubjectKeyLength {
        /// The file.
        path: PathBuf,
    },
    /// A new key waits already.
    #[error("`{kid}` is published already and signs from second {from} on: rotate again after that")]
    Waiting {
        /// The key.
        kid: String,
        /// When it signs.
        from: i64,
    },
}

impl KeysError {
    pub(super) fn io(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |why| Self::Io { what, path, why }
    }
}
