//! An authorizer that allows everything and remembers what it was asked: shows what a gateway sends, and that the
//! gateway passes on what it is answered.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::thread;

use envoy_types::ext_authz::v3::pb::{Authorization, AuthorizationServer, CheckRequest, CheckResponse};
use envoy_types::pb::google::protobuf::value::Kind;
use envoy_types::pb::google::protobuf::{Struct, Value};
use envoy_types::pb::google::rpc;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

/// The running stand-in.
#[derive(Debug, Clone)]
pub(crate) struct StandIn {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<CheckRequest>>>,
}

impl StandIn {
    /// Starts it on a port of its own.
    pub(crate) fn start() -> Self {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let stand_in = Self { address: listener.local_addr().unwrap(), asked: Arc::default() };
        let service = AuthorizationServer::new(stand_in.clone());
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let incoming = TcpListenerStream::new(tokio::net::TcpListener::from_std(listener).unwrap());
                tonic::transport::Server::builder().add_service(service).serve_with_incoming(incoming).await.unwrap();
            });
        });
        stand_in
    }

    /// The last question.
    pub(crate) fn asked(&self) -> CheckRequest {
        self.asked.lock().unwrap().last().cloned().unwrap()
    }
}

#[tonic::async_trait]
impl Authorization for StandIn {
    async fn check(&self, request: Request<CheckRequest>) -> Result<Response<CheckResponse>, Status> {
        self.asked.lock().unwrap().push(request.into_inner());
        let seen = Value { kind: Some(Kind::StringValue("stand-in".to_owned())) };
        Ok(Response::new(CheckResponse {
            status: Some(rpc::Status::default()),
            dynamic_metadata: Some(Struct { fields: [("who".to_owned(), seen)].into() }),
            ..CheckResponse::default()
        }))
    }
}
