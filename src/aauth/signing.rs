//! Signing requests, as agents (`jwt`) and as servers (`jwks_uri`) do.
//!
//! Implements "Signing (Agent)" of draft-hardt-oauth-aauth-protocol-11. Emits what the standards say: the base
//! components in their usual order, `created`, no `alg`, no `keyid`, standard base64.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::Map;

use super::component::Component;
use super::identifier::ServerId;
use super::key::{PublicKey, SigningKey};
use super::message::{Fields, Message};
use super::metadata::Dwk;
use super::signature;
use super::token::confirmation_claim;
use crate::clock::Seconds;

/// Whose signature it is, and so what `Signature-Key` conveys.
#[derive(Debug, Clone, Copy)]
pub enum Signer<'a> {
    /// An agent, presenting a token whose `cnf` is the signing key.
    Agent {
        /// An agent, person or auth token.
        token: &'a str,
    },
    /// A server in its own right.
    Server {
        /// Its identifier.
        id: &'a ServerId,
        /// The metadata document its keys are found by.
        dwk: Dwk,
    },
    /// A bare key.
    Pseudonymous,
    /// A key that a stable key vouches for, by a `jkt-s256+jwt`.
    Delegated {
        /// The naming token.
        token: &'a str,
    },
}

impl Signer<'_> {
    fn signature_key(self, key: &SigningKey) -> String {
        match self {
            Signer::Agent { token } => format!("sig=jwt;jwt=\"{token}\""),
            Signer::Delegated { token } => format!("sig=jkt-jwt;jwt=\"{token}\""),
            Signer::Server { id, dwk } => {
                format!("sig=jwks_uri;id=\"{id}\";dwk=\"{}\";kid=\"{}\"", dwk.name(), key.kid())
            }
            Signer::Pseudonymous => {
                let jwk = key.public().to_jwk();
                let member = |name: &str| {
                    let value = jwk.get(name)?.as_str()?;
                    Some(format!(";{name}=\"{value}\""))
                };
                let members: String = ["kty", "crv", "x", "y", "alg"].into_iter().filter_map(member).collect();
                format!("sig=hwk{members}")
            }
        }
    }
}

/// The three headers to add to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureHeaders {
    /// `Signature-Key`
    pub signature_key: String,
    /// `Signature-Input`
    pub signature_input: String,
    /// `Signature`
    pub signature: String,
}

impl SignatureHeaders {
    /// Names and values.
    pub fn into_pairs(self) -> [(&'static str, String); 3] {
        [
            ("signature-key", self.signature_key),
            ("signature-input", self.signature_input),
            ("signature", self.signature),
        ]
    }
}

/// A naming token, `jkt-s256+jwt`: the stable key says that, for so many seconds, it signs by `key`. HTTP Signature Keys
/// -09, section 3.5.
pub fn naming_token(stable: &SigningKey, key: &PublicKey, now: Seconds, lifetime: Seconds) -> String {
    let mut claims = Map::new();
    claims.insert("iss".into(), format!("urn:jkt:sha-256:{}", stable.public().thumbprint()).into());
    claims.insert("iat".into(), now.into());
    claims.insert("exp".into(), now.saturating_add(lifetime).into());
    claims.insert("cnf".into(), confirmation_claim(key));
    stable.sign_jwt_with_inline_key("jkt-s256+jwt", &claims)
}

/// Signs a request. `additional` are the components to cover beside the base ones, in this order; each has to be in
/// the message (`Content-Digest` is not made here, see [`super::digest::sha256_field`]).
pub fn sign(
    message: &Message,
    additional: &[&str],
    signer: Signer<'_>,
    key: &SigningKey,
    created: Seconds,
) -> Result<SignatureHeaders, super::error::SignatureError> {
    let signature_key = signer.signature_key(key);
    let names = ["@method", "@authority", "@path"].into_iter().chain(additional.iter().copied());
    let covered: Vec<_> = names.chain(["signature-key"]).map(Component::plain).collect();
    let identifiers: Vec<_> = covered.iter().map(Component::identifier).collect();
    let params = format!("({});created={created}", identifiers.join(" "));

    let mut lines: Vec<_> = message.fields().iter().map(|(n, v)| (n.to_owned(), v.to_vec())).collect();
    lines.retain(|(name, _)| name != "signature-key");
    lines.push(("signature-key".to_owned(), signature_key.clone().into_bytes()));
    let message = message.clone().with_fields(Fields::lines(lines));
    let base = signature::base(&message, &covered, &params, false)?;
    Ok(SignatureHeaders {
        signature_key,
        signature_input: format!("sig={params}"),
        signature: format!("sig=:{}:", BASE64_STANDARD.encode(key.sign(&base))),
    })
}
