//! `authorizer replay`: what would these policies have said?

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;

use super::set::Source;
use crate::review::{Lines, Replay};

/// No decision changes.
const SAME: u8 = 0;
/// A decision changes.
const CHANGED: u8 = 1;
/// A line, the policies or the command line is wrong.
const WRONG: u8 = 2;

/// Decide a decision log again, under other policies: which decisions change, and which policies change them.
///
/// The log has to hold inputs (`decision_log.inputs: true`). Exit code 0: no decision changes. 1: one does.
/// 2: a line cannot be read, no line holds an input, or the policies cannot be used.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The decision log.
    #[arg(long, value_name = "FILE")]
    log: PathBuf,
    #[command(flatten)]
    source: Source,
    /// How to show what changes.
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Format {
    Table,
    Json,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    match replay(arguments) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(WRONG)
        }
    }
}

fn replay(arguments: &Arguments) -> anyhow::Result<u8> {
    // A resource of the log need not have a folder: the policies of all are asked about it.
    let known: BTreeSet<String> = open(&arguments.log)?.flatten().map(|line| line.resource).collect();
    let set = arguments.source.open(known.into_iter().filter(|id| !id.is_empty()))?;
    let (mut replay, mut wrong) = (Replay::default(), false);
    for line in open(&arguments.log)? {
        match line {
            Ok(line) => replay.take(&line, &set.snapshot),
            Err(bad) => {
                wrong = true;
                eprintln!("error: {bad}");
            }
        }
    }
    match arguments.format {
        Format::Table => super::print(&replay.table()),
        Format::Json => super::print(&format!("{:#}\n", replay.json())),
    }
    if replay.decided() == 0 {
        wrong = true;
        eprintln!("error: {}: no line holds an input; set `decision_log.inputs: true`", arguments.log.display());
    }
    Ok(match (wrong, replay.changed) {
        (true, _) => WRONG,
        (false, 0) => SAME,
        (false, _) => CHANGED,
    })
}

fn open(log: &Path) -> anyhow::Result<Lines> {
    Lines::open(log).with_context(|| format!("`{}` cannot be read", log.display()))
}
