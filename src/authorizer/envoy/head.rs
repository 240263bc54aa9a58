//! The header fields of a check, with what is none of the request's own taken out: pseudo-headers, and Envoy's mark on
//! a body that it cut off.

use super::malformed::Malformed;

const MAX_FIELDS: usize = 200;
const MAX_BYTES: usize = 256 * 1024;

/// Set by Envoy, which drops a client's own.
const PARTIAL_BODY: &str = "x-envoy-auth-partial-body";

/// The fields, and what was among them.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub(super) lines: Vec<(String, Vec<u8>)>,
    pub(super) method: Option<Vec<u8>>,
    pub(super) scheme: Option<Vec<u8>>,
    pub(super) authority: Option<Vec<u8>>,
    pub(super) path: Option<Vec<u8>>,
    /// The `host` field, which stays a field as well.
    pub(super) host: Option<Vec<u8>>,
    /// Whether Envoy cut the body off; `None` where it does not say.
    pub(super) partial_body: Option<bool>,
    bytes: usize,
}

impl Head {
    /// Room for so many fields.
    pub(super) fn with_capacity(fields: usize) -> Self {
        Self { lines: Vec::with_capacity(fields.min(MAX_FIELDS)), ..Self::default() }
    }

    /// Adds one field.
    pub(super) fn add(&mut self, name: String, value: Vec<u8>) -> Result<(), Malformed> {
        self.bytes = self.bytes.saturating_add(name.len()).saturating_add(value.len());
        if self.bytes > MAX_BYTES || self.lines.len() >= MAX_FIELDS {
            return Err(Malformed::Fields);
        }
        if let Some(pseudo) = name.strip_prefix(':') {
            return self.pseudo(pseudo, value);
        }
        if name.eq_ignore_ascii_case(PARTIAL_BODY) {
            self.partial_body = Some(value != b"false");
            return Ok(());
        }
        if name.eq_ignore_ascii_case("host") {
            once(&mut self.host, value.clone())?;
        }
        self.lines.push((name, value));
        Ok(())
    }

    fn pseudo(&mut self, name: &str, value: Vec<u8>) -> Result<(), Malformed> {
        match name {
            "method" => once(&mut self.method, value),
            "scheme" => once(&mut self.scheme, value),
            "authority" => once(&mut self.authority, value),
            "path" => once(&mut self.path, value),
            // `:protocol` of an extended CONNECT, say: no signature can cover it.
            _ => Ok(()),
        }
    }
}

fn once(place: &mut Option<Vec<u8>>, value: Vec<u8>) -> Result<(), Malformed> {
    match place.replace(value) {
        Some(_) => Err(Malformed::Ambiguous),
        None => Ok(()),
    }
}
