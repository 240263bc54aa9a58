//! The command line: `person-server serve`, `check`, `keys`, `people`, `backup`.

mod backup;
pub mod keys;
pub mod people;
mod serve;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use aauth_authorizer::clock::SystemClock;
use clap::{Args, Parser, Subcommand};

use crate::config::{self, Config, Overrides};

/// The arguments.
#[derive(Debug, Parser)]
#[command(name = "person-server", version, about = "AAuth Person Server: stands for a person and their agents")]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve until told to stop.
    Serve(Configured),
    /// Say what is wrong with the configuration, the keys and the policies, and change nothing.
    Check(Configured),
    /// Show or rotate the signing keys.
    Keys {
        #[command(flatten)]
        configured: Configured,
        #[command(flatten)]
        keys: keys::Arguments,
    },
    /// Write a consistent copy of the SQLite database, while the server runs. PostgreSQL has `pg_dump`.
    Backup {
        #[command(flatten)]
        configured: Configured,
        /// The file to write. It must not exist.
        to: PathBuf,
    },
    /// Add persons, and give them links to set up with and tokens for scripts.
    People {
        #[command(flatten)]
        configured: Configured,
        #[command(flatten)]
        people: people::Arguments,
    },
}

/// Which configuration.
#[derive(Debug, Args)]
struct Configured {
    /// The configuration file.
    #[arg(long, env = "PERSON_SERVER_CONFIG", default_value = "person-server.yaml", global = true)]
    config: PathBuf,
    /// Instead of `issuer`.
    #[arg(long, env = "PERSON_SERVER_ISSUER", global = true)]
    issuer: Option<String>,
    /// Instead of `database.url`.
    #[arg(long, env = "PERSON_SERVER_DATABASE_URL", hide_env_values = true, global = true)]
    database: Option<String>,
    /// Instead of `listen.http`.
    #[arg(long, env = "PERSON_SERVER_LISTEN", global = true)]
    listen: Option<std::net::SocketAddr>,
}

impl Configured {
    fn read(self) -> anyhow::Result<Config> {
        let Self { config, issuer, database, listen } = self;
        Ok(config::read(&config, &Overrides { issuer, database, listen })?)
    }
}

/// Runs a command. What goes wrong is told on standard error.
pub fn run(arguments: Arguments) -> ExitCode {
    let done = match arguments.command {
        Command::Serve(configured) => configured.read().and_then(serve::serve),
        Command::Check(configured) => configured.read().and_then(|config| serve::check(&config)),
        Command::Keys { configured, keys } => configured
            .read()
            .and_then(|config| keys::run(&keys, &config.keys_dir, &SystemClock, &mut io::stdout().lock())),
        Command::Backup { configured, to } => configured.read().and_then(|config| backup::run(&config, &to)),
        Command::People { configured, people } => {
            configured.read().and_then(|config| people::run(&people, &config, &mut io::stdout().lock()))
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
