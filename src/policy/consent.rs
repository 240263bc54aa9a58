//! Would consent change the answer? A person is asked exactly when it would.
//!
//! The question is put again as if the caller already held an auth token with the scopes in question. Nothing is
//! guessed from the text of a policy: what is asked for is what was seen to be enough.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::annotations::{Obligations, Require};
use super::decision::Ask;
use super::engine::Snapshot;
use super::question::Question;
use super::subject::{PrincipalKind, Subject};

/// The most sets of scopes that are tried for one request.
const MOST_TRIED: usize = 16;

pub(super) type Scopes = BTreeSet<Arc<str>>;

/// The smallest set of scopes, of those the permits name, whose auth token would be let through.
pub(super) fn wanted(snapshot: &Snapshot, question: Question<'_>, subject: &Subject) -> Option<Scopes> {
    let wishes = snapshot.wishes(question, subject);
    enough(snapshot, question, subject, &wishes)
}

/// What to ask for when every forbid that matched names a way out.
pub(super) fn ask<'a>(
    snapshot: &Snapshot,
    question: Question<'_>,
    subject: &Subject,
    forbids: impl Iterator<Item = &'a Arc<Obligations>>,
) -> Option<Ask> {
    let mut strongest = None;
    let mut scopes = Scopes::new();
    for forbid in forbids {
        strongest = strongest.max(forbid.require);
        scopes.extend(forbid.scopes.iter().cloned());
    }
    let require = strongest?;
    if require == Require::AuthToken {
        // The token that lifts the forbid should also be one that a permit takes, or the person is asked twice.
        let wishes = snapshot.wishes(question, subject);
        let with_wish = wishes.iter().map(|wish| scopes.union(wish).cloned().collect());
        let candidates: Vec<Scopes> = std::iter::once(scopes.clone()).chain(with_wish).collect();
        scopes = enough(snapshot, question, subject, &candidates).unwrap_or(scopes);
    }
    Some(Ask { require, scopes: scopes.iter().map(ToString::to_string).collect() })
}

/// The first of these sets whose token would be let through: by itself, or else with the scopes already held.
///
/// A new token replaces the old one, so scopes that were held and are still needed have to be asked for again.
fn enough(snapshot: &Snapshot, question: Question<'_>, subject: &Subject, candidates: &[Scopes]) -> Option<Scopes> {
    if !can_consent(subject) {
        return None;
    }
    let suffices = |scopes: &Scopes| {
        let subject = subject.holding(scopes.iter().map(AsRef::as_ref));
        snapshot.weigh(question, &subject).is_ok_and(|verdict| verdict.permits())
    };
    let candidates = candidates.iter().take(MOST_TRIED);
    if let Some(alone) = candidates.clone().find(|scopes| suffices(scopes)) {
        return Some(alone.clone());
    }
    let held: Scopes = subject.scopes().iter().map(|scope| Arc::from(scope.as_str())).collect();
    if held.is_empty() {
        return None;
    }
    candidates.map(|scopes| scopes.union(&held).cloned().collect()).find(suffices)
}

/// Only a person consents; and a key or an agent alone would be another principal with an auth token.
fn can_consent(subject: &Subject) -> bool {
    subject.kind() == PrincipalKind::Person
}

#[cfg(test)]
mod tests;
