//! The configuration as it is written: YAML, each unknown key an error.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Deserializer};

/// The file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    /// Who this server is.
    pub(super) issuer: String,
    /// What it is called.
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) listen: Listen,
    #[serde(default)]
    pub(super) database: Database,
    #[serde(default)]
    pub(super) keys: Keys,
    #[serde(default)]
    pub(super) policies: Policies,
    /// Other providers whose agents are served.
    #[serde(default)]
    pub(super) agent_providers: Vec<Party>,
    #[serde(default)]
    pub(super) pending: Pending,
    #[serde(default)]
    pub(super) agent_tokens: AgentTokens,
    #[serde(default, deserialize_with = "seconds")]
    pub(super) signature_window: Option<Duration>,
    #[serde(default)]
    pub(super) limits: Limits,
    #[serde(default)]
    pub(super) retention: Retention,
    #[serde(default)]
    pub(super) log: Log,
    #[serde(default)]
    pub(super) development: Development,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Listen {
    pub(super) http: SocketAddr,
    pub(super) tls: Option<Tls>,
    /// How long requests under way may take to end.
    #[serde(deserialize_with = "seconds")]
    pub(super) drain: Option<Duration>,
}

impl Default for Listen {
    fn default() -> Self {
        Self { http: SocketAddr::from(([127, 0, 0, 1], 8765)), tls: None, drain: None }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tls {
    pub(super) certificate_file: PathBuf,
    pub(super) key_file: PathBuf,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Database {
    /// `sqlite://path/to/file` or `postgres://user@host/name`.
    pub(super) url: Option<String>,
    /// A file that holds the URL, where it has a password in it.
    pub(super) url_file: Option<PathBuf>,
    pub(super) connections: Option<u32>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Keys {
    pub(super) dir: PathBuf,
}

impl Default for Keys {
    fn default() -> Self {
        Self { dir: PathBuf::from("keys") }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Policies {
    pub(super) dir: Option<PathBuf>,
    pub(super) schemas: Option<PathBuf>,
    pub(super) watch: bool,
}

impl Default for Policies {
    fn default() -> Self {
        Self { dir: None, schemas: None, watch: true }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Party {
    /// The identifier, or `*` for everybody.
    pub(super) issuer: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Pending {
    #[serde(deserialize_with = "seconds")]
    pub(super) ttl: Option<Duration>,
    #[serde(deserialize_with = "seconds")]
    pub(super) poll_interval: Option<Duration>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct AgentTokens {
    #[serde(deserialize_with = "seconds")]
    pub(super) lifetime: Option<Duration>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Limits {
    pub(super) pending_per_asker: Option<u32>,
    pub(super) pending_per_person: Option<u32>,
    pub(super) resources_per_hour: Option<u32>,
    pub(super) connections: Option<usize>,
    pub(super) enrollments_waiting: Option<u32>,
    pub(super) enrollments_per_minute: Option<u32>,
    pub(super) subagents_per_agent: Option<u32>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Retention {
    /// How long what happened is kept.
    #[serde(deserialize_with = "seconds")]
    pub(super) audit: Option<Duration>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Log {
    /// As `RUST_LOG` has it.
    pub(super) filter: Option<String>,
    /// One JSON object a line, instead of text.
    pub(super) json: bool,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Development {
    pub(super) loopback_issuers: bool,
    pub(super) connect: BTreeMap<String, String>,
}

/// `10m`, `45s`, `1h 30m`.
fn seconds<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    use serde::de::Error as _;
    let Some(text) = Option::<String>::deserialize(from)? else { return Ok(None) };
    let duration = humantime::parse_duration(&text);
    duration
        .map(Some)
        .map_err(|_| D::Error::custom(format!("`{text}` is not a duration such as `45s`, `10m` or `24h`")))
}
