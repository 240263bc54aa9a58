//! Whom a resource trusts. Nobody, unless the file names them: an open federation is a `"*"` that somebody wrote.

use super::error::Fault;
use super::reader::Section;
use super::url::{self, WebUrl};
use super::values::{server_id, word};
use crate::aauth::identifier::{IdentifierRules, ServerId};

/// An issuer whose tokens are accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedIssuer {
    /// Which one.
    pub issuer: Issuer,
    /// Where its keys are, whatever its metadata says.
    pub jwks_uri: Option<WebUrl>,
    /// The protocol generation it speaks.
    pub profile: Profile,
}

/// One issuer, or every one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Issuer {
    /// Whoever can prove to be who they say, written `"*"`.
    Any,
    /// This one.
    Named(ServerId),
}

/// The protocol generation an issuer speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Profile {
    /// draft-hardt-oauth-aauth-protocol-11.
    #[default]
    Draft11,
    /// The generation of the first demonstrations.
    Demo,
}

/// The entry of a list that a server falls under: its own, else the one for everybody.
pub fn trusted<'a>(list: &'a [TrustedIssuer], server: &ServerId) -> Option<&'a TrustedIssuer> {
    let named = list.iter().find(|t| matches!(&t.issuer, Issuer::Named(id) if id == server));
    named.or_else(|| list.iter().find(|t| t.issuer == Issuer::Any))
}

impl TrustedIssuer {
    /// A list of trusted issuers.
    pub(super) fn read_list(section: &Section<'_>, key: &'static str, rules: IdentifierRules) -> Vec<Self> {
        let mut list: Vec<Self> = Vec::new();
        for item in section.sections(key) {
            let Some(trusted) = Self::read(&item, rules) else { continue };
            if list.iter().any(|t| t.issuer == trusted.issuer) {
                item.wrong("issuer", Fault::new("is already in this list"));
            } else {
                list.push(trusted);
            }
        }
        list
    }

    /// One trusted issuer.
    pub(super) fn read(section: &Section<'_>, rules: IdentifierRules) -> Option<Self> {
        let issuer = section.required("issuer", |text| match text {
            "*" => Ok(Issuer::Any),
            named => server_id(rules)(named).map(Issuer::Named),
        });
        let jwks_uri = section.value("jwks_uri", url::public(rules));
        let mut profile = Profile::default();
        let profiles = &[("draft-11", Profile::Draft11), ("demo", Profile::Demo)];
        section.set("profile", &mut profile, word("a profile", profiles));
        if profile == Profile::Demo {
            section.warn("profile", "the demo generation is not spoken by this version; draft-11 is expected");
        }
        if issuer == Some(Issuer::Any) && jwks_uri.is_some() {
            section.wrong("jwks_uri", Fault::new("one key set cannot be everybody's").hint("name the issuer it is of"));
        }
        Some(Self { issuer: issuer?, jwks_uri, profile })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_entry_goes_before_the_open_one() {
        let id = |s: &str| ServerId::parse(s).unwrap();
        let entry = |issuer, profile| TrustedIssuer { issuer, jwks_uri: None, profile };
        let named = entry(Issuer::Named(id("https://a.example")), Profile::Demo);
        let list = [entry(Issuer::Any, Profile::Draft11), named.clone()];
        assert_eq!(trusted(&list, &id("https://a.example")), Some(&named));
        assert_eq!(trusted(&list, &id("https://b.example")).unwrap().issuer, Issuer::Any);
        assert_eq!(trusted(&[named], &id("https://b.example")), None);
        assert_eq!(trusted(&[], &id("https://a.example")), None);
    }
}
