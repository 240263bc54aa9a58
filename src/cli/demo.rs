//! `authorizer demo`: the authorizer behind a gateway and a person server, walked by an agent.

use std::path::PathBuf;

use crate::demo::Options;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Walk once and end, with exit code 1 if anything comes out otherwise than it should.
    #[arg(long)]
    once: bool,
    /// The folder of policies; without it, copies of the samples in a temporary folder.
    #[arg(long, value_name = "DIR")]
    policies: Option<PathBuf>,
    /// The folder of schemas; likewise.
    #[arg(long, value_name = "DIR")]
    schemas: Option<PathBuf>,
    /// The `person-server` program; without it, the one beside this program.
    #[arg(long, value_name = "FILE")]
    person_server: Option<PathBuf>,
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<()> {
    let Arguments { once, policies, schemas, person_server } = arguments;
    crate::demo::run(&Options { once, policies, schemas, person_server })
}
