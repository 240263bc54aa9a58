//! What an access server's answer says. Pure.
//!
//! Implements the reading of "AS Response" and of "Deferred Responses", from the server's side of
//! draft-hardt-oauth-aauth-protocol-11. Whatever is in the answer is of another party's making: everything that is kept
//! of it is bounded, and what makes no sense is no answer.

use aauth_authorizer::aauth::identifier::IdentifierRules;
use aauth_authorizer::aauth::requirement::Requirement;
use aauth_authorizer::aauth::url::PublicUrl;
use aauth_authorizer::clock::Seconds;
use aauth_authorizer::discovery::ServerResponse;
use serde_json::{Map, Value};

use crate::domain::pending::{Clarification, Wanted};

/// The longest token that is looked at, in bytes.
const MAX_TOKEN: usize = 16 * 1024;
/// The longest question, in characters.
const MAX_QUESTION: usize = 4 * 1024;
/// Of an interaction code, in bytes.
const MAX_CODE: usize = 128;
/// How many claims or options are looked at.
const MAX_LISTED: usize = 50;
/// The longest words of an access server's that are repeated, in characters.
const MAX_WORDS: usize = 300;

/// An answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// A token, unverified.
    Token(String),
    /// Not yet.
    Waits(Waits),
    /// Not without these claims.
    Claims {
        /// Which.
        names: Vec<String>,
        /// Where they are told, where it is said.
        url: Option<String>,
    },
    /// No, for good.
    Refused {
        /// The status.
        status: u16,
        /// The code.
        error: String,
        /// Its words.
        detail: String,
    },
    /// Too often, or not just now.
    Later(Option<Seconds>),
    /// Nothing that can be followed.
    Nonsense(&'static str),
}

/// What is waited for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Waits {
    /// What it wants meanwhile.
    pub(super) wants: Option<Wanted>,
    /// Whether the person has arrived there.
    pub(super) arrived: bool,
    /// Where it is asked again, where it is said.
    pub(super) url: Option<String>,
    /// `Retry-After`
    pub(super) retry_after: Option<Seconds>,
}

/// Reads an answer that came at `now`.
pub(super) fn said(response: &ServerResponse, rules: IdentifierRules, now: Seconds) -> Said {
    let retry_after = response.header("retry-after").and_then(|value| value.trim().parse().ok());
    let retry_after = retry_after.filter(|seconds| *seconds >= 0);
    match response.status {
        200 => token(response),
        202 => deferred(response, rules, now, retry_after),
        402 => {
            let challenge = response.header("www-authenticate").map(|words| words.chars().take(1024).collect());
            let wants = Some(Wanted::Payment { challenge });
            Said::Waits(Waits { wants, arrived: false, url: response.location.clone(), retry_after })
        }
        429 | 503 => Said::Later(retry_after),
        // What it says of our signature is not for the agent, whose own was in order.
        401 => Said::Nonsense("it does not accept this server's signature"),
        status @ 400..=599 => refused(response, status),
        _ => Said::Nonsense("its status is none that a token request has"),
    }
}

fn token(response: &ServerResponse) -> Said {
    let token = response.object().and_then(|body| body.get("auth_token")?.as_str().map(str::to_owned));
    match token {
        Some(token) if token.len() <= MAX_TOKEN => Said::Token(token),
        Some(_) | None => Said::Nonsense("its answer holds no auth token"),
    }
}

fn deferred(response: &ServerResponse, rules: IdentifierRules, now: Seconds, retry_after: Option<Seconds>) -> Said {
    let Some(body) = response.object() else { return Said::Nonsense("its pending response has no JSON object") };
    let url = response.location.clone();
    let requirement = match response.header("aauth-requirement").map(Requirement::parse) {
        None => None,
        Some(Ok(requirement)) => Some(requirement),
        Some(Err(_)) => return Said::Nonsense("its requirement cannot be read"),
    };
    let wants = match requirement {
        None => None,
        Some(Requirement::Claims) => return claims(&body, url),
        Some(Requirement::Approval) => Some(Wanted::Approval),
        Some(Requirement::Interaction { url, code }) => {
            // The person is sent there, so it must be somewhere they can be sent.
            if PublicUrl::endpoint(&url, rules).is_err() || code.is_empty() || code.len() > MAX_CODE {
                return Said::Nonsense("its interaction leads nowhere the person can be sent");
            }
            Some(Wanted::Interaction { url, code })
        }
        Some(Requirement::Clarification) => match clarification(&body, now) {
            Some(question) => Some(Wanted::Clarification(question)),
            None => return Said::Nonsense("it asks for an answer, and no question"),
        },
        Some(Requirement::AgentToken | Requirement::PersonToken | Requirement::AuthToken { .. }) => {
            return Said::Nonsense("its requirement is none of an access server's");
        }
    };
    let arrived = body.get("status").and_then(Value::as_str) == Some("interacting");
    Said::Waits(Waits { wants, arrived, url, retry_after })
}

