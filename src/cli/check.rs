//! `authorizer check`: is everything that `serve` would read in order?

use std::path::Path;
use std::sync::Arc;

use crate::authorizer::check::Authorizer;
use crate::authorizer::config::Config;
use crate::clock::SystemClock;

pub(super) fn run(file: &Path) -> anyhow::Result<()> {
    let (config, warnings) = Config::load(file)?;
    for warning in &warnings {
        eprintln!("warning: {warning}");
    }
    let authorizer = Authorizer::build(&config, Arc::new(SystemClock))?;
    let policies = authorizer.policies.current();
    println!("{}: ok: {} resources, {} policies", file.display(), config.resources.len(), policies.policy_count());
    Ok(())
}
