//! What came of a test, in the words that suites expect it in.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::suite::Decision;
use crate::aauth::key::CompactJws;
use crate::aauth::requirement::Requirement;
use crate::authorizer::answer::{Answer, Response};
use crate::authorizer::check::Checked;
use crate::authorizer::consulted::Consulted;
use crate::policy::{PolicyError, RawVerdict};

/// What came of a test.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The answer's kind.
    pub decision: Decision,
    /// What the caller is asked for.
    pub requirement: Option<&'static str>,
    /// The scopes that the resource token asks for, sorted.
    pub scope: Option<Vec<String>>,
    /// The policies that determined it, sorted.
    pub policies: Vec<String>,
    /// The policies that failed to evaluate.
    pub errors: Vec<PolicyError>,
    /// The `@shadow` policies that matched, or failed.
    pub shadow: Vec<String>,
    /// The HTTP status; none for a question in Cedar's own terms.
    pub status: Option<u16>,
    /// Header fields: of the response, or for the upstream where the request passes.
    pub headers: Vec<(String, String)>,
    /// The dynamic metadata.
    pub metadata: Map<String, Value>,
    /// What is said of the answer, to the caller or to the operator.
    pub reason: Option<String>,
    /// The code of the answer.
    pub code: String,
    /// The questions put to the policies, with their decisions.
    pub consulted: Vec<Consulted>,
}

impl Seen {
    /// What came of a whole check.
    pub(super) fn of_check(checked: Checked, consulted: Vec<Consulted>) -> Self {
        let Checked { answer, record } = checked;
        let decision = match &answer {
            Answer::Permit(_) => Decision::Allow,
            Answer::Challenge(_) => Decision::Challenge,
            Answer::Unauthenticated(_) => Decision::Unauthenticated,
            Answer::Forbidden(_) => Decision::Deny,
            Answer::Unavailable(_) => Decision::Error,
        };
        let requirement = match &answer {
            Answer::Challenge(challenge) => Some(&challenge.requirement),
            Answer::Unauthenticated(failure) => failure.requirement.as_ref(),
            Answer::Permit(_) | Answer::Forbidden(_) | Answer::Unavailable(_) => None,
        };
        let (requirement, scope) = (requirement.map(Requirement::value), requirement.and_then(scope));
        let (status, headers, metadata) = match answer.into_response() {
            Ok(Response { status, headers, .. }) => {
                (status, headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(), Map::new())
            }
            Err(permit) => (200, permit.headers, permit.metadata),
        };
        let texts = |ids: &[Arc<str>]| ids.iter().map(ToString::to_string).collect();
        let decisions = || consulted.iter().map(|consulted| &consulted.decision);
        Self {
            decision,
            requirement,
            scope,
            policies: texts(&record.policies),
            errors: decisions().flat_map(|decision| decision.errors.iter().cloned()).collect(),
            shadow: decisions().flat_map(|d| d.shadow.iter().map(|shadow| shadow.policy.to_string())).collect(),
            status: Some(status),
            headers,
            metadata,
            reason: record.detail,
            code: record.code.to_owned(),
            consulted,
        }
    }

    /// What came of a question in Cedar's own terms. The server denies if any policy fails; Cedar passes over those.
    pub(super) fn of_raw(verdict: RawVerdict, as_cedar: bool) -> Self {
        let allowed = verdict.cedar_allows() && (as_cedar || verdict.errors.is_empty());
        let failed = || verdict.errors.iter().map(|error| error.policy.to_string()).collect();
        Self {
            decision: if allowed { Decision::Allow } else { Decision::Deny },
            requirement: None,
            scope: None,
            policies: if as_cedar || verdict.errors.is_empty() { verdict.determining().to_vec() } else { failed() },
            shadow: Vec::new(),
            status: None,
            headers: Vec::new(),
            metadata: Map::new(),
            reason: None,
            code: String::new(),
            consulted: Vec::new(),
            errors: verdict.errors,
        }
    }
}

/// The scopes that a resource token asks for. It is ours, so nothing needs proof.
fn scope(requirement: &Requirement) -> Option<Vec<String>> {
    let Requirement::AuthToken { resource_token } = requirement else { return None };
    let token = CompactJws::decode(resource_token)?;
    let scope = token.claims.get("scope").and_then(Value::as_str).unwrap_or_default();
    let mut scopes: Vec<_> = scope.split_ascii_whitespace().map(str::to_owned).collect();
    scopes.sort();
    Some(scopes)
}
