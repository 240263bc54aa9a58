//! `authorizer keys generate`: a new signing key for a resource.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Subcommand, ValueEnum};

use crate::aauth::key::SigningKey;
use crate::authorizer::random;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a new private key to FILE, readable by its owner alone. An existing file is never replaced.
    Generate {
        /// Where to write it (PKCS#8 PEM).
        file: PathBuf,
        /// The algorithm it is for.
        #[arg(long, value_enum, default_value = "ed25519")]
        alg: Alg,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Alg {
    /// Ed25519
    Ed25519,
    /// ES256
    Es256,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let Command::Generate { file, alg } = &arguments.command;
    let key = generate(*alg);
    let pem = key.to_pkcs8_pem()?;
    write_private(file, &pem).with_context(|| format!("cannot write `{}`", file.display()))?;
    println!(
        "{}: a new {} key, thumbprint {}",
        file.display(),
        key.public().algorithm().name(),
        key.public().thumbprint()
    );
    Ok(())
}

fn generate(alg: Alg) -> SigningKey {
    loop {
        let seed = random::seed();
        match alg {
            Alg::Ed25519 => return SigningKey::ed25519("", &seed),
            // One in 2^32 seeds is no scalar of the curve.
            Alg::Es256 => {
                if let Some(key) = SigningKey::es256("", &seed) {
                    return key;
                }
            }
        }
    }
}

fn write_private(file: &Path, pem: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(file)?.write_all(pem.as_bytes())
}
