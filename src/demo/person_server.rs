//! The Person Server: the real program, a process of its own, started with a new database and one person.

use std::fs::{self, File};
use std::io::Read as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;

use super::folder::Folder;
use super::names::{ORDERS, PERSON, PERSONS};

/// Until the person server listens. A debug build on a busy machine is slow.
const STARTS_WITHIN: Duration = Duration::from_secs(30);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(20);
/// What would have the last word over the configuration.
const OVERRIDES: [&str; 4] =
    ["PERSON_SERVER_CONFIG", "PERSON_SERVER_ISSUER", "PERSON_SERVER_DATABASE_URL", "PERSON_SERVER_LISTEN"];

/// The program: the one that is named, or the one beside this one.
pub(super) fn find(named: Option<&Path>) -> anyhow::Result<PathBuf> {
    let program = match named {
        Some(named) => named.to_owned(),
        None => std::env::current_exe().context("where this program is")?.with_file_name("person-server"),
    };
    ensure!(
        program.is_file(),
        "there is no person server at `{}`: build it with `cargo build --workspace --bins`, or name it with \
         `--person-server`",
        program.display()
    );
    Ok(program)
}

/// A person server that listens.
#[derive(Debug)]
pub(super) struct PersonServer {
    _process: Process,
    pub(super) address: SocketAddr,
    pub(super) log: PathBuf,
}

impl PersonServer {
    /// Starts it, and returns with it what its one person sets themselves up with. `orders` is where the resource is.
    pub(super) async fn start(program: &Path, folder: &Folder, orders: &str) -> anyhow::Result<(Self, String)> {
        let config = folder.write("person-server/person-server.yaml", &text(orders))?;
        let setup_token = add_person(program, &config).await?;
        let log = config.with_extension("log");
        let mut command = command(program, &["serve"], &config);
        command.stdout(Stdio::null()).stderr(File::create(&log)?);
        let mut process = Process::spawn(command)?;
        let listening = tokio::time::timeout(STARTS_WITHIN, process.listening(&log)).await;
        let address = listening.with_context(|| format!("the person server does not start:\n{}", end_of(&log)))??;
        Ok((Self { _process: process, address, log }, setup_token))
    }

    /// Where it is, as `development.connect` has it.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// Adds the person, and returns the secret of their setup link.
async fn add_person(program: &Path, config: &Path) -> anyhow::Result<String> {
    let mut command = command(program, &["people", "add", PERSON], config);
    command.stdout(Stdio::piped()).stderr(Stdio::inherit());
    let mut process = Process::spawn(command)?;
    let status = process.ended().await?;
    let mut printed = String::new();
    if let Some(mut stdout) = process.0.stdout.take() {
        stdout.read_to_string(&mut printed)?;
    }
    ensure!(status.success(), "`person-server people add` failed: {status}");
    let token = printed.split_once("/login#setup=").and_then(|(_, rest)| rest.split_whitespace().next());
    Ok(token.context("`person-server people add` printed no setup link")?.to_owned())
}

fn command(program: &Path, words: &[&str], config: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(words).arg("--config").arg(config).stdin(Stdio::null());
    for name in OVERRIDES {
        command.env_remove(name);
    }
    command
}

fn text(orders: &str) -> String {
    format!(
        r#"issuer: {PERSONS}
name: {PERSON}'s person server
# Port 0: the system chooses.
listen: {{ http: "127.0.0.1:0" }}
database: {{ url: "sqlite://person-server.db" }}
keys: {{ dir: keys }}
# Nobody likes to watch an agent wait.
pending: {{ poll_interval: 1s }}
log: {{ filter: info, json: true }}
development:
  connect:
    {ORDERS}: {orders}
"#
    )
}

/// A process that ends when this is dropped, whatever the reason.
#[derive(Debug)]
struct Process(Child);

impl Process {
    fn spawn(mut command: Command) -> anyhow::Result<Self> {
        let program = command.get_program().to_owned();
        command.spawn().map(Self).with_context(|| format!("cannot start `{}`", program.display()))
    }

    /// How it ended, once it has.
    async fn ended(&mut self) -> anyhow::Result<ExitStatus> {
        loop {
            if let Some(status) = self.0.try_wait()? {
                return Ok(status);
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Where it listens, once it says so in its log.
    async fn listening(&mut self, log: &Path) -> anyhow::Result<SocketAddr> {
        loop {
            let written = fs::read_to_string(log)?;
            if let Some(address) = written.lines().find_map(address_in) {
                return Ok(address);
            }
            if let Some(status) = self.0.try_wait()? {
                bail!("the person server ended: {status}\n{}", end_of(log));
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended before; then there is nothing to do. What it acknowledged is nobody's any more.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The address in a line of the log that tells it.
fn address_in(line: &str) -> Option<SocketAddr> {
    let line: Value = serde_json::from_str(line).ok()?;
    line.get("fields")?.get("address")?.as_str()?.parse().ok()
}

/// The last lines of a log.
fn end_of(log: &Path) -> String {
    let written = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = written.lines().collect();
    lines.iter().skip(lines.len().saturating_sub(5)).copied().collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_not_there_is_told_how_to_build() {
        let told = find(Some(Path::new("/nowhere/person-server"))).unwrap_err().to_string();
        assert!(told.contains("`/nowhere/person-server`") && told.contains("cargo build --workspace --bins"), "{told}");
        assert_eq!(told.lines().count(), 1);
    }

    #[test]
    fn the_log_tells_the_address() {
        let line = r#"{"level":"INFO","fields":{"message":"it listens","address":"127.0.0.1:4711"}}"#;
        assert_eq!(address_in(line).unwrap().port(), 4711);
        assert_eq!(address_in(r#"{"fields":{"message":"another"}}"#), None);
        assert_eq!(address_in("no JSON"), None);
    }

    /// Also when what held it panics.
    #[test]
    fn a_process_ends_with_what_started_it() {
        let pid = std::sync::atomic::AtomicU32::new(0);
        let panicked = std::panic::catch_unwind(|| {
            let mut command = Command::new("sleep");
            command.arg("600");
            let process = Process::spawn(command).unwrap();
            pid.store(process.0.id(), std::sync::atomic::Ordering::Relaxed);
            assert!(Path::new(&format!("/proc/{}", process.0.id())).exists());
            panic!("on purpose");
        });
        let pid = pid.into_inner();
        assert!(panicked.is_err() && pid != 0 && !Path::new(&format!("/proc/{pid}")).exists());
    }
}
