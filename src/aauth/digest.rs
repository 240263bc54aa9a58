//! `Content-Digest` (RFC 9530): does the header speak of this body?

use sfv::{ListEntry, Parser};
use sha2::{Digest as _, Sha256, Sha512};

/// Why a digest proves nothing about the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DigestFault {
    /// Not a dictionary of byte sequences.
    #[error("`content-digest` is malformed")]
    Malformed,
    /// Neither `sha-256` nor `sha-512`.
    #[error("`content-digest` names neither sha-256 nor sha-512")]
    NoKnownAlgorithm,
    /// Of another body.
    #[error("`content-digest` does not match the body")]
    Mismatch,
}

/// A digest field that was compared with the body it came with. Every algorithm we know has to agree; others are
/// ignored.
pub fn matches(field: &str, body: &[u8]) -> Result<(), DigestFault> {
    let digests: sfv::Dictionary = Parser::new(field).parse().map_err(|_| DigestFault::Malformed)?;
    let mut known = 0;
    for (algorithm, entry) in &digests {
        let expected = match algorithm.as_str() {
            "sha-256" => Sha256::digest(body).to_vec(),
            "sha-512" => Sha512::digest(body).to_vec(),
            _ => continue,
        };
        let stated = match entry {
            ListEntry::Item(item) => item.bare_item.as_byte_sequence().ok_or(DigestFault::Malformed)?,
            ListEntry::InnerList(_) => return Err(DigestFault::Malformed),
        };
        if stated != expected {
            return Err(DigestFault::Mismatch);
        }
        known += 1;
    }
    if known == 0 { Err(DigestFault::NoKnownAlgorithm) } else { Ok(()) }
}

/// The header value for a body of ours, by `sha-256`.
pub fn sha256_field(body: &[u8]) -> String {
    use base64::prelude::{BASE64_STANDARD, Engine as _};
    format!("sha-256=:{}:", BASE64_STANDARD.encode(Sha256::digest(body)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9530, appendix B.1 and RFC 9421, appendix B.2.
    #[test]
    fn digests_of_the_rfcs() {
        let body = br#"{"hello": "world"}"#;
        assert_eq!(sha256_field(body), "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:");
        let both = "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:, \
                    sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:";
        assert_eq!(matches(both, body), Ok(()));
    }

    #[test]
    fn a_digest_of_another_body_is_refused() {
        assert_eq!(matches(&sha256_field(b"a"), b"b"), Err(DigestFault::Mismatch));
        assert_eq!(matches("md5=:AAAA:", b""), Err(DigestFault::NoKnownAlgorithm));
        assert_eq!(matches("sha-256=\"x\"", b""), Err(DigestFault::Malformed));
        // One right and one wrong is wrong: which of the two a recipient believes must not matter.
        let mixed = format!("{}, sha-512=:AAAA:", sha256_field(b"a"));
        assert_eq!(matches(&mixed, b"a"), Err(DigestFault::Mismatch));
    }
}
