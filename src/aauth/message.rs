//! The HTTP message a signature speaks of, and the values of its components.
//!
//! Implements RFC 9421, section 2. Values are taken from the received bytes; nothing is re-encoded but what the RFC
//! itself says to re-encode (`sf`, `bs`, `key`, the joining of lines).

use base64::prelude::{BASE64_STANDARD, Engine as _};
use sfv::{BareItem, FieldType as _, Item, ListEntry, Parser};

use super::sf::printable;

/// Header fields in the order they came.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    lines: Vec<(String, Vec<u8>)>,
    joined: bool,
}

impl Fields {
    /// Fields as separate lines, lossless. Names may come in any case.
    pub fn lines(lines: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        let lines = lines.into_iter().map(|(name, value)| (lower(name), value)).collect();
        Self { lines, joined: false }
    }

    /// Fields of which a proxy has joined the repeated ones into one value, by a comma of its own liking.
    pub fn joined(lines: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        Self { joined: true, ..Self::lines(lines) }
    }

    /// The values of a field, in order.
    pub fn values(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.lines.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.as_slice())
    }

    /// Whether a field is there at all.
    pub fn has(&self, name: &str) -> bool {
        self.values(name).next().is_some()
    }

    /// The combined value of a field, as text.
    pub fn text(&self, name: &str) -> Option<String> {
        String::from_utf8(self.combined(name)?).ok()
    }

    /// The value of a field that came once and is text, without copying it.
    pub fn single(&self, name: &str) -> Option<&str> {
        let mut values = self.values(name);
        let only = values.next().filter(|_| values.next().is_none())?;
        std::str::from_utf8(only).ok().map(str::trim_ascii)
    }

    /// Every line, names in lower case.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.lines.iter().map(|(name, value)| (name.as_str(), value.as_slice()))
    }

    /// Each line stripped of white space around it, joined by a comma and a space.
    fn combined(&self, name: &str) -> Option<Vec<u8>> {
        let mut values = self.values(name);
        let mut combined = values.next()?.trim_ascii().to_vec();
        for value in values {
            combined.extend_from_slice(b", ");
            combined.extend_from_slice(value.trim_ascii());
        }
        Some(combined)
    }
}

fn lower(name: String) -> String {
    if name.bytes().any(|b| b.is_ascii_uppercase()) { name.to_ascii_lowercase() } else { name }
}

/// A request, or a response to be verified (`status`).
#[derive(Debug, Clone, Default)]
pub struct Message {
    method: String,
    scheme: String,
    authority: String,
    path: String,
    query: Option<String>,
    status: Option<u16>,
    fields: Fields,
}

