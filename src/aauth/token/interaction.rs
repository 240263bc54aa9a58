//! The `interaction` claim of a resource token: the resource's own flow, which comes before the person server's consent.
//!
//! Implements the claim of "Resource Token Structure"; what is done with it is "Resource-Initiated Interaction".

use std::fmt;

use serde_json::{Value, json};

use super::TokenFault;
use crate::aauth::identifier::IdentifierRules;
use crate::aauth::url::PublicUrl;

/// Characters of a code. It is the resource's own and need not be Crockford's.
const MAX_CODE: usize = 64;

/// Where a resource wants the person, and with what.
#[derive(Clone, PartialEq, Eq)]
pub struct ResourceInteraction {
    /// The resource's interaction endpoint.
    pub url: PublicUrl,
    code: String,
}

impl ResourceInteraction {
    /// An interaction; `None` for a code that no URL can hold.
    pub fn new(url: PublicUrl, code: &str) -> Option<Self> {
        // Unreserved characters alone: the code goes into a query as it is.
        let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~');
        let is_code = !code.is_empty() && code.len() <= MAX_CODE && code.bytes().all(legal);
        is_code.then(|| Self { url, code: code.to_owned() })
    }

    /// The code to present there.
    pub fn code(&self) -> &str {
        &self.code
    }

    pub(super) fn read(claim: &Value, rules: IdentifierRules) -> Result<Self, TokenFault> {
        let wrong = |why: String| TokenFault::claim("interaction", why);
        let member = |name: &str| {
            let text = claim.get(name).and_then(Value::as_str);
            text.ok_or_else(|| wrong(format!("lacks its `{name}` string")))
        };
        let url = PublicUrl::endpoint(member("url")?, rules).map_err(|why| wrong(format!("has a `url` that {why}")))?;
        Self::new(url, member("code")?).ok_or_else(|| wrong("has a `code` that is none".to_owned()))
    }

    pub(super) fn to_claim(&self) -> Value {
        json!({ "url": self.url.as_str(), "code": self.code })
    }
}

impl fmt::Debug for ResourceInteraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ResourceInteraction({}, code redacted)", self.url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(claim: &Value) -> Result<ResourceInteraction, TokenFault> {
        ResourceInteraction::read(claim, IdentifierRules::Strict)
    }

    #[test]
    fn it_makes_the_round_trip() {
        let claim = json!({ "url": "https://r.example/interact", "code": "A1B2-C3D4" });
        let interaction = read(&claim).unwrap();
        assert_eq!((interaction.url.as_str(), interaction.code()), ("https://r.example/interact", "A1B2-C3D4"));
        assert_eq!(interaction.to_claim(), claim);
        assert!(!format!("{interaction:?}").contains("A1B2"));
    }

    /// "The `interaction.url` MUST be an HTTPS URL; the PS MUST validate this before redirecting".
    #[test]
    fn a_person_is_not_sent_anywhere() {
        for (url, code) in [
            (json!("http://r.example/i"), json!("A1B2-C3D4")),
            (json!("javascript:alert(1)"), json!("A1B2-C3D4")),
            (json!("https://r.example/i?x=1"), json!("A1B2-C3D4")),
            (json!("https://r.example/i#x"), json!("A1B2-C3D4")),
            (json!("https://ada@r.example/i"), json!("A1B2-C3D4")),
            (json!("https://10.0.0.1/i"), json!("A1B2-C3D4")),
            (json!(null), json!("A1B2-C3D4")),
            (json!("https://r.example/i"), json!("")),
            (json!("https://r.example/i"), json!("A&callback=https://evil.example")),
            (json!("https://r.example/i"), json!("x".repeat(65))),
            (json!("https://r.example/i"), json!(7)),
        ] {
            let refused = read(&json!({ "url": url, "code": code }));
            assert!(matches!(refused, Err(TokenFault::BadClaim { claim: "interaction", .. })), "{url} {code}");
        }
        assert!(read(&json!("https://r.example/i")).is_err());
    }
}
