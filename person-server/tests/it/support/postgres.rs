//! A real PostgreSQL server, put there by `make peers`, started for one test and gone with it.
//!
//! PostgreSQL refuses to run as root. There it runs as `nobody`, from a copy that `nobody` can read.

use std::fs::File;
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::Duration;

use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Executor as _};
use tempfile::TempDir;

const NOBODY: u32 = 65534;

/// A running server.
#[derive(Debug)]
pub(crate) struct Postgres {
    server: Child,
    port: u16,
    programs: PathBuf,
    dir: TempDir,
}

impl Postgres {
    /// Starts a server with nothing in it, and waits until it answers.
    pub(crate) async fn start() -> Self {
        sqlx::any::install_default_drivers();
        let dir = TempDir::with_prefix("postgres-").unwrap();
        let programs = programs(dir.path());
        let data = dir.path().join("data");
        run(program(&programs, "initdb", dir.path())
            .args(["--no-sync", "-A", "trust", "-U", "ps", "-E", "UTF8"])
            .args(["--locale=C", "-D", data.to_str().unwrap()]));
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let log = File::create(dir.path().join("log")).unwrap();
        let server = program(&programs, "postgres", dir.path())
            .arg("-D")
            .arg(&data)
            .args(["-h", "127.0.0.1", "-p", &port.to_string(), "-c", "unix_socket_directories="])
            // A test's data need not outlive the machine.
            .args(["-c", "fsync=off"])
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let server = Self { server, port, programs, dir };
        server.until_it_answers().await;
        server
    }

    /// The URL of a new, empty database.
    pub(crate) async fn database(&self) -> String {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let mut connection = AnyConnection::connect(&self.url("postgres")).await.unwrap();
        connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
        connection.close().await.unwrap();
        self.url(&name)
    }

    /// One of the server's programs, to be run as the user the server runs as.
    pub(crate) fn program(&self, name: &str) -> Command {
        program(&self.programs, name, self.dir.path())
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://ps@127.0.0.1:{}/{database}?sslmode=disable", self.port)
    }

    async fn until_it_answers(&self) {
        for _ in 0..200 {
            if AnyConnection::connect(&self.url("postgres")).await.is_ok() {
                return;
            }
            sleep(Duration::from_millis(50));
        }
        let log = std::fs::read_to_string(self.dir.path().join("log")).unwrap();
        panic!("PostgreSQL does not answer:\n{log}");
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // At once, but with its children gone before it: they write into the directory that goes next.
        Command::new("kill").args(["-QUIT", &self.server.id().to_string()]).status().ok();
        self.server.wait().ok();
    }
}

/// Where the programs are that this user may run.
fn programs(dir: &Path) -> PathBuf {
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/peers/postgres");
    assert!(installed.exists(), "`target/peers/postgres` is not there: run `make peers`");
    let installed = installed.canonicalize().unwrap();
    if !is_root(dir) {
        return installed.join("bin");
    }
    chown(dir, Some(NOBODY), Some(NOBODY)).unwrap();
    // The programs look for their libraries by where they are: `SITE/PACKAGE.libs` as seen from `SITE/PACKAGE/HERE/bin`.
    let package = installed.parent().unwrap();
    let libraries = package.with_extension("libs");
    let here = dir.join(package.file_name().unwrap()).join("here");
    std::fs::create_dir_all(&here).unwrap();
    for part in ["bin", "lib", "share"] {
        run(Command::new("cp").arg("-R").arg(installed.join(part)).arg(&here));
    }
    run(Command::new("cp").arg("-R").arg(libraries).arg(dir));
    here.join("bin")
}

fn is_root(dir: &Path) -> bool {
    std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(dir).unwrap()) == 0
}

fn program(programs: &Path, name: &str, dir: &Path) -> Command {
    let mut command = Command::new(programs.join(name));
    // A locale that the machine may not have is nothing to fail for.
    command.current_dir(dir).stdin(Stdio::null()).env("LC_ALL", "C");
    if programs.starts_with(dir) {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
}
