//! Who may do an operation: what its security requirements come to here, where callers prove who they are by AAuth
//! whatever else the document asks for.

use std::collections::BTreeMap;

use crate::authorizer::config::error::{Fault, quotable};
use crate::authorizer::config::item::Item;
use crate::authorizer::config::values::text;

/// Who may do it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Access {
    /// Everybody, unsigned requests too.
    Anyone,
    /// Whoever has an identity.
    Somebody,
    /// A person who consented to all scopes of one of these lists.
    Scopes(Vec<Vec<String>>),
}

/// The security schemes that a document declares, and whether their requirements list scopes.
#[derive(Debug, Default)]
pub(super) struct Schemes(BTreeMap<String, bool>);

impl Schemes {
    pub(super) fn of(document: &[Item<'_>]) -> Self {
        let schemes = below(document, "components").and_then(|components| below(&components, "securitySchemes"));
        let mut found = BTreeMap::new();
        for scheme in schemes.unwrap_or_default() {
            let members = sections(&scheme);
            let kind = members.iter().find(|item| item.name == "type").and_then(|kind| kind.value(text));
            found.insert(scheme.name.to_owned(), matches!(kind.as_deref(), Some("oauth2" | "openIdConnect")));
        }
        Self(found)
    }
}

/// What a list of requirements asks for; one of them has to be met, each by all of its schemes.
pub(super) fn access(requirements: Option<&Item<'_>>, schemes: &Schemes) -> Access {
    // A document that does not say leaves nobody unknown in.
    let Some(requirements) = requirements else { return Access::Somebody };
    let mut alternatives = Vec::new();
    let mut none_needed = true;
    for requirement in requirements.each() {
        none_needed = false;
        if !requirement.is_mapping() {
            requirement.expected("a security requirement");
            continue;
        }
        let named = sections(&requirement);
        if named.is_empty() {
            return Access::Anyone;
        }
        let scopes: Vec<String> = named.iter().flat_map(|scheme| scopes(scheme, schemes)).collect();
        alternatives.extend((!scopes.is_empty()).then_some(scopes));
    }
    match (none_needed, alternatives.is_empty()) {
        (true, _) => Access::Anyone,
        (false, true) => Access::Somebody,
        (false, false) => Access::Scopes(alternatives),
    }
}

fn scopes(scheme: &Item<'_>, schemes: &Schemes) -> Vec<String> {
    let Some(has_scopes) = schemes.0.get(scheme.name) else {
        let fault = Fault::new(format!("no security scheme is called `{}`", quotable(scheme.name)));
        let known: Vec<&str> = schemes.0.keys().map(String::as_str).collect();
        let hint = match known.as_slice() {
            [] => "declare it under `components.securitySchemes`".to_owned(),
            known => format!("there is `{}`", known.join("`, `")),
        };
        scheme.wrong(fault.hint(hint));
        return Vec::new();
    };
    // Of other schemes, these are roles that no token of ours has.
    if *has_scopes { scheme.one_or_more(scope) } else { Vec::new() }
}

/// A scope as it can be asked for.
fn scope(text: &str) -> Result<String, Fault> {
    let plain = |b: u8| b.is_ascii_graphic() && b != b'"' && b != b'\\';
    if !text.is_empty() && text.bytes().all(plain) {
        return Ok(text.to_owned());
    }
    Err(Fault::new(format!("`{}` is not a scope", quotable(text))).hint("printable ASCII without spaces and quotes"))
}

fn below<'a>(members: &[Item<'a>], name: &str) -> Option<Vec<Item<'a>>> {
    members.iter().find(|item| item.name == name).map(sections)
}

fn sections<'a>(item: &Item<'a>) -> Vec<Item<'a>> {
    item.section().members()
}
