//! The person server's entry: arguments in, exit code out.

use std::process::ExitCode;

use clap::Parser as _;

// A request allocates hundreds of small things, on threads that come and go to the database's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    person_server::cli::run(person_server::cli::Arguments::parse())
}
