//! Who is who: server identifiers, agent identifiers, persons, token ids, thumbprints.
//!
//! Implements "Identifiers" and "Agent Identifiers" of draft-hardt-oauth-aauth-protocol-11. Each is a newtype made
//! by parsing, compared byte for byte, never case-folded. Endpoint URLs are in [`super::metadata`].

use std::fmt;

/// Which server identifiers a deployment admits.
///
/// The draft admits `https://host` alone. A developer's machine has no certificate, so an explicit switch also
/// admits `http` and ports for loopback hosts and `*.localhost`; nothing else is ever relaxed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum IdentifierRules {
    /// `https`, host only.
    #[default]
    Strict,
    /// Also `http://` and a port, for `127.0.0.0/8`, `[::1]`, `localhost` and `*.localhost`.
    LoopbackAllowed,
}

/// Why a string is not the identifier it was taken for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{value}` is not a valid {kind}: {why}")]
pub struct InvalidIdentifier {
    kind: &'static str,
    value: String,
    why: &'static str,
}

impl InvalidIdentifier {
    fn new(kind: &'static str, value: &str, why: &'static str) -> Self {
        // Identifiers come from untrusted tokens: what is quoted back is short and printable.
        let value = value.chars().take(80).flat_map(char::escape_debug).collect();
        Self { kind, value, why }
    }
}

/// The identifier of an agent provider, person server, access server or resource: `https://host`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServerId(String);

impl ServerId {
    /// Parses an identifier as the draft has it.
    pub fn parse(value: &str) -> Result<Self, InvalidIdentifier> {
        Self::parse_under(value, IdentifierRules::Strict)
    }

    /// Parses an identifier under the deployment's rules.
    pub fn parse_under(value: &str, rules: IdentifierRules) -> Result<Self, InvalidIdentifier> {
        let err = |why| InvalidIdentifier::new("server identifier", value, why);
        if value.len() > 255 {
            return Err(err("it is longer than 255 bytes"));
        }
        let (https, rest) = match (value.strip_prefix("https://"), value.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => return Err(err("it must start with https://")),
        };
        if rest.contains(['/', '?', '#', '@']) {
            return Err(err("it must hold only scheme and host, without path, query, fragment or trailing slash"));
        }
        let (host, port) = split_port(rest);
        if rules == IdentifierRules::LoopbackAllowed && is_loopback_host(host) {
            if port.is_some_and(|p| p.parse::<u16>().is_err()) {
                return Err(err("its port is not a number"));
            }
            return Ok(Self(value.to_owned()));
        }
        if !https {
            return Err(err("it must use https"));
        }
        if port.is_some() {
            return Err(err("it must not contain a port"));
        }
        domain_name(host).map_err(err)?;
        Ok(Self(value.to_owned()))
    }

    /// The identifier as it is written in `iss`, `aud` and metadata.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host, without scheme and port.
    pub fn host(&self) -> &str {
        split_port(self.authority()).0
    }

    /// Host and, on a development machine, port.
    pub fn authority(&self) -> &str {
        self.0.split_once("://").map_or("", |(_, rest)| rest)
    }

    /// Where this server publishes its `dwk` metadata document.
    pub fn well_known(&self, dwk: &str) -> String {
        format!("{}/.well-known/{dwk}", self.0)
    }
}

/// Splits `host:port`, leaving an IPv6 literal's colons alone.
pub fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

/// Whether a host names this machine by its form alone.
pub fn is_loopback_host(host: &str) -> bool {
    let lower_case = !host.bytes().any(|b| b.is_ascii_uppercase());
    let named = host == "localhost" || host.strip_suffix(".localhost").is_some_and(|label| domain_name(label).is_ok());
    let address = host.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| ip.is_loopback()) || host == "[::1]";
    lower_case && (named || address)
}

pub(super) fn domain_name(host: &str) -> Result<(), &'static str> {
    if host.is_empty() || host.len() > 253 {
        return Err("its host is empty or too long");
    }
    if host.bytes().any(|b| b.is_ascii_uppercase()) {
        return Err("it must be lowercase");
    }
    for label in host.split('.') {
        let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if label.is_empty() || label.len() > 63 || !label.bytes().all(legal) {
            return Err("its host is not a domain name in ASCII form");
        }
        if label.starts_with('-') || label.ends_with('-') {
            return Err("a label of its host starts or ends with a hyphen");
        }
    }
    // An address is not an identity: `https://127.0.0.1` could never hold a certificate of its own.
    if host.rsplit('.').next().is_some_and(|tld| tld.bytes().all(|b| b.is_ascii_digit())) {
        return Err("its host is an address, not a domain name");
    }
    Ok(())
}

