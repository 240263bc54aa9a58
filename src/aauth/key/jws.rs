//! A compact JWS, taken apart.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use josekit::jws::JwsHeader;
use serde_json::{Map, Value};

use super::PublicKey;

/// The pieces of a compact JWS, decoded and not verified.
#[derive(Debug, Clone)]
pub struct CompactJws {
    /// The header.
    pub header: Map<String, Value>,
    /// The payload, a JSON object.
    pub claims: Map<String, Value>,
    signed: Vec<u8>,
    signature: Vec<u8>,
}

impl CompactJws {
    /// Takes a compact JWS apart. `None` when it is none, when its parts are no JSON objects, or when its header has
    /// `crit` (we understand no critical extension).
    pub fn decode(compact: &str) -> Option<Self> {
        let (signed, signature) = compact.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        let decode = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).ok();
        let header = JwsHeader::from_bytes(&decode(header)?).ok()?;
        if header.critical().is_some() || header.claim("crit").is_some() {
            return None;
        }
        Some(Self {
            header: header.into(),
            claims: serde_json::from_slice(&decode(payload)?).ok()?,
            signed: signed.as_bytes().to_vec(),
            signature: decode(signature)?,
        })
    }

    /// A string member of the header.
    pub fn header_str(&self, name: &str) -> Option<&str> {
        self.header.get(name)?.as_str()
    }

    /// Whether `key` signed it, under the algorithm that the key itself names.
    pub fn signed_by(&self, key: &PublicKey) -> bool {
        self.header_str("alg") == Some(key.algorithm().name()) && key.verifies(&self.signed, &self.signature)
    }
}
