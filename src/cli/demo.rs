//! `authorizer demo`: the authorizer behind a gateway, walked by an agent.

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
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<()> {
    let Arguments { once, policies, schemas } = arguments;
    crate::demo::run(&Options { once, policies, schemas })
}