/// An agent identifier, `aauth:local@domain`. Case-sensitive.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AgentId {
    text: String,
    at: usize,
}

impl AgentId {
    /// Parses an agent identifier.
    pub fn parse(value: &str) -> Result<Self, InvalidIdentifier> {
        Self::parse_under(value, IdentifierRules::Strict)
    }

    /// Parses an agent identifier; the domain follows the deployment's identifier rules.
    pub fn parse_under(value: &str, rules: IdentifierRules) -> Result<Self, InvalidIdentifier> {
        let err = |why| InvalidIdentifier::new("agent identifier", value, why);
        let rest = value.strip_prefix("aauth:").ok_or_else(|| err("it must start with `aauth:`"))?;
        let (local, domain) = rest.split_once('@').ok_or_else(|| err("it must hold `@` and a domain"))?;
        if local.is_empty() || local.len() > 255 {
            return Err(err("its local part must have 1 to 255 characters"));
        }
        let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'+' | b'.');
        if !local.bytes().all(legal) {
            return Err(err("its local part may hold letters, digits, `-`, `_`, `+` and `.` only"));
        }
        let loopback = rules == IdentifierRules::LoopbackAllowed && is_loopback_host(domain);
        if !loopback {
            domain_name(domain).map_err(err)?;
        }
        Ok(Self { text: value.to_owned(), at: value.len() - domain.len() })
    }

    /// The identifier as it is written in `sub`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The agent provider's domain.
    pub fn domain(&self) -> &str {
        self.text.get(self.at..).unwrap_or("")
    }
}

/// A person as one issuer knows them: `sub` means nothing without `iss`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PersonId {
    /// Whose namespace `sub` is in.
    pub iss: ServerId,
    /// The directed identifier; opaque.
    pub sub: String,
}

/// A JWK thumbprint (RFC 7638, SHA-256), base64url without padding.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Thumbprint(String);

impl Thumbprint {
    pub(super) fn of_digest(digest: &[u8]) -> Self {
        use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
        Self(BASE64_URL_SAFE_NO_PAD.encode(digest))
    }

    /// The thumbprint as tokens write it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! display_as_str {
    ($($t:ty),*) => { $(impl fmt::Display for $t {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(self.as_str()) }
    })* };
}
display_as_str!(ServerId, AgentId, Thumbprint);

impl fmt::Debug for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Thumbprint({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// "Server Identifiers": the draft's own valid and invalid examples.
    #[test]
    fn server_identifiers_of_the_draft() {
        for ok in ["https://agent.example", "https://xn--nxasmq6b.example"] {
            assert_eq!(ServerId::parse(ok).unwrap().as_str(), ok);
        }
        for bad in [
            "http://agent.example",
            "https://Agent.Example",
            "https://agent.example:8443",
            "https://agent.example/v1",
            "https://agent.example/",
            "https://user@agent.example",
            "https://",
            "https://a..b",
            "https://127.0.0.1",
            "ftp://agent.example",
        ] {
            assert!(ServerId::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn loopback_is_admitted_by_the_development_switch_alone() {
        for url in ["http://127.0.0.1:8765", "http://ps.localhost:3000", "http://localhost", "https://[::1]:8443"] {
            assert!(ServerId::parse(url).is_err(), "{url}");
            assert!(ServerId::parse_under(url, IdentifierRules::LoopbackAllowed).is_ok(), "{url}");
        }
        for url in
            ["http://agent.example", "https://agent.example:1", "http://10.0.0.1", "http://localhost.evil.example"]
        {
            assert!(ServerId::parse_under(url, IdentifierRules::LoopbackAllowed).is_err(), "{url}");
        }
    }

    /// "Agent Identifiers": the draft's own valid and invalid examples; upper case is kept apart.
    #[test]
    fn agent_identifiers_of_the_draft() {
        for ok in [
            "aauth:assistant-v2@agent.example",
            "aauth:planner.7f3c+search1@vendor.example",
            "aauth:Agent@agent.example",
        ] {
            assert_eq!(AgentId::parse(ok).unwrap().as_str(), ok);
        }
        for bad in ["My Agent@agent.example", "aauth:@agent.example", "aauth:agent@http://agent.example", "aauth:a"] {
            assert!(AgentId::parse(bad).is_err(), "{bad}");
        }
        assert_ne!(AgentId::parse("aauth:Agent@a.example"), AgentId::parse("aauth:agent@a.example"));
        assert_eq!(AgentId::parse("aauth:x@agent.example").unwrap().domain(), "agent.example");
    }
}
