//! A request, read whole: its signed parts, its body within bounds, and how long the caller waits.

use std::time::Duration;

use aauth_authorizer::aauth::error::TokenEndpointErrorCode as Code;
use aauth_authorizer::aauth::message::{Fields, Message};
use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, request::Parts};

use super::Shared;
use crate::app::{Inbound, MAX_BODY, Refusal};

/// The longest that a request is held, whatever its `Prefer: wait` says.
const MAX_WAIT: Duration = Duration::from_mins(1);
/// How long a body may take to arrive.
const BODY_WITHIN: Duration = Duration::from_secs(10);

impl FromRequest<Shared> for Inbound {
    type Rejection = Refusal;

    async fn from_request(request: Request, server: &Shared) -> Result<Self, Refusal> {
        let (parts, body) = request.into_parts();
        let body = tokio::time::timeout(BODY_WITHIN, to_bytes(body, MAX_BODY));
        let body = body.await.map_err(|_| refused(408, "the body did not arrive in time"))?;
        let body = body.map_err(|_| refused(413, "the body is longer than 64 KiB, or broke off"))?;
        Ok(Self { message: message(&parts, server), wait: wait(&parts.headers), body: body.to_vec() })
    }
}

/// The message as its sender signed it. The authority is the public one, whatever a proxy made of `Host`.
fn message(parts: &Parts, server: &Shared) -> Message {
    let lines = parts.headers.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()));
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let issuer = &server.settings().issuer;
    let scheme = if issuer.as_str().starts_with("http://") { "http" } else { "https" };
    Message::request(parts.method.as_str(), scheme, issuer.authority(), target, Fields::lines(lines))
}

/// `Prefer: wait=N` (RFC 7240), cut to what is granted.
fn wait(headers: &HeaderMap) -> Option<Duration> {
    let lines = headers.get_all("prefer").iter().filter_map(|line| line.to_str().ok());
    let mut preferences = lines.flat_map(|line| line.split(','));
    let seconds = preferences.find_map(|one| {
        let (name, value) = one.split(';').next()?.split_once('=')?;
        let wait = name.trim().eq_ignore_ascii_case("wait");
        if wait { value.trim().trim_matches('"').parse::<u64>().ok() } else { None }
    })?;
    Some(Duration::from_secs(seconds).min(MAX_WAIT)).filter(|wait| !wait.is_zero())
}

fn refused(status: u16, detail: &str) -> Refusal {
    Refusal::problem(status, Code::InvalidRequest.code(), detail)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn of(prefer: &'static str) -> Option<Duration> {
        wait(&HeaderMap::from_iter([("prefer".parse().unwrap(), HeaderValue::from_static(prefer))]))
    }

    #[test]
    fn a_caller_waits_as_long_as_it_says_within_bounds() {
        assert_eq!(of("wait=45"), Some(Duration::from_secs(45)));
        assert_eq!(of("respond-async, Wait=5; x=1"), Some(Duration::from_secs(5)));
        assert_eq!(of("wait=999999"), Some(MAX_WAIT));
        assert_eq!(["wait=0", "wait=-1", "wait", "await=3"].map(of), [None; 4]);
    }
}
