//! The configuration: one YAML file, read whole at start, with every mistake reported at once.
//!
//! Plain data in, plain data out: nothing here opens a key, a socket or a policy. [`Config::load`] looks whether the
//! files that are named exist; [`Config::parse`] does not even that. Unknown keys are mistakes; the keys of the
//! earlier generation are known. `docs/configuration.md` lists every key.

use std::path::Path;

mod check;
pub(crate) mod duration;
mod endpoint;
pub(crate) mod error;
mod files;
pub(crate) mod item;
mod keys;
mod legacy;
mod limits;
mod listen;
mod process;
pub(crate) mod reader;
mod resource;
pub(crate) mod resource_reader;
mod rpc;
mod size;
mod trust;
mod url;
pub(crate) mod values;
pub(crate) mod yaml;

#[cfg(test)]
mod tests;

pub use endpoint::Endpoint;
pub use error::{ConfigErrors, Fault, Mistake, Place, Position, Warning};
pub use keys::{KeyFile, SigningKeys};
pub use limits::Limits;
pub use listen::{GrpcListen, Listen, Tls};
pub use process::{DecisionLog, DecisionSink, Development, JwksCache, Log, LogFormat, Policies, Telemetry};
pub use resource::{DisplayMetadata, MAX_RESOURCE_TOKEN_LIFETIME, ResourceConfig, ResourceId, Scheme, SignatureRules};
pub use trust::{Issuer, Profile, TrustedIssuer, trusted};
pub use url::WebUrl;

use reader::{Report, Section};

/// Everything the authorizer is told.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Config {
    /// Where it listens.
    pub listen: Listen,
    /// Where policies come from.
    pub policies: Policies,
    /// Relaxations for a developer's machine.
    pub development: Development,
    /// How long issuers' keys are kept.
    pub jwks_cache: JwksCache,
    /// The bounds of the process.
    pub limits: Limits,
    /// Whether gRPC reflection is served.
    pub reflection: bool,
    /// The log of decisions.
    pub decision_log: DecisionLog,
    /// Traces.
    pub telemetry: Telemetry,
    /// The log of the process.
    pub log: Log,
    /// What is protected.
    pub resources: Vec<ResourceConfig>,
}

impl Config {
    /// Reads a configuration file and looks for the files it names.
    pub fn load(path: &Path) -> Result<(Self, Vec<Warning>), ConfigErrors> {
        let name = path.display().to_string();
        let text = read_bounded(path).map_err(|why| ConfigErrors::unreadable(&name, &why))?;
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        Self::read(&text, Report::new(&name, Some(folder)))
    }

    /// Reads a configuration from text; `name` is what messages call it. Paths stay as they are written.
    pub fn parse(text: &str, name: &str) -> Result<(Self, Vec<Warning>), ConfigErrors> {
        Self::read(text, Report::new(name, None))
    }

    fn read(text: &str, report: Report) -> Result<(Self, Vec<Warning>), ConfigErrors> {
        let name = report.file().to_owned();
        let node = yaml::read(text).map_err(|mistake| ConfigErrors::new(&name, vec![mistake]))?;
        let config = Self::from_section(&Section::root(&report, node.as_ref()));
        let (mistakes, warnings) = report.into_parts();
        if mistakes.is_empty() { Ok((config, warnings)) } else { Err(ConfigErrors::new(&name, mistakes)) }
    }

    fn from_section(root: &Section<'_>) -> Self {
        // First, since it decides which identifiers the rest may hold.
        let development = Development::read(&root.section("development"));
        let rules = development.identifier_rules();

        let sections = root.sections("resources");
        let resources: Vec<_> = sections.into_iter().map(|s| (resource_reader::resource(&s, rules), s)).collect();
        for (resource, section) in &resources {
            check::resource(resource, section);
        }
        check::across(&resources);
        if resources.is_empty() {
            root.warn("resources", "none, so that every check is denied");
        }
        Self {
            listen: Listen::read(&root.section("listen")),
            policies: Policies::read(&root.section("policies")),
            jwks_cache: JwksCache::read(&root.section("jwks_cache"), rules),
            limits: Limits::read(&root.section("limits")),
            reflection: root.value("reflection", values::flag).unwrap_or(false),
            decision_log: DecisionLog::read(&root.section("decision_log")),
            telemetry: Telemetry::read(&root.section("telemetry")),
            log: Log::read(&root.section("log")),
            resources: resources.into_iter().map(|(resource, _)| resource).collect(),
            development,
        }
    }
}

/// Reads no more than one byte beyond what [`yaml::read`] admits, so that a device or a huge file does no harm.
pub(crate) fn read_bounded(path: &Path) -> std::io::Result<String> {
    use std::io::Read as _;
    let mut text = String::new();
    let limit = u64::try_from(yaml::MAX_BYTES).map_or(u64::MAX, |n| n + 1);
    std::fs::File::open(path)?.take(limit).read_to_string(&mut text)?;
    Ok(text)
}
