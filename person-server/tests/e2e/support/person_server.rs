//! The person server as its users run it: the binary, a configuration file, a port; ended and started again at will.

use std::fs;
use std::net::SocketAddr;
use std::process::Command;

use tempfile::TempDir;

use super::client::get;
use super::process::{Running, free_port};
use super::{ORDERS, PS};

/// A person server with its folder, which outlives the process.
#[derive(Debug)]
pub(crate) struct PersonServer {
    pub(crate) address: SocketAddr,
    process: Option<Running>,
    /// Where the first person sets themselves up: what it said when it started for the first time.
    pub(crate) setup: String,
    dir: TempDir,
}

impl PersonServer {
    /// Where one will be.
    pub(crate) fn place() -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], free_port()))
    }

    /// Starts one there with a new database: a file of its own, or what `database` leads to. The resource is reached
    /// where it says.
    pub(crate) fn start(address: SocketAddr, orders: SocketAddr, database: Option<&str>) -> Self {
        let dir = TempDir::new().unwrap();
        let database = database.map(|url| format!("database: {{ url: '{url}' }}\n")).unwrap_or_default();
        let configuration = format!(
            "issuer: {PS}\n\
             name: Ada's person server\n\
             listen: {{ http: '{address}' }}\n\
             {database}\
             pending: {{ poll_interval: 1s }}\n\
             development: {{ connect: {{ '{ORDERS}': 'http://{orders}' }} }}\n"
        );
        fs::write(dir.path().join("person-server.yaml"), configuration).unwrap();
        let mut server = Self { address, process: None, setup: String::new(), dir };
        server.start_again();
        server.setup = setup_token(&server.output());
        server
    }

    /// Starts it in the same folder, and waits until it is ready.
    pub(crate) fn start_again(&mut self) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_person-server"));
        command.args(["serve", "--config", "person-server.yaml"]).current_dir(self.dir.path());
        let mut process = Running::start("person-server", &mut command, self.dir.path());
        let address = self.address;
        process.until("ready", || get(address, "/readyz").filter(|answer| answer.status == 200));
        self.process = Some(process);
    }

    /// Stops it, as an orchestrator would: it has to end well.
    pub(crate) fn stop(&mut self) {
        let mut process = self.process.take().unwrap();
        process.terminate();
        assert!(process.ended(), "{}", process.output());
    }

    /// Ends it at once, as a crash would.
    pub(crate) fn kill(&mut self) {
        self.process.take().unwrap().kill();
    }

    /// What it has written since it was started last.
    pub(crate) fn output(&self) -> String {
        self.process.as_ref().map(Running::output).unwrap_or_default()
    }
}

fn setup_token(said: &str) -> String {
    let token = said.lines().skip_while(|line| !line.starts_with("its token")).nth(1);
    token.unwrap_or_else(|| panic!("no setup token in:\n{said}")).trim().to_owned()
}
