//! Reflection, by switch.

use tonic::Code;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

use super::peers::{Edge, settings};
use crate::authorizer::envoy::GrpcSettings;
use crate::authorizer::resource::AccessMode;
use crate::authorizer::testkit::Kit;

async fn ask(reflection: bool, message: MessageRequest) -> Result<MessageResponse, Code> {
    let edge = Edge::start(Kit::new(AccessMode::AgentToken), GrpcSettings { reflection, ..settings() }).await;
    let request = ServerReflectionRequest { host: String::new(), message_request: Some(message) };
    let mut client = ServerReflectionClient::new(edge.connect().await);
    let answers = client.server_reflection_info(tokio_stream::once(request)).await.map_err(|status| status.code())?;
    Ok(answers.into_inner().message().await.unwrap().unwrap().message_response.unwrap())
}

#[tokio::test]
async fn what_is_served_is_described() {
    let MessageResponse::ListServicesResponse(list) =
        ask(true, MessageRequest::ListServices(String::new())).await.unwrap()
    else {
        panic!("no list")
    };
    let mut names: Vec<_> = list.service.into_iter().map(|service| service.name).collect();
    names.sort();
    assert_eq!(names, ["envoy.service.auth.v3.Authorization", "grpc.health.v1.Health"]);
    let symbol = MessageRequest::FileContainingSymbol("envoy.service.auth.v3.Authorization.Check".into());
    assert!(matches!(ask(true, symbol).await, Ok(MessageResponse::FileDescriptorResponse(_))));
}

#[tokio::test]
async fn nothing_is_described_unless_asked_for() {
    let answer = ask(false, MessageRequest::ListServices(String::new())).await;
    assert_eq!(answer.unwrap_err(), Code::Unimplemented);
}
