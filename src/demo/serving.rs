//! A router on a loopback port of its own.

use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A port that is taken and not yet served: its number can be told to others first.
#[derive(Debug)]
pub(super) struct Port {
    listener: TcpListener,
    address: SocketAddr,
}

impl Port {
    pub(super) async fn take() -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        Ok(Self { address: listener.local_addr()?, listener })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address as `development.connect` has it.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers from now on, until what is returned is dropped.
    pub(super) fn serve(self, router: Router) -> Served {
        Served { address: self.address, task: tokio::spawn(async { axum::serve(self.listener, router).await }) }
    }
}

/// A router that answers.
#[derive(Debug)]
pub(super) struct Served {
    pub(super) address: SocketAddr,
    task: JoinHandle<std::io::Result<()>>,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}
