//! Who calls, and that no other site makes them.
//!
//! A cookie goes with requests that other sites provoke as well. So what changes something by cookie has to say that it
//! comes from a page of this origin (`Origin`, `Sec-Fetch-Site`: what a browser alone writes), and to be a request that
//! no form can make. An API token is sent by nobody but its holder.

use aauth_authorizer::aauth::identifier::ServerId;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::super::Shared;
use super::cookie;
use crate::app::persons::{Credential, Entered};
use crate::app::{Outcome, Refusal};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// Any value: what counts is that a form cannot send it.
const REQUESTED_WITH: HeaderName = HeaderName::from_static("x-requested-with");

/// Lets a person's request pass, and nobody else's.
pub(super) async fn enter(State(server): State<Shared>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let Entered { caller, renewed } = match entered(&server, &parts.method, &parts.headers).await {
        Ok(entered) => entered,
        Err(refusal) => return refusal.into_response(),
    };
    parts.extensions.insert(caller);
    let mut response = next.run(Request::from_parts(parts, body)).await;
    if let Some(line) = renewed.and_then(|secret| cookie::keep(&secret, &server.settings().issuer)) {
        // Whoever logged out is not logged in again.
        response.headers_mut().entry(header::SET_COOKIE).or_insert(line);
    }
    response
}

async fn entered(server: &Shared, method: &Method, headers: &HeaderMap) -> Outcome<Entered> {
    let issuer = &server.settings().issuer;
    let credential = credential(headers, issuer).ok_or_else(|| {
        Refusal::problem(401, "unauthenticated", "log in, or send an API token as `Authorization: Bearer`")
    })?;
    if matches!(credential, Credential::Cookie(_)) {
        is_of_this_origin(method, headers, issuer)?;
    }
    server.enter(&credential).await
}

/// What a request carries. One that carries an API token is that token's, whatever cookies go with it.
pub(super) fn credential(headers: &HeaderMap, issuer: &ServerId) -> Option<Credential> {
    let mut lines = headers.get_all(header::AUTHORIZATION).iter();
    match (lines.next(), lines.next()) {
        (None, _) => cookie::read(headers, issuer).map(Credential::Cookie),
        (Some(line), None) => {
            let (scheme, token) = line.to_str().ok()?.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| Credential::Bearer(token.trim().to_owned()))
        }
        (Some(_), Some(_)) => None,
    }
}

/// Whether a request by cookie was made by a page of ours.
fn is_of_this_origin(method: &Method, headers: &HeaderMap, issuer: &ServerId) -> Outcome<()> {
    let refused = |detail: &str| Err(Refusal::problem(403, "cross_site", detail));
    let said = origin_says(headers, issuer);
    if said == Said::Elsewhere {
        return refused("a request by cookie comes from a page of this origin");
    }
    if method.is_safe() {
        return Ok(());
    }
    if said == Said::Nothing {
        return refused("a change by cookie needs `Origin` or `Sec-Fetch-Site`: a script uses an API token");
    }
    if !is_json(headers) && !headers.contains_key(REQUESTED_WITH) {
        return refused("a change by cookie needs `Content-Type: application/json` or `X-Requested-With`");
    }
    Ok(())
}

/// What the browser says about where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    /// From a page of this origin.
    Here,
    /// From a page of another.
    Elsewhere,
    /// Nothing: no browser, or an old one.
    Nothing,
}

pub(super) fn origin_says(headers: &HeaderMap, issuer: &ServerId) -> Said {
    let all =
        |name: HeaderName, good: &str| headers.get_all(name).iter().all(|value| value.as_bytes() == good.as_bytes());
    if !headers.contains_key(header::ORIGIN) && !headers.contains_key(FETCH_SITE) {
        return Said::Nothing;
    }
    let here = all(header::ORIGIN, issuer.as_str()) && all(FETCH_SITE, "same-origin");
    if here { Said::Here } else { Said::Elsewhere }
}

pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let declared = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    declared.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    fn check(method: &Method, pairs: &[(&'static str, &'static str)]) -> bool {
        is_of_this_origin(method, &headers(pairs), &ServerId::parse("https://ps.example").unwrap()).is_ok()
    }

    #[test]
    fn a_page_of_ours_may_change_something() {
        let json = ("content-type", "application/json; charset=utf-8");
        assert!(check(&Method::POST, &[("origin", "https://ps.example"), json]));
        assert!(check(&Method::POST, &[("sec-fetch-site", "same-origin"), json]));
        assert!(check(&Method::DELETE, &[("sec-fetch-site", "same-origin"), ("x-requested-with", "page")]));
    }

    #[test]
    fn nobody_elses_page_may() {
        let json = ("content-type", "application/json");
        for bad in [
            &[json][..],
            &[("origin", "https://ps.example")],
            &[("origin", "https://ps.example"), ("content-type", "text/plain")],
            &[("origin", "https://evil.example"), json],
            &[("origin", "https://ps.example.evil.example"), json],
            &[("origin", "http://ps.example"), json],
            &[("origin", "null"), json],
            &[("origin", ""), json],
            &[("sec-fetch-site", "same-site"), json],
            &[("sec-fetch-site", "none"), json],
            &[("origin", "https://ps.example"), ("sec-fetch-site", "cross-site"), json],
            &[("origin", "https://evil.example"), ("sec-fetch-site", "same-origin"), json],
        ] {
            assert!(!check(&Method::POST, bad), "{bad:?}");
        }
    }

    #[test]
    fn reading_needs_no_more_than_not_to_come_from_elsewhere() {
        assert!(check(&Method::GET, &[]));
        assert!(check(&Method::GET, &[("sec-fetch-site", "same-origin")]));
        assert!(!check(&Method::GET, &[("sec-fetch-site", "cross-site")]));
    }
}
