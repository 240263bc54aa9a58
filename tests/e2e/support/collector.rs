//! A real OpenTelemetry collector, `rotel`, which prints each span it receives in full.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;

use tempfile::TempDir;

use super::client::get;
use super::process::{Running, eventually, free_port, installed};

/// The running collector.
#[derive(Debug)]
pub(crate) struct Collector {
    #[expect(dead_code, reason = "waits for the first test in which the authorizer exports its spans")]
    pub(crate) grpc: SocketAddr,
    pub(crate) http: SocketAddr,
    process: Running,
    // Dropped after the process that writes there.
    _dir: TempDir,
}

impl Collector {
    /// Starts it and waits until it listens.
    pub(crate) fn start() -> Self {
        let dir = TempDir::new().unwrap();
        let grpc = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let http = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let mut command = Command::new(installed("bin/rotel"));
        command
            .arg("start")
            .args(["--otlp-grpc-endpoint", &grpc.to_string(), "--otlp-http-endpoint", &http.to_string()])
            .args(["--exporter", "blackhole", "--batch-timeout", "50ms"])
            .args(["--debug-log", "traces", "--debug-log-verbosity", "detailed"])
            .arg("--pid-file")
            .arg(dir.path().join("rotel.pid"));
        let mut process = Running::start("rotel", &mut command, dir.path());
        process.until("listening", || get(http, "/"));
        Self { grpc, http, process, _dir: dir }
    }

    /// The spans received so far, each as the collector printed it: ids, name, kind and attributes.
    pub(crate) fn spans(&self) -> Vec<String> {
        self.process.output().split("\nSpan #").skip(1).map(ToOwned::to_owned).collect()
    }

    /// Waits for a span of that name in that trace (lower-case hexadecimal).
    pub(crate) fn wait_for(&self, name: &str, trace: &str) -> String {
        let wanted = || {
            self.spans().into_iter().find(|span| {
                let has = |key: &str, value: &str| {
                    let mut pairs = span.lines().filter_map(|line| line.split_once(':'));
                    pairs.any(|(found, text)| found.trim() == key && text.trim() == value)
                };
                has("Name", name) && has("Trace ID", trace)
            })
        };
        eventually(&format!("a span `{name}` in trace {trace}"), || wanted().is_some());
        wanted().unwrap()
    }
}
