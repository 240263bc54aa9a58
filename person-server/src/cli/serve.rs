//! `person-server serve` and `person-server check`.

use std::future::Future;
use std::io::{self, IsTerminal as _};

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::filter::EnvFilter;

use super::people;
use crate::config::{Config, LogConfig};
use crate::governance::Governance;
use crate::server::Running;

/// Serves until SIGTERM or SIGINT.
pub(super) fn serve(config: Config) -> anyhow::Result<()> {
    start_log(&config.log)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let told = told_to_stop()?;
        if config.discovery.development.is_active() {
            tracing::warn!("DEVELOPMENT: loopback issuers and plain http are admitted; never so in production");
        }
        if config.settings.agent_providers.any {
            tracing::warn!("agents of every agent provider there is are served, because the configuration says so");
        }
        let issuer = config.settings.issuer.clone();
        let running = Running::open(config).await?;
        if let Some(invitation) = running.people().add_first().await? {
            // Not to the log: it is a secret.
            people::show(&invitation, &mut io::stdout().lock())?;
        }
        tracing::info!(issuer = issuer.as_str(), address = %running.address(), "the person server listens");
        running.serve(told).await?;
        tracing::info!("stopped");
        Ok(())
    })
}

/// Says what is in the configuration, or what is wrong.
pub(super) fn check(config: &Config) -> anyhow::Result<()> {
    let governance = Governance::open(&config.governance).map_err(|errors| anyhow::anyhow!("{errors}"))?;
    let summary = governance.summary();
    let policies = if governance.is_built_in() { "compiled in" } else { "of the folder" };
    println!(
        "issuer {}\npolicies {policies}: {} permit, {} forbid, {} in shadow\nthe configuration is good",
        config.settings.issuer, summary.permits, summary.forbids, summary.shadow
    );
    Ok(())
}

fn start_log(log: &LogConfig) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&log.filter).context("`log.filter`")?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started =
        if log.json { lines.json().try_init() } else { lines.with_ansi(std::io::stderr().is_terminal()).try_init() };
    started.map_err(|error| anyhow::anyhow!("logging cannot start: {error}"))
}

fn told_to_stop() -> anyhow::Result<impl Future<Output = ()> + Send> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
