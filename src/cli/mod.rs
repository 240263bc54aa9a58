//! The command line: `authorizer serve|check|test|keys|demo`.

mod check;
mod demo;
mod keys;
mod measures;
mod serve;
mod test;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Decides whether an AI agent's request may pass: verifies its AAuth signature and asks Cedar policies.
#[derive(Debug, Parser)]
#[command(name = "authorizer", version, about, arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer the ext_authz checks of Envoy, Istio or agentgateway, and publish each resource's metadata and keys.
    Serve(Configured),
    /// Read configuration, keys, schemas and policies, and say everything that is wrong with them.
    Check(Configured),
    /// Run the tests of policies.
    Test(test::Arguments),
    /// Show it all on this machine: a gateway, an API, issuers, and an agent that walks the access modes.
    Demo(demo::Arguments),
    /// Make a signing key.
    Keys(keys::Arguments),
}

#[derive(Debug, clap::Args)]
struct Configured {
    /// The configuration file.
    #[arg(long, short, env = "AAUTH_CONFIG", value_name = "FILE")]
    config: PathBuf,
}

/// Runs what the command line asks for. Exit code 1: it went wrong. Exit code 2: it was asked wrongly.
pub fn run(arguments: Arguments) -> ExitCode {
    let done = match arguments.command {
        Command::Serve(configured) => serve::run(&configured.config),
        Command::Check(configured) => check::run(&configured.config),
        Command::Test(arguments) => match test::run(arguments) {
            Ok(code) => return code,
            Err(error) => Err(error),
        },
        Command::Demo(arguments) => demo::run(arguments),
        Command::Keys(arguments) => keys::run(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // `{:#}` joins the causes on one line each caller can grep.
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
