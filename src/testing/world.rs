//! The world of a suite: its resources as the server would build them, and its issuers, in memory.
//!
//! A resource comes from the configuration, if there is one, else from the suite. There it trusts exactly the issuers
//! of the fixtures. Nothing is fetched, no key file is opened: keys are made from names.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::fixture;
use super::keys;
use super::suite::{Caller, Proof, Suite};
use crate::aauth::identifier::{IdentifierRules, ServerId};
use crate::aauth::key::Jwks;
use crate::aauth::metadata::Dwk;
use crate::aauth::signature::Scheme;
use crate::authorizer::build::{BuildError, resource_with};
use crate::authorizer::check::Authorizer;
use crate::authorizer::config::{Config, Issuer, Limits, Profile, ResourceConfig, ResourceId, TrustedIssuer};
use crate::authorizer::known::KnownTokens;
use crate::authorizer::resource::{Resource, Resources};
use crate::authorizer::revocation::{RevocationLimits, Revocations};
use crate::clock::{FixedClock, Seconds};
use crate::discovery::{
    Development, DiscoveryConfig, DiscoveryFault, Document, Fetch, Fetching, InvalidDiscovery, Issuers, Target,
};
use crate::policy::{PolicyStore, Snapshot};
use crate::replay::ReplayCache;

/// The resource of a suite that belongs to none, as those of `_all`.
pub(super) const ANY: &str = "any";

/// What the suites of a folder have in common.
pub(super) struct Setting<'a> {
    /// The configuration, where there is one.
    pub(super) config: Option<&'a Config>,
    /// The ids of the resources there are.
    pub(super) resources: &'a [String],
    /// The scopes that the policies name.
    pub(super) scopes: Vec<String>,
}

/// A suite's resources, issuers and time.
#[derive(Debug)]
pub(super) struct World {
    resources: Resources,
    home: Option<Arc<Resource>>,
    issuers: Issuers,
    clock: FixedClock,
    withdrawn: Vec<(ServerId, String, Seconds)>,
}

