//! gRPC reflection, by which a person with `grpcurl` can see and call what is served here.
//!
//! The description is Envoy's own interface, compiled from the `proto` folder that comes with `envoy-types`:
//! `protoc --include_imports --descriptor_set_out=external_auth.binpb envoy/service/auth/v3/external_auth.proto`.

use tonic::service::Routes;
use tonic_reflection::server::Builder;

use super::serve::ServeError;
use super::wire::SERVICE;

const EXTERNAL_AUTH: &[u8] = include_bytes!("external_auth.binpb");

/// Adds reflection, in the form that tools speak today and in the one before.
pub(super) fn add_to(routes: Routes) -> Result<Routes, ServeError> {
    let fault = |error: tonic_reflection::server::Error| ServeError::Reflection(error.to_string());
    let current = description().build_v1().map_err(fault)?;
    let before = description().build_v1alpha().map_err(fault)?;
    Ok(routes.add_service(current).add_service(before))
}

fn description() -> Builder<'static> {
    Builder::configure()
        .register_encoded_file_descriptor_set(EXTERNAL_AUTH)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .with_service_name(SERVICE)
        .with_service_name("grpc.health.v1.Health")
}
