//! The process log, and traces sent over OTLP.

use std::io::IsTerminal as _;

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{ExporterBuildError, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tracing_subscriber::filter::{EnvFilter, ParseError, Targets};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};

use super::config::{Log, LogFormat, Telemetry};

/// Why logging cannot start.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter is none.
    #[error("`log.filter`: {0}")]
    Filter(#[from] ParseError),
    /// The exporter cannot be built.
    #[error("`telemetry.otlp_endpoint`: {0}")]
    Exporter(#[from] ExporterBuildError),
    /// Something else has taken the log.
    #[error("logging was started already: {0}")]
    Started(#[from] TryInitError),
}

/// Sends what is still to be sent when it is dropped.
#[derive(Debug)]
pub struct TelemetryGuard(Option<SdkTracerProvider>);

impl Drop for TelemetryGuard {
    fn drop(&mut self) {
        if let Some(Err(fault)) = self.0.take().map(|provider| provider.shutdown()) {
            tracing::warn!(%fault, "the last spans could not be sent");
        }
    }
}

/// Starts the process log and, where an endpoint is configured, traces. Needs a Tokio runtime.
pub fn start(log: &Log, telemetry: &Telemetry) -> Result<TelemetryGuard, TelemetryError> {
    let filter = EnvFilter::try_new(&log.filter)?;
    let colours = std::io::stderr().is_terminal();
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(colours);
    let lines = match log.format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().boxed(),
    };
    let provider = telemetry.otlp_endpoint.as_ref().map(|url| provider(url.as_str(), telemetry)).transpose()?;
    // Our own spans and no library's: theirs may hold what must not leave.
    let ours = Targets::new().with_target("aauth", tracing::Level::DEBUG);
    let spans = provider.as_ref().map(|provider| {
        let tracer = provider.tracer("aauth-authorizer");
        tracing_opentelemetry::layer().with_tracer(tracer).with_location(false).with_threads(false).with_filter(ours)
    });
    tracing_subscriber::registry().with(lines.with_filter(filter)).with(spans).try_init()?;
    Ok(TelemetryGuard(provider))
}

fn provider(endpoint: &str, telemetry: &Telemetry) -> Result<SdkTracerProvider, ExporterBuildError> {
    let exporter = opentelemetry_otlp::SpanExporter::builder().with_tonic().with_endpoint(endpoint).build()?;
    let ratio = Sampler::TraceIdRatioBased(telemetry.sample_ratio);
    Ok(SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_sampler(Sampler::ParentBased(Box::new(ratio)))
        .with_resource(
            Resource::builder()
                .with_service_name(telemetry.service_name.clone())
                .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
                .build(),
        )
        .build())
}
