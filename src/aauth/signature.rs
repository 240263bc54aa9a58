//! Reading the three signature headers of a request, and building the base they sign.
//!
//! Implements steps 1 to 4 of "Verification (Server)" of draft-hardt-oauth-aauth-protocol-11, over RFC 9421 and HTTP
//! Signature Keys -09, section 3. What comes out, a [`SignedRequest`], claims to be signed; [`super::verify`] settles it.

use base64::alphabet;
use base64::engine::{DecodePaddingMode, Engine as _, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Map, Value};
use sfv::{Item, List, ListEntry, Parser};

use super::error::{SignatureError, SignatureErrorCode as Code};
use super::key::{KeyFault, PublicKey};
use super::message::{Component, Message};
use super::sf;
use crate::clock::Seconds;

/// The components that every AAuth signature covers.
pub const BASE_COMPONENTS: [&str; 4] = ["@method", "@authority", "@path", "signature-key"];

/// Sizes above which nothing is parsed.
const MAX_INPUT_BYTES: usize = 4096;
const MAX_COMPONENTS: usize = 32;

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

/// The key as the header conveys it.
#[derive(Debug, Clone)]
pub enum SignatureKey {
    /// `jwt`
    Jwt(String),
    /// `jwks_uri`
    JwksUri {
        /// The server.
        id: String,
        /// Its metadata document.
        dwk: String,
        /// Its key.
        kid: String,
    },
    /// `hwk`
    Hwk(PublicKey),
    /// `jkt-jwt`
    JktJwt(String),
}

/// A request that carries a fresh, well-formed, sufficient claim to be signed. Nothing is proved yet.
#[derive(Debug, Clone)]
pub struct SignedRequest {
    covered: Vec<Component>,
    params: String,
    created: Seconds,
    keyid: Option<String>,
    signature: Vec<u8>,
    base64url: bool,
    key: SignatureKey,
}

impl SignedRequest {
    /// Reads the signature of a request. `None` when it has no signature headers at all.
    pub fn read(message: &Message, rules: &SignatureRules, now: Seconds) -> Result<Option<Self>, SignatureError> {
        let fields = message.fields();
        let names = ["signature-input", "signature", "signature-key"];
        let [input, signature, key] = match names.map(|name| fields.text(name)) {
            [Some(input), Some(signature), Some(key)] => [input, signature, key],
            [None, None, None] if !names.iter().any(|name| fields.has(name)) => return Ok(None),
            found => {
                let missing = names.into_iter().zip(found).find(|(_, value)| value.is_none());
                let name = missing.map_or("signature", |(name, _)| name);
                return Err(invalid(format!("the `{name}` header is missing or not text")));
            }
        };
        if input.len() > MAX_INPUT_BYTES || signature.len() > MAX_INPUT_BYTES {
            return Err(invalid("`signature-input` or `signature` is too long"));
        }
        if key.len() > rules.max_key_bytes {
            return Err(SignatureError::new(Code::InvalidKey, "`signature-key` is too long"));
        }
        let inputs = members("signature-input", &input)?;
        let signatures = members("signature", &signature)?;
        let keys = members("signature-key", &key)?;

        // Of the labels in all three headers, the first whose scheme is accepted; without one, the first.
        let mut labels = inputs.iter().filter_map(|input| {
            let same = |m: &&sf::Member<'_>| m.key == input.key;
            Some((input.value, signatures.iter().find(same)?.value, keys.iter().find(same)?.value))
        });
        let accepted = |key: &str| Scheme::from_name(scheme_token(key)).is_some_and(|s| rules.schemes.contains(&s));
        let first = labels.clone().next();
        let (params, signature, key) = labels
            .find(|(_, _, key)| accepted(key))
            .or(first)
            .ok_or_else(|| invalid("no label stands in all of `signature-input`, `signature` and `signature-key`"))?;

        let (covered, parameters) = read_input(params)?;
        require_coverage(&covered, rules)?;
        let created = fresh(&parameters, rules.window, now)?;
        if !accepted(key) {
            let detail = format!("the `{}` scheme is not accepted here", sf::printable(scheme_token(key)));
            return Err(SignatureError::new(Code::UnsupportedScheme, detail));
        }
        let (signature, base64url) = read_signature(signature, rules.base64url)?;
        let keyid = match parameters.get("keyid") {
            None => None,
            Some(value) => {
                Some(value.as_string().ok_or_else(|| invalid("`keyid` is not a string"))?.as_str().to_owned())
            }
        };
        let key = read_key(key)?;
        Ok(Some(Self { covered, params: params.to_owned(), created, keyid, signature, base64url, key }))
    }

