//! `kill -9` while it writes: what was acknowledged is there.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use person_server::store::{Store, StoreConfig};
use tempfile::TempDir;

use super::given::{ada, issuance, token};

/// Where the program that is killed writes.
const WRITES_TO: &str = "STORE_TEST_WRITES_TO";

/// How many acknowledgements are awaited before it is killed.
const ACKNOWLEDGED: usize = 300;

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill() {
    let dir = TempDir::new().unwrap();
    let url = format!("sqlite://{}/ps.db", dir.path().display());
    let mut writer = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "--nocapture", "store::durability::writes_until_it_is_killed"])
        .env(WRITES_TO, &url)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut acknowledged = Vec::new();
    while acknowledged.len() < ACKNOWLEDGED {
        let line = lines.next().expect("the writer goes on until it is killed");
        acknowledged.extend(line.strip_prefix("kept ").map(str::to_owned));
    }
    writer.kill().unwrap();
    writer.wait().unwrap();
    // What it could still say counts, too.
    acknowledged.extend(lines.filter_map(|line| line.strip_prefix("kept ").map(str::to_owned)));
    let store = Store::open(&StoreConfig::at(url)).await.unwrap();
    for jti in acknowledged {
        assert!(store.issued(&token("ps", &jti)).await.unwrap().is_some(), "`{jti}` was acknowledged");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the program that `what_was_acknowledged_survives_a_kill` starts and kills"]
async fn writes_until_it_is_killed() {
    #[expect(clippy::disallowed_methods, reason = "how a test tells its other half where to write")]
    let Ok(url) = std::env::var(WRITES_TO) else { return };
    let store = Store::open(&StoreConfig::at(url)).await.unwrap();
    ada(&store).await;
    let writers = (0..8).map(|writer| {
        let store = store.clone();
        tokio::spawn(async move {
            for number in 0.. {
                let jti = format!("{writer}-{number}");
                store.issue(issuance(&jti)).await.unwrap();
                // In one piece, and not through the harness's capture.
                std::io::stdout().write_all(format!("kept {jti}\n").as_bytes()).unwrap();
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
}
