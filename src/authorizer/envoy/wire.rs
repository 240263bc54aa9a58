//! The one gRPC method. Generated code would answer a message that cannot be decoded, or that is too large, with an RPC
//! error. Here it is an input like others: the message is taken from the stream by hand, and what fails there is denied.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use envoy_types::pb::envoy::service::auth::v3::{CheckRequest, CheckResponse};
use tonic::body::Body;
use tonic::codegen::{Body as HttpBody, Service, StdError, http};
use tonic::metadata::MetadataMap;
use tonic::server::{ClientStreamingService, Grpc, NamedService};
use tonic::service::Routes;
use tonic::{Code, Request, Response, Status, Streaming};
use tonic_prost::ProstCodec;

use super::checks::Checks;
use super::malformed::Malformed;

/// The service's name, for health checks as well.
pub(super) const SERVICE: &str = "envoy.service.auth.v3.Authorization";
const METHOD: &str = "/envoy.service.auth.v3.Authorization/Check";

/// The service.
#[derive(Debug, Clone)]
pub(super) struct Authorization {
    checks: Arc<Checks>,
    max_message: usize,
}

impl Authorization {
    /// A service that takes checks of so many bytes at most.
    pub(super) fn new(checks: Arc<Checks>, max_message: usize) -> Self {
        Self { checks, max_message }
    }
}

impl NamedService for Authorization {
    const NAME: &'static str = SERVICE;
}

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

impl<B> Service<http::Request<B>> for Authorization
where
    B: HttpBody + Send + 'static,
    B::Error: Into<StdError> + Send + 'static,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Boxed<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        if request.uri().path() != METHOD {
            return Box::pin(async { Ok(Status::unimplemented("the service has one method, Check").into_http()) });
        }
        let (check, max_message) = (Check(Arc::clone(&self.checks)), self.max_message);
        Box::pin(async move {
            let codec = ProstCodec::<CheckResponse, CheckRequest>::default();
            let mut grpc = Grpc::new(codec).apply_max_message_size_config(Some(max_message), None);
            Ok(grpc.client_streaming(check, request).await)
        })
    }
}

/// Every call to the listener. A check goes straight to its service: the router in between costs a twentieth of it.
#[derive(Debug, Clone)]
pub(super) struct Calls {
    authorization: Authorization,
    others: Routes,
}

impl Calls {
    /// Checks for the one, other calls for the others.
    pub(super) fn new(authorization: Authorization, others: Routes) -> Self {
        Self { authorization, others }
    }
}

impl Service<http::Request<Body>> for Calls {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Boxed<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Service::<http::Request<Body>>::poll_ready(&mut self.others, context)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        if request.uri().path() == METHOD {
            self.authorization.call(request)
        } else {
            Box::pin(self.others.call(request))
        }
    }
}

/// One call. On the wire a stream of one message and a message are the same.
struct Check(Arc<Checks>);

impl ClientStreamingService<CheckRequest> for Check {
    type Response = CheckResponse;
    type Future = Boxed<Result<Response<CheckResponse>, Status>>;

    fn call(&mut self, request: Request<Streaming<CheckRequest>>) -> Self::Future {
        let checks = Arc::clone(&self.0);
        Box::pin(async move {
            let deadline = deadline(request.metadata());
            let check = match request.into_inner().message().await {
                Ok(Some(check)) => Ok(check),
                Err(status) if status.code() == Code::OutOfRange => Err(Malformed::TooLarge),
                Ok(None) | Err(_) => Err(Malformed::Undecodable),
            };
            Ok(Response::new(checks.respond(check, deadline).await))
        })
    }
}

/// `grpc-timeout`: up to eight digits and a unit.
fn deadline(metadata: &MetadataMap) -> Option<Duration> {
    let text = metadata.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let number = Some(digits).filter(|digits| digits.len() <= 8)?.parse::<u32>().ok()?;
    let unit = match unit {
        "H" => Duration::from_hours(1),
        "M" => Duration::from_mins(1),
        "S" => Duration::from_secs(1),
        "m" => Duration::from_millis(1),
        "u" => Duration::from_micros(1),
        "n" => Duration::from_nanos(1),
        _ => return None,
    };
    unit.checked_mul(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_read_in_every_unit() {
        let read = |text: &str| {
            let mut metadata = MetadataMap::new();
            metadata.insert("grpc-timeout", text.parse().unwrap());
            deadline(&metadata)
        };
        assert_eq!(read("200m"), Some(Duration::from_millis(200)));
        assert_eq!(read("2S"), Some(Duration::from_secs(2)));
        assert_eq!(read("99999999H"), Some(Duration::from_hours(99_999_999)));
        for none in ["", "m", "12", "-1m", "123456789m", "1x"] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