    /// How the key is conveyed.
    pub fn key(&self) -> &SignatureKey {
        &self.key
    }

    /// When it was signed, by the signer's clock.
    pub fn created(&self) -> Seconds {
        self.created
    }

    /// Whether a component is covered.
    pub fn covers(&self, name: &str) -> bool {
        self.covered.iter().any(|component| component.covers(name))
    }

    /// Whether the signature came as base64url, which is not what RFC 9651 says.
    pub fn is_base64url(&self) -> bool {
        self.base64url
    }

    pub(super) fn keyid(&self) -> Option<&str> {
        self.keyid.as_deref()
    }

    pub(super) fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// The signature base over a message, from the received bytes.
    pub fn base(&self, message: &Message) -> Result<Vec<u8>, SignatureError> {
        base(message, &self.covered, &self.params, false)
    }

    /// Where a proxy joined repeated fields by a bare comma: the base with `, ` there, as RFC 9421 joins lines. `None`
    /// when there is no doubt about the first.
    pub(super) fn base_rejoined(&self, message: &Message) -> Option<Vec<u8>> {
        let bare_comma = |name: &str| message.fields().values(name).any(|v| rejoin(v).is_some());
        let doubtful = message.is_joined() && self.covered.iter().any(|c| bare_comma(c.name()));
        if doubtful { base(message, &self.covered, &self.params, true).ok() } else { None }
    }
}

/// The signature base over a message, for a covered list with its parameters as a `Signature-Input` member has them.
/// Nothing is asked of them: what AAuth requires of a signature is [`SignedRequest::read`]'s.
pub fn base_of(message: &Message, covered: &str) -> Result<Vec<u8>, SignatureError> {
    let (components, _) = read_input(covered)?;
    base(message, &components, covered, false)
}

/// The signature base: one line a component, then `@signature-params`.
pub(super) fn base(
    message: &Message,
    covered: &[Component],
    params: &str,
    rejoined: bool,
) -> Result<Vec<u8>, SignatureError> {
    let mut base = Vec::with_capacity(1024);
    for component in covered {
        let mut value = message.component(component).map_err(|fault| invalid(fault.to_string()))?;
        // Proxies join fields; a comma in a path or a query is the sender's own.
        if rejoined && !component.name().starts_with('@') {
            value = rejoin(&value).unwrap_or(value);
        }
        if value.contains(&b'\n') {
            return Err(invalid(format!("the component `{}` holds a line break", sf::printable(component.name()))));
        }
        base.extend_from_slice(component.identifier().as_bytes());
        base.extend_from_slice(b": ");
        base.extend_from_slice(&value);
        base.push(b'\n');
    }
    base.extend_from_slice(b"\"@signature-params\": ");
    base.extend_from_slice(params.as_bytes());
    Ok(base)
}

/// The value with a space after each comma outside a quoted string; `None` when every comma has one.
fn rejoin(value: &[u8]) -> Option<Vec<u8>> {
    let (mut out, mut quoted, mut escaped, mut changed) = (Vec::with_capacity(value.len() + 8), false, false, false);
    let mut bytes = value.iter().peekable();
    while let Some(&byte) = bytes.next() {
        out.push(byte);
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b',' if !quoted && bytes.peek().is_some_and(|next| **next != b' ') => {
                out.push(b' ');
                changed = true;
            }
            _ => {}
        }
    }
    changed.then_some(out)
}

fn invalid(detail: impl Into<String>) -> SignatureError {
    SignatureError::new(Code::InvalidSignature, detail)
}

fn members<'a>(name: &str, field: &'a str) -> Result<Vec<sf::Member<'a>>, SignatureError> {
    sf::members(field).map_err(|fault| invalid(format!("`{name}`: {fault}")))
}

fn scheme_token(key: &str) -> &str {
    key.split(';').next().unwrap_or_default().trim_ascii()
}

fn read_input(text: &str) -> Result<(Vec<Component>, sfv::Parameters), SignatureError> {
    let malformed = || invalid("`signature-input` is not an inner list of components");
    let list: List = Parser::new(text).parse().map_err(|_| malformed())?;
    let Some(ListEntry::InnerList(inner)) = list.into_iter().next() else {
        return Err(malformed());
    };
    if inner.items.len() > MAX_COMPONENTS {
        return Err(invalid("`signature-input` covers too many components"));
    }
    let mut covered: Vec<Component> = Vec::with_capacity(inner.items.len());
    for item in &inner.items {
        let component = Component::read(item).map_err(|fault| invalid(fault.to_string()))?;
        if covered.iter().any(|other| other.same_as(&component)) {
            return Err(invalid(format!("the component `{}` is covered twice", sf::printable(component.name()))));
        }
        covered.push(component);
    }
    Ok((covered, inner.params))
}

