//! Where a URL leads: the public name that is signed, and what is connected to.
//!
//! The two differ on a development machine alone, where `https://orders.example` may be a port of this machine.

use std::collections::BTreeMap;

use crate::aauth::identifier::is_loopback_host;
use crate::discovery::Development;

use super::error::AgentError;
use super::http::Url;

/// Longer URLs are not called.
const MAX_URL: usize = 4096;

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    public: Url,
    reached: Url,
}

impl Endpoint {
    /// The URL as the world knows it.
    pub fn url(&self) -> &str {
        self.public.as_str()
    }

    /// Scheme, host and port: the resource's identifier.
    pub fn origin(&self) -> String {
        self.public.origin().ascii_serialization()
    }

    /// The scheme that is signed.
    pub fn scheme(&self) -> &str {
        self.public.scheme()
    }

    /// Host and port, as they are signed and as `Host` names them.
    pub fn authority(&self) -> String {
        let host = self.public.host_str().unwrap_or_default();
        self.public.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// Path and query.
    pub fn target(&self) -> String {
        let query = self.query().map(|query| format!("?{query}")).unwrap_or_default();
        format!("{}{query}", self.public.path())
    }

    /// The query.
    pub fn query(&self) -> Option<&str> {
        self.public.query()
    }

    pub(super) fn reached(&self) -> &Url {
        &self.reached
    }
}

/// What may be called, and how it is reached.
#[derive(Debug)]
pub(super) struct Reach {
    loopback: bool,
    /// Origin to loopback URL.
    connect: BTreeMap<String, Url>,
}

impl Reach {
    pub(super) fn new(development: &Development) -> Result<Self, AgentError> {
        let connect = development.connect.iter().map(|(from, to)| {
            let unusable = || AgentError::Setup(format!("`{from}` cannot be reached at `{to}`"));
            let to =
                Url::parse(to).ok().filter(|to| to.scheme() == "http" && to.host_str().is_some_and(is_loopback_host));
            let from = Url::parse(from).map_err(|_| unusable())?;
            Ok((from.origin().ascii_serialization(), to.ok_or_else(unusable)?))
        });
        Ok(Self { loopback: development.loopback_issuers, connect: connect.collect::<Result<_, AgentError>>()? })
    }

    /// Admits a URL: `https`, or this machine in development.
    pub(super) fn endpoint(&self, url: &str) -> Result<Endpoint, &'static str> {
        if url.len() > MAX_URL {
            return Err("it is too long");
        }
        self.admit(Url::parse(url).map_err(|_| "it is no URL")?)
    }

    /// What a response of `endpoint` names as its `Location`, which must be of the same origin.
    pub(super) fn follow(&self, endpoint: &Endpoint, location: &str) -> Result<Endpoint, &'static str> {
        if location.len() > MAX_URL {
            return Err("it is too long");
        }
        let url = endpoint.public.join(location).map_err(|_| "it is no URL")?;
        if url.origin() != endpoint.public.origin() {
            return Err("it is of another origin");
        }
        self.admit(url)
    }

    fn admit(&self, mut public: Url) -> Result<Endpoint, &'static str> {
        if !public.username().is_empty() || public.password().is_some() {
            return Err("it holds credentials");
        }
        public.set_fragment(None);
        let mut reached = public.clone();
        if let Some(to) = self.connect.get(&public.origin().ascii_serialization()) {
            reached = to.clone();
            reached.set_path(public.path());
            reached.set_query(public.query());
            return Ok(Endpoint { public, reached });
        }
        let this_machine = self.loopback && public.host_str().is_some_and(is_loopback_host);
        match public.scheme() {
            "https" => Ok(Endpoint { public, reached }),
            "http" if this_machine => Ok(Endpoint { public, reached }),
            _ => Err("it is not https"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(loopback_issuers: bool) -> Reach {
        let connect = BTreeMap::from([("https://orders.example".to_owned(), "http://127.0.0.1:9000".to_owned())]);
        Reach::new(&Development { loopback_issuers, connect }).unwrap()
    }

    /// The name that is signed stays the public one, wherever the connection goes.
    #[test]
    fn a_connected_origin_keeps_its_name() {
        let endpoint = reach(false).endpoint("https://orders.example/v1/orders?x=1#top").unwrap();
        assert_eq!(endpoint.reached().as_str(), "http://127.0.0.1:9000/v1/orders?x=1");
        assert_eq!((endpoint.authority().as_str(), endpoint.scheme()), ("orders.example", "https"));
        assert_eq!(
            (endpoint.target().as_str(), endpoint.origin().as_str()),
            ("/v1/orders?x=1", "https://orders.example")
        );
    }

    #[test]
    fn plain_http_is_for_this_machine_in_development() {
        assert!(reach(true).endpoint("http://127.0.0.1:8765/").is_ok());
        assert!(reach(false).endpoint("http://127.0.0.1:8765/").is_err());
        for url in ["http://other.example/", "ftp://other.example/", "https://ada:x@other.example/", "orders", ""] {
            assert!(reach(true).endpoint(url).is_err(), "{url}");
        }
    }

    /// "Pending Response": the pending URL is on the same origin as the server that answered.
    #[test]
    fn a_location_stays_at_home() {
        let reach = reach(false);
        let asked = reach.endpoint("https://ps.example/token").unwrap();
        assert_eq!(reach.follow(&asked, "/pending/1").unwrap().url(), "https://ps.example/pending/1");
        assert!(reach.follow(&asked, "https://evil.example/pending/1").is_err());
        assert!(reach.follow(&asked, "//evil.example/pending/1").is_err());
    }
}
