//! The configuration: a YAML file, and a few settings that the command line or the environment overrides.
//!
//! | file | what it is |
//! |---|---|
//! | `file` | the file as it is written |
//! | `read` | from the file to what the program goes by |
//! | `settings` | what the use cases go by |

mod file;
mod read;
mod settings;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use aauth_authorizer::clock::Seconds;
use aauth_authorizer::discovery::DiscoveryConfig;

use crate::governance::GovernanceConfig;
use crate::store::StoreConfig;

pub use read::{InvalidConfig, parse, read};
pub use settings::{Limits, Providers, Settings};

/// What a person server runs with.
#[derive(Debug, Clone)]
pub struct Config {
    /// What the use cases go by.
    pub settings: Settings,
    /// Where things are kept.
    pub store: StoreConfig,
    /// How others are reached.
    pub discovery: DiscoveryConfig,
    /// Where the keys are.
    pub keys_dir: PathBuf,
    /// Where the policies are.
    pub governance: GovernanceConfig,
    /// Whether policies are reloaded when they change.
    pub watch_policies: bool,
    /// Where to listen.
    pub listen: ListenConfig,
    /// How long what happened is kept, in seconds.
    pub audit_kept: Seconds,
    /// What is logged.
    pub log: LogConfig,
}

/// Where to listen.
#[derive(Debug, Clone)]
pub struct ListenConfig {
    /// The address.
    pub address: SocketAddr,
    /// The certificate, where it is not a proxy's.
    pub tls: Option<TlsFiles>,
    /// How long requests under way may take to end.
    pub drain: Duration,
    /// Connections at once. One that waits for the person holds one.
    pub connections: usize,
}

/// PEM files.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The chain.
    pub certificate: PathBuf,
    /// The key.
    pub key: PathBuf,
}

/// What is logged.
#[derive(Debug, Clone)]
pub struct LogConfig {
    /// As `RUST_LOG` has it.
    pub filter: String,
    /// One JSON object a line.
    pub json: bool,
}

/// What the command line or the environment says instead of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `issuer`
    pub issuer: Option<String>,
    /// `database.url`
    pub database: Option<String>,
    /// `listen.http`
    pub listen: Option<SocketAddr>,
}
