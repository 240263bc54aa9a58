//! From configuration to what runs: keys are read, resources are made, policies are opened.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::check::Authorizer;
use super::config::{Config, Issuer, KeyFile, Limits, ResourceConfig, TrustedIssuer};
use super::known::KnownTokens;
use super::resource::{Resource, Resources, Trusted};
use super::revocation::{RevocationLimits, Revocations};
use crate::aauth::identifier::{IdentifierRules, ServerId};
use crate::aauth::key::{Algorithm, InvalidPrivateKey, Jwks, SigningKey};
use crate::aauth::metadata::{About, ResourceMetadata};
use crate::aauth::signature::SignatureRules;
use crate::aauth::verify::TokenRules;
use crate::clock::{Seconds, SharedClock};
use crate::discovery::{Development, DiscoveryConfig, InvalidDiscovery, Issuers};
use crate::policy::{LoadErrors, PolicyStore, StoreConfig};
use crate::replay::ReplayCache;

/// Why a valid configuration cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A key file cannot be read.
    #[error("the signing key of resource `{resource}` cannot be read from `{}`: {source}", file.display())]
    UnreadableKey {
        /// Whose.
        resource: String,
        /// Which file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A key file holds no key we can use.
    #[error("`{}`, the signing key of resource `{resource}`: {source}", file.display())]
    UnusableKey {
        /// Whose.
        resource: String,
        /// Which file.
        file: PathBuf,
        /// Why.
        source: InvalidPrivateKey,
    },
    /// The key is on another curve than its `alg` says.
    #[error("`{}` holds a key for {}, but `signing_key.alg` of resource `{resource}` says {}", file.display(), found.name(), stated.name())]
    OtherAlgorithm {
        /// Whose.
        resource: String,
        /// Which file.
        file: PathBuf,
        /// What the file holds.
        found: Algorithm,
        /// What the configuration says.
        stated: Algorithm,
    },
    /// A resource that has neither issuer nor host has no identity to be an audience.
    #[error("resource `{0}` needs an `issuer`, or a host to derive one from")]
    NoIdentity(String),
    /// Discovery refuses its settings.
    #[error(transparent)]
    Discovery(#[from] InvalidDiscovery),
    /// The policies have faults.
    #[error("the policies cannot be used:\n{}", each(.0))]
    Policies(LoadErrors),
    /// The candidate set has faults.
    #[error("the policies in `policies.shadow_dir` cannot be used:\n{}", each(.0))]
    Candidate(LoadErrors),
}

/// Every fault, on a line of its own.
fn each(errors: &LoadErrors) -> String {
    let lines: Vec<_> = errors.faults().iter().map(ToString::to_string).collect();
    lines.join("\n")
}

impl Authorizer {
    /// Builds everything a check needs.
    pub fn build(config: &Config, clock: SharedClock) -> Result<Self, BuildError> {
        let identifiers = config.development.identifier_rules();
        let resources: Result<Vec<_>, _> =
            config.resources.iter().map(|resource| build_resource(resource, &config.limits, identifiers)).collect();
        let issuers = Issuers::new(&discovery(config), clock.clone())?;
        let policies = PolicyStore::open(StoreConfig {
            policies_dir: config.policies.dir.clone(),
            schemas_dir: config.policies.schemas.clone(),
            resources: config.resources.iter().map(|r| r.id.as_str().to_owned()).collect(),
        })
        .map_err(BuildError::Policies)?;
        let resources = Resources::new(resources?);
        let window = resources.iter().map(|r| r.signatures.window).max().unwrap_or(0);
        let limits = &config.limits;
        Ok(Self {
            known: KnownTokens::new(saturating(limits.token_cache_entries)),
            replays: ReplayCache::new(saturating(limits.replay_cache_entries), window),
            revocations: Revocations::new(RevocationLimits {
                per_issuer: limits.revocations_per_issuer,
                per_minute: u32::try_from(limits.revocation_rate_per_minute).unwrap_or(u32::MAX),
            }),
            // Half of a check's time: what is left has to be enough for everything else.
            fetch_budget: limits.check_timeout / 2,
            policies: Arc::new(policies),
            resources,
            issuers,
            clock,
        })
    }
}

fn discovery(config: &Config) -> DiscoveryConfig {
    let connect = config.development.connect.iter();
    DiscoveryConfig {
        success_ttl: config.jwks_cache.success_ttl,
        error_ttl: config.jwks_cache.error_ttl,
        max_entries: saturating(config.jwks_cache.max_entries),
        pinned_jwks: pinned(config),
        admit_jwks_origins: config.jwks_cache.admit_jwks_origins.iter().map(ToString::to_string).collect(),
        development: Development {
            loopback_issuers: config.development.loopback_issuers,
            connect: connect.map(|(issuer, url)| (issuer.to_string(), url.to_string())).collect(),
        },
    }
}

/// The `jwks_uri` that each issuer may name, where a resource pins one.
fn pinned(config: &Config) -> BTreeMap<ServerId, String> {
    let lists = config.resources.iter().flat_map(|r| [&r.agent_servers, &r.person_servers, &r.auth_servers]);
    let pin = |trusted: &TrustedIssuer| match (&trusted.issuer, &trusted.jwks_uri) {
        (Issuer::Named(id), Some(uri)) => Some((id.clone(), uri.to_string())),
        (Issuer::Any, _) | (_, None) => None,
    };
    lists.flatten().filter_map(pin).collect()
}

fn build_resource(
    config: &ResourceConfig,
    limits: &Limits,
    identifiers: IdentifierRules,
) -> Result<Resource, BuildError> {
    let id = config.id.as_str();
    let keys = config.signing_keys.as_ref();
    let current = keys.map(|keys| read_key(id, &keys.current)).transpose()?;
    let previous: Result<Vec<_>, _> =
        keys.iter().flat_map(|keys| &keys.previous).map(|key| read_key(id, key)).collect();
    resource_with(config, limits, identifiers, current, previous?)
}

/// The resource of a configuration, with keys that were read already.
pub(crate) fn resource_with(
    config: &ResourceConfig,
    limits: &Limits,
    identifiers: IdentifierRules,
    current: Option<SigningKey>,
    previous: Vec<SigningKey>,
) -> Result<Resource, BuildError> {
    let id = config.id.as_str().to_owned();
    let issuer = identity(config, identifiers).ok_or_else(|| BuildError::NoIdentity(id.clone()))?;
    let published: Vec<_> = current.iter().cloned().chain(previous).collect();
    let window = seconds(config.signatures.window);
    let scope_descriptions = config
        .scope_descriptions
        .clone()
        .into_iter()
        .chain(config.supported_scopes.iter().map(|scope| (scope.clone(), scope.clone())))
        .collect();
    let mut resource = Resource {
        hosts: config.hosts.clone(),
        access: config.access,
        anonymous: config.allow_anonymous,
        signatures: SignatureRules {
            window,
            additional_components: config.signatures.additional_components.clone(),
            schemes: config.signatures.allowed_schemes.clone(),
            base64url: config.signatures.allow_base64url,
            max_key_bytes: limits.max_token_bytes,
        },
        tokens: TokenRules {
            audience: issuer.clone(),
            identifiers,
            window,
            max_agent_lifetime: seconds(config.max_agent_token_lifetime),
        },
        token_types: config.allowed_jwt_types.clone(),
        agent_servers: trusted(&config.agent_servers),
        person_servers: trusted(&config.person_servers),
        auth_servers: trusted(&config.auth_servers),
        access_server: config.access_server.clone(),
        jwks: Jwks::of(published.iter().map(SigningKey::public)),
        signing_key: current,
        scope_descriptions,
        identity_scopes: config.identity_scopes.iter().cloned().collect(),
        default_scopes: config.default_resource_token_scopes.clone(),
        resource_token_lifetime: seconds(config.resource_token_lifetime),
        authority_override: config.authority_override.clone(),
        scheme: config.scheme_override.map(|scheme| scheme.name().to_owned()),
        strip_signature_headers: config.strip_signature_headers,
        refuse_replays: config.replay_protection,
        policy_headers: config.forward_headers_to_policy.clone(),
        rpc: config.rpc.clone(),
        authorization_path: config.authorization_endpoint.path.clone(),
        revocation_path: config.revocation_endpoint.path.clone(),
        metadata: ResourceMetadata::default(),
        issuer,
        id,
    };
    resource.metadata = metadata(config, &resource);
    Ok(resource)
}

/// Who the resource is: as configured, else its first host.
fn identity(config: &ResourceConfig, identifiers: IdentifierRules) -> Option<ServerId> {
    if let Some(issuer) = &config.issuer {
        return Some(issuer.clone());
    }
    let host = config.hosts.first()?;
    let parse = |scheme| ServerId::parse_under(&format!("{scheme}://{host}"), identifiers).ok();
    parse("https").or_else(|| parse("http"))
}

fn metadata(config: &ResourceConfig, resource: &Resource) -> ResourceMetadata {
    let display = &config.display;
    let url = |url: &Option<super::config::WebUrl>| url.as_ref().map(ToString::to_string);
    let signs = resource.signing_key.is_some();
    let takes_grants = !resource.person_servers.is_nobody();
    let hears_revocations = takes_grants || !resource.auth_servers.is_nobody();
    ResourceMetadata {
        issuer: resource.issuer.to_string(),
        jwks_uri: signs.then(|| format!("{}/.well-known/jwks.json", resource.issuer)),
        access_mode: Some(resource.access.name().to_owned()),
        about: About {
            accept_signature_algs: Algorithm::ALL.map(|alg| alg.name().to_owned()).to_vec(),
            name: display.name.clone(),
            description: display.description.clone(),
            logo_uri: url(&display.logo_uri),
            logo_dark_uri: url(&display.logo_dark_uri),
            documentation_uri: url(&display.documentation_uri),
            tos_uri: url(&display.tos_uri),
            policy_uri: url(&display.policy_uri),
        },
        authorization_endpoint: (signs && takes_grants).then(|| config.authorization_endpoint.url(&resource.issuer)),
        revocation_endpoint: hears_revocations.then(|| config.revocation_endpoint.url(&resource.issuer)),
        scope_descriptions: resource.scope_descriptions.clone(),
        signature_window: u64::try_from(resource.signatures.window).ok(),
        additional_signature_components: resource.signatures.additional_components.clone(),
    }
}

fn trusted(list: &[TrustedIssuer]) -> Trusted {
    let mut named = BTreeSet::new();
    let mut any = false;
    for trusted in list {
        match &trusted.issuer {
            Issuer::Any => any = true,
            Issuer::Named(id) => {
                named.insert(id.clone());
            }
        }
    }
    Trusted { any, named }
}

fn read_key(resource: &str, key: &KeyFile) -> Result<SigningKey, BuildError> {
    let (resource, file) = (resource.to_owned(), key.private_key_file.clone());
    let pem = match read_small(&file) {
        Ok(pem) => pem,
        Err(source) => return Err(BuildError::UnreadableKey { resource, file, source }),
    };
    let read = match SigningKey::from_pkcs8_pem(&key.kid, &pem) {
        Ok(read) => read,
        Err(source) => return Err(BuildError::UnusableKey { resource, file, source }),
    };
    let found = read.public().algorithm();
    if found != key.alg {
        return Err(BuildError::OtherAlgorithm { resource, file, found, stated: key.alg });
    }
    Ok(read)
}

/// A file that holds a key is small; anything else is not one.
fn read_small(file: &Path) -> std::io::Result<String> {
    use std::io::Read as _;
    let mut text = String::new();
    std::fs::File::open(file)?.take(64 * 1024).read_to_string(&mut text)?;
    Ok(text)
}

fn seconds(duration: std::time::Duration) -> Seconds {
    Seconds::try_from(duration.as_secs()).unwrap_or(Seconds::MAX)
}

fn saturating(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