fn clarification(body: &Map<String, Value>, now: Seconds) -> Option<Clarification> {
    let question = body.get("clarification")?.as_str().filter(|text| !text.is_empty())?;
    let options = body.get("options").and_then(Value::as_array).into_iter().flatten();
    let options = options.filter_map(Value::as_str).take(MAX_LISTED).map(|text| text.chars().take(255).collect());
    Some(Clarification {
        question: question.chars().take(MAX_QUESTION).collect(),
        options: options.collect(),
        asked_at: now,
    })
}

fn claims(body: &Map<String, Value>, url: Option<String>) -> Said {
    let names = body.get("required_claims").and_then(Value::as_array);
    let names: Vec<String> = names
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .filter(|name| name.len() <= 64)
        .take(MAX_LISTED)
        .map(str::to_owned)
        .collect();
    if names.is_empty() { Said::Nonsense("it asks for claims, and names none") } else { Said::Claims { names, url } }
}

fn refused(response: &ServerResponse, status: u16) -> Said {
    let Some(body) = response.object() else { return Said::Nonsense("its error cannot be read") };
    let well_formed = |code: &&str| {
        (1..=64).contains(&code.len())
            && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    let Some(error) = body.get("error").and_then(Value::as_str).filter(well_formed) else {
        return Said::Nonsense("its error cannot be read");
    };
    let words = body.get("detail").and_then(Value::as_str).unwrap_or("it gives no detail");
    let words: String = words.chars().filter(|c| !c.is_control()).take(MAX_WORDS).collect();
    Said::Refused { status, error: error.to_owned(), detail: words }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(status: u16, headers: &[(&str, &str)], body: &Value) -> Said {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let location = (status == 202).then(|| "https://as.example/p".to_owned());
        let body = body.to_string().into_bytes();
        said(&ServerResponse { status, headers, body, location }, IdentifierRules::Strict, 7)
    }

    fn waits(header: &str, body: &Value) -> Option<Wanted> {
        let Said::Waits(waits) = answer(202, &[("aauth-requirement", header)], body) else { panic!("{header}") };
        waits.wants
    }

    #[test]
    fn each_requirement_is_read() {
        let pending = json!({ "status": "pending" });
        let there = waits(r#"requirement=interaction; url="https://as.example/i"; code="A1B2""#, &pending);
        assert_eq!(there, Some(Wanted::Interaction { url: "https://as.example/i".into(), code: "A1B2".into() }));
        assert_eq!(waits("requirement=approval", &pending), Some(Wanted::Approval));
        let asked = waits("requirement=clarification", &json!({ "clarification": "Why?", "options": ["a", "b"] }));
        let question = Clarification { question: "Why?".into(), options: vec!["a".into(), "b".into()], asked_at: 7 };
        assert_eq!(asked, Some(Wanted::Clarification(question)));
        let claims =
            answer(202, &[("aauth-requirement", "requirement=claims")], &json!({ "required_claims": ["email"] }));
        assert_eq!(claims, Said::Claims { names: vec!["email".into()], url: Some("https://as.example/p".into()) });
    }

    #[test]
    fn a_payment_waits_with_its_words() {
        let Said::Waits(waits) = answer(402, &[("www-authenticate", "Payment id=\"x\"")], &json!({})) else { panic!() };
        assert_eq!(waits.wants, Some(Wanted::Payment { challenge: Some("Payment id=\"x\"".into()) }));
    }

    #[test]
    fn an_error_is_relayed_only_if_it_is_well_formed() {
        let detail = || "No.".to_owned();
        let no = answer(403, &[], &json!({ "error": "denied", "detail": "No." }));
        assert_eq!(no, Said::Refused { status: 403, error: "denied".into(), detail: detail() });
        for body in
            [json!({}), json!({ "error": "Not A Code" }), json!({ "error": 3 }), json!([]), json!({ "error": "" })]
        {
            assert!(matches!(answer(400, &[], &body), Said::Nonsense(_)), "{body}");
        }
        assert!(matches!(answer(401, &[], &json!({ "error": "denied" })), Said::Nonsense(_)));
        assert_eq!(answer(429, &[("retry-after", "4")], &json!({})), Said::Later(Some(4)));
    }

    #[test]
    fn what_cannot_be_followed_is_nonsense() {
        let bad = [
            answer(200, &[], &json!({ "auth_token": 3 })),
            answer(204, &[], &json!({})),
            answer(302, &[], &json!({})),
            answer(202, &[], &json!([])),
            answer(202, &[("aauth-requirement", "requirement=teleport")], &json!({})),
            answer(202, &[("aauth-requirement", "requirement=person-token")], &json!({})),
            answer(202, &[("aauth-requirement", "requirement=claims")], &json!({ "required_claims": [] })),
            answer(202, &[("aauth-requirement", "requirement=clarification")], &json!({})),
            answer(
                202,
                &[("aauth-requirement", r#"requirement=interaction;url="http://as.example/";code="A""#)],
                &json!({}),
            ),
            answer(
                202,
                &[("aauth-requirement", r#"requirement=interaction;url="https://127.0.0.1/";code="A""#)],
                &json!({}),
            ),
        ];
        for one in bad {
            assert!(matches!(one, Said::Nonsense(_)), "{one:?}");
        }
    }
}
