//! Several decisions about one request as one: a batch of calls passes only if each of them does.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::annotations::Require;
use super::decision::{Ask, Cause, Decision, Denial, Outcome};
use super::subject::Subject;

impl Decision {
    /// What decisions about the calls of one request come to; none if there were no calls.
    ///
    /// The first denial that no consent could change stands for all. Where consent could change each, it is asked for
    /// once, with every scope; and with those held already where they let a call pass, since the new token takes the
    /// old one's place. What is sent on with a permit is what every call's permits agree on: a header speaks
    /// for the whole request.
    pub fn of_all(mut decisions: Vec<Self>, subject: &Subject) -> Option<Self> {
        if decisions.len() < 2 {
            return decisions.pop();
        }
        let shadow = {
            let mut told = BTreeSet::new();
            let all = decisions.iter().flat_map(|decision| &decision.shadow);
            all.filter(|verdict| told.insert(Arc::clone(&verdict.policy))).cloned().collect()
        };
        let denied = |decision: &&Self| !decision.is_permit();
        let stands = decisions.iter().filter(denied).find(|decision| !decision.asks_for_consent());
        let decided = match (stands, decisions.iter().find(denied)) {
            (Some(denial), _) => denial.clone(),
            (None, Some(first)) => first.asking_for_all(&decisions, subject),
            (None, None) => agreed(&decisions)?,
        };
        Some(Self { shadow, ..decided })
    }

    /// Whether it is a denial that an auth token would change.
    pub(super) fn asks_for_consent(&self) -> bool {
        self.scopes_asked().is_some()
    }

    fn scopes_asked(&self) -> Option<&[String]> {
        match &self.outcome {
            Outcome::Deny(Denial { challenge: Some(Ask { require: Require::AuthToken, scopes }), .. }) => Some(scopes),
            Outcome::Deny(_) | Outcome::Permit { .. } => None,
        }
    }

    /// This denial, which asks for what each of the denials asks for.
    fn asking_for_all(&self, decisions: &[Self], subject: &Subject) -> Self {
        let mut scopes: BTreeSet<&String> = decisions.iter().filter_map(Self::scopes_asked).flatten().collect();
        if decisions.iter().any(Self::is_permit) {
            scopes.extend(subject.scopes());
        }
        let challenge = Some(Ask { require: Require::AuthToken, scopes: scopes.into_iter().cloned().collect() });
        let denial = match &self.outcome {
            Outcome::Deny(denial) => denial.clone(),
            Outcome::Permit { .. } => Denial::plain(Cause::NothingPermits),
        };
        let policies = union(decisions.iter().filter(|decision| !decision.is_permit()));
        Self { outcome: Outcome::Deny(Denial { challenge, ..denial }), policies, ..self.clone() }
    }
}

/// Permits as one.
fn agreed(decisions: &[Decision]) -> Option<Decision> {
    let (first, others) = decisions.split_first()?;
    let mut outcome = first.outcome.clone();
    if let Outcome::Permit { headers: told_headers, metadata: told_metadata } = &mut outcome {
        told_headers.retain(|pair| others.iter().all(|other| headers(&other.outcome).contains(pair)));
        told_metadata.retain(|pair| others.iter().all(|other| metadata(&other.outcome).contains(pair)));
    }
    Some(Decision { outcome, policies: union(decisions), ..first.clone() })
}

fn headers(outcome: &Outcome) -> &[(Arc<str>, Arc<str>)] {
    match outcome {
        Outcome::Permit { headers, .. } => headers,
        Outcome::Deny(_) => &[],
    }
}

fn metadata(outcome: &Outcome) -> &[(Arc<str>, Arc<str>)] {
    match outcome {
        Outcome::Permit { metadata, .. } => metadata,
        Outcome::Deny(_) => &[],
    }
}

fn union<'d>(decisions: impl IntoIterator<Item = &'d Decision>) -> Vec<Arc<str>> {
    let ids: BTreeSet<&Arc<str>> = decisions.into_iter().flat_map(|decision| &decision.policies).collect();
    ids.into_iter().cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::super::testkit::{ada_alone, ada_with, facts, store};
    use super::*;

    const POLICIES: &str = r#"
        @id("a") @scope("a") @header_X_A("1") @header_X_Both("1")
        permit (principal, action, resource == HTTP::Path::"/a") when { context.token.scopes.contains("a") };
        @id("b") @scope("b") @header_X_Both("1")
        permit (principal, action, resource == HTTP::Path::"/b") when { context.token.scopes.contains("b") };
        @id("never") @reason("never") @status("404") forbid (principal, action, resource == HTTP::Path::"/c");
        @id("shade") @shadow forbid (principal, action, resource);
    "#;

    fn all(scopes: &[&str], paths: &[&str]) -> Decision {
        let store = store(POLICIES);
        let subject = if scopes.is_empty() { ada_alone() } else { ada_with(scopes) };
        let asked = paths.iter().map(|path| facts("GET", path));
        Decision::of_all(store.current().decide_each("orders", &subject, asked, 0), &subject).unwrap()
    }

    fn ids(decision: &Decision) -> Vec<&str> {
        decision.policies.iter().map(AsRef::as_ref).collect()
    }

    #[test]
    fn all_pass_or_none() {
        let both = all(&["a", "b"], &["/a", "/b"]);
        assert!(both.is_permit());
        assert_eq!(ids(&both), ["a", "b"]);
        assert_eq!(both.shadow.len(), 1, "a policy in shadow is told once");
        let Outcome::Permit { headers, .. } = &both.outcome else { panic!("{both:?}") };
        assert_eq!(headers.iter().map(|(name, _)| &**name).collect::<Vec<_>>(), ["x-both"]);
    }

    #[test]
    fn consent_is_asked_for_once_with_every_scope() {
        let denied = all(&[], &["/a", "/b"]);
        assert_eq!(denied.scopes_asked().unwrap(), ["a", "b"]);
        let step_up = all(&["a"], &["/a", "/b"]);
        assert_eq!(step_up.scopes_asked().unwrap(), ["a", "b"], "the new token has to do for both");
    }

    #[test]
    fn what_no_consent_changes_stands_for_all() {
        for paths in [["/a", "/c"], ["/c", "/a"]] {
            let denied = all(&[], &paths);
            let Outcome::Deny(denial) = &denied.outcome else { panic!("{denied:?}") };
            assert_eq!((denial.status, denial.reason.as_deref(), &denial.challenge), (404, Some("never"), &None));
            assert_eq!(ids(&denied), ["never"]);
        }
    }

    #[test]
    fn no_call_is_no_decision() {
        assert_eq!(Decision::of_all(Vec::new(), &ada_alone()), None);
    }
}
