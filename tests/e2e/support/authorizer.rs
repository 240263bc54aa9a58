//! The authorizer itself, as its users run it: the binary, a configuration file, two ports.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::client::{Response, get};
use super::process::{Running, free_port};

/// Where an authorizer will listen, and the directory its files are in.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) grpc: SocketAddr,
    pub(crate) http: SocketAddr,
    dir: TempDir,
}

impl Place {
    /// Two free ports and an empty directory.
    pub(crate) fn new() -> Self {
        let port = || SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        Self { grpc: port(), http: port(), dir: TempDir::new().unwrap() }
    }

    /// The directory: the working directory of the authorizer.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Writes a file, for example `policies/orders/read.cedar`, making its folders.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let file = self.dir().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
}

/// A running authorizer.
#[derive(Debug)]
pub(crate) struct Authorizer {
    process: Running,
    pub(crate) place: Place,
}

impl Authorizer {
    /// Writes the configuration, starts `authorizer serve` there, and waits until it says it is ready.
    pub(crate) fn start(place: Place, configuration: &str) -> Self {
        place.write("authorizer.yaml", configuration);
        let mut command = Command::new(env!("CARGO_BIN_EXE_authorizer"));
        command.args(["serve", "--config", "authorizer.yaml"]).current_dir(place.dir());
        // How long the telemetry library keeps spans back; its own default is five seconds.
        command.env("OTEL_BSP_SCHEDULE_DELAY", "50");
        let mut process = Running::start("authorizer", &mut command, place.dir());
        let http = place.http;
        process.until("ready", || get(http, "/readyz").filter(|answer| answer.status == 200));
        Self { process, place }
    }

    /// A GET on its HTTP side: `/status`, `/metrics`, well-known documents.
    pub(crate) fn get(&self, target: &str) -> Response {
        get(self.place.http, target).unwrap_or_else(|| panic!("no answer to {target}:\n{}", self.output()))
    }

    /// What it has written: its log and its decisions.
    pub(crate) fn output(&self) -> String {
        self.process.output()
    }

    /// Asks it to stop, as an orchestrator would.
    pub(crate) fn terminate(&self) {
        self.process.terminate();
    }

    /// Waits until it has ended by itself; answers whether all went well.
    pub(crate) fn ended(&mut self) -> bool {
        self.process.ended()
    }

    /// Ends it at once, as a crash would.
    pub(crate) fn kill(&mut self) {
        self.process.kill();
    }
}