fn require_coverage(covered: &[Component], rules: &SignatureRules) -> Result<(), SignatureError> {
    let missing: Vec<_> =
        rules.required().filter(|name| !covered.iter().any(|component| component.covers(name))).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let detail = format!("the signature does not cover {}", missing.join(", "));
    let required_input = rules.required().map(str::to_owned).collect();
    Err(SignatureError { code: Code::InvalidInput, detail, required_input })
}

/// The draft's step 3: `created` within the window; `expires` not passed.
fn fresh(parameters: &sfv::Parameters, window: Seconds, now: Seconds) -> Result<Seconds, SignatureError> {
    let time = |name: &str| -> Result<Option<Seconds>, SignatureError> {
        match parameters.get(name) {
            None => Ok(None),
            Some(value) => {
                let value = value.as_integer().ok_or_else(|| invalid(format!("`{name}` is not an integer")))?;
                Ok(Some(Seconds::from(value)))
            }
        }
    };
    let created = time("created")?.ok_or_else(|| invalid("`created` is missing"))?;
    if created > now.saturating_add(window) {
        let detail = format!("`created` is ahead of this server's clock by more than {window} s");
        return Err(SignatureError::new(Code::ClockSkew, detail));
    }
    if created < now.saturating_sub(window) {
        return Err(invalid(format!("`created` is more than {window} s old")));
    }
    if time("expires")?.is_some_and(|expires| expires <= now) {
        return Err(invalid("`expires` is in the past"));
    }
    Ok(created)
}

/// A byte sequence, in the standard alphabet or, where admitted, base64url. Padding may be left out.
fn read_signature(value: &str, base64url: bool) -> Result<(Vec<u8>, bool), SignatureError> {
    const CONFIG: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, CONFIG);
    const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, CONFIG);
    let malformed = || invalid("`signature` is not a byte sequence");
    let (encoded, rest) = value.strip_prefix(':').and_then(|v| v.split_once(':')).ok_or_else(malformed)?;
    if !rest.is_empty() && !rest.starts_with(';') {
        return Err(malformed());
    }
    // Unpadded text without `+` or `/` may be either: both alphabets then decode to the same bytes.
    let looks_url_safe = encoded.contains(['-', '_']) || (!encoded.ends_with('=') && encoded.len() % 4 != 0);
    match STANDARD.decode(encoded) {
        Ok(bytes) => Ok((bytes, looks_url_safe)),
        Err(_) if base64url => URL_SAFE.decode(encoded).map(|bytes| (bytes, true)).map_err(|_| malformed()),
        Err(_) => Err(malformed()),
    }
}

fn read_key(value: &str) -> Result<SignatureKey, SignatureError> {
    let malformed = |detail: &str| SignatureError::new(Code::InvalidKey, format!("`signature-key` {detail}"));
    let item: Item = Parser::new(value).parse().map_err(|_| malformed("is malformed"))?;
    let scheme = item.bare_item.as_token().ok_or_else(|| malformed("names no scheme"))?;
    let parameter = |name: &str| {
        let value = item.params.get(name).and_then(|value| value.as_string());
        value.map(|value| value.as_str().to_owned()).ok_or_else(|| malformed(&format!("lacks its `{name}` string")))
    };
    match Scheme::from_name(scheme.as_str()) {
        Some(Scheme::Jwt) => Ok(SignatureKey::Jwt(parameter("jwt")?)),
        Some(Scheme::JktJwt) => Ok(SignatureKey::JktJwt(parameter("jwt")?)),
        Some(Scheme::JwksUri) => {
            Ok(SignatureKey::JwksUri { id: parameter("id")?, dwk: parameter("dwk")?, kid: parameter("kid")? })
        }
        Some(Scheme::Hwk) => {
            let string = |(name, value): (&sfv::Key, &sfv::BareItem)| {
                Some((name.as_str().to_owned(), Value::from(value.as_string()?.as_str())))
            };
            // Of whatever type: it is forbidden, not unknown.
            if item.params.get("kid").is_some() {
                return Err(KeyFault::KidForbidden.into());
            }
            let jwk: Map<String, Value> = item.params.iter().filter_map(string).collect();
            Ok(SignatureKey::Hwk(PublicKey::from_jwk(&jwk)?))
        }
        None => Err(SignatureError::new(Code::UnsupportedScheme, "the scheme is not known")),
    }
}

#[cfg(test)]
mod tests;
