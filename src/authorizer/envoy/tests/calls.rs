//! Checks, good and bad.

use std::time::Duration;

use envoy_types::pb::envoy::service::auth::v3::CheckResponse;
use envoy_types::pb::envoy::service::auth::v3::authorization_client::AuthorizationClient;
use tonic::codegen::http::uri::PathAndQuery;
use tonic_prost::ProstCodec;

use super::peers::{ALLOWED, Edge, UNAVAILABLE, ask, forwarded, settings, verdict};
use crate::authorizer::envoy::GrpcSettings;
use crate::authorizer::resource::AccessMode;
use crate::authorizer::testkit::{Kit, agent_token, auth_token, request, signed};
use envoy_types::pb::envoy::service::auth::v3::CheckRequest;

#[tokio::test]
async fn a_signed_request_passes_and_an_unsigned_one_does_not() {
    let edge = Edge::start(Kit::new(AccessMode::AuthToken), settings()).await;
    let token = auth_token(&["orders.read"]);
    let passing = edge.ask(forwarded(&signed(&request("GET", "/v1/orders"), &token))).await;
    assert_eq!(verdict(&passing), ALLOWED);
    assert_eq!(verdict(&edge.ask(forwarded(&request("GET", "/v1/orders"))).await), (16, 401));
    assert_eq!(verdict(&edge.ask(CheckRequest::default()).await), (3, 400));
    assert_eq!(edge.told.all(), ["allow ok", "unauthenticated invalid_signature", "denied invalid_request"]);
}

/// What cannot be decoded, or is too large to try, is denied and no RPC error: gateways may let those pass.
#[tokio::test]
async fn what_cannot_be_decoded_is_denied() {
    /// The same field numbers, with bytes where text should be.
    #[derive(Clone, PartialEq, prost::Message)]
    struct Bytes {
        #[prost(bytes = "vec", tag = "1")]
        attributes: Vec<u8>,
    }
    let max_message = 4096;
    let edge = Edge::start(Kit::new(AccessMode::AgentToken), GrpcSettings { max_message, ..settings() }).await;
    let channel = edge.connect().await;
    for (attributes, expected) in [(vec![0xFF; 8], (3, 400)), (vec![0; 5000], (8, 413)), (vec![], (3, 400))] {
        let mut grpc = tonic::client::Grpc::new(channel.clone());
        grpc.ready().await.unwrap();
        let path = PathAndQuery::from_static("/envoy.service.auth.v3.Authorization/Check");
        let codec = ProstCodec::<Bytes, CheckResponse>::default();
        let answer = grpc.unary(tonic::Request::new(Bytes { attributes }), path, codec).await.unwrap();
        assert_eq!(verdict(&answer.into_inner()), expected);
    }
    let other = PathAndQuery::from_static("/envoy.service.auth.v3.Authorization/Other");
    let mut grpc = tonic::client::Grpc::new(channel);
    grpc.ready().await.unwrap();
    let codec = ProstCodec::<Bytes, CheckResponse>::default();
    let answer = grpc.unary(tonic::Request::new(Bytes { attributes: vec![] }), other, codec).await;
    assert_eq!(answer.unwrap_err().code(), tonic::Code::Unimplemented);
}

/// One more than may be under way is answered at once.
#[tokio::test]
async fn overload_is_a_denial_and_no_queue() {
    let limited = GrpcSettings { max_concurrent_checks: 1, ..settings() };
    let edge = Edge::start(Kit::new(AccessMode::AgentToken), limited).await;
    edge.kit.issuers.close();
    let channel = edge.connect().await;
    let check = forwarded(&signed(&request("GET", "/v1/orders"), &agent_token()));
    let waiting = tokio::spawn(ask(channel.clone(), check.clone()));
    // The slot is taken once the first check waits for its issuer.
    let second = loop {
        let answer = ask(channel.clone(), forwarded(&request("GET", "/"))).await;
        if verdict(&answer) != (16, 401) {
            break answer;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    assert_eq!(verdict(&second), UNAVAILABLE);
    assert!(edge.told.all().contains(&"unavailable overloaded".to_owned()));
    edge.kit.issuers.open();
    assert_eq!(verdict(&waiting.await.unwrap()), ALLOWED);
    assert_eq!(verdict(&ask(channel, check).await), ALLOWED);
}

#[tokio::test]
async fn a_check_that_takes_too_long_is_a_denial() {
    let hasty = GrpcSettings { check_timeout: Duration::from_millis(50), ..settings() };
    let edge = Edge::start(Kit::new(AccessMode::AgentToken), hasty).await;
    edge.kit.issuers.close();
    let answer = edge.ask(forwarded(&signed(&request("GET", "/v1/orders"), &agent_token()))).await;
    assert_eq!(verdict(&answer), UNAVAILABLE);
    assert_eq!(edge.told.all(), ["unavailable timeout"]);
}

/// A gateway that says how long it waits is answered before that.
#[tokio::test]
async fn the_gateways_deadline_counts() {
    let edge = Edge::start(Kit::new(AccessMode::AgentToken), settings()).await;
    edge.kit.issuers.close();
    let mut check = tonic::Request::new(forwarded(&signed(&request("GET", "/v1/orders"), &agent_token())));
    check.set_timeout(Duration::from_secs(1));
    let answer = AuthorizationClient::new(edge.connect().await).check(check).await.unwrap();
    assert_eq!(verdict(&answer.into_inner()), UNAVAILABLE);
}
