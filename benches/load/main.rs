//! The whole process under load, as gateways put it under: the release binary, gRPC over loopback, each check signed
//! for itself, and the CPU, memory and times that this takes. Prints the figures at the end, one `name: value` a line,
//! and fails when one does not hold.
//!
//! Where there are two cores, the authorizer has one to itself and everything else runs on the other.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a bench stops at the first surprise")]
#![expect(clippy::disallowed_methods, reason = "a bench measures time")]

#[path = "../common/mod.rs"]
mod common;
mod drive;
mod figures;
mod meter;
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::unchecked_time_subtraction,
    clippy::large_futures,
    reason = "counts and durations of a bench are small, positive and in order"
)]
mod phases;
mod requests;
mod server;

use std::process::ExitCode;

use figures::Figures;

fn main() -> ExitCode {
    // Cargo says `--bench` when it means it; as a part of `cargo test` this would be long, and unoptimised.
    if !std::env::args().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    server::keep_to_the_other_core();
    // One thread, and a look at the sockets after every few steps: what it adds to the times measured stays small.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().event_interval(7).build().unwrap();
    let mut figures = Figures::default();
    runtime.block_on(phases::all(&mut figures));
    figures.print()
}
