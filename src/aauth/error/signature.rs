//! What is wrong with a signature: `Signature-Error`, and the problem that goes with it.
//!
//! Implements HTTP Signature Keys -09, section 5, and "Authentication Errors" of draft-hardt-oauth-aauth-protocol-11.

use serde_json::Map;
use sfv::{DictSerializer, Parser, TokenRef, key_ref};

use super::problem::Problem;
use super::wire_codes;
use crate::aauth::key::{Algorithm, KeyFault};
use crate::aauth::metadata::MetadataFault;

wire_codes! {
    /// The codes of `Signature-Error` that a resource answers, always with 401.
    SignatureErrorCode {
        /// The key's algorithm is absent, polymorphic or not ours.
        UnsupportedAlgorithm = "unsupported_algorithm",
        /// The `Signature-Key` scheme is not accepted here.
        UnsupportedScheme = "unsupported_scheme",
        /// No signature, a malformed or stale one, or one that does not verify.
        InvalidSignature = "invalid_signature",
        /// A required component is not covered.
        InvalidInput = "invalid_input",
        /// Malformed apart from its signature.
        InvalidRequest = "invalid_request",
        /// The key cannot be parsed or is not trusted.
        InvalidKey = "invalid_key",
        /// The issuer has no key of that `kid`.
        UnknownKey = "unknown_key",
        /// The issuer's metadata document names no issuer.
        IssuerMissing = "issuer_missing",
        /// The issuer's metadata document names somebody else.
        IssuerMismatch = "issuer_mismatch",
        /// The token is malformed, for somebody else, or not signed by its issuer.
        InvalidJwt = "invalid_jwt",
        /// The token's `exp` has passed.
        ExpiredJwt = "expired_jwt",
        /// The token was withdrawn by its issuer.
        RevokedJwt = "revoked_jwt",
        /// `created` or `iat` is further ahead of our clock than the window.
        ClockSkew = "clock_skew",
    }
}

/// A signature failure: whose fault it is, in the draft's code, and one line for the developer who made it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {detail}", code.code())]
pub struct SignatureError {
    /// The machine-readable code.
    pub code: SignatureErrorCode,
    /// One line for a developer. Never holds a token, a signature or a key.
    pub detail: String,
    /// For `invalid_input`: the components that have to be covered.
    pub required_input: Vec<String>,
}

impl SignatureError {
    /// An error with its explanation.
    pub fn new(code: SignatureErrorCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), required_input: Vec::new() }
    }

    /// The value of the `Signature-Error` header.
    pub fn header(&self) -> String {
        let mut dictionary = DictSerializer::new();
        // Codes are tokens by construction; a table entry that is none would be caught by the round-trip test.
        if let Ok(token) = TokenRef::from_str(self.code.code()) {
            let _ = dictionary.bare_item(key_ref("error"), token);
        }
        if !self.required_input.is_empty() {
            let mut list = dictionary.inner_list(key_ref("required_input"));
            for component in self.required_input.iter().filter_map(|c| sfv::StringRef::from_str(c).ok()) {
                let _ = list.bare_item(component);
            }
            let _ = list.finish();
        }
        dictionary.finish().unwrap_or_default()
    }

    /// Reads a `Signature-Error` header; unknown members are ignored, an unknown code is `None`.
    pub fn code_of_header(value: &str) -> Option<SignatureErrorCode> {
        let dictionary: sfv::Dictionary = Parser::new(value).parse().ok()?;
        match dictionary.get("error")? {
            sfv::ListEntry::Item(item) => SignatureErrorCode::from_code(item.bare_item.as_token()?.as_str()),
            sfv::ListEntry::InnerList(_) => None,
        }
    }

    /// The problem details body. Its `type` is the URN that HTTP Signature Keys requires; `error` is the member that
    /// AAuth's own format requires.
    pub fn problem(&self) -> Problem {
        Problem {
            kind: Some(format!("urn:ietf:params:sig-error:{}", self.code.code())),
            status: 401,
            error: self.code.code().to_owned(),
            detail: Some(self.detail.clone()),
            more: Map::new(),
        }
    }
}

impl From<KeyFault> for SignatureError {
    fn from(fault: KeyFault) -> Self {
        let code = match &fault {
            KeyFault::AlgorithmAbsent | KeyFault::AlgorithmUnsupported(_) => SignatureErrorCode::UnsupportedAlgorithm,
            KeyFault::Incomplete(_)
            | KeyFault::Disagrees
            | KeyFault::Private(_)
            | KeyFault::Malformed
            | KeyFault::KidForbidden => SignatureErrorCode::InvalidKey,
        };
        Self::new(code, fault.to_string())
    }
}

impl From<MetadataFault> for SignatureError {
    fn from(fault: MetadataFault) -> Self {
        let code = match fault {
            MetadataFault::IssuerMissing => SignatureErrorCode::IssuerMissing,
            MetadataFault::IssuerMismatch => SignatureErrorCode::IssuerMismatch,
            MetadataFault::NotJson | MetadataFault::JwksUriMissing | MetadataFault::Member { .. } => {
                SignatureErrorCode::InvalidKey
            }
        };
        Self::new(code, fault.to_string())
    }
}

/// The value of `Accept-Signature-Alg`: exactly what we accept.
pub fn accept_signature_alg() -> String {
    Algorithm::ALL.map(Algorithm::name).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_makes_the_round_trip() {
        for &code in SignatureErrorCode::ALL {
            let header = SignatureError::new(code, "why").header();
            assert_eq!(header, format!("error={}", code.code()));
            assert_eq!(SignatureError::code_of_header(&header), Some(code));
        }
    }

    #[test]
    fn required_input_is_an_inner_list_of_strings() {
        let mut error = SignatureError::new(SignatureErrorCode::InvalidInput, "why");
        error.required_input = vec!["@method".into(), "signature-key".into()];
        assert_eq!(error.header(), r#"error=invalid_input, required_input=("@method" "signature-key")"#);
    }

    #[test]
    fn the_problem_type_is_the_registered_urn() {
        let body = SignatureError::new(SignatureErrorCode::ExpiredJwt, "it expired").problem().body();
        assert_eq!(
            body,
            r#"{"type":"urn:ietf:params:sig-error:expired_jwt","status":401,"error":"expired_jwt","detail":"it expired"}"#
        );
    }
}
