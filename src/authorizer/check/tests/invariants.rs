//! What is true of every answer in the table.

use serde_json::Value;

use super::case::Outcome;
use super::shown;
use super::wire::Wire;
use crate::authorizer::answer::{Answer, Permit, Response};
use crate::authorizer::testkit::{ACCESS, AGENTS, PERSONS};

/// The most bytes a refused caller gets back, whatever was sent.
const MAX_BODY: usize = 1024;

/// Asserts all of it.
pub(super) fn hold(name: &str, outcome: &Outcome) {
    match &outcome.response {
        Ok(response) => refused(name, outcome, response),
        Err(permit) => allowed(name, outcome, permit),
    }
    nothing_secret_is_told(name, outcome);
    only_the_trusted_are_asked(name, outcome);
}

/// A stranger's token makes us call nobody, and a trusted issuer's leads nowhere but to itself.
fn only_the_trusted_are_asked(name: &str, outcome: &Outcome) {
    for url in &outcome.fetched {
        let trusted = [AGENTS, PERSONS, ACCESS].iter().any(|issuer| url.starts_with(&format!("{issuer}/")));
        assert!(trusted, "{name}: {url} was fetched");
    }
}

fn refused(name: &str, outcome: &Outcome, response: &Response) {
    let header = |wanted: &str| response.headers.iter().find(|(n, _)| *n == wanted).map(|(_, v)| v.as_str());
    let body: Value = serde_json::from_str(&response.body).unwrap();
    assert_eq!(body["status"], response.status, "{name}");
    assert!(body["error"].is_string(), "{name}");
    assert!(response.body.len() <= MAX_BODY, "{name}: a body of {} bytes", response.body.len());
    assert_eq!(header("content-type"), Some("application/problem+json"), "{name}");
    assert_eq!(header("cache-control"), Some("no-store"), "{name}");
    for (n, value) in &response.headers {
        assert!(value.bytes().all(|b| matches!(b, 0x20..=0x7E)), "{name}: {n}: {value:?}");
    }
    let signature_headers = ["signature-error", "accept-signature-scheme", "accept-signature-alg"].map(header);
    match &outcome.answer {
        Answer::Permit(_) => panic!("{name}: a permit has no response"),
        // "Verification (Server)".
        Answer::Unauthenticated(failure) => {
            let [error, scheme, alg] = signature_headers;
            assert_eq!(response.status, 401, "{name}");
            let code = format!("error={}", failure.error.code.code());
            assert!(error.is_some_and(|error| error.split(", ").next() == Some(&code)), "{name}: {error:?}");
            // For a revoked token neither scheme nor algorithm was at fault.
            let told = failure.error.code.code() != "revoked_jwt";
            assert_eq!((scheme.is_some(), alg.is_some()), (told, told), "{name}");
        }
        // A verified request is never answered as a signature failure: "Access Denied".
        Answer::Challenge(_) => {
            assert_eq!((response.status, signature_headers), (401, [None; 3]), "{name}");
            assert!(header("aauth-requirement").is_some(), "{name}");
        }
        Answer::Forbidden(_) => {
            assert!((400..500).contains(&response.status) && response.status != 401, "{name}");
            assert_eq!(signature_headers, [None; 3], "{name}");
            assert_eq!(header("aauth-requirement"), None, "{name}");
        }
        Answer::Unavailable(fault) => {
            assert_eq!((response.status, signature_headers), (503, [None; 3]), "{name}");
            assert!(!response.body.contains(&fault.detail), "{name}");
        }
    }
    // "Resource Token": for whoever proved to be, or to act for, a person.
    if shown::presented(outcome).is_some() {
        assert!(matches!(outcome.record.token_typ, Some("aa-person+jwt" | "aa-auth+jwt")), "{name}");
    }
}

fn allowed(name: &str, outcome: &Outcome, permit: &Permit) {
    let set = |wanted: &str| permit.headers.iter().any(|(n, _)| n == wanted);
    for (n, value) in &permit.headers {
        assert!(value.bytes().all(|b| matches!(b, 0x20..=0x7E)), "{name}: {n}: {value:?}");
        assert!(!permit.remove.contains(n), "{name}: {n} is both set and removed");
    }
    // Whatever an upstream could take for a word of ours is ours or gone. CGI reads `-` and `_` alike.
    for (sent, _) in &outcome.request.lines {
        let read = sent.to_ascii_lowercase();
        if read.replace('_', "-").starts_with("x-aauth-") {
            assert!(set(&read) || permit.remove.contains(&read), "{name}: {sent} passes");
        }
    }
}

/// No token, signature or key, in anything that leaves.
fn nothing_secret_is_told(name: &str, outcome: &Outcome) {
    let resource_token = shown::presented(outcome);
    let mut told = vec![format!("{:?}", outcome.record)];
    match &outcome.response {
        Ok(response) => {
            told.push(response.body.clone());
            told.extend(response.headers.iter().map(|(_, value)| value.clone()));
        }
        Err(permit) => told.push(format!("{permit:?}")),
    }
    for secret in secrets(&outcome.request).into_iter().chain(resource_token.clone()) {
        for text in &told {
            let expected = resource_token.as_ref() == Some(&secret) && text.starts_with("requirement=");
            assert!(expected || !text.contains(&secret), "{name}: `{secret}` is told in {text}");
        }
    }
    assert!(format!("{:?}", outcome.record).len() < 4096, "{name}: a record of any length");
}

/// Each run of base64url in the signature's headers that is long enough to be one, whole and as the parts of a token,
/// and what a token's own key looks like.
fn secrets(request: &Wire) -> Vec<String> {
    const SHORTEST: usize = 32;
    let of_lines = request.lines.iter().filter(|(name, _)| name == "signature" || name == "signature-key");
    let runs = of_lines.flat_map(|(_, value)| {
        let text = String::from_utf8_lossy(value).into_owned();
        let word = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '+' | '/' | '.'));
        text.split(word).map(str::to_owned).collect::<Vec<_>>()
    });
    let parts = runs.flat_map(|run| {
        let mut parts: Vec<_> = run.split('.').map(str::to_owned).collect();
        parts.push(run);
        parts
    });
    let key = crate::authorizer::testkit::agent_key().public().to_jwk();
    let key = key.get("x").and_then(Value::as_str).map(str::to_owned);
    parts.chain(key).filter(|part| part.len() >= SHORTEST).collect()
}
