//! Private keys: made, read, written, and used to sign. josekit builds the JWS around our signatures.

use std::fmt;

use josekit::JoseError;
use josekit::jwk::Jwk;
use josekit::jws::{JwsAlgorithm, JwsHeader, JwsSigner, serialize_compact};
use p256::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _};
use serde_json::{Map, Value};

use super::{Algorithm, Material, PublicKey, coordinate};

/// A private key with its identifier. Never printed.
#[derive(Clone)]
pub struct SigningKey {
    public: PublicKey,
    secret: Secret,
}

#[derive(Clone)]
enum Secret {
    Ed25519(Box<ed25519_dalek::SigningKey>),
    Es256(Box<p256::ecdsa::SigningKey>),
}

/// A private key file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a PKCS#8 PEM private key on Ed25519 or P-256")]
pub struct InvalidPrivateKey;

impl SigningKey {
    /// A new Ed25519 key from 32 random bytes.
    pub fn ed25519(kid: &str, seed: &[u8; 32]) -> Self {
        Self::from_ed25519(kid, ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// A new ES256 key from 32 random bytes; `None` in the one case of 2^32 that is no scalar of the curve.
    pub fn es256(kid: &str, scalar: &[u8; 32]) -> Option<Self> {
        Some(Self::from_es256(kid, p256::ecdsa::SigningKey::from_slice(scalar).ok()?))
    }

    /// Reads a PKCS#8 PEM file; the kind of key decides the algorithm.
    pub fn from_pkcs8_pem(kid: &str, pem: &str) -> Result<Self, InvalidPrivateKey> {
        if let Ok(key) = ed25519_dalek::SigningKey::from_pkcs8_pem(pem) {
            return Ok(Self::from_ed25519(kid, key));
        }
        p256::ecdsa::SigningKey::from_pkcs8_pem(pem)
            .map(|key| Self::from_es256(kid, key))
            .map_err(|_| InvalidPrivateKey)
    }

    /// Reads a private JWK, as agents and peers store them.
    pub fn from_jwk(kid: &str, jwk: &Map<String, Value>) -> Result<Self, InvalidPrivateKey> {
        let jwk = Jwk::from_map(jwk.clone()).map_err(|_| InvalidPrivateKey)?;
        let d = coordinate(&jwk, "d").map_err(|_| InvalidPrivateKey)?;
        match jwk.curve() {
            Some("Ed25519") => Ok(Self::ed25519(kid, &d)),
            Some("P-256") => Self::es256(kid, &d).ok_or(InvalidPrivateKey),
            Some(_) | None => Err(InvalidPrivateKey),
        }
    }

    fn from_ed25519(kid: &str, key: ed25519_dalek::SigningKey) -> Self {
        let public = PublicKey::new(Some(kid.to_owned()), Material::Ed25519(Box::new(key.verifying_key())));
        Self { public, secret: Secret::Ed25519(Box::new(key)) }
    }

    fn from_es256(kid: &str, key: p256::ecdsa::SigningKey) -> Self {
        let public = PublicKey::new(Some(kid.to_owned()), Material::Es256(Box::new(*key.verifying_key())));
        Self { public, secret: Secret::Es256(Box::new(key)) }
    }

    /// The public half.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The key's identifier.
    pub fn kid(&self) -> &str {
        self.public.kid().unwrap_or_default()
    }

    /// The file form: PKCS#8 PEM. The caller owns the secret from here.
    pub fn to_pkcs8_pem(&self) -> Result<String, InvalidPrivateKey> {
        let ending = p256::pkcs8::LineEnding::LF;
        let pem = match &self.secret {
            Secret::Ed25519(key) => key.to_pkcs8_pem(ending),
            Secret::Es256(key) => key.to_pkcs8_pem(ending),
        };
        pem.map(|pem| pem.to_string()).map_err(|_| InvalidPrivateKey)
    }

    /// Signs bytes: 64 bytes, Ed25519 or `r || s`.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.secret {
            Secret::Ed25519(key) => {
                use ed25519_dalek::Signer as _;
                key.sign(message).to_bytes().to_vec()
            }
            Secret::Es256(key) => {
                use p256::ecdsa::signature::Signer as _;
                let signature: p256::ecdsa::Signature = key.sign(message);
                signature.to_bytes().to_vec()
            }
        }
    }

    /// A compact JWS over `claims`, with `typ`, `alg` and `kid` in its header.
    pub fn sign_jwt(&self, typ: &str, claims: &Map<String, Value>) -> String {
        self.sign_jws(typ, claims, None)
    }

    /// As [`Self::sign_jwt`], with the public key itself in the header instead of a `kid` (`jkt-jwt`).
    pub fn sign_jwt_with_inline_key(&self, typ: &str, claims: &Map<String, Value>) -> String {
        let mut jwk = self.public.to_jwk();
        jwk.remove("kid");
        jwk.remove("use");
        self.sign_jws(typ, claims, Some(jwk))
    }

    fn sign_jws(&self, typ: &str, claims: &Map<String, Value>, inline: Option<Map<String, Value>>) -> String {
        let mut header = JwsHeader::new();
        header.set_token_type(typ);
        match inline.map(Jwk::from_map) {
            Some(Ok(jwk)) => header.set_jwk(jwk),
            Some(Err(_)) | None => header.set_key_id(self.kid()),
        }
        let payload = Value::Object(claims.clone()).to_string();
        // The signer below cannot fail and the header is ours, so the container has nothing to refuse.
        serialize_compact(payload.as_bytes(), &header, &Jose(self.clone())).unwrap_or_default()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({:?}, secret redacted)", self.public)
    }
}

/// Our key as josekit sees a signer. josekit has no `Ed25519` algorithm by its fully specified name.
#[derive(Debug, Clone)]
struct Jose(SigningKey);

impl JwsAlgorithm for Algorithm {
    fn name(&self) -> &str {
        Algorithm::name(*self)
    }

    fn box_clone(&self) -> Box<dyn JwsAlgorithm> {
        Box::new(*self)
    }
}

impl JwsSigner for Jose {
    fn algorithm(&self) -> &dyn JwsAlgorithm {
        match self.0.public.algorithm() {
            Algorithm::Ed25519 => &Algorithm::Ed25519,
            Algorithm::Es256 => &Algorithm::Es256,
        }
    }

    fn key_id(&self) -> Option<&str> {
        None
    }

    fn signature_len(&self) -> usize {
        64
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, JoseError> {
        Ok(self.0.sign(message))
    }

    fn box_clone(&self) -> Box<dyn JwsSigner> {
        Box::new(self.clone())
    }
}
