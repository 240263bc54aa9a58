//! The person server as its users run it, with so many grants in its database.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use aauth_authorizer::aauth::metadata::Dwk;
use aauth_authorizer::clock::{Clock as _, SystemClock};
use person_server::app::Keys;
use tempfile::TempDir;
use tokio::time::sleep;

use super::cast::{AGENTS, Cast, ORDERS, PERSONS};
use super::connection::Connection;
use super::{documents, grants};

/// A running person server.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    dir: TempDir,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts one and waits until it is ready.
    pub(crate) async fn start(cast: &Cast, count: usize) -> Self {
        // Beside the build, because a temporary folder may be in memory, where durability costs nothing.
        let dir = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let (_, subjects) = Keys::open(dir.path().join("keys"), SystemClock.now()).unwrap();
        grants::fill(&dir.path().join("person-server.db"), cast, &subjects, count).await;
        let address = free_port();
        fs::write(dir.path().join("person-server.yaml"), configuration(cast, address)).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_person-server"))
            .arg("serve")
            .current_dir(dir.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(dir.path().join("said.log")).unwrap())
            .spawn()
            .unwrap();
        let mut server = Self { child, dir, address };
        server.wait_until_ready().await;
        server
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    async fn wait_until_ready(&mut self) {
        for _ in 0..600 {
            if Connection::is_taken(self.address).await {
                return;
            }
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "the person server ended:\n{}", self.said());
            sleep(Duration::from_millis(50)).await;
        }
        panic!("the person server is not ready:\n{}", self.said());
    }

    /// What it logged.
    fn said(&self) -> String {
        fs::read_to_string(self.dir.path().join("said.log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// What an operator writes, and where the issuers of this machine are reached.
fn configuration(cast: &Cast, address: SocketAddr) -> String {
    let agents = documents::serve(AGENTS, Dwk::Agent, cast.provider.public());
    let orders = documents::serve(ORDERS, Dwk::Resource, cast.resource.public());
    format!(
        r#"
issuer: {PERSONS}
listen: {{ http: "{address}" }}
agent_providers: [{{ issuer: {AGENTS} }}]
development: {{ connect: {{ "{AGENTS}": "http://{agents}", "{ORDERS}": "http://{orders}" }} }}
"#
    )
}

fn free_port() -> SocketAddr {
    std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr()).unwrap()
}
