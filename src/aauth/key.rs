//! Keys: JWKs, key sets, thumbprints, signing and verifying.
//!
//! Implements "Signature Algorithms" of draft-hardt-oauth-aauth-protocol-11 and "Algorithm Determination" of HTTP
//! Signature Keys -09: the algorithm is what the key's `alg` says, fully specified, and `kty` and `crv` must agree.
//! josekit gives the JWK and JWS containers and is named here alone; the signatures themselves are made and checked
//! by `ed25519-dalek` and `p256`, which verify Ed25519 several times faster.

mod jws;
mod signing;

use std::fmt;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use josekit::jwk::Jwk;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

pub use jws::CompactJws;
pub use signing::{InvalidPrivateKey, SigningKey};

use super::identifier::Thumbprint;

/// The signature algorithms every verifier here accepts, by their fully specified JOSE names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// RFC 8032, RFC 9864.
    Ed25519,
    /// RFC 7518: ECDSA on P-256 with SHA-256.
    Es256,
}

impl Algorithm {
    /// Every algorithm, in the order of preference that `Accept-Signature-Alg` states.
    pub const ALL: [Self; 2] = [Self::Ed25519, Self::Es256];

    /// The JOSE identifier.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "Ed25519",
            Self::Es256 => "ES256",
        }
    }

    /// The algorithm a JOSE identifier names; case matters.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.name() == name)
    }

    /// `kty` and `crv` of the keys it works with.
    fn key_type(self) -> (&'static str, &'static str) {
        match self {
            Self::Ed25519 => ("OKP", "Ed25519"),
            Self::Es256 => ("EC", "P-256"),
        }
    }
}

