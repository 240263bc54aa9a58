//! The listener: bounded in connections, in time and in size, and drained when the process ends.

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use axum::Router;
use axum_server::tls_rustls::RustlsAcceptor;
use axum_server::{Handle, Server};

use super::bounded::BoundedAcceptor;
use super::tls::{HttpTls, InvalidTls};

/// Connections at once.
const MAX_CONNECTIONS: usize = 1024;

/// How long a peer may take for a TLS handshake, for the head of a request, for all of one, to read an answer, or to
/// ask again.
const PATIENCE: Duration = Duration::from_secs(10);

/// The longest head of a request, in bytes: signed requests carry tokens in it.
const MAX_HEAD: usize = 64 * 1024;

/// Where and how to listen.
#[derive(Debug)]
pub struct HttpSettings {
    /// Where.
    pub address: SocketAddr,
    /// Clear text without.
    pub tls: Option<HttpTls>,
    /// How long requests under way may take to end once the process is asked to.
    pub drain: Duration,
}

/// Why a listener does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be listened on.
    #[error("cannot listen for HTTP on {address}: {source}")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The certificates cannot be used.
    #[error(transparent)]
    Tls(#[from] InvalidTls),
    /// The listener broke.
    #[error("the HTTP listener failed: {0}")]
    Failed(#[from] io::Error),
}

/// A listener that is bound, so that its address is known, and not served yet.
#[derive(Debug)]
pub struct HttpListener {
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<RustlsAcceptor>,
    drain: Duration,
    /// How long a peer may take for each of its turns.
    pub patience: Duration,
    /// Connections at once.
    pub connections: usize,
}

impl HttpListener {
    /// Binds the address.
    pub fn bind(settings: &HttpSettings) -> Result<Self, ServeError> {
        let tls = settings.tls.as_ref().map(HttpTls::config).transpose()?;
        let listening = |source| ServeError::Listen { address: settings.address, source };
        let listener = TcpListener::bind(settings.address).map_err(listening)?;
        Ok(Self {
            address: listener.local_addr().map_err(listening)?,
            listener,
            tls: tls.map(|config| RustlsAcceptor::new(config).handshake_timeout(PATIENCE)),
            drain: settings.drain,
            patience: PATIENCE,
            connections: MAX_CONNECTIONS,
        })
    }

    /// Where it listens; the port is a real one.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown` comes, then lets requests under way end within the drain time.
    pub async fn serve(self, router: Router, shutdown: impl Future<Output = ()> + Send) -> Result<(), ServeError> {
        let handle = Handle::new();
        let bounded = BoundedAcceptor::new(self.connections, self.patience);
        let mut server = axum_server::from_tcp(self.listener)?.http1_only();
        // The time to the next head bounds idle connections too, so none outlives its use.
        server.http_builder().http1().header_read_timeout(self.patience).max_buf_size(MAX_HEAD);
        let server: Server<SocketAddr> = server.handle(handle.clone()).first_request_timeout(self.patience);
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let (drain, tls) = (self.drain, self.tls);
        let serving = async move {
            match tls {
                None => server.acceptor(bounded).serve(service).await,
                Some(tls) => server.acceptor(tls.acceptor(bounded)).serve(service).await,
            }
        };
        let draining = async {
            shutdown.await;
            handle.graceful_shutdown(Some(drain));
            std::future::pending::<()>().await;
        };
        tokio::select! {
            ended = serving => Ok(ended?),
            () = draining => Ok(()),
        }
    }
}
