//! URLs that others are sent to: endpoints, interactions, callbacks.
//!
//! Implements "Endpoint and Other URLs" of draft-hardt-oauth-aauth-protocol-11. What may be *fetched* is decided by
//! `discovery`; here a URL is only of the form that the draft allows.

use std::fmt;

use super::identifier::{IdentifierRules, domain_name, is_loopback_host, split_port};

/// Longer URLs are nobody's.
const MAX_URL: usize = 2048;

/// Why a URL is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUrl {
    /// Too long, or a character that no URL has.
    #[error("is no URL of at most 2048 characters")]
    Malformed,
    /// Neither `https` nor, in development, this machine.
    #[error("must use https")]
    NotHttps,
    /// Its host or port is none.
    #[error("names no host")]
    Host,
    /// A user name or a password.
    #[error("must not hold credentials")]
    Credentials,
    /// A fragment.
    #[error("must not have a fragment")]
    Fragment,
    /// A query, where none may be.
    #[error("must not have a query")]
    Query,
}

/// An `https` URL of a domain name, without credentials and fragment; `http` too for this machine in development.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PublicUrl(String);

impl PublicUrl {
    /// Reads a URL, which may have a query.
    pub fn parse(text: &str, rules: IdentifierRules) -> Result<Self, InvalidUrl> {
        let legal =
            |b: u8| b.is_ascii_graphic() && !matches!(b, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{'..=b'}');
        if text.len() > MAX_URL || !text.bytes().all(legal) {
            return Err(InvalidUrl::Malformed);
        }
        let (https, rest) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => return Err(InvalidUrl::NotHttps),
        };
        let authority = authority(rest);
        if authority.contains('@') {
            return Err(InvalidUrl::Credentials);
        }
        let (host, port) = split_port(authority);
        if port.is_some_and(|port| port.parse::<u16>().is_err()) {
            return Err(InvalidUrl::Host);
        }
        let this_machine = rules == IdentifierRules::LoopbackAllowed && is_loopback_host(host);
        if !this_machine {
            if !https {
                return Err(InvalidUrl::NotHttps);
            }
            domain_name(host).map_err(|_| InvalidUrl::Host)?;
        }
        if text.contains('#') { Err(InvalidUrl::Fragment) } else { Ok(Self(text.to_owned())) }
    }

    /// Reads an endpoint or an interaction URL: without a query, since one will be added.
    pub fn endpoint(text: &str, rules: IdentifierRules) -> Result<Self, InvalidUrl> {
        let url = Self::parse(text, rules)?;
        if url.0.contains('?') { Err(InvalidUrl::Query) } else { Ok(url) }
    }

    /// The URL as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Scheme, host and port, as a server identifier writes them.
    pub fn origin(&self) -> &str {
        let rest = self.0.split_once("://").map_or("", |(_, rest)| rest);
        let path = rest.len() - authority(rest).len();
        self.0.get(..self.0.len() - path).unwrap_or_default()
    }
}

/// What precedes path, query and fragment.
fn authority(rest: &str) -> &str {
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<PublicUrl, InvalidUrl> {
        PublicUrl::parse(text, IdentifierRules::Strict)
    }

    #[test]
    fn public_urls_and_their_origins() {
        for (url, origin) in [
            ("https://r.example/interact", "https://r.example"),
            ("https://r.example", "https://r.example"),
            ("https://r.example?x=/y", "https://r.example"),
            ("https://r.example:8443/a/b?c=d:e", "https://r.example:8443"),
        ] {
            assert_eq!(parse(url).unwrap().origin(), origin, "{url}");
        }
    }

    #[test]
    fn what_nobody_is_sent_to() {
        for (url, fault) in [
            ("http://r.example/", InvalidUrl::NotHttps),
            ("javascript:alert(1)", InvalidUrl::NotHttps),
            ("data:text/html,x", InvalidUrl::NotHttps),
            ("//r.example/", InvalidUrl::NotHttps),
            ("HTTPS://r.example/", InvalidUrl::NotHttps),
            ("https://ada@r.example/", InvalidUrl::Credentials),
            ("https://ps.example@r.example/", InvalidUrl::Credentials),
            ("https://r.example/#x", InvalidUrl::Fragment),
            ("https:///x", InvalidUrl::Host),
            ("https://r.example:x/", InvalidUrl::Host),
            ("https://R.example/", InvalidUrl::Host),
            ("https://127.0.0.1/", InvalidUrl::Host),
            ("https://[::1]/", InvalidUrl::Host),
            ("https://r.example\\@evil.example/", InvalidUrl::Malformed),
            ("https://r.example/\r\nx", InvalidUrl::Malformed),
            ("https://r.example/ x", InvalidUrl::Malformed),
            ("https://r.example/é", InvalidUrl::Malformed),
            ("https://r.example/\"x", InvalidUrl::Malformed),
        ] {
            assert_eq!(parse(url), Err(fault), "{url}");
        }
        assert_eq!(parse(&format!("https://r.example/{}", "x".repeat(2048))), Err(InvalidUrl::Malformed));
    }

    #[test]
    fn an_endpoint_has_no_query() {
        let endpoint = |text| PublicUrl::endpoint(text, IdentifierRules::Strict);
        assert!(endpoint("https://as.example/token").is_ok());
        assert_eq!(endpoint("https://as.example/token?x=1"), Err(InvalidUrl::Query));
        assert_eq!(endpoint("https://as.example?"), Err(InvalidUrl::Query));
    }

    #[test]
    fn this_machine_is_for_development() {
        for url in ["http://127.0.0.1:8765/i", "http://ps.localhost:3000/i", "https://localhost/i"] {
            assert!(PublicUrl::parse(url, IdentifierRules::LoopbackAllowed).is_ok(), "{url}");
        }
        assert_eq!(parse("http://127.0.0.1:8765/i"), Err(InvalidUrl::NotHttps));
        let elsewhere = PublicUrl::parse("http://r.example/", IdentifierRules::LoopbackAllowed);
        assert_eq!(elsewhere, Err(InvalidUrl::NotHttps));
    }
}
