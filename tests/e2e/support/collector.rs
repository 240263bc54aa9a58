//! A real OpenTelemetry collector, `rotel`, between a program under test and a receiver that keeps what it forwards.

use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use flate2::read::GzDecoder;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use tempfile::TempDir;

use super::client::get;
use super::process::{Running, eventually, free_port, installed};
use super::server;

/// The running collector.
#[derive(Debug)]
pub(crate) struct Collector {
    /// Where it takes spans over gRPC.
    pub(crate) grpc: SocketAddr,
    kept: Kept,
    // Dropped before the directory it writes to.
    _process: Running,
    _dir: TempDir,
}

impl Collector {
    /// Starts it and waits until it listens.
    pub(crate) fn start() -> Self {
        let kept = Kept::default();
        let receiver = server::serve(Router::new().route("/v1/traces", post(keep)).with_state(kept.clone()));
        let dir = TempDir::new().unwrap();
        let grpc = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let http = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let mut command = Command::new(installed("bin/rotel"));
        command
            .arg("start")
            .args(["--otlp-grpc-endpoint", &grpc.to_string(), "--otlp-http-endpoint", &http.to_string()])
            .args(["--exporter", "otlp", "--otlp-exporter-protocol", "http"])
            .args(["--otlp-exporter-endpoint", &format!("http://{receiver}")])
            .args(["--otlp-exporter-batch-timeout", "50ms"])
            .arg("--pid-file")
            .arg(dir.path().join("rotel.pid"));
        let mut process = Running::start("rotel", &mut command, dir.path());
        process.until("listening", || get(http, "/"));
        Self { grpc, kept, _process: process, _dir: dir }
    }

    /// The spans that came through so far.
    pub(crate) fn spans(&self) -> Vec<Span> {
        self.kept.0.lock().unwrap().clone()
    }

    /// Waits for a span of that name in that trace.
    pub(crate) fn wait_for(&self, name: &str, trace: &[u8; 16]) -> Span {
        let wanted = || self.spans().into_iter().find(|span| span.name == name && span.trace_id == trace);
        eventually(&format!("a span `{name}` of trace {trace:02x?}"), || wanted().is_some());
        wanted().unwrap()
    }
}

/// A string attribute of a span.
pub(crate) fn attribute<'a>(span: &'a Span, key: &str) -> Option<&'a str> {
    let found = span.attributes.iter().find(|attribute| attribute.key == key)?;
    let value = found.value.as_ref()?.value.as_ref()?;
    if let any_value::Value::StringValue(text) = value { Some(text) } else { None }
}

#[derive(Debug, Clone, Default)]
struct Kept(Arc<Mutex<Vec<Span>>>);

/// One export over HTTP. This collector compresses whatever it is told.
async fn keep(State(kept): State<Kept>, body: Bytes) {
    let mut message = Vec::new();
    GzDecoder::new(body.as_ref()).read_to_end(&mut message).unwrap();
    let export = ExportTraceServiceRequest::decode(message.as_slice()).unwrap();
    let scopes = export.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
    kept.0.lock().unwrap().extend(scopes.flat_map(|scope| scope.spans));
}
