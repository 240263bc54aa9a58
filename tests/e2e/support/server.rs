//! Small servers on loopback ports, on threads of their own so that tests stay plain functions. They run until the
//! test's process ends.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::thread;

use axum::Router;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::body::Body;
use tonic::codegen::{Service, http};
use tonic::server::NamedService;

/// Serves the router over HTTP/1.1; answers where.
pub(crate) fn serve(router: Router) -> SocketAddr {
    spawn(async |listener| axum::serve(listener, router).await.unwrap())
}

/// Serves the service over gRPC; answers where.
pub(crate) fn serve_grpc<S>(service: S) -> SocketAddr
where
    S: Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible>,
    S: NamedService + Clone + Send + Sync + 'static,
    S::Future: Send,
{
    let server = tonic::transport::Server::builder().add_service(service);
    spawn(async |listener| server.serve_with_incoming(TcpListenerStream::new(listener)).await.unwrap())
}

fn spawn(serve: impl AsyncFnOnce(TcpListener) + Send + 'static) -> SocketAddr {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { serve(TcpListener::from_std(listener).unwrap()).await });
    });
    address
}
