//! `authorizer serve`: build, listen, and answer until told to stop.

use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};

use crate::authorizer::config::Config;
use crate::authorizer::server::Running;
use crate::authorizer::telemetry;
use crate::clock::SystemClock;

pub(super) fn run(file: &Path) -> anyhow::Result<()> {
    let (config, warnings) = Config::load(file)?;
    runtime()?.block_on(async {
        let _telemetry = telemetry::start(&config.log, &config.telemetry)?;
        for warning in &warnings {
            tracing::warn!("{warning}");
        }
        let running = Running::start(&config, Arc::new(SystemClock)).await?;
        tracing::info!(
            grpc = ?config.listen.grpc,
            http = %running.http_address(),
            resources = config.resources.len(),
            "the authorizer is up"
        );
        running.until(asked_to_stop()?).await?;
        tracing::info!("the authorizer has stopped");
        Ok(())
    })
}

/// One thread a core. On a single one the plain scheduler takes tasks in turn, so that answers to many checks leave in
/// one write; the other would write each by itself.
fn runtime() -> std::io::Result<Runtime> {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let mut builder = if cores == 1 { Builder::new_current_thread() } else { Builder::new_multi_thread() };
    builder.enable_all().build()
}

/// Ends with the first `SIGTERM` or `SIGINT`.
fn asked_to_stop() -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
