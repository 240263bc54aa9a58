//! The command line: `authorizer serve|check|test|explain|record|replay|fmt|new|schema|keys|demo`.

mod asking;
mod check;
mod demo;
mod explain;
mod fmt;
mod keys;
mod measures;
mod new;
mod openapi;
mod record;
mod replay;
mod schema;
mod serve;
mod set;
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
    Check(check::Arguments),
    /// Run the tests of policies.
    Test(test::Arguments),
    /// Say why a request is let through or not.
    Explain(Box<explain::Arguments>),
    /// Make tests of a decision log.
    Record(record::Arguments),
    /// Decide a decision log again, under other policies.
    Replay(replay::Arguments),
    /// Lay policies out.
    Fmt(fmt::Arguments),
    /// Begin a policy.
    New(new::Arguments),
    /// Show it all on this machine: a gateway, an API, issuers, and an agent that walks the access modes.
    Demo(demo::Arguments),
    /// Write schemas: one for editors, one of an MCP server's tools; and policies of an OpenAPI document.
    Schema(schema::Arguments),
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
        Command::Serve(configured) => success(serve::run(&configured.config)),
        Command::Check(arguments) => Ok(check::run(&arguments)),
        Command::Test(arguments) => test::run(arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Record(arguments) => record::run(&arguments),
        Command::Replay(arguments) => Ok(replay::run(&arguments)),
        Command::Fmt(arguments) => Ok(fmt::run(&arguments)),
        Command::New(arguments) => success(new::run(&arguments)),
        Command::Demo(arguments) => success(demo::run(arguments)),
        Command::Schema(arguments) => success(schema::run(&arguments)),
        Command::Keys(arguments) => success(keys::run(&arguments)),
    };
    done.unwrap_or_else(|error| {
        // `{:#}` joins the causes on one line each caller can grep.
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

/// Prints. A reader that went away, as `head` does, is no failure.
fn print(text: &str) {
    use std::io::Write as _;
    drop(std::io::stdout().write_all(text.as_bytes()));
}

fn success(done: anyhow::Result<()>) -> anyhow::Result<ExitCode> {
    done.map(|()| ExitCode::SUCCESS)
}
