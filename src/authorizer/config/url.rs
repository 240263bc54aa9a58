//! Absolute `http(s)` URLs, as far as a configuration needs to look into them.

use std::fmt;

use super::error::{Fault, quotable};
use super::reader::Parsed;
use super::values::{LOOPBACK_HINT, host};
use crate::aauth::identifier::{IdentifierRules, is_loopback_host, split_port};

/// A URL without user, password or fragment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct WebUrl(String);

impl WebUrl {
    /// The URL as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Host and port.
    pub fn authority(&self) -> &str {
        self.split().0
    }

    /// The path, `/` where none is written; without the query.
    pub fn path(&self) -> &str {
        let path = self.split().1.split('?').next().unwrap_or("");
        if path.is_empty() { "/" } else { path }
    }

    fn split(&self) -> (&str, &str) {
        let rest = self.0.split_once("://").map_or("", |(_, rest)| rest);
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        rest.split_at_checked(end).unwrap_or((rest, ""))
    }

    fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }

    fn is_loopback(&self) -> bool {
        is_loopback_host(split_port(self.authority()).0)
    }
}

impl fmt::Display for WebUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A URL over `http` or `https`, to any host.
pub(super) fn any(text: &str) -> Parsed<WebUrl> {
    let wrong = |message: &str| Fault::new(format!("`{}` is not a URL: {message}", quotable(text)));
    if text.len() > 2048 || !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(wrong("it is too long or holds spaces or non-ASCII characters"));
    }
    if !text.starts_with("https://") && !text.starts_with("http://") {
        return Err(wrong("it must start with https://"));
    }
    let url = WebUrl(text.to_owned());
    if text.contains('#') {
        return Err(wrong("it must not have a fragment"));
    }
    if url.authority().contains('@') {
        return Err(Fault::new("a URL must not hold a user or a password"));
    }
    host(url.authority())?;
    Ok(url)
}

/// A URL that the public is sent to: `https`, or loopback on a development machine.
pub(super) fn public(rules: IdentifierRules) -> impl Fn(&str) -> Parsed<WebUrl> {
    move |text| {
        let url = any(text)?;
        if url.is_https() || (rules == IdentifierRules::LoopbackAllowed && url.is_loopback()) {
            return Ok(url);
        }
        let fault = Fault::new(format!("`{}` must use https", quotable(text)));
        Err(if url.is_loopback() { fault.hint(LOOPBACK_HINT) } else { fault })
    }
}

/// A URL's origin on this machine, for `development.connect`.
pub(super) fn loopback_origin(text: &str) -> Parsed<WebUrl> {
    let url = any(text)?;
    if !url.is_loopback() {
        return Err(Fault::new(format!("`{}` is not on this machine", quotable(text)))
            .hint("only loopback addresses, `localhost` and `*.localhost` may be connected to"));
    }
    if !url.split().1.is_empty() {
        return Err(Fault::new(format!("`{}` must have neither path nor query", quotable(text))));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_come_apart() {
        let url = any("https://a.example:8443/x/y?z=/q").unwrap();
        assert_eq!((url.authority(), url.path()), ("a.example:8443", "/x/y"));
        let url = any("http://a.example?z").unwrap();
        assert_eq!((url.authority(), url.path()), ("a.example", "/"));
    }

    #[test]
    fn what_is_no_url() {
        for bad in
            ["a.example", "ftp://a.example", "https://", "https://a b", "https://a.example/#x", "https://u:p@a.example"]
        {
            assert!(any(bad).is_err(), "{bad}");
        }
        // A password is not quoted back.
        assert!(!any("https://u:hush@a.example").unwrap_err().to_string().contains("hush"));
    }

    #[test]
    fn public_urls_are_https() {
        let (strict, loose) = (public(IdentifierRules::Strict), public(IdentifierRules::LoopbackAllowed));
        assert!(strict("https://a.example/x").is_ok() && loose("http://ps.localhost:1/x").is_ok());
        assert!(strict("http://127.0.0.1:1/x").is_err() && loose("http://a.example/x").is_err());
    }

    #[test]
    fn connections_stay_on_this_machine() {
        assert!(loopback_origin("http://127.0.0.1:8765").is_ok());
        for bad in ["http://10.0.0.1:1", "https://ps.example", "http://127.0.0.1:1/x"] {
            assert!(loopback_origin(bad).is_err(), "{bad}");
        }
    }
}
