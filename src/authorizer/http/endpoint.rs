//! Which endpoint a host and a path are, and how it may be asked.

use std::sync::Arc;

use axum::http::Method;

use crate::authorizer::resource::{Resource, Resources};

/// An endpoint.
#[derive(Debug, Clone)]
pub(super) enum Endpoint {
    /// The process as a whole, whatever host it is asked under.
    Operator(Page),
    /// One resource.
    Resource(Service, Arc<Resource>),
}

/// A page for the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    /// It runs.
    Live,
    /// It wants requests.
    Ready,
    /// Its metrics.
    Metrics,
    /// What it has in force.
    Status,
}

/// What a resource offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    /// `aauth-resource.json`
    Metadata,
    /// Its keys.
    Keys,
    /// Resource tokens beforehand.
    Authorize,
    /// Revocations.
    Revoke,
}

/// Why there is nothing to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotFound {
    /// No resource has this host.
    #[error("no resource is served under this host")]
    Host,
    /// Nothing is at this path.
    #[error("this resource has nothing here")]
    Path,
}

/// Where the earlier generation has the authorization endpoint.
const EARLIER_AUTHORIZATION_PATH: &str = "/resource/token";

impl Endpoint {
    /// The endpoint at a path of a host.
    pub(super) fn find(resources: &Resources, host: Option<&str>, path: &str) -> Result<Self, NotFound> {
        if let Some(page) = Page::at(path) {
            return Ok(Self::Operator(page));
        }
        let resource = host.and_then(|host| resources.by_host(host)).ok_or(NotFound::Host)?;
        let service = Service::at(resource, path).ok_or(NotFound::Path)?;
        Ok(Self::Resource(service, Arc::clone(resource)))
    }

    /// The methods it takes, as `Allow` lists them.
    pub(super) fn allow(&self) -> &'static str {
        match self {
            Self::Operator(_) | Self::Resource(Service::Metadata | Service::Keys, _) => "GET, HEAD",
            Self::Resource(Service::Authorize | Service::Revoke, _) => "POST",
        }
    }

    /// Whether it takes this method.
    pub(super) fn allows(&self, method: &Method) -> bool {
        self.allow().split(", ").any(|allowed| allowed == method.as_str())
    }
}

impl Page {
    fn at(path: &str) -> Option<Self> {
        match path {
            "/health" | "/livez" => Some(Self::Live),
            "/readyz" => Some(Self::Ready),
            "/metrics" => Some(Self::Metrics),
            "/status" => Some(Self::Status),
            _ => None,
        }
    }
}

impl Service {
    /// What is published and nothing else: an endpoint that metadata does not name is not there.
    fn at(resource: &Resource, path: &str) -> Option<Self> {
        let metadata = &resource.metadata;
        if path == "/.well-known/aauth-resource.json" {
            Some(Self::Metadata)
        } else if path == "/.well-known/jwks.json" {
            metadata.jwks_uri.is_some().then_some(Self::Keys)
        } else if path == resource.authorization_path || path == EARLIER_AUTHORIZATION_PATH {
            metadata.authorization_endpoint.is_some().then_some(Self::Authorize)
        } else if path == resource.revocation_path {
            metadata.revocation_endpoint.is_some().then_some(Self::Revoke)
        } else {
            None
        }
    }
}