impl Message {
    /// A request. `target` is the path with its query, as received; the authority is brought into the form of RFC 9421,
    /// section 2.2.3: lower case, without the scheme's default port.
    pub fn request(method: &str, scheme: &str, authority: &str, target: &str, fields: Fields) -> Self {
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (target, None),
        };
        let scheme = scheme.to_ascii_lowercase();
        Self {
            authority: normalize_authority(authority, &scheme),
            method: method.to_owned(),
            scheme,
            path: if path.is_empty() { "/".to_owned() } else { path.to_owned() },
            query,
            status: None,
            fields,
        }
    }

    /// A response.
    pub fn response(status: u16, fields: Fields) -> Self {
        Self { status: Some(status), fields, ..Self::default() }
    }

    /// The method, as received.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The normalised authority.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The path, without query.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The query, without `?`.
    pub fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }

    /// The header fields.
    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    /// The same message with other fields.
    #[must_use]
    pub fn with_fields(self, fields: Fields) -> Self {
        Self { fields, ..self }
    }

    /// The same message under another scheme or authority.
    #[must_use]
    pub fn seen_as(mut self, scheme: Option<&str>, authority: Option<&str>) -> Self {
        if let Some(scheme) = scheme {
            self.scheme = scheme.to_ascii_lowercase();
        }
        self.authority = normalize_authority(authority.unwrap_or(&self.authority), &self.scheme);
        self
    }

    /// Whether a proxy joined repeated fields, so that their joining is a guess.
    pub(super) fn is_joined(&self) -> bool {
        self.fields.joined
    }

    /// The value that a component contributes to the signature base.
    pub fn component(&self, component: &Component) -> Result<Vec<u8>, ComponentFault> {
        if component.name.starts_with('@') {
            return self.derived(component).map(String::into_bytes);
        }
        let missing = || ComponentFault::Missing(printable(&component.name));
        if component.bytes {
            let encode = |v: &[u8]| format!(":{}:", BASE64_STANDARD.encode(v.trim_ascii()));
            let lines: Vec<_> = self.fields.values(&component.name).map(encode).collect();
            return if lines.is_empty() { Err(missing()) } else { Ok(lines.join(", ").into_bytes()) };
        }
        let combined = self.fields.combined(&component.name).ok_or_else(missing)?;
        let reserialized = match &component.member {
            Some(key) => dictionary_member(&combined, key),
            None if component.strict => strictly(&component.name, &combined),
            None => return Ok(combined),
        };
        reserialized.map(String::into_bytes).ok_or_else(|| ComponentFault::NotStructured(printable(&component.name)))
    }

    fn derived(&self, component: &Component) -> Result<String, ComponentFault> {
        let query = || self.query.as_deref().map_or_else(String::new, |q| format!("?{q}"));
        match component.name.as_str() {
            "@status" => self.status.map(|s| s.to_string()).ok_or_else(|| component.unsupported()),
            _ if self.status.is_some() => Err(component.unsupported()),
            "@method" => Ok(self.method.clone()),
            "@authority" => Ok(self.authority.clone()),
            "@scheme" => Ok(self.scheme.clone()),
            "@path" => Ok(self.path.clone()),
            "@query" => Ok(format!("?{}", self.query.as_deref().unwrap_or_default())),
            "@target-uri" => Ok(format!("{}://{}{}{}", self.scheme, self.authority, self.path, query())),
            "@request-target" => Ok(format!("{}{}", self.path, query())),
            "@query-param" => self.query_parameter(component),
            _ => Err(component.unsupported()),
        }
    }

    /// RFC 9421, section 2.2.8: the one parameter of that name, decoded and percent-encoded again.
    fn query_parameter(&self, component: &Component) -> Result<String, ComponentFault> {
        let wanted = component.parameter.as_deref().ok_or_else(|| component.unsupported())?;
        let mut found = None;
        for pair in self.query.as_deref().unwrap_or_default().split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            if reencode(name) == wanted {
                if found.is_some() {
                    return Err(ComponentFault::Ambiguous(printable(&component.name)));
                }
                found = Some(reencode(value));
            }
        }
        found.ok_or_else(|| ComponentFault::Missing(printable(&component.name)))
    }
}

/// Lower case, and no port where it is the scheme's own.
pub fn normalize_authority(authority: &str, scheme: &str) -> String {
    let authority = authority.trim_ascii().to_ascii_lowercase();
    let default_port = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => return authority,
    };
    match authority.strip_suffix(default_port) {
        Some(host) => host.to_owned(),
        None => authority,
    }
}

/// Form-decoding, then percent-encoding of all but unreserved characters.
fn reencode(text: &str) -> String {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match (byte, hex_ahead(bytes.clone())) {
            (b'+', _) => decoded.push(b' '),
            (b'%', Some(value)) => {
                decoded.push(value);
                bytes.nth(1);
            }
            _ => decoded.push(byte),
        }
    }
    let mut encoded = String::with_capacity(decoded.len());
    for byte in decoded {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'*') {
            encoded.push(char::from(byte));
        } else {
            push_percent_encoded(&mut encoded, byte);
        }
    }
    encoded
}

/// `%` and two hexadecimal digits.
pub(crate) fn push_percent_encoded(text: &mut String, byte: u8) {
    let hex = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0').to_ascii_uppercase();
    text.extend(['%', hex(byte >> 4), hex(byte & 15)]);
}

/// The value of the two hexadecimal digits that come next.
fn hex_ahead(mut bytes: std::str::Bytes<'_>) -> Option<u8> {
    let digit = |b: u8| char::from(b).to_digit(16);
    let (high, low) = (digit(bytes.next()?)?, digit(bytes.next()?)?);
    u8::try_from(high * 16 + low).ok()
}

/// `;key="..."`: one member of a dictionary field, serialised strictly.
fn dictionary_member(field: &[u8], key: &str) -> Option<String> {
    let dictionary: sfv::Dictionary = Parser::new(field).parse().ok()?;
    match dictionary.get(key)? {
        ListEntry::Item(item) => Some(item.serialize()),
        // A list of one inner list is written as the inner list alone.
        ListEntry::InnerList(list) => vec![ListEntry::InnerList(list.clone())].serialize(),
    }
}

