//! `authorizer serve`: build, listen, and answer until told to stop.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};

use crate::authorizer::config::Config;
use crate::authorizer::server::Running;
use crate::authorizer::telemetry;
use crate::clock::SystemClock;

pub(super) fn run(file: &Path) -> anyhow::Result<()> {
    let (config, warnings) = Config::load(file)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
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
