//! Starting, health, and stopping.

use std::time::Duration;

use tokio::time::timeout;
use tonic_health::ServingStatus;

use super::peers::{ALLOWED, Edge, ask, connect_unix, forwarded, health, settings, verdict};
use crate::authorizer::config::GrpcListen;
use crate::authorizer::envoy::{GrpcServer, GrpcSettings, ServeError};
use crate::authorizer::resource::AccessMode;
use crate::authorizer::testkit::{Kit, agent_token, request, signed};

const SERVING: i32 = ServingStatus::Serving as i32;
const NOT_SERVING: i32 = ServingStatus::NotServing as i32;

fn kit() -> Kit {
    Kit::new(AccessMode::AgentToken)
}

async fn until_health(edge: &Edge, expected: i32) {
    let channel = edge.connect().await;
    let reached = async {
        for service in ["", "envoy.service.auth.v3.Authorization"] {
            while health(channel.clone(), service).await != expected {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    };
    timeout(Duration::from_secs(5), reached).await.unwrap();
}

#[tokio::test]
async fn health_is_what_it_was_last_said_to_be() {
    let edge = Edge::start(kit(), settings()).await;
    until_health(&edge, SERVING).await;
    edge.health.set_serving(false);
    until_health(&edge, NOT_SERVING).await;
    edge.health.set_serving(true);
    until_health(&edge, SERVING).await;
    edge.health.drain();
    until_health(&edge, NOT_SERVING).await;
    edge.health.set_serving(true);
    assert!(!edge.health.is_serving());
}

/// Gateways learn first; then no more connections are taken; what is under way is answered.
#[tokio::test]
async fn a_stop_answers_what_is_under_way() {
    let mut edge = Edge::start(kit(), GrpcSettings { drain_delay: Duration::from_millis(200), ..settings() }).await;
    edge.kit.issuers.close();
    let channel = edge.connect().await;
    let check = forwarded(&signed(&request("GET", "/v1/orders"), &agent_token()));
    let under_way = tokio::spawn(ask(channel, check));
    while edge.kit.issuers.asked() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    edge.stop();
    until_health(&edge, NOT_SERVING).await;
    let port = edge.port;
    let closed = async {
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(5), closed).await.unwrap();
    assert!(!edge.running.is_finished());
    edge.kit.issuers.open();
    assert_eq!(verdict(&under_way.await.unwrap()), ALLOWED);
    timeout(Duration::from_secs(5), edge.running).await.unwrap().unwrap().unwrap();
}

/// A connection that never says anything, and a check that never ends, hold a stop no longer than the drain.
#[tokio::test]
async fn nobody_can_hold_up_a_stop() {
    let mut edge = Edge::start(kit(), GrpcSettings { drain: Duration::from_millis(100), ..settings() }).await;
    let _silent = tokio::net::TcpStream::connect(("127.0.0.1", edge.port)).await.unwrap();
    edge.kit.issuers.close();
    let channel = edge.connect().await;
    let check = forwarded(&signed(&request("GET", "/v1/orders"), &agent_token()));
    let _endless = tokio::spawn(ask(channel, check));
    while edge.kit.issuers.asked() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    edge.stop();
    timeout(Duration::from_secs(3), edge.running).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn a_unix_socket_does_as_well() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("authorizer.sock");
    let listen = GrpcListen::Unix(path.clone());
    let mut edge = Edge::start(kit(), GrpcSettings { listen, ..settings() }).await;
    let check = forwarded(&signed(&request("GET", "/v1/orders"), &agent_token()));
    assert_eq!(verdict(&ask(connect_unix(&path).await, check).await), ALLOWED);
    edge.stop();
    timeout(Duration::from_secs(5), edge.running).await.unwrap().unwrap().unwrap();
    assert!(!path.exists());
}

#[tokio::test]
async fn an_address_in_use_is_told_at_start() {
    let taken = GrpcServer::bind(settings()).await.unwrap();
    let listen = GrpcListen::Tcp(taken.local_addr().unwrap());
    let error = GrpcServer::bind(GrpcSettings { listen, ..settings() }).await.unwrap_err();
    assert!(matches!(error, ServeError::Bind { .. }));
    assert!(error.to_string().starts_with("cannot listen for checks on `127.0.0.1:"), "{error}");
}