/// Why a JWK is no key for us.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// A member its key type needs is missing: the conveying token is structurally incomplete.
    #[error("the key lacks `{0}`")]
    Incomplete(&'static str),
    /// No `alg`.
    #[error("the key carries no `alg`")]
    AlgorithmAbsent,
    /// An `alg` or `kty` that is polymorphic, symmetric or unknown.
    #[error("the algorithm or key type `{0}` is not supported")]
    AlgorithmUnsupported(String),
    /// `kty` or `crv` says something else than `alg`.
    #[error("the key's `kty` or `crv` disagrees with its `alg`")]
    Disagrees,
    /// A private member was published.
    #[error("the key carries the private member `{0}`")]
    Private(&'static str),
    /// The coordinates are no point of the curve.
    #[error("the key material is not a valid public key")]
    Malformed,
    /// `kid` in a scheme that forbids it.
    #[error("the key carries `kid`, which an inline key must not")]
    KidForbidden,
}

/// A public key whose algorithm is settled.
#[derive(Clone)]
pub struct PublicKey {
    kid: Option<String>,
    thumbprint: Thumbprint,
    material: Material,
}

#[derive(Clone)]
enum Material {
    Ed25519(Box<ed25519_dalek::VerifyingKey>),
    Es256(Box<p256::ecdsa::VerifyingKey>),
}

impl PublicKey {
    /// Reads a JWK.
    pub fn from_jwk(jwk: &Map<String, Value>) -> Result<Self, KeyFault> {
        if !jwk.get("kty").is_some_and(Value::is_string) {
            return Err(KeyFault::Incomplete("kty"));
        }
        let jwk = Jwk::from_map(jwk.clone()).map_err(|_| KeyFault::Malformed)?;
        require_structure(&jwk)?;
        refuse_private(&jwk)?;
        let name = jwk.algorithm().ok_or(KeyFault::AlgorithmAbsent)?;
        let algorithm = Algorithm::from_name(name).ok_or_else(|| KeyFault::AlgorithmUnsupported(printable(name)))?;
        if (jwk.key_type(), jwk.curve()) != (algorithm.key_type().0, Some(algorithm.key_type().1)) {
            return Err(KeyFault::Disagrees);
        }
        let material = match algorithm {
            Algorithm::Ed25519 => {
                let key = ed25519_dalek::VerifyingKey::from_bytes(&coordinate(&jwk, "x")?)
                    .map_err(|_| KeyFault::Malformed)?;
                if key.is_weak() {
                    return Err(KeyFault::Malformed);
                }
                Material::Ed25519(Box::new(key))
            }
            Algorithm::Es256 => {
                let mut point = [4_u8; 65];
                let (_, xy) = point.split_at_mut(1);
                let (x, y) = xy.split_at_mut(32);
                x.copy_from_slice(&coordinate(&jwk, "x")?);
                y.copy_from_slice(&coordinate(&jwk, "y")?);
                let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(&point).map_err(|_| KeyFault::Malformed)?;
                Material::Es256(Box::new(key))
            }
        };
        Ok(Self::new(jwk.key_id().map(str::to_owned), material))
    }

    fn new(kid: Option<String>, material: Material) -> Self {
        // `members` holds what `thumbprint` requires; were it not so, no two keys would compare equal to this one.
        let thumbprint = thumbprint(&members(&material)).unwrap_or_else(|| Thumbprint::of_digest(&[]));
        Self { kid, thumbprint, material }
    }

    /// The key's algorithm.
    pub fn algorithm(&self) -> Algorithm {
        match self.material {
            Material::Ed25519(_) => Algorithm::Ed25519,
            Material::Es256(_) => Algorithm::Es256,
        }
    }

    /// The key's identifier in its set.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The RFC 7638 thumbprint.
    pub fn thumbprint(&self) -> &Thumbprint {
        &self.thumbprint
    }

    /// Whether `signature` over `message` was made by this key. Ed25519 is checked strictly: no small-order points,
    /// no second encoding of the same signature. ES256 signatures are `r || s` (IEEE P1363), never DER.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.material {
            Material::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
            Material::Es256(key) => {
                use p256::ecdsa::signature::Verifier as _;
                p256::ecdsa::Signature::from_slice(signature)
                    .is_ok_and(|signature| key.verify(message, &signature).is_ok())
            }
        }
    }

    /// The public JWK, with `alg`, and `kid` and `use` when it has a `kid`.
    pub fn to_jwk(&self) -> Map<String, Value> {
        let mut jwk = members(&self.material);
        jwk.insert("alg".into(), self.algorithm().name().into());
        if let Some(kid) = &self.kid {
            jwk.insert("kid".into(), kid.as_str().into());
            jwk.insert("use".into(), "sig".into());
        }
        jwk
    }
}

impl PartialEq for PublicKey {
    /// The same key material: `kid` and `use` do not matter.
    fn eq(&self, other: &Self) -> bool {
        self.thumbprint == other.thumbprint
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({}, {})", self.algorithm().name(), self.thumbprint)
    }
}

fn refuse_private(jwk: &Jwk) -> Result<(), KeyFault> {
    const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
    match PRIVATE.into_iter().find(|name| jwk.parameter(name).is_some()) {
        Some(name) => Err(KeyFault::Private(name)),
        None => Ok(()),
    }
}

/// "Request-Context Binding": the members each key type needs, before any of them is decoded.
fn require_structure(jwk: &Jwk) -> Result<(), KeyFault> {
    let needed: &[&'static str] = match jwk.key_type() {
        "OKP" => &["crv", "x"],
        "EC" => &["crv", "x", "y"],
        "RSA" => &["n", "e"],
        other => return Err(KeyFault::AlgorithmUnsupported(printable(other))),
    };
    match needed.iter().find(|name| !jwk.parameter(name).is_some_and(Value::is_string)) {
        Some(name) => Err(KeyFault::Incomplete(name)),
        None => Ok(()),
    }
}

fn coordinate(jwk: &Jwk, name: &str) -> Result<[u8; 32], KeyFault> {
    let text = jwk.parameter(name).and_then(Value::as_str).ok_or(KeyFault::Malformed)?;
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| KeyFault::Malformed)?;
    bytes.try_into().map_err(|_| KeyFault::Malformed)
}

