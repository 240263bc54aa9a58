//! What belongs to the process as a whole: policies, development switches, the key cache, logs and traces.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::duration;
use super::reader::Section;
use super::url::{self, WebUrl};
use super::values::{count, flag, ratio, server_id, text, word};
use crate::aauth::identifier::{IdentifierRules, ServerId};

/// Where policies come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policies {
    /// One folder a resource, and `_all`.
    pub dir: PathBuf,
    /// The Cedar schemas that policies are validated against.
    pub schemas: PathBuf,
    /// Whether edits take effect without a restart.
    pub watch: bool,
    /// A candidate set, asked beside the one in force and never obeyed.
    pub shadow_dir: Option<PathBuf>,
}

impl Default for Policies {
    fn default() -> Self {
        Self { dir: "policies".into(), schemas: "schemas".into(), watch: true, shadow_dir: None }
    }
}

impl Policies {
    pub(super) fn read(section: &Section<'_>) -> Self {
        let mut policies = Self {
            dir: section.folder("dir", "policies"),
            schemas: section.folder("schemas", "schemas"),
            watch: true,
            shadow_dir: section.has("shadow_dir").then(|| section.folder("shadow_dir", "")),
        };
        section.set("watch", &mut policies.watch, flag);
        policies
    }
}

/// Relaxations for a developer's machine. Absent in production; loud at start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Development {
    /// Whether `http` and ports are admitted for loopback hosts and `*.localhost`.
    pub loopback_issuers: bool,
    /// Where an issuer is reached, for outgoing fetches only; every target is loopback.
    pub connect: BTreeMap<ServerId, WebUrl>,
}

impl Development {
    /// The identifiers that this deployment admits.
    pub fn identifier_rules(&self) -> IdentifierRules {
        if self.loopback_issuers { IdentifierRules::LoopbackAllowed } else { IdentifierRules::Strict }
    }

    /// Whether anything is relaxed.
    pub fn is_on(&self) -> bool {
        self.loopback_issuers || !self.connect.is_empty()
    }

    pub(super) fn read(section: &Section<'_>) -> Self {
        let mut development = Self::default();
        section.set("loopback_issuers", &mut development.loopback_issuers, flag);
        let issuer = server_id(development.identifier_rules());
        development.connect = section.map("connect", issuer, url::loopback_origin).into_iter().collect();
        development
    }
}

/// How long issuers' keys are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JwksCache {
    /// How long a key set is fresh whose answer does not say so itself.
    pub success_ttl: Duration,
    /// How long a failure to fetch is remembered.
    pub error_ttl: Duration,
    /// Key sets that are kept.
    pub max_entries: usize,
    /// Other origins than an issuer's own that its `jwks_uri` may lead to.
    pub admit_jwks_origins: Vec<ServerId>,
}

impl Default for JwksCache {
    fn default() -> Self {
        Self {
            success_ttl: Duration::from_mins(5),
            error_ttl: Duration::from_secs(30),
            max_entries: 1000,
            admit_jwks_origins: Vec::new(),
        }
    }
}

impl JwksCache {
    pub(super) fn read(section: &Section<'_>, rules: IdentifierRules) -> Self {
        let mut cache = Self::default();
        let (second, hour) = (Duration::from_secs(1), Duration::from_hours(1));
        section.set("success_ttl", &mut cache.success_ttl, duration::within(second..=24 * hour));
        section.set("error_ttl", &mut cache.error_ttl, duration::within(second..=hour));
        section.set("max_entries", &mut cache.max_entries, count(1..=100_000));
        cache.admit_jwks_origins = section.list("admit_jwks_origins", server_id(rules));
        cache
    }
}

/// The log of decisions: one JSON line a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionLog {
    /// Where lines go.
    pub to: DecisionSink,
    /// Lines that wait to be written; beyond them lines are dropped, never checks.
    pub queue: usize,
    /// Whether lines hold what the policies were asked, persons and queries included.
    pub inputs: bool,
}

/// Where decisions are logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecisionSink {
    /// Standard output, written `-`.
    Stdout,
    /// A file that is appended to.
    File(PathBuf),
    /// Nowhere, written `off`.
    Off,
}

impl Default for DecisionLog {
    fn default() -> Self {
        Self { to: DecisionSink::Stdout, queue: 4096, inputs: false }
    }
}

impl DecisionLog {
    pub(super) fn read(section: &Section<'_>) -> Self {
        let mut log = Self::default();
        section.set("path", &mut log.to, |text| match text {
            "-" => Ok(DecisionSink::Stdout),
            "off" => Ok(DecisionSink::Off),
            path => section.new_file(path).map(DecisionSink::File),
        });
        section.set("queue", &mut log.queue, count(1..=1_000_000));
        section.set("inputs", &mut log.inputs, flag);
        log
    }
}

/// Traces.
#[derive(Debug, Clone, PartialEq)]
pub struct Telemetry {
    /// Where spans are sent, by OTLP over gRPC; nowhere when absent.
    pub otlp_endpoint: Option<WebUrl>,
    /// The service that spans are of.
    pub service_name: String,
    /// The part of traces begun here that is kept, from 0 to 1.
    pub sample_ratio: f64,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self { otlp_endpoint: None, service_name: "aauth-authorizer".to_owned(), sample_ratio: 1.0 }
    }
}

impl Telemetry {
    pub(super) fn read(section: &Section<'_>) -> Self {
        let mut telemetry = Self { otlp_endpoint: section.value("otlp_endpoint", url::any), ..Self::default() };
        section.set("service_name", &mut telemetry.service_name, text);
        section.set("sample_ratio", &mut telemetry.sample_ratio, ratio);
        telemetry
    }
}

/// The log of the process itself, on standard error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// How a line looks.
    pub format: LogFormat,
    /// What is logged, such as `info` or `info,aauth_authorizer::discovery=debug`.
    pub filter: String,
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Text, filter: "info".to_owned() }
    }
}

impl Log {
    pub(super) fn read(section: &Section<'_>) -> Self {
        let mut log = Self::default();
        let formats = &[("text", LogFormat::Text), ("json", LogFormat::Json)];
        section.set("format", &mut log.format, word("a log format", formats));
        section.set("filter", &mut log.filter, text);
        log
    }
}
