//! The person server's entry: arguments in, exit code out.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    person_server::cli::run(person_server::cli::Arguments::parse())
}