/// The required members of the public JWK.
fn members(material: &Material) -> Map<String, Value> {
    let encode = |bytes: &[u8]| Value::from(BASE64_URL_SAFE_NO_PAD.encode(bytes));
    let pairs: Vec<(&str, Value)> = match material {
        Material::Ed25519(key) => vec![("kty", "OKP".into()), ("crv", "Ed25519".into()), ("x", encode(key.as_bytes()))],
        Material::Es256(key) => {
            // An uncompressed point is `04 || x || y`.
            let point = key.to_sec1_point(false);
            let (x, y) = point.as_bytes().get(1..).unwrap_or_default().split_at_checked(32).unwrap_or_default();
            vec![("kty", "EC".into()), ("crv", "P-256".into()), ("x", encode(x)), ("y", encode(y))]
        }
    };
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The RFC 7638 thumbprint of any JWK that has the members its key type requires.
pub fn thumbprint(jwk: &Map<String, Value>) -> Option<Thumbprint> {
    // In the lexical order that RFC 7638 hashes them.
    let required: &[&str] = match jwk.get("kty")?.as_str()? {
        "OKP" => &["crv", "kty", "x"],
        "EC" => &["crv", "kty", "x", "y"],
        "RSA" => &["e", "kty", "n"],
        "oct" => &["k", "kty"],
        _ => return None,
    };
    let members: Option<Map<_, _>> =
        required.iter().map(|name| Some(((*name).to_owned(), jwk.get(*name)?.clone()))).collect();
    Some(Thumbprint::of_digest(&Sha256::digest(Value::Object(members?).to_string())))
}

/// What an untrusted string may look like in a message to its sender.
fn printable(text: &str) -> String {
    text.chars().take(40).flat_map(char::escape_debug).collect()
}

/// A JSON Web Key Set, of which each member may be good or bad on its own.
#[derive(Debug, Clone, Default)]
pub struct Jwks {
    keys: Vec<(String, Result<PublicKey, KeyFault>)>,
}

/// The bytes are no JWK Set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a JWK set: {0}")]
pub struct InvalidJwks(&'static str);

impl Jwks {
    /// Reads a key set. A member we cannot use never harms its neighbours: it is found by its `kid`, with its fault.
    pub fn parse(bytes: &[u8]) -> Result<Self, InvalidJwks> {
        let value: Value = serde_json::from_slice(bytes).map_err(|_| InvalidJwks("it is not JSON"))?;
        let keys = value.get("keys").and_then(Value::as_array).ok_or(InvalidJwks("it has no `keys` array"))?;
        let keys = keys
            .iter()
            .filter_map(Value::as_object)
            .filter_map(|jwk| Some((jwk.get("kid")?.as_str()?.to_owned(), PublicKey::from_jwk(jwk))))
            .collect();
        Ok(Self { keys })
    }

    /// A set of our own keys.
    pub fn of<'a>(keys: impl IntoIterator<Item = &'a PublicKey>) -> Self {
        let keys = keys.into_iter().filter_map(|key| Some((key.kid()?.to_owned(), Ok(key.clone())))).collect();
        Self { keys }
    }

    /// The member that `kid` selects, usable or not; a usable one is preferred where two share a `kid`.
    pub fn select(&self, kid: &str) -> Option<Result<&PublicKey, &KeyFault>> {
        let named = || self.keys.iter().filter(|(k, _)| k == kid).map(|(_, key)| key.as_ref());
        named().find(Result::is_ok).or_else(|| named().next())
    }

    /// The document to publish.
    pub fn to_json(&self) -> Value {
        let keys: Vec<_> = self.keys.iter().filter_map(|(_, k)| k.as_ref().ok()).map(PublicKey::to_jwk).collect();
        json!({ "keys": keys })
    }
}

#[cfg(test)]
mod tests;
