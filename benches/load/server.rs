//! The authorizer as its users run it, on a core of its own.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use super::common::{Cast, Folder};

/// The core of the authorizer, and that of everything else.
const CORES: (&str, &str) = ("0", "1");

/// A running authorizer.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) folder: Folder,
}

impl Server {
    /// Starts one whose resource has so many policies, and waits until it is ready.
    pub(crate) fn start(cast: &Cast, policies: usize) -> Self {
        let folder = Folder::new(cast, policies);
        let binary = env!("CARGO_BIN_EXE_authorizer");
        let mut command = if pinned() { Command::new("taskset") } else { Command::new(binary) };
        if pinned() {
            command.args(["-c", CORES.0, binary]);
        }
        let config = folder.path("authorizer.yaml");
        command.arg("serve").arg("--config").arg(config).current_dir(folder.path(""));
        let said = File::create(folder.path("said.log")).unwrap();
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(said).spawn().unwrap();
        let mut server = Self { child, folder };
        server.wait_until_ready();
        server
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    fn wait_until_ready(&mut self) {
        for _ in 0..600 {
            if is_ready(self.folder.http) {
                return;
            }
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "the authorizer ended:\n{}", self.said());
            thread::sleep(Duration::from_millis(50));
        }
        panic!("the authorizer is not ready:\n{}", self.said());
    }

    fn said(&self) -> String {
        std::fs::read_to_string(self.folder.path("said.log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Moves this process to the core that authorizers do not use.
pub(crate) fn keep_to_the_other_core() {
    if pinned() {
        let moved = Command::new("taskset").args(["-pc", CORES.1, &std::process::id().to_string()]).output().unwrap();
        assert!(moved.status.success(), "taskset: {moved:?}");
    } else {
        println!("no taskset or no second core: the authorizer is not kept to one core");
    }
}

fn pinned() -> bool {
    // Asked once: this process's own core is one of those counted.
    static PINNED: std::sync::OnceLock<bool> = std::sync::OnceLock::new();
    *PINNED.get_or_init(|| {
        let both = format!("{},{}", CORES.0, CORES.1);
        Command::new("taskset").args(["-c", &both, "true"]).output().is_ok_and(|done| done.status.success())
            && thread::available_parallelism().is_ok_and(|cores| cores.get() > 1)
    })
}

fn is_ready(http: SocketAddr) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(http)?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer.starts_with("HTTP/1.1 200"))
    };
    ask().unwrap_or(false)
}
