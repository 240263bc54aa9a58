//! An authorizer that allows everything and remembers what it was asked: shows what a gateway sends, and that the
//! gateway passes on what it is answered.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use envoy_types::ext_authz::v3::pb::{Authorization, AuthorizationServer, CheckRequest, CheckResponse};
use envoy_types::pb::google::protobuf::value::Kind;
use envoy_types::pb::google::protobuf::{Struct, Value};
use envoy_types::pb::google::rpc;
use tonic::{Request, Response, Status};

use super::server;

/// The running stand-in.
#[derive(Debug)]
pub(crate) struct StandIn {
    pub(crate) address: SocketAddr,
    asked: Asked,
}

impl StandIn {
    /// Starts it on a port of its own.
    pub(crate) fn start() -> Self {
        let asked = Asked::default();
        Self { address: server::serve_grpc(AuthorizationServer::new(asked.clone())), asked }
    }

    /// The last question.
    pub(crate) fn asked(&self) -> CheckRequest {
        self.asked.0.lock().unwrap().last().cloned().unwrap()
    }
}

#[derive(Debug, Clone, Default)]
struct Asked(Arc<Mutex<Vec<CheckRequest>>>);

#[tonic::async_trait]
impl Authorization for Asked {
    async fn check(&self, request: Request<CheckRequest>) -> Result<Response<CheckResponse>, Status> {
        self.0.lock().unwrap().push(request.into_inner());
        let seen = Value { kind: Some(Kind::StringValue("stand-in".to_owned())) };
        Ok(Response::new(CheckResponse {
            status: Some(rpc::Status::default()),
            dynamic_metadata: Some(Struct { fields: [("who".to_owned(), seen)].into() }),
            ..CheckResponse::default()
        }))
    }
}
