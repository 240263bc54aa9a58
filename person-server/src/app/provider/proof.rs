//! The stable key, proved: it signed the request itself, or the naming token of the key that did.
//!
//! Implements the schemes `hwk` and `jkt-jwt` of HTTP Signature Keys -09 as a provider has them. That a key is known
//! proves nothing: without its signature in this very request, nobody speaks for it.

use aauth_authorizer::aauth::error::{SignatureError, SignatureErrorCode as Code};
use aauth_authorizer::aauth::key::{CompactJws, PublicKey};
use aauth_authorizer::aauth::signature::{Scheme, SignatureKey};
use aauth_authorizer::aauth::verify::{self, VerifiedIdentity};
use aauth_authorizer::clock::Seconds;
use serde_json::{Map, Value};

use crate::app::PersonServer;
use crate::app::inbound::Inbound;
use crate::app::refusal::Outcome;

/// The longest that a naming token may be good for, in seconds.
pub(super) const MAX_NAMING_LIFETIME: Seconds = 300;

/// Somebody who proved a stable key, and the key that tokens are to be bound to.
#[derive(Debug, Clone)]
pub(super) struct Holder {
    /// The stable key's thumbprint.
    pub(super) stable: String,
    /// The key that signed. The stable key itself, where an agent has but one.
    pub(super) key: PublicKey,
}

impl PersonServer {
    /// Who signed.
    pub(super) fn holder(&self, request: &Inbound) -> Outcome<Holder> {
        let now = self.clock.now();
        let signed = self.signature(request, vec![Scheme::JktJwt, Scheme::Hwk], now)?;
        match signed.key() {
            SignatureKey::Hwk(key) => {
                verify::request_of_key(&signed, &request.message, key)?;
                Ok(Holder { stable: key.thumbprint().as_str().to_owned(), key: key.clone() })
            }
            SignatureKey::JktJwt(naming) => {
                let window = self.settings.signature_window;
                let proved = verify::request_of_delegated_key(&signed, &request.message, naming, window, now)?;
                let VerifiedIdentity::DelegatedKey { stable } = proved.identity() else {
                    return Err(invalid("the request names no stable key").into());
                };
                let claims = CompactJws::decode(naming).map(|jws| jws.claims).unwrap_or_default();
                short_and_for_us(&claims, self.settings.issuer.as_str())?;
                let key = named_key(&claims).filter(|key| key.thumbprint() == proved.thumbprint());
                let key = key.ok_or_else(|| invalid("the naming token names another key than signed"))?;
                Ok(Holder { stable: stable.as_str().to_owned(), key })
            }
            SignatureKey::Jwt(_) | SignatureKey::JwksUri { .. } => {
                let detail = "an agent provider takes the schemes `jkt-jwt` and `hwk` here";
                Err(SignatureError::new(Code::UnsupportedScheme, detail).into())
            }
        }
    }
}

/// "cnf"
fn named_key(claims: &Map<String, Value>) -> Option<PublicKey> {
    PublicKey::from_jwk(claims.get("cnf")?.get("jwk")?.as_object()?).ok()
}

/// A naming token is made for the moment it is needed; one that says for whom, is for nobody else.
pub(super) fn short_and_for_us(claims: &Map<String, Value>, us: &str) -> Result<(), SignatureError> {
    let time = |name: &str| claims.get(name).and_then(Value::as_f64);
    let (Some(iat), Some(exp)) = (time("iat"), time("exp")) else {
        return Err(invalid("the token's `iat` or `exp` is missing"));
    };
    #[expect(clippy::cast_precision_loss, reason = "a few hundred seconds")]
    if exp - iat > MAX_NAMING_LIFETIME as f64 {
        return Err(invalid(format!(
            "the token is good for longer than {MAX_NAMING_LIFETIME} s: make a new one each time"
        )));
    }
    let for_us = match claims.get("aud") {
        None => true,
        Some(Value::String(aud)) => aud == us,
        Some(Value::Array(all)) => all.iter().any(|aud| aud == us),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) => false,
    };
    if for_us { Ok(()) } else { Err(invalid("the token is for another audience")) }
}

fn invalid(detail: impl Into<String>) -> SignatureError {
    SignatureError::new(Code::InvalidJwt, detail.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_naming_token_is_short_and_for_us() {
        let of = |claims: Value| short_and_for_us(claims.as_object().unwrap(), "https://ps.example").is_ok();
        assert!(of(json!({ "iat": 1000, "exp": 1300 })));
        assert!(of(json!({ "iat": 1000, "exp": 1300, "aud": "https://ps.example" })));
        assert!(of(json!({ "iat": 1000, "exp": 1300, "aud": ["https://ap.example", "https://ps.example"] })));
        assert!(!of(json!({ "iat": 1000, "exp": 1301 })));
        assert!(!of(json!({ "iat": 1000, "exp": 1300, "aud": "https://ap.example" })));
        assert!(!of(json!({ "iat": 1000, "exp": 1300, "aud": [] })));
        assert!(!of(json!({ "iat": 1000, "exp": 1300, "aud": 7 })));
        assert!(!of(json!({ "exp": 1300 })));
    }
}
