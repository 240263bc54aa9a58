//! From a request to its handler, within its time and size.

use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest as _, Request, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::Response;

use crate::authorizer::parameters::MAX_BODY;

use super::endpoint::{Endpoint, Page, Service};
use super::state::HttpState;
use super::{grants, inbound, operator, reply, wellknown};

/// The whole HTTP side. Paths are the resources' own, so there is one route.
/// `longest` is how long a request may take, its body included.
pub fn router(state: HttpState, longest: Duration) -> Router {
    let within_its_time = async move |State(state): State<HttpState>, request: Request| match tokio::time::timeout(
        longest,
        dispatch(&state, request),
    )
    .await
    {
        Ok(response) => response,
        Err(_) => reply::problem(408, "request_timeout", "the request took too long"),
    };
    Router::new().fallback(within_its_time).layer(DefaultBodyLimit::max(MAX_BODY)).with_state(state)
}

async fn dispatch(state: &HttpState, request: Request) -> Response {
    match received(state, request).await {
        Ok((endpoint, head, body)) => answer(state, &endpoint, &head, &body).await,
        Err(refusal) => *refusal,
    }
}

/// The endpoint that is asked, and the whole request.
async fn received(state: &HttpState, request: Request) -> Result<(Endpoint, Parts, Bytes), Box<Response>> {
    let (head, body) = request.into_parts();
    let endpoint = Endpoint::find(&state.authorizer.resources, inbound::host(&head), head.uri.path());
    let endpoint = endpoint.map_err(|missing| Box::new(reply::problem(404, "not_found", missing.to_string())))?;
    if !endpoint.allows(&head.method) {
        let refusal = reply::problem(405, "method_not_allowed", format!("this takes {}", endpoint.allow()));
        return Err(Box::new(reply::with(refusal, header::ALLOW, endpoint.allow())));
    }
    match Bytes::from_request(Request::from_parts(head.clone(), body), &()).await {
        Ok(body) => Ok((endpoint, head, body)),
        Err(rejected) if rejected.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            let detail = format!("the body is longer than {MAX_BODY} bytes");
            Err(Box::new(reply::problem(413, "content_too_large", detail)))
        }
        Err(_) => Err(Box::new(reply::problem(400, "invalid_request", "the body could not be read"))),
    }
}

async fn answer(state: &HttpState, endpoint: &Endpoint, head: &Parts, body: &Bytes) -> Response {
    match endpoint {
        Endpoint::Operator(Page::Live) => operator::live(),
        Endpoint::Operator(Page::Ready) => operator::ready(state),
        Endpoint::Operator(Page::Metrics) => operator::metrics(state),
        Endpoint::Operator(Page::Status) => operator::status(state),
        Endpoint::Resource(Service::Metadata, resource) => wellknown::metadata(state, resource),
        Endpoint::Resource(Service::Keys, resource) => wellknown::keys(state, resource),
        Endpoint::Resource(Service::Authorize, resource) => {
            grants::authorize(state, resource, inbound::request(head, body, resource)).await
        }
        Endpoint::Resource(Service::Revoke, resource) => {
            grants::revoke(state, resource, inbound::request(head, body, resource)).await
        }
    }
}
