//! Would consent change the answer? A person is asked exactly when it would.
//!
//! The question is put again as if the caller already held an auth token with the scopes in question. Nothing is
//! guessed from the text of a policy: what is asked for is what was seen to be enough.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::annotations::{Obligations, Require};
use super::decision::Ask;
use super::engine::{Question, Snapshot};
use super::subject::{PrincipalKind, Subject};

/// The most sets of scopes that are tried for one request.
const MOST_TRIED: usize = 32;

pub(super) type Scopes = BTreeSet<Arc<str>>;

/// The smallest set of scopes, of those the permits name, whose auth token would be let through.
pub(super) fn wanted(snapshot: &Snapshot, question: Question<'_>, subject: &Subject) -> Option<Scopes> {
    enough_with(snapshot, question, subject, &Scopes::new())
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
        let enough =
            enough(snapshot, question, subject, &scopes).or_else(|| enough_with(snapshot, question, subject, &scopes));
        scopes = enough.unwrap_or(scopes);
    }
    Some(Ask { require, scopes: scopes.iter().map(ToString::to_string).collect() })
}

/// The smallest wish of a permit that, together with these scopes, is enough.
fn enough_with(snapshot: &Snapshot, question: Question<'_>, subject: &Subject, base: &Scopes) -> Option<Scopes> {
    if !can_consent(subject) {
        return None;
    }
    snapshot
        .wishes(question, subject)
        .into_iter()
        .take(MOST_TRIED)
        .find_map(|wish| enough(snapshot, question, subject, &base.union(&wish).cloned().collect()))
}

/// The scopes a token needs to be let through: these alone, or these and those already held.
///
/// A new token replaces the old one, so scopes that were held and are still needed have to be asked for again.
fn enough(snapshot: &Snapshot, question: Question<'_>, subject: &Subject, scopes: &Scopes) -> Option<Scopes> {
    if !can_consent(subject) {
        return None;
    }
    let permits = |scopes: &Scopes| {
        let subject = subject.holding(scopes.iter().map(AsRef::as_ref));
        snapshot.weigh(question, &subject).is_ok_and(|(verdict, _)| {
            verdict.errors.is_empty() && verdict.forbids.is_empty() && !verdict.permits.is_empty()
        })
    };
    if permits(scopes) {
        return Some(scopes.clone());
    }
    let held = subject.scopes().iter().map(|scope| Arc::from(scope.as_str()));
    let both: Scopes = scopes.iter().cloned().chain(held).collect();
    (both != *scopes && permits(&both)).then_some(both)
}

/// Only a person consents; and a key or an agent alone would be another principal with an auth token.
fn can_consent(subject: &Subject) -> bool {
    subject.prepared().is_ok_and(|prepared| prepared.kind == PrincipalKind::Person)
}

#[cfg(test)]
mod tests;
