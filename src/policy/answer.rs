//! From the policies that matched to the decision, with what their annotations say.
//!
//! Annotations are merged in the order of the policies' ids, so that the same files always give the same answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::annotations::{Obligations, Require};
use super::consent;
use super::decision::{Ask, Cause, Decision, Denial, Outcome, PolicyError, ShadowVerdict};
use super::engine::{Snapshot, Verdict};
use super::question::{Question, Refusal};
use super::subject::Subject;

type ById = BTreeMap<Arc<str>, Arc<Obligations>>;

/// The answer to a question that was put.
pub(super) fn answer(snapshot: &Snapshot, question: Question<'_>, subject: &Subject, verdict: Verdict) -> Decision {
    let Verdict { permits, forbids, mut errors } = verdict;
    errors.sort_by(|a, b| a.policy.cmp(&b.policy));
    let (outcome, policies) = if !errors.is_empty() {
        // Cedar passes over a policy that fails, a forbid too. Here nothing is passed over.
        let failed = errors.iter().map(|error| Arc::clone(&error.policy)).collect();
        (Outcome::Deny(Denial::plain(Cause::EvaluationError)), failed)
    } else if !forbids.is_empty() {
        (Outcome::Deny(forbidden(snapshot, question, subject, &forbids)), forbids.into_keys().collect())
    } else if permits.is_empty() {
        (Outcome::Deny(nothing_permits(snapshot, question, subject)), Vec::new())
    } else {
        (permitted(&permits), permits.into_keys().collect())
    };
    Decision { outcome, policies, errors, generation: snapshot.generation(), shadow: Vec::new() }
}

/// The answer to a question that could not be put.
pub(super) fn refused(snapshot: &Snapshot, refusal: Refusal) -> Decision {
    let error = refusal.message.map(|message| PolicyError { policy: Arc::from(""), message });
    Decision {
        outcome: Outcome::Deny(Denial::plain(refusal.cause)),
        policies: Vec::new(),
        errors: error.into_iter().collect(),
        generation: snapshot.generation(),
        shadow: Vec::new(),
    }
}

/// What the policies in shadow would have done.
pub(super) fn shadowed(snapshot: &Snapshot, verdict: Verdict) -> Vec<ShadowVerdict> {
    let Verdict { permits, forbids, errors } = verdict;
    let matched = forbids.into_values().chain(permits.into_values()).map(|found| ShadowVerdict {
        policy: Arc::clone(&found.id),
        effect: found.effect,
        error: None,
    });
    let failed = errors.into_iter().filter_map(|error| {
        let effect = snapshot.obligations(&error.policy)?.effect;
        Some(ShadowVerdict { policy: error.policy, effect, error: Some(error.message) })
    });
    matched.chain(failed).collect()
}

/// Headers and metadata of the permits that matched. Where two give one name different values, the first id wins.
fn permitted(permits: &ById) -> Outcome {
    let mut headers = BTreeMap::new();
    let mut metadata = BTreeMap::new();
    for permit in permits.values() {
        for (name, value) in &permit.headers {
            headers.entry(Arc::clone(name)).or_insert_with(|| Arc::clone(value));
        }
        for (name, value) in &permit.metadata {
            metadata.entry(Arc::clone(name)).or_insert_with(|| Arc::clone(value));
        }
    }
    Outcome::Permit { headers: headers.into_iter().collect(), metadata: metadata.into_iter().collect() }
}

fn forbidden(snapshot: &Snapshot, question: Question<'_>, subject: &Subject, forbids: &ById) -> Denial {
    // A forbid without a way out stands whatever the caller brings: asking for a token would ask in vain.
    let challenge = if forbids.values().all(|forbid| forbid.require.is_some()) {
        consent::ask(snapshot, question, subject, forbids.values())
    } else {
        None
    };
    // 404 says least, so it wins; 429 says more than 403.
    let rank = |status: &u16| match status {
        404 => 2,
        429 => 1,
        _ => 0,
    };
    let status = forbids.values().filter_map(|forbid| forbid.status).max_by_key(rank).unwrap_or(403);
    // Where the status hides something, so must the reason: only those who gave the status speak.
    let speaks = |forbid: &&Arc<Obligations>| challenge.is_some() || forbid.status.unwrap_or(403) == status;
    let reason = forbids.values().filter(speaks).find_map(|forbid| forbid.reason.clone());
    Denial { cause: Cause::Forbidden, reason, status, challenge }
}

fn nothing_permits(snapshot: &Snapshot, question: Question<'_>, subject: &Subject) -> Denial {
    let challenge = consent::wanted(snapshot, question, subject)
        .map(|scopes| Ask { require: Require::AuthToken, scopes: scopes.iter().map(ToString::to_string).collect() });
    Denial { challenge, ..Denial::plain(Cause::NothingPermits) }
}
