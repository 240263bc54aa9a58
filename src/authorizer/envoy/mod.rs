//! The gRPC edge: Envoy's external authorization, version 3, for Envoy, Istio and agentgateway.
//!
//! Every check gets a `CheckResponse`, whatever came in and whatever goes wrong: gateways may be set to let requests
//! pass when the call itself fails, and an attacker must not be able to make it fail. That goes for checks that cannot
//! be decoded, for more checks than can be done at once, for timeouts and for panics.
//!
//! One kind of failure is out of reach here. HTTP/2 itself refuses an `:authority` that is none, and Envoy sends its
//! cluster's name as such unless `grpc_service.envoy_grpc.authority` is set: a name with `/`, `|` or a space fails
//! before this code sees the call.
//!
//! | file | what it does |
//! |---|---|
//! | `request` | `CheckRequest` to inbound request, with `head`, `body` and `malformed` |
//! | `response` | answer to `CheckResponse`, with `metadata` |
//! | `checks` | one check: bounded in number and in time, observed |
//! | `wire` | the gRPC method, decoding failures included |
//! | `health` | `grpc.health.v1` |
//! | `listen` | TCP and Unix sockets |
//! | `serve` | all of it until told to stop |
//! | `reflect` | gRPC reflection |

mod body;
mod checks;
mod head;
mod health;
mod listen;
mod malformed;
mod metadata;
mod reflect;
mod request;
mod response;
mod serve;
mod settings;
mod wire;

pub use health::HealthHandle;
pub use serve::{GrpcServer, ServeError};
pub use settings::{GrpcSettings, TlsSettings};

#[cfg(test)]
mod tests;
