//! What a server asks of a signature.

use crate::clock::Seconds;

/// The components that every AAuth signature covers.
pub const BASE_COMPONENTS: [&str; 4] = ["@method", "@authority", "@path", "signature-key"];

/// How a request may convey its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// A token that confirms the key.
    Jwt,
    /// A server's key set.
    JwksUri,
    /// The bare key.
    Hwk,
    /// A key that another, stable key vouches for.
    JktJwt,
}

impl Scheme {
    /// Every scheme that is implemented.
    pub const ALL: [Self; 4] = [Self::Jwt, Self::JwksUri, Self::Hwk, Self::JktJwt];

    /// The registered token.
    pub fn name(self) -> &'static str {
        match self {
            Self::Jwt => "jwt",
            Self::JwksUri => "jwks_uri",
            Self::Hwk => "hwk",
            Self::JktJwt => "jkt-jwt",
        }
    }

    /// Whether all it proves is the possession of a key.
    pub fn is_pseudonymous(self) -> bool {
        match self {
            Self::Hwk | Self::JktJwt => true,
            Self::Jwt | Self::JwksUri => false,
        }
    }

    /// The scheme a token names.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scheme| scheme.name() == name)
    }
}

/// What a server asks of a signature.
#[derive(Debug, Clone)]
pub struct SignatureRules {
    /// Seconds around our clock in which `created` may lie.
    pub window: Seconds,
    /// Components to be covered beside [`BASE_COMPONENTS`].
    pub additional_components: Vec<String>,
    /// The schemes accepted, in order of preference.
    pub schemes: Vec<Scheme>,
    /// Whether `Signature` may also be base64url without padding, as one widespread library sends it.
    pub base64url: bool,
    /// The longest `Signature-Key` header looked at, in bytes.
    pub max_key_bytes: usize,
}

impl Default for SignatureRules {
    fn default() -> Self {
        Self {
            window: 60,
            additional_components: Vec::new(),
            schemes: vec![Scheme::Jwt],
            base64url: true,
            max_key_bytes: 16 * 1024,
        }
    }
}

impl SignatureRules {
    /// The value of `Accept-Signature-Scheme`.
    pub fn accept_signature_scheme(&self) -> String {
        self.schemes.iter().map(|s| s.name()).collect::<Vec<_>>().join(", ")
    }

    /// Every component that has to be covered.
    pub fn required(&self) -> impl Iterator<Item = &str> {
        BASE_COMPONENTS.into_iter().chain(self.additional_components.iter().map(String::as_str))
    }
}
