//! Egress admission: which URLs are fetched at all. Pure; addresses behind names are admitted in `resolve`.
//!
//! Implements the egress rules of HTTP Signature Keys -09 that draft-hardt-oauth-aauth-protocol-11 requires "before
//! fetching any issuer metadata or `jwks_uri`". Both URLs come from tokens and documents of strangers, so this is what
//! stands between them and the operator's network.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::aauth::identifier::{ServerId, is_loopback_host};
use crate::aauth::metadata::Dwk;

use super::address::is_public;
use super::client::Url;
use super::config::{DiscoveryConfig, InvalidDiscovery};

/// Longer URLs are not followed.
const MAX_URL: usize = 2048;

/// A URL that may be fetched. Made by admission alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    url: Url,
    host: Option<String>,
}

impl Target {
    /// Where to connect, and what to ask for.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// The host to name in the request, where it is not the one connected to.
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    pub(super) fn parsed_url(&self) -> &Url {
        &self.url
    }
}

/// Why a URL or an address is not fetched from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAdmitted {
    /// Not a URL, or an oversized one.
    #[error("its URL is malformed or too long")]
    Malformed,
    /// Not `https`.
    #[error("its URL is not https")]
    NotHttps,
    /// A port other than 443.
    #[error("its URL has a port")]
    Port,
    /// A user name or a password.
    #[error("its URL holds credentials")]
    Credentials,
    /// `jwks_uri` is on another origin, which the operator has not admitted.
    #[error("its `jwks_uri` is on another origin, `{0}`, which is not admitted")]
    CrossOrigin(String),
    /// An endpoint, or a pending URL, is on another origin than the server whose it is said to be.
    #[error("its endpoint is on another origin, `{0}`, than its own")]
    Elsewhere(String),
    /// Another `jwks_uri` than the operator pinned.
    #[error("its metadata names another `jwks_uri` than the one that is pinned")]
    OtherThanPinned,
    /// A loopback host, outside development.
    #[error("its host is this machine")]
    Loopback,
    /// An address that is not public: private, loopback, link-local and the like.
    #[error("its address `{0}` is not public")]
    Address(IpAddr),
}

/// The deployment's egress rules.
#[derive(Debug)]
pub(super) struct Egress {
    loopback: bool,
    /// Serialised origin to loopback URL.
    connect: BTreeMap<String, Url>,
    /// Serialised origins.
    jwks_origins: Vec<String>,
    /// Issuer to the `jwks_uri` it may name.
    pinned: BTreeMap<ServerId, String>,
}

impl Egress {
    pub(super) fn new(config: &DiscoveryConfig) -> Result<Self, InvalidDiscovery> {
        let rules = config.development.identifier_rules();
        let origin = |value: &String| ServerId::parse_under(value, rules).map(|id| origin_of(&id));
        let jwks_origins = config.admit_jwks_origins.iter().map(origin).collect::<Result<_, _>>();
        let connect = config.development.connect.iter().map(|(from, to)| {
            let from = origin(from).map_err(InvalidDiscovery::ConnectFrom)?;
            let to = loopback_url(to).ok_or_else(|| InvalidDiscovery::ConnectTo(to.clone()))?;
            Ok((from, to))
        });
        Ok(Self {
            loopback: config.development.loopback_issuers,
            connect: connect.collect::<Result<_, _>>()?,
            jwks_origins: jwks_origins.map_err(InvalidDiscovery::JwksOrigin)?,
            pinned: config.pinned_jwks.clone(),
        })
    }

    /// Admits `{issuer}/.well-known/{dwk}`.
    pub(super) fn admit_metadata(&self, issuer: &ServerId, dwk: Dwk) -> Result<Target, NotAdmitted> {
        self.admit(parse(&issuer.well_known(dwk.name()))?)
    }

    /// Admits the `jwks_uri` that `issuer`'s metadata names.
    pub(super) fn admit_jwks(&self, issuer: &ServerId, jwks_uri: &str) -> Result<Target, NotAdmitted> {
        let url = parse(jwks_uri)?;
        if let Some(pinned) = self.pinned.get(issuer) {
            // Whoever wrote down the whole URL has admitted its origin too.
            return if pinned == jwks_uri { self.admit(url) } else { Err(NotAdmitted::OtherThanPinned) };
        }
        let origin = url.origin().ascii_serialization();
        if origin != origin_of(issuer) && !self.jwks_origins.contains(&origin) {
            return Err(NotAdmitted::CrossOrigin(origin.chars().take(80).collect()));
        }
        self.admit(url)
    }

