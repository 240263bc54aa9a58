//! The gRPC server: bound first, so that what is wrong with an address or a certificate shows at start, then served
//! until told to stop.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio_stream::wrappers::UnixListenerStream;
use tonic::service::Routes;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Certificate, Identity, Server, ServerTlsConfig};

use super::checks::Checks;
use super::health::{self, HealthHandle};
use super::listen::Socket;
use super::reflect;
use super::settings::{GrpcSettings, TlsSettings};
use super::wire::{Authorization, Calls};
use crate::authorizer::check::Authorizer;
use crate::authorizer::config::GrpcListen;
use crate::authorizer::observe::Observer;

/// How long a client may take over a TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(5);

/// What one connection may send before we tell that we read it, in bytes. Every gateway has a few connections only, and
/// many checks under way on each.
const CONNECTION_WINDOW: u32 = 4 << 20;

/// Why the listener cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address or path cannot be listened on.
    #[error("cannot listen for checks on `{at}`: {source}")]
    Bind {
        /// Where.
        at: String,
        /// Why.
        source: io::Error,
    },
    /// The certificate, the key or the client authorities cannot be used.
    #[error("the certificates of the gRPC listener cannot be used: {0}")]
    Tls(String),
    /// Reflection cannot be served.
    #[error("gRPC reflection cannot be served: {0}")]
    Reflection(String),
    /// The transport gave up.
    #[error("the gRPC listener failed: {0}")]
    Transport(#[from] tonic::transport::Error),
}

/// A listener that is bound and does not serve yet.
#[derive(Debug)]
pub struct GrpcServer {
    settings: GrpcSettings,
    socket: Socket,
    server: Server,
}

impl GrpcServer {
    /// Begins to listen. Who connects waits until [`Self::serve`].
    pub async fn bind(settings: GrpcSettings) -> Result<Self, ServeError> {
        let (interval, timeout) = settings.keepalive;
        let mut server = Server::builder()
            .max_concurrent_streams(settings.max_concurrent_streams)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .http2_max_header_list_size(settings.max_header_list)
            .http2_keepalive_interval(Some(interval))
            .http2_keepalive_timeout(Some(timeout));
        if let Some(tls) = &settings.tls {
            server = server.tls_config(certificates(tls)).map_err(|error| ServeError::Tls(whole(&error)))?;
        }
        let socket = Socket::bind(&settings.listen).await;
        let socket = socket.map_err(|source| ServeError::Bind { at: place(&settings.listen), source })?;
        Ok(Self { settings, socket, server })
    }

    /// The address listened on, where there is one.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.socket.local_addr()
    }

    /// Answers checks until `shutdown`, then drains.
    pub async fn serve(
        self,
        authorizer: Arc<Authorizer>,
        observer: Arc<dyn Observer>,
        health: HealthHandle,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), ServeError> {
        let Self { settings, socket, server } = self;
        let checks = Checks::new(authorizer, observer, settings.max_concurrent_checks, settings.check_timeout);
        let (reporter, health_service) = health::service();
        let authorization = Authorization::new(Arc::new(checks), settings.max_message);
        let mut routes = Routes::new(authorization.clone()).add_service(health_service);
        if settings.reflection {
            routes = reflect::add_to(routes)?;
        }
        let (stop, stopped) = oneshot::channel();
        let serving = listen(server, Calls::new(authorization, routes), socket, stopped);
        let draining = async {
            shutdown.await;
            health.drain();
            tokio::time::sleep(settings.drain_delay).await;
            let _ = stop.send(());
            // A connection may never end by itself.
            tokio::time::sleep(settings.drain).await;
            tracing::warn!("checks under way at the end of the drain are broken off");
        };
        tokio::select! {
            result = serving => result,
            () = draining => Ok(()),
            () = health.clone().relay(reporter) => Ok(()),
        }
    }
}

async fn listen(
    server: Server,
    calls: Calls,
    socket: Socket,
    stopped: oneshot::Receiver<()>,
) -> Result<(), ServeError> {
    let stopped = async {
        let _ = stopped.await;
    };
    match socket {
        Socket::Tcp(listener) => {
            let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
            server.serve_with_incoming_shutdown(calls, incoming, stopped).await?;
        }
        Socket::Unix(listener, path) => {
            let result = server.serve_with_incoming_shutdown(calls, UnixListenerStream::new(listener), stopped).await;
            // What is left behind is stale, and makes room at the next start.
            let _ = fs::remove_file(path);
            result?;
        }
    }
    Ok(())
}

fn certificates(tls: &TlsSettings) -> ServerTlsConfig {
    let config = ServerTlsConfig::new().identity(Identity::from_pem(&tls.cert, &tls.key)).timeout(HANDSHAKE);
    match &tls.client_ca {
        Some(authorities) => config.client_ca_root(Certificate::from_pem(authorities)),
        None => config,
    }
}

fn place(listen: &GrpcListen) -> String {
    match listen {
        GrpcListen::Tcp(address) => address.to_string(),
        GrpcListen::Unix(path) => format!("unix:{}", path.display()),
    }
}

/// An error with what it stems from: the transport's own text names no cause.
fn whole(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
