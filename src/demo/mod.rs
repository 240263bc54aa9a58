//! Everything at once on one machine: `authorizer demo`.
//!
//! One process holds the authorizer with its real listeners, a gateway that asks it over gRPC as Envoy does, and a sample
//! API behind the gateway. The Person Server is the real program, a process of its own that goes with this one. An agent
//! enrols with it, walks the access modes and says what happens; a script plays the person, by the API that persons have.
//! Nothing of this is part of a deployment.
//!
//! | file | what it is |
//! |---|---|
//! | `world` | all parties, started on loopback ports |
//! | `config` | the authorizer's configuration, as its users would write it |
//! | `folder` | the folder for keys, decisions, the person server's data and, where none are given, policies |
//! | `person_server` | the person server's process |
//! | `ada` | the person, who is asked |
//! | `gateway` | the proxy in front of the API |
//! | `upstream` | the API |
//! | `walk` | the agent's way, and what it says about it |
//! | `client`, `serving` | one HTTP client, and how a router is put on a port |

mod ada;
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

use tokio::signal::unix::{Signal, SignalKind, signal};
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
    /// The program that is the person server; without one, `person-server` beside this one.
    pub person_server: Option<PathBuf>,
}

/// Starts everything, walks, and stays unless told otherwise. Fails when the walk comes out otherwise than the sample
/// policies say. Told to stop, it stops wherever it is, and takes everything it started with it.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut told = Told::listen()?;
        let Some(world) = told.unless(World::start(options)).await.transpose()? else { return Ok(()) };
        println!("{}", world.introduction());
        let played = told.unless(play(&world, options.once)).await;
        world.stop().await?;
        match played {
            Some(Ok(as_expected)) => anyhow::ensure!(as_expected, "the walk came out otherwise than expected"),
            Some(Err(error)) => return Err(error),
            None => anyhow::ensure!(!options.once, "stopped before the walk was over"),
        }
        Ok(())
    })
}

/// Walks once, or again at each line of standard input. Where nobody presses Enter, others may still call.
async fn play(world: &World, once: bool) -> anyhow::Result<bool> {
    let as_expected = walk::walk(world).await?;
    if once {
        return Ok(as_expected);
    }
    let mut lines = lines();
    loop {
        println!("{}", world.invitation());
        if lines.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
        // The watch may be a moment behind the editor.
        tokio::time::sleep(Duration::from_millis(500)).await;
        walk::walk(world).await?;
    }
}

/// Whether somebody told the demo to stop.
struct Told([Signal; 3]);

impl Told {
    fn listen() -> anyhow::Result<Self> {
        Ok(Self([signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?]))
    }

    /// What a future comes to; `None` where somebody told the demo to stop before that.
    async fn unless<T>(&mut self, doing: impl Future<Output = T>) -> Option<T> {
        let Self([interrupt, terminate, hangup]) = self;
        tokio::select! {
            done = doing => Some(done),
            _ = interrupt.recv() => None,
            _ = terminate.recv() => None,
            _ = hangup.recv() => None,
        }
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