/// Why a world cannot be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum WorldError {
    #[error(transparent)]
    Resource(#[from] BuildError),
    #[error(transparent)]
    Discovery(#[from] InvalidDiscovery),
}

impl World {
    /// The world of a suite at a time.
    pub(super) fn new(suite: &Suite, setting: &Setting<'_>, now: Seconds) -> Result<Self, WorldError> {
        let identifiers = identifiers(setting.config);
        let resources = match setting.config {
            Some(config) => configured(config, identifiers)?,
            None => described(suite, setting)?,
        };
        let resources = Resources::new(resources);
        let home = resources.by_id(suite.resource_id()).or_else(|| resources.iter().next()).map(Arc::clone);
        let clock = FixedClock::at(now);
        let development =
            Development { loopback_issuers: identifiers == IdentifierRules::LoopbackAllowed, ..Development::default() };
        let discovery = DiscoveryConfig { development, ..DiscoveryConfig::default() };
        let documents = Arc::new(Documents::of(suite.callers.values()));
        let issuers = Issuers::with_fetch(&discovery, Arc::new(clock.clone()), documents)?;
        let withdrawn = suite.callers.iter().filter_map(|(name, caller)| match &caller.proof {
            Proof::Token(token) if token.revoked => {
                let jti = fixture::jti(token, name).to_owned();
                Some((token.issuer.clone(), jti, fixture::expiry(token, now)))
            }
            Proof::Token(_) | Proof::Anonymous | Proof::Key | Proof::Server(_) => None,
        });
        Ok(Self { withdrawn: withdrawn.collect(), resources, home, issuers, clock })
    }

    /// The resource that a request to this host is for; the suite's own, without a host.
    pub(super) fn resource(&self, host: Option<&str>) -> Option<&Arc<Resource>> {
        host.and_then(|host| self.resources.by_host(host)).or(self.home.as_ref())
    }

    /// An authorizer of this world, under these policies.
    pub(super) fn authorizer(&self, snapshot: &Arc<Snapshot>) -> Authorizer {
        let revocations = Revocations::new(RevocationLimits { per_issuer: 10_000, per_minute: 10_000 });
        let now = crate::clock::Clock::now(&self.clock);
        for (issuer, jti, expiry) in &self.withdrawn {
            // Too many, or one that ends too late to be a token's: then it is not withdrawn, and its test says so.
            let _ = revocations.record(issuer, jti, *expiry, now);
        }
        Authorizer {
            resources: self.resources.clone(),
            issuers: self.issuers.clone(),
            policies: Arc::new(PolicyStore::standing(Arc::clone(snapshot))),
            known: KnownTokens::new(10_000),
            replays: ReplayCache::new(1, 1),
            revocations,
            clock: Arc::new(self.clock.clone()),
            fetch_budget: Duration::from_secs(2),
        }
    }
}

impl Suite {
    /// The id of the resource that its requests are for.
    pub(super) fn resource_id(&self) -> &str {
        let own = self.resource.as_ref().map(|resource| resource.id.as_str());
        own.or(self.home.as_deref()).unwrap_or(ANY)
    }
}

/// The identifiers that a deployment admits.
pub(super) fn identifiers(config: Option<&Config>) -> IdentifierRules {
    config.map_or(IdentifierRules::Strict, |config| config.development.identifier_rules())
}

fn configured(config: &Config, identifiers: IdentifierRules) -> Result<Vec<Resource>, BuildError> {
    let build = |resource: &ResourceConfig| {
        let resource = without_replay(resource.clone());
        let key = resource.signing_keys.is_some().then(|| keys::of_resource(resource.id.as_str()));
        resource_with(&resource, &config.limits, identifiers, key, Vec::new())
    };
    config.resources.iter().map(build).collect()
}

fn described(suite: &Suite, setting: &Setting<'_>) -> Result<Vec<Resource>, BuildError> {
    let own = suite.resource_id();
    let ids: BTreeSet<&str> = setting.resources.iter().map(String::as_str).chain([own]).collect();
    let mut resources = Vec::new();
    for id in ids {
        let described = suite.resource.as_ref().filter(|_| id == own).cloned();
        let Some(plain) = described.or_else(|| ResourceId::parse(id).ok().map(ResourceConfig::new)) else { continue };
        let complete = without_replay(complete(plain, suite, &setting.scopes));
        let key = keys::of_resource(id);
        resources.push(resource_with(&complete, &Limits::default(), IdentifierRules::Strict, Some(key), Vec::new())?);
    }
    Ok(resources)
}

/// Each test is alone, and two of them may send the same.
fn without_replay(resource: ResourceConfig) -> ResourceConfig {
    ResourceConfig { replay_protection: false, ..resource }
}

/// What a suite need not say of its resource.
fn complete(mut resource: ResourceConfig, suite: &Suite, scopes: &[String]) -> ResourceConfig {
    let host = format!("{}.example", resource.id);
    if resource.issuer.is_none() {
        resource.issuer = ServerId::parse(&format!("https://{}", resource.hosts.first().unwrap_or(&host))).ok();
    }
    if resource.hosts.is_empty() {
        resource.hosts.push(host);
    }
    if resource.scope_descriptions.is_empty() && resource.supported_scopes.is_empty() {
        resource.supported_scopes = scopes.to_vec();
    }
    let proofs = || suite.callers.values().filter(|caller| caller.trusted).map(|caller| &caller.proof);
    let schemes = &mut resource.signatures.allowed_schemes;
    if *schemes == [Scheme::Jwt] {
        schemes.extend(proofs().any(|proof| matches!(proof, Proof::Key)).then_some(Scheme::Hwk));
        schemes.extend(proofs().any(|proof| matches!(proof, Proof::Server(_))).then_some(Scheme::JwksUri));
    }
    for (trusted, kind) in [
        (&mut resource.agent_servers, Dwk::Agent),
        (&mut resource.person_servers, Dwk::Person),
        (&mut resource.auth_servers, Dwk::Access),
    ] {
        if trusted.is_empty() {
            let issuers: BTreeSet<ServerId> =
                proofs().filter_map(issuer).filter(|(_, dwk)| *dwk == kind).map(|(issuer, _)| issuer.clone()).collect();
            trusted.extend(issuers.into_iter().map(|issuer| TrustedIssuer {
                issuer: Issuer::Named(issuer),
                jwks_uri: None,
                profile: Profile::default(),
            }));
        }
    }
    // Without somebody to ask, no policy could ask for a token: a suite of agents alone would never see a challenge.
    // Nobody can be this one.
    if resource.person_servers.is_empty()
        && let Ok(server) = ServerId::parse("https://person-server.invalid")
    {
        resource.person_servers.push(TrustedIssuer {
            issuer: Issuer::Named(server),
            jwks_uri: None,
            profile: Profile::default(),
        });
    }
    resource
}

/// Who signs what a caller presents, and how their keys are found.
fn issuer(proof: &Proof) -> Option<(&ServerId, Dwk)> {
    match proof {
        Proof::Token(token) => Some((&token.issuer, fixture::dwk(token))),
        Proof::Server(id) => Some((id, Dwk::Agent)),
        Proof::Anonymous | Proof::Key => None,
    }
}

/// The documents of the fixtures' issuers.
#[derive(Debug)]
struct Documents(HashMap<String, Value>);

impl Documents {
    fn of<'a>(callers: impl Iterator<Item = &'a Caller>) -> Self {
        let mut documents = HashMap::new();
        for (issuer, dwk) in callers.filter_map(|caller| issuer(&caller.proof)) {
            let jwks_uri = format!("{issuer}/jwks");
            let metadata = json!({ "issuer": issuer.as_str(), "jwks_uri": jwks_uri });
            documents.insert(issuer.well_known(dwk.name()), metadata);
            documents.insert(jwks_uri, Jwks::of([keys::of_issuer(issuer.as_str()).public()]).to_json());
        }
        Self(documents)
    }
}

impl Fetch for Documents {
    fn fetch<'a>(&'a self, target: &'a Target) -> Fetching<'a> {
        Box::pin(async {
            let document = self.0.get(target.url()).ok_or(DiscoveryFault::Status(404))?;
            Ok(Document { body: document.to_string().into_bytes(), ..Document::default() })
        })
    }
}