    /// Admits an endpoint of `server`, which must be of its own origin: as the world knows it, and as it is reached.
    pub(super) fn admit_endpoint(&self, server: &ServerId, url: &str) -> Result<(Url, Target), NotAdmitted> {
        let url = at_home(server, parse(url)?)?;
        let target = self.admit(url.clone())?;
        Ok((url, target))
    }

    /// Admits what an answer from `asked`, an endpoint of `server`, names as its `Location`.
    pub(super) fn admit_location(&self, server: &ServerId, asked: &Url, location: &str) -> Result<String, NotAdmitted> {
        if location.len() > MAX_URL {
            return Err(NotAdmitted::Malformed);
        }
        let url = at_home(server, asked.join(location).map_err(|_| NotAdmitted::Malformed)?)?;
        self.admit(url.clone())?;
        Ok(url.into())
    }

    fn admit(&self, url: Url) -> Result<Target, NotAdmitted> {
        if !url.username().is_empty() || url.password().is_some() {
            return Err(NotAdmitted::Credentials);
        }
        if let Some(reached) = self.connect.get(&url.origin().ascii_serialization()) {
            return Ok(reroute(&url, reached));
        }
        let host = url.host_str().ok_or(NotAdmitted::Malformed)?;
        if is_loopback_host(host) {
            let admitted = self.loopback && matches!(url.scheme(), "http" | "https");
            return if admitted { Ok(Target { url, host: None }) } else { Err(NotAdmitted::Loopback) };
        }
        if url.scheme() != "https" {
            return Err(NotAdmitted::NotHttps);
        }
        // The default port is not a port to the URL standard.
        if url.port().is_some() {
            return Err(NotAdmitted::Port);
        }
        // An address is never looked up, so it must be judged here.
        match literal(host) {
            Some(address) if !is_public(address) => Err(NotAdmitted::Address(address)),
            Some(_) | None => Ok(Target { url, host: None }),
        }
    }
}

/// Admits the addresses of a name: all of them or none. A name with a public and a private address is no accident.
pub(super) fn admit_addresses(addresses: &[IpAddr]) -> Result<(), NotAdmitted> {
    match addresses.iter().find(|address| !is_public(**address)) {
        Some(address) => Err(NotAdmitted::Address(*address)),
        None => Ok(()),
    }
}

fn parse(url: &str) -> Result<Url, NotAdmitted> {
    if url.len() > MAX_URL {
        return Err(NotAdmitted::Malformed);
    }
    Url::parse(url).map_err(|_| NotAdmitted::Malformed)
}

/// A URL of the server's own origin, without a fragment, which is no part of a request.
fn at_home(server: &ServerId, mut url: Url) -> Result<Url, NotAdmitted> {
    let origin = url.origin().ascii_serialization();
    if origin != origin_of(server) {
        return Err(NotAdmitted::Elsewhere(origin.chars().take(80).collect()));
    }
    url.set_fragment(None);
    Ok(url)
}

/// An identifier's origin as URLs serialise it, which drops a default port. An identifier that is no URL has none.
fn origin_of(issuer: &ServerId) -> String {
    Url::parse(issuer.as_str()).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
}

/// The address a URL names instead of a host name.
fn literal(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// A `connect` value: plain HTTP, since no certificate names both this machine and the issuer.
fn loopback_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let anonymous = url.username().is_empty() && url.password().is_none();
    (bare && anonymous && url.scheme() == "http" && is_loopback_host(url.host_str()?)).then_some(url)
}

/// The same request, sent to where `connect` says. The `Host` it names stays the issuer's.
fn reroute(url: &Url, reached: &Url) -> Target {
    let mut to = reached.clone();
    to.set_path(url.path());
    to.set_query(url.query());
    let host = url.host_str().unwrap_or_default();
    let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    Target { url: to, host: Some(host) }
}

#[cfg(test)]
mod tests;
