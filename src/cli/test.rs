//! `authorizer test`: do the policies say what their authors mean?

use std::path::PathBuf;
use std::process::ExitCode;

use super::measures::{MeasureArguments, Measured};
use crate::testing::report::{Format, Report};
use crate::testing::{Filter, Options, RunOptions, Session, watch};

/// Every test passed.
const PASSED: u8 = 0;
/// A test failed, or there was none and there had to be.
const FAILED: u8 = 1;
/// A file is wrong, or the command line is.
const WRONG: u8 = 2;

/// Run the tests of policies: `*.test.yaml` and `*.test.json` files beside them.
///
/// Exit code 0: all passed. 1: a test failed. 2: a file or the command line is wrong, whatever the tests said.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Suites, and folders of them [default: the policies of the configuration, else `policies`].
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The configuration whose resources are meant; without one, suites describe them.
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The folder of policies [default: the one that the suites are in].
    #[arg(long, value_name = "DIR")]
    policies: Option<PathBuf>,
    /// The folder of schemas [default: the configuration's, else `schemas` beside the policies].
    #[arg(long, value_name = "DIR")]
    schemas: Option<PathBuf>,
    /// Run the tests whose `suite/name` holds this; with `*` and `?`, those that match it as a whole; as `/.../`, those in
    /// which this regular expression is found.
    #[arg(long, value_name = "PATTERN")]
    filter: Option<Filter>,
    /// Stop at the first failure.
    #[arg(long)]
    fail_fast: bool,
    /// Fail if there is no test.
    #[arg(long)]
    fail_on_empty: bool,
    /// Threads [default: one a processor].
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
    /// How to show the results.
    #[arg(long, value_enum, default_value = "pretty")]
    format: FormatName,
    /// Run again after each save, until interrupted.
    #[arg(long, short)]
    watch: bool,
    #[command(flatten)]
    measures: MeasureArguments,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum FormatName {
    Pretty,
    Json,
    Junit,
    Tap,
    Github,
}

impl From<FormatName> for Format {
    fn from(name: FormatName) -> Self {
        match name {
            FormatName::Pretty => Self::Pretty,
            FormatName::Json => Self::Json,
            FormatName::Junit => Self::Junit,
            FormatName::Tap => Self::Tap,
            FormatName::Github => Self::Github,
        }
    }
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Arguments {
        paths,
        config,
        policies,
        schemas,
        filter,
        fail_fast,
        fail_on_empty,
        jobs,
        format,
        watch: again,
        measures,
    } = arguments;
    let processors = || std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = jobs.map_or_else(processors, usize::from);
    let run = RunOptions { jobs, fail_fast };
    let session =
        Session::new(Options { paths, config, policies, schemas, filter, run, measures: measures.measures() });
    if again {
        let run = || {
            print(once(&session, format, fail_on_empty, &measures).0);
            true
        };
        watch(|| session.watched(), run)?;
        return Ok(ExitCode::SUCCESS);
    }
    let (text, code) = once(&session, format, fail_on_empty, &measures);
    print(text);
    Ok(ExitCode::from(code))
}

/// What to print, and the exit code.
fn once(session: &Session, format: FormatName, fail_on_empty: bool, measures: &MeasureArguments) -> (Printed, u8) {
    let report = match session.run() {
        Ok(report) => report,
        Err(error) => return (Printed::Mistake(error.to_string()), WRONG),
    };
    let results = report.render(format.into());
    match measures.conclude(&report) {
        Ok(Measured { text, good }) => {
            let code = code(&report, fail_on_empty);
            let code = if code == PASSED && !good { FAILED } else { code };
            (Printed::Results { results, measured: text, apart: !matches!(format, FormatName::Pretty) }, code)
        }
        Err(error) => (Printed::Results { results, measured: format!("error: {error}\n"), apart: true }, WRONG),
    }
}

enum Printed {
    Results {
        results: String,
        measured: String,
        /// Whether a machine reads the results, which are to be nothing else then.
        apart: bool,
    },
    Mistake(String),
}

fn print(printed: Printed) {
    use std::io::Write as _;
    match printed {
        // A reader that went away, as `head` does, is no failure of a test.
        Printed::Results { results, measured, apart } => {
            drop(std::io::stdout().write_all(results.as_bytes()));
            if apart {
                eprint!("{measured}");
            } else {
                drop(std::io::stdout().write_all(measured.as_bytes()));
            }
        }
        Printed::Mistake(text) => eprintln!("error: {text}"),
    }
}

fn code(report: &Report, fail_on_empty: bool) -> u8 {
    if !report.troubles.is_empty() {
        WRONG
    } else if report.counts().failed > 0 || (fail_on_empty && report.outcomes.is_empty()) {
        FAILED
    } else {
        PASSED
    }
}
