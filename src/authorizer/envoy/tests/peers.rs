//! A server with a small authorizer behind it, and a gateway that asks it.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use envoy_types::pb::envoy::config::core::v3::{HeaderMap, HeaderValue};
use envoy_types::pb::envoy::service::auth::v3::attribute_context::{HttpRequest, Request};
use envoy_types::pb::envoy::service::auth::v3::authorization_client::AuthorizationClient;
use envoy_types::pb::envoy::service::auth::v3::check_response::HttpResponse;
use envoy_types::pb::envoy::service::auth::v3::{AttributeContext, CheckRequest, CheckResponse};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::aauth::message::Message;
use crate::authorizer::config::GrpcListen;
use crate::authorizer::envoy::{GrpcServer, GrpcSettings, HealthHandle, ServeError};
use crate::authorizer::observe::Observer;
use crate::authorizer::record::Record;
use crate::authorizer::testkit::{HOST, Kit};

/// Keeps what it is told.
#[derive(Debug, Default)]
pub(super) struct Told(Mutex<Vec<String>>);

impl Observer for Told {
    fn checked(&self, record: &Record) {
        self.0.lock().unwrap().push(format!("{} {}", record.outcome, record.code));
    }
}

impl Told {
    pub(super) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

pub(super) struct Edge {
    pub(super) kit: Kit,
    pub(super) told: Arc<Told>,
    pub(super) health: HealthHandle,
    pub(super) port: u16,
    pub(super) running: JoinHandle<Result<(), ServeError>>,
    stop: Option<oneshot::Sender<()>>,
}

/// Settings for any free port, that waste no time.
pub(super) fn settings() -> GrpcSettings {
    GrpcSettings {
        drain_delay: Duration::ZERO,
        drain: Duration::from_secs(5),
        check_timeout: Duration::from_secs(5),
        ..GrpcSettings::new(GrpcListen::Tcp(([127, 0, 0, 1], 0).into()))
    }
}

impl Edge {
    pub(super) async fn start(kit: Kit, settings: GrpcSettings) -> Self {
        let server = GrpcServer::bind(settings).await.unwrap();
        let port = server.local_addr().map_or(0, |address| address.port());
        let (told, health) = (Arc::new(Told::default()), HealthHandle::default());
        health.set_serving(true);
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async {
            let _ = stopped.await;
        };
        let serving = server.serve(kit.authorizer.clone(), told.clone(), health.clone(), shutdown);
        Self { kit, told, health, port, running: tokio::spawn(serving), stop: Some(stop) }
    }

    pub(super) fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    pub(super) async fn connect(&self) -> Channel {
        let uri = format!("http://127.0.0.1:{}", self.port);
        Endpoint::from_shared(uri).unwrap().connect().await.unwrap()
    }

    pub(super) async fn ask(&self, check: CheckRequest) -> CheckResponse {
        ask(self.connect().await, check).await
    }
}

pub(super) async fn connect_unix(path: &Path) -> Channel {
    let uri = format!("unix://{}", path.display());
    Endpoint::from_shared(uri).unwrap().connect().await.unwrap()
}

pub(super) async fn ask(channel: Channel, check: CheckRequest) -> CheckResponse {
    AuthorizationClient::new(channel).check(check).await.unwrap().into_inner()
}

pub(super) async fn health(channel: Channel, service: &str) -> i32 {
    let request = HealthCheckRequest { service: service.to_owned() };
    HealthClient::new(channel).check(request).await.unwrap().into_inner().status
}

/// A message as Envoy forwards it.
pub(in crate::authorizer::envoy) fn forwarded(message: &Message) -> CheckRequest {
    let line = |(name, value): (&str, &[u8])| HeaderValue {
        key: name.to_owned(),
        value: String::new(),
        raw_value: value.to_vec(),
    };
    let http = HttpRequest {
        method: message.method().to_owned(),
        path: message.path().to_owned(),
        host: HOST.to_owned(),
        scheme: "https".to_owned(),
        header_map: Some(HeaderMap { headers: message.fields().iter().map(line).collect() }),
        ..HttpRequest::default()
    };
    let request = Some(Request { time: None, http: Some(http) });
    CheckRequest { attributes: Some(AttributeContext { request, ..AttributeContext::default() }) }
}

/// The gRPC code of the answer, and the status it gives the client: 0 for a request that passes.
pub(super) fn verdict(response: &CheckResponse) -> (i32, i32) {
    let status = match response.http_response.as_ref().unwrap() {
        HttpResponse::OkResponse(_) => 0,
        HttpResponse::DeniedResponse(denied) => denied.status.as_ref().unwrap().code,
        HttpResponse::ErrorResponse(_) => panic!("a gateway may let an error pass"),
    };
    (response.status.as_ref().unwrap().code, status)
}

pub(super) const ALLOWED: (i32, i32) = (0, 0);
pub(super) const UNAVAILABLE: (i32, i32) = (14, 503);
