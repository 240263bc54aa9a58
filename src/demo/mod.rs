//! Everything at once on one machine: `authorizer demo`.
//!
//! One process holds the authorizer with its real listeners, a gateway that asks it over gRPC as Envoy does, a sample
//! API behind the gateway, and the two issuers that an agent needs. An agent then walks the access modes and says what
//! happens. Nothing of this is part of a deployment: the issuers consent to everything, and say so.
//!
//! | file | what it is |
//! |---|---|
//! | `world` | all parties, started on loopback ports |
//! | `config` | the authorizer's configuration, as its users would write it |
//! | `folder` | the folder for keys, decisions and, where none are given, policies |
//! | `agent_provider`, `person_server` | the issuers |
//! | `gateway` | the proxy in front of the API |
//! | `upstream` | the API |
//! | `walk` | the agent's way, and what it says about it |
//! | `client`, `serving` | one HTTP client, and how a router is put on a port |

mod agent_provider;
mod client;
mod config;
mod folder;
mod gateway;
mod names;
mod person_server;
mod serving;
mod upstream;
mod walk;
mod world;

use std::path::PathBuf;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use world::World;

/// How the demo is run.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Walk once and end, rather than stay for policies to be edited.
    pub once: bool,
    /// The folder of policies; without one, copies of the samples in a temporary folder.
    pub policies: Option<PathBuf>,
    /// The folder of schemas; likewise.
    pub schemas: Option<PathBuf>,
}

/// Starts everything, walks, and stays unless told otherwise. Fails when the walk comes out otherwise than the sample
/// policies say.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let world = World::start(options).await?;
        println!("{}", world.introduction());
        let as_expected = walk::walk(&world).await?;
        if !options.once {
            stay(&world).await?;
        }
        world.stop().await?;
        anyhow::ensure!(as_expected || !options.once, "the walk came out otherwise than expected");
        Ok(())
    })
}

/// Walks again at each line of standard input, until told to stop. Where nobody presses Enter, others may still call.
async fn stay(world: &World) -> anyhow::Result<()> {
    let mut lines = lines();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    loop {
        println!("{}", world.invitation());
        tokio::select! {
            _ = terminate.recv() => return Ok(()),
            _ = interrupt.recv() => return Ok(()),
            Some(()) = lines.recv() => {}
        }
        // The watch may be a moment behind the editor.
        tokio::time::sleep(Duration::from_millis(500)).await;
        walk::walk(world).await?;
    }
}

/// A message for each line of standard input. Reading blocks, so a thread of its own does it.
fn lines() -> mpsc::Receiver<()> {
    let (sender, receiver) = mpsc::channel(1);
    std::thread::spawn(move || {
        for _ in std::io::stdin().lines().map_while(Result::ok) {
            if sender.blocking_send(()).is_err() {
                return;
            }
        }
    });
    receiver
}
