//! The whole person server under load: the release binary, SQLite with its durable settings, HTTP over loopback, sixteen
//! agents at once. Each asks for a person token, shows it to a resource, and asks for the auth token that the resource
//! wants; all of that was consented to before, so nobody is asked. Prints the figures at the end, one `name: value` a line,
//! and fails when one does not hold.
//!
//! Agents, resource and server share the machine's cores, and what the agents and the resource do counts.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a bench stops at the first surprise")]
#![expect(clippy::disallowed_methods, reason = "a bench measures time")]

mod agent;
mod cast;
mod connection;
mod documents;
mod figures;
mod grants;
#[path = "../../../benches/load/meter.rs"]
#[expect(dead_code, reason = "it measures memory too")]
mod meter;
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts and durations of a bench are small and positive"
)]
mod rounds;
mod server;

use std::process::ExitCode;

use figures::Figures;

fn main() -> ExitCode {
    // Cargo says `--bench` when it means it; as a part of `cargo test` this would be long, and unoptimised.
    if !std::env::args().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut figures = Figures::default();
    runtime.block_on(rounds::all(&mut figures));
    figures.print()
}
