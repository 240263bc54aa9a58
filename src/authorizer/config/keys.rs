//! A resource's signing keys: which file, under which name. The files are opened by whoever signs.

use std::path::PathBuf;

use super::error::Fault;
use super::reader::Section;
use super::values::{text, word};
use crate::aauth::key::Algorithm;

/// The key that signs resource tokens, and those that signed them before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKeys {
    /// Signs.
    pub current: KeyFile,
    /// Published still, so that what they signed can be verified.
    pub previous: Vec<KeyFile>,
}

/// A private key in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFile {
    /// Its name in the published key set.
    pub kid: String,
    /// Its algorithm; the file must agree.
    pub alg: Algorithm,
    /// PKCS#8 in PEM.
    pub private_key_file: PathBuf,
}

/// `EdDSA` is what the earlier generation wrote for `Ed25519`; nothing is signed under that name.
const ALGORITHMS: &[(&str, Algorithm)] =
    &[("Ed25519", Algorithm::Ed25519), ("ES256", Algorithm::Es256), ("EdDSA", Algorithm::Ed25519)];

impl SigningKeys {
    pub(super) fn read(section: &Section<'_>) -> Option<Self> {
        let current = KeyFile::read(section);
        let mut previous: Vec<KeyFile> = Vec::new();
        for item in section.sections("previous") {
            let Some(key) = KeyFile::read(&item) else { continue };
            if current.iter().chain(&previous).any(|k| k.kid == key.kid) {
                item.wrong(
                    "kid",
                    Fault::new(format!("`{}` names another key already", super::error::quotable(&key.kid))),
                );
            }
            previous.push(key);
        }
        Some(Self { current: current?, previous })
    }
}

impl KeyFile {
    fn read(section: &Section<'_>) -> Option<Self> {
        let kid = section.required("kid", text);
        let mut alg = Algorithm::Ed25519;
        section.set("alg", &mut alg, word("an algorithm", ALGORITHMS));
        let private_key_file = section.required_secret_file("private_key_file");
        Some(Self { kid: kid?, alg, private_key_file: private_key_file? })
    }
}
