//! What the answer of a server that was told of a withdrawal means: "Revocation Response".

use aauth_authorizer::aauth::error::RevocationErrorCode;
use aauth_authorizer::clock::Seconds;
use aauth_authorizer::discovery::{DiscoveryFault, ServerResponse};
use serde_json::{Map, Value};

use crate::domain::withdrawal::{Downstream, Told};

/// How many recipients of an access server's are kept.
const MAX_DOWNSTREAM: usize = 200;

/// What an answer means.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Heard {
    pub(super) told: Told,
    pub(super) downstream: Vec<Downstream>,
    /// `Retry-After`
    pub(super) wait: Option<Seconds>,
}

impl Heard {
    pub(super) fn of(told: Told) -> Self {
        Self { told, downstream: Vec::new(), wait: None }
    }
}

/// Reads an answer.
pub(super) fn heard(answer: Result<ServerResponse, DiscoveryFault>) -> Heard {
    let Ok(response) = answer else { return Heard::of(Told::Unavailable) };
    let wait = response.header("retry-after").and_then(|value| value.trim().parse().ok()).filter(|wait| *wait >= 0);
    let told = match (response.status, &response.location) {
        // "A caller reads an absent body as the revocation recorded with nothing reported, and a non-empty body it
        // cannot parse as revocation_unavailable."
        (200, _) if response.body.is_empty() => Told::Recorded,
        (200, _) => match response.object().as_ref().and_then(downstream) {
            Some(downstream) => return Heard { told: Told::Recorded, downstream, wait: None },
            None => Told::Unavailable,
        },
        (202, Some(url)) => Told::Awaited { url: url.clone() },
        (403, _) if error(&response).as_deref() == Some(RevocationErrorCode::UnsupportedIss.code()) => {
            Told::Unsupported
        }
        _ => Told::Unavailable,
    };
    Heard { wait, ..Heard::of(told) }
}

/// What the fault of a metadata document means: a server that publishes none publishes no revocation endpoint.
pub(super) fn undiscovered(fault: &DiscoveryFault) -> Told {
    match fault {
        DiscoveryFault::Status(404 | 410) | DiscoveryFault::NotAdmitted(_) => Told::Unsupported,
        DiscoveryFault::IssuerMissing
        | DiscoveryFault::IssuerMismatch
        | DiscoveryFault::InvalidMetadata(_)
        | DiscoveryFault::InvalidJwks(_)
        | DiscoveryFault::TooLarge(_)
        | DiscoveryFault::Status(_)
        | DiscoveryFault::Unsendable(_)
        | DiscoveryFault::Unreachable(_)
        | DiscoveryFault::TimedOut => Told::Unavailable,
    }
}

fn error(response: &ServerResponse) -> Option<String> {
    response.object()?.get("error")?.as_str().map(str::to_owned)
}

/// The recipients in a body; `None` where they cannot be read.
fn downstream(body: &Map<String, Value>) -> Option<Vec<Downstream>> {
    let Some(listed) = body.get("downstream") else { return Some(Vec::new()) };
    let short = |value: &Value| value.as_str().filter(|text| text.len() <= 255).map(str::to_owned);
    let one = |entry: &Value| {
        let entry = entry.as_object()?;
        let error = match entry.get("error") {
            Some(error) => Some(short(error)?),
            None => None,
        };
        Some(Downstream { recipient: short(entry.get("recipient")?)?, error })
    };
    listed.as_array()?.iter().take(MAX_DOWNSTREAM).map(one).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(status: u16, body: &[u8]) -> Heard {
        heard(Ok(ServerResponse { status, body: body.to_vec(), ..ServerResponse::default() }))
    }

    #[test]
    fn an_empty_200_is_recorded_and_an_unreadable_one_is_not() {
        assert_eq!(answer(200, b"").told, Told::Recorded);
        assert_eq!(answer(200, b"{}").told, Told::Recorded);
        for nonsense in [&b"ok"[..], b"[]", br#"{"downstream":{}}"#, br#"{"downstream":[{"error":"x"}]}"#] {
            assert_eq!(answer(200, nonsense).told, Told::Unavailable, "{}", nonsense.escape_ascii());
        }
    }

    #[test]
    fn what_an_access_server_reports_is_kept() {
        let body = json!({ "downstream": [
            { "recipient": "https://r.example", "error": "revocation_unavailable" },
            { "recipient": "https://q.example" },
        ]});
        let heard = answer(200, body.to_string().as_bytes());
        assert_eq!(heard.told, Told::Recorded);
        assert_eq!(heard.downstream[0].error.as_deref(), Some("revocation_unavailable"));
        assert_eq!(heard.downstream[1], Downstream { recipient: "https://q.example".into(), error: None });
    }

    #[test]
    fn failures_are_told_apart() {
        assert_eq!(answer(403, br#"{"error":"unsupported_iss"}"#).told, Told::Unsupported);
        for (status, body) in
            [(403, &b"{}"[..]), (400, b""), (401, b""), (429, b""), (500, b""), (302, b""), (202, b"")]
        {
            assert_eq!(answer(status, body).told, Told::Unavailable, "{status}");
        }
        assert_eq!(heard(Err(DiscoveryFault::TimedOut)).told, Told::Unavailable);
        assert_eq!(undiscovered(&DiscoveryFault::Status(404)), Told::Unsupported);
        assert_eq!(undiscovered(&DiscoveryFault::Status(503)), Told::Unavailable);
    }

    #[test]
    fn a_deferred_answer_is_polled_where_it_says() {
        let response = ServerResponse {
            status: 202,
            headers: vec![("retry-after".into(), "3".into())],
            body: Vec::new(),
            location: Some("https://as.example/p/1".into()),
        };
        let heard = heard(Ok(response));
        assert_eq!(heard.told, Told::Awaited { url: "https://as.example/p/1".into() });
        assert_eq!(heard.wait, Some(3));
    }
}
