//! Component identifiers, and the strict serialisation that some of them ask for. RFC 9421, sections 2.1 and 2.3.

use sfv::{BareItem, FieldType as _, Item, ListEntry, Parser};

/// A covered component: its name and the parameters that change its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    name: String,
    /// As it stands in the signature base: name and parameters, serialised.
    identifier: String,
    /// `sf`
    pub(super) strict: bool,
    /// `bs`
    pub(super) bytes: bool,
    /// `key`
    pub(super) member: Option<String>,
    /// `name`, of `@query-param`
    pub(super) parameter: Option<String>,
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

    pub(super) fn unsupported(&self) -> ComponentFault {
        ComponentFault::Unsupported(self.identifier.chars().take(80).collect())
    }
}

/// `;key="..."`: one member of a dictionary field, serialised strictly.
pub(super) fn dictionary_member(field: &[u8], key: &str) -> Option<String> {
    let dictionary: sfv::Dictionary = Parser::new(field).parse().ok()?;
    match dictionary.get(key)? {
        ListEntry::Item(item) => Some(item.serialize()),
        // A list of one inner list is written as the inner list alone.
        ListEntry::InnerList(list) => vec![ListEntry::InnerList(list.clone())].serialize(),
    }
}

/// `;sf`: the whole field, serialised strictly; its type has to be known.
pub(super) fn strictly(name: &str, field: &[u8]) -> Option<String> {
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
