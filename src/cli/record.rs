//! `authorizer record`: a decision log becomes tests.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};

use super::set::Source;
use crate::review::{Lines, Recorder};

/// A line, or the command line, is wrong.
const WRONG: u8 = 2;

/// Make tests of a decision log: a suite for each resource that expects of each request what came of it.
///
/// The log has to hold inputs (`decision_log.inputs: true`). Lines that cannot be read are reported, and the rest is
/// recorded; the exit code is then 2.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The decision log.
    #[arg(long, value_name = "FILE")]
    log: PathBuf,
    /// The resource; needed where the log is about several.
    #[arg(long, value_name = "ID")]
    resource: Option<String>,
    /// Where to write the suite [default: standard output]. An existing file is never replaced.
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    source: Source,
}

impl Arguments {
    /// A recorder of this resource's tests. Its policies need not be there, if nobody named them.
    fn recorder(&self, resource: &str) -> anyhow::Result<Recorder> {
        let named = self.source.config.is_some() || self.source.policies.is_some();
        let set = match self.source.open([resource.to_owned()]) {
            Ok(set) => Some(set.snapshot),
            Err(error) if named => return Err(error),
            Err(_) => None,
        };
        Ok(Recorder::new(resource, set))
    }
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let log = arguments.log.display();
    let lines = Lines::open(&arguments.log).with_context(|| format!("`{log}` cannot be read"))?;
    let mut recorders: BTreeMap<String, Recorder> = BTreeMap::new();
    let mut wrong = false;
    for line in lines {
        match line {
            Ok(line) if arguments.resource.as_ref().is_some_and(|id| *id != line.resource) => {}
            Ok(line) => match recorders.entry(line.resource.clone()) {
                Entry::Occupied(mut known) => known.get_mut().take(&line),
                Entry::Vacant(new) => new.insert(arguments.recorder(&line.resource)?).take(&line),
            },
            Err(bad) => {
                wrong = true;
                eprintln!("error: {bad}");
            }
        }
    }
    let mut suites = Vec::new();
    for (resource, recorder) in recorders {
        let recording = recorder.finish();
        for (why, count) in &recording.left_out {
            eprintln!("{resource}: {count} lines left out: {why}");
        }
        if let Some(suite) = recording.suite {
            eprintln!(
                "{resource}: {} tests, of lines that came up {} times",
                recording.tests,
                recording.tests + recording.repeated
            );
            suites.push((resource, suite));
        }
    }
    match suites.as_slice() {
        [] => bail!("{log}: no line makes a test; does the log hold inputs (`decision_log.inputs: true`)?"),
        [(_, suite)] => write(arguments, suite)?,
        [_, _, ..] => {
            let ids: Vec<_> = suites.iter().map(|(id, _)| id.as_str()).collect();
            bail!("{log} is about several resources: name one of `{}` with `--resource`", ids.join("`, `"));
        }
    }
    Ok(if wrong { ExitCode::from(WRONG) } else { ExitCode::SUCCESS })
}

fn write(arguments: &Arguments, suite: &str) -> anyhow::Result<()> {
    let Some(file) = &arguments.out else {
        super::print(suite);
        return Ok(());
    };
    let mut made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(file)
        .with_context(|| format!("cannot write `{}`", file.display()))?;
    made.write_all(suite.as_bytes())?;
    eprintln!("{}: written", file.display());
    Ok(())
}
