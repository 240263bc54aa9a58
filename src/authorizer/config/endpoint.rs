//! An endpoint of a resource: the path that is served, and the URL that is published.

use super::error::{Fault, quotable};
use super::reader::Parsed;
use super::url::{self, WebUrl};
use crate::aauth::identifier::{IdentifierRules, ServerId};

/// An endpoint of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The path that is served on the HTTP listener.
    pub path: String,
    /// The URL that metadata names, where it is not the issuer followed by the path.
    pub published: Option<WebUrl>,
}

/// Paths of the HTTP listener that are taken.
const TAKEN: [&str; 5] = ["/health", "/livez", "/readyz", "/metrics", "/status"];

impl Endpoint {
    /// The endpoint at a path of the issuer.
    pub fn at(path: &str) -> Self {
        Self { path: path.to_owned(), published: None }
    }

    /// The URL that metadata names.
    pub fn url(&self, issuer: &ServerId) -> String {
        self.published.as_ref().map_or_else(|| format!("{issuer}{}", self.path), ToString::to_string)
    }
}

/// A parser for endpoints: a path, or a whole URL as the earlier generation has it.
pub(super) fn endpoint(rules: IdentifierRules) -> impl Fn(&str) -> Parsed<Endpoint> {
    move |text| {
        let endpoint = if text.starts_with('/') {
            Endpoint::at(text)
        } else {
            let published = url::public(rules)(text)
                .map_err(|fault| fault.hint("write a path such as `/authorize`, or a whole URL"))?;
            Endpoint { path: published.path().to_owned(), published: Some(published) }
        };
        let path = &endpoint.path;
        let wrong = |message: &str| Fault::new(format!("`{}` {message}", quotable(path)));
        if path == "/" || !path.bytes().all(|b| b.is_ascii_graphic()) || path.contains(['?', '#', '{', '}', '*', '%']) {
            return Err(wrong("is not the path of an endpoint"));
        }
        if TAKEN.contains(&path.as_str()) || path.starts_with("/.well-known/") {
            return Err(wrong("is a path of the authorizer itself"));
        }
        Ok(endpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_published_below_the_issuer() {
        let parse = endpoint(IdentifierRules::Strict);
        let issuer = ServerId::parse("https://orders.example").unwrap();
        assert_eq!(parse("/authorize").unwrap().url(&issuer), "https://orders.example/authorize");
        let elsewhere = parse("https://api.example/resource/token").unwrap();
        assert_eq!(elsewhere.path, "/resource/token");
        assert_eq!(elsewhere.url(&issuer), "https://api.example/resource/token");
    }

    #[test]
    fn paths_that_cannot_be_served() {
        for bad in ["/", "/metrics", "/.well-known/x", "/a b", "/a?b", "/{x}", "authorize", "http://a.example/x"] {
            assert!(endpoint(IdentifierRules::Strict)(bad).is_err(), "{bad}");
        }
    }
}
