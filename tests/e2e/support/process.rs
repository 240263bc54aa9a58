//! Programs under test: found, started, waited for, and killed when dropped. What they say is kept for the failure.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(20);
const GLANCE: Duration = Duration::from_millis(20);

/// A running program with its output in a file.
#[derive(Debug)]
pub(crate) struct Running {
    name: String,
    child: Child,
    output: PathBuf,
}

impl Running {
    /// Starts the command with both streams written to `NAME.log` in the directory.
    pub(crate) fn start(name: &str, command: &mut Command, dir: &Path) -> Self {
        let output = dir.join(format!("{name}.log"));
        let log = File::create(&output).unwrap();
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {name}: {error}"));
        Self { name: name.to_owned(), child, output }
    }

    /// All the program has written so far.
    pub(crate) fn output(&self) -> String {
        fs::read(&self.output).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// Waits until the probe finds what it looks for, or fails with the program's own words.
    pub(crate) fn until<T>(&mut self, what: &str, probe: impl Fn() -> Option<T>) -> T {
        for _ in 0..PATIENCE.as_millis() / GLANCE.as_millis() {
            if let Some(found) = probe() {
                return found;
            }
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("{} ended with {status} before {what}:\n{}", self.name, self.output());
            }
            thread::sleep(GLANCE);
        }
        panic!("{} is not {what} after {PATIENCE:?}:\n{}", self.name, self.output());
    }

    /// Sends `SIGTERM`.
    pub(crate) fn terminate(&self) {
        let sent = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits until the program has ended by itself; answers whether all went well.
    pub(crate) fn ended(&mut self) -> bool {
        for _ in 0..PATIENCE.as_millis() / GLANCE.as_millis() {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.success();
            }
            thread::sleep(GLANCE);
        }
        panic!("{} has not ended after {PATIENCE:?}:\n{}", self.name, self.output());
    }

    /// Ends the program at once, as a crash would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Waits until the condition holds, for what is no program of ours.
pub(crate) fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    for _ in 0..PATIENCE.as_millis() / GLANCE.as_millis() {
        if condition() {
            return;
        }
        thread::sleep(GLANCE);
    }
    panic!("not {what} after {PATIENCE:?}");
}

/// A file or program that `make peers` has put under `target/peers`, of the workspace that this package is in.
pub(crate) fn installed(path: &str) -> PathBuf {
    let folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let mut found = folders.map(|folder| folder.join("target/peers").join(path)).filter(|path| path.exists());
    found.next().unwrap_or_else(|| panic!("`target/peers/{path}` is not there: run `make peers`"))
}

/// A loopback port nobody listens on, below the range that outgoing connections are given, and another in each process.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + u16::try_from(std::process::id() % 1_000).unwrap() * 10;
    loop {
        let port = first + NEXT.fetch_add(1, Ordering::Relaxed);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