/// `;sf`: the whole field, serialised strictly; its type has to be known.
fn strictly(name: &str, field: &[u8]) -> Option<String> {
    const DICTIONARIES: [&str; 10] = [
        "content-digest",
        "repr-digest",
        "want-content-digest",
        "signature",
        "signature-input",
        "signature-key",
        "aauth-requirement",
        "cache-control",
        "priority",
        "signature-error",
    ];
    const LISTS: [&str; 10] = [
        "accept",
        "accept-encoding",
        "accept-language",
        "aauth-capabilities",
        "accept-signature-scheme",
        "accept-signature-alg",
        "allow",
        "cache-status",
        "proxy-status",
        "vary",
    ];
    if DICTIONARIES.contains(&name) {
        return Parser::new(field).parse::<sfv::Dictionary>().ok()?.serialize();
    }
    if LISTS.contains(&name) {
        return Parser::new(field).parse::<sfv::List>().ok()?.serialize();
    }
    // Anything else that parses as an item is one; a field whose type nobody knows cannot be reserialised.
    Parser::new(field).parse::<Item>().ok().map(|item| item.serialize())
}

/// A covered component: its name and the parameters that change its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    name: String,
    /// As it stands in the signature base: name and parameters, serialised.
    identifier: String,
    /// `sf`
    strict: bool,
    /// `bs`
    bytes: bool,
    /// `key`
    member: Option<String>,
    /// `name`, of `@query-param`
    parameter: Option<String>,
}

/// Why a component has no value here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ComponentFault {
    /// No component identifier, or a parameter that is not supported.
    #[error("the component `{0}` is not supported")]
    Unsupported(String),
    /// The message has no such field.
    #[error("the covered component `{0}` is not in the request as the proxy forwarded it")]
    Missing(String),
    /// `sf` or `key` on a field that is no structured field of known type.
    #[error("the component `{0}` is not a structured field of a known type")]
    NotStructured(String),
    /// More than one value.
    #[error("the component `{0}` has more than one value")]
    Ambiguous(String),
}

impl Component {
    /// A component without parameters.
    pub fn plain(name: &str) -> Self {
        Self {
            identifier: format!("\"{name}\""),
            name: name.to_owned(),
            strict: false,
            bytes: false,
            member: None,
            parameter: None,
        }
    }

    /// Reads a component identifier.
    pub fn read(item: &Item) -> Result<Self, ComponentFault> {
        let name = item.bare_item.as_string().map(|s| s.as_str().to_owned());
        let name = name.ok_or_else(|| ComponentFault::Unsupported("(not a string)".into()))?;
        let mut component = Self::plain(&name);
        component.identifier = item.serialize();
        let lower_case = !name.is_empty() && !name.bytes().any(|b| b.is_ascii_uppercase());
        let mut supported = lower_case;
        for (key, value) in &item.params {
            let flag = *value == BareItem::Boolean(true);
            let text = value.as_string().map(|s| s.as_str().to_owned());
            match key.as_str() {
                "sf" if flag => component.strict = true,
                "bs" if flag => component.bytes = true,
                "key" if text.is_some() => component.member = text,
                "name" if name == "@query-param" && text.is_some() => component.parameter = text,
                // `req` and `tr` speak of other messages than the request's head.
                _ => supported = false,
            }
        }
        let on_derived = component.strict || component.bytes || component.member.is_some();
        let contradictory = component.bytes && (component.strict || component.member.is_some());
        if !supported || contradictory || (name.starts_with('@') && on_derived) {
            return Err(component.unsupported());
        }
        Ok(component)
    }

    /// The component's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The serialised identifier, with which its line in the signature base begins.
    pub fn identifier(&self) -> &str {
        &self.identifier
    }

    /// Whether it is the whole component of this name: a member of a dictionary does not cover the field.
    pub fn covers(&self, name: &str) -> bool {
        self.name == name && self.member.is_none()
    }

    /// The same component by another spelling of its parameters.
    pub(super) fn same_as(&self, other: &Self) -> bool {
        (&self.name, self.strict, self.bytes, &self.member, &self.parameter)
            == (&other.name, other.strict, other.bytes, &other.member, &other.parameter)
    }

    fn unsupported(&self) -> ComponentFault {
        ComponentFault::Unsupported(self.identifier.chars().take(80).collect())
    }
}

#[cfg(test)]
mod tests;
