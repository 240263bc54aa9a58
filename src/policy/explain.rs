//! Why: one question, and what every policy of the resource says to it.
//!
//! The question is put whole, with nothing left out that no policy reads, and each policy is asked by itself. The
//! decision beside it is the one that the server gives, by the way that the server takes.

use serde_json::Value;

use super::catalogue::PolicyInfo;
use super::decision::Decision;
use super::engine::Snapshot;
use super::mentions::Mentions;
use super::part::{self, Part, Truth};
use super::question::{Asked, Question};
use super::request::RequestFacts;
use super::subject::Subject;

/// A question as Cedar takes it, what each policy says to it, and what follows.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// Who asks, as Cedar writes it.
    pub principal: String,
    /// What for, as Cedar writes it; none if the question cannot be put, which the decision tells.
    pub action: Option<String>,
    /// What of, as Cedar writes it; none likewise.
    pub resource: Option<String>,
    /// The context, in Cedar's JSON format.
    pub context: Value,
    /// The entities, in Cedar's JSON format.
    pub entities: Value,
    /// Each policy of the resource, in the order of files and lines.
    pub policies: Vec<Explained>,
    /// What follows.
    pub decision: Decision,
}

/// What one policy says.
#[derive(Debug, Clone)]
pub struct Explained {
    /// The policy.
    pub policy: PolicyInfo,
    /// Whether it matches.
    pub truth: Truth,
    /// Its head and its conditions, up to the part that decided.
    pub parts: Vec<Part>,
}

impl Explained {
    /// The part that does not hold, or fails; none if the policy matches.
    pub fn decided_by(&self) -> Option<&Part> {
        self.parts.iter().find(|part| !matches!(part.truth, None | Some(Truth::True)))
    }

    /// Whether the head leaves the policy out, whatever its conditions say.
    pub fn is_left_out(&self) -> bool {
        self.decided_by().is_some_and(|part| part.kind.is_head())
    }
}

impl Snapshot {
    /// Why this subject may, or may not, have what is asked of this resource.
    pub fn explain(&self, resource: &str, subject: &Subject, facts: &RequestFacts<'_>, now: i64) -> Explanation {
        let question = Question { resource, facts, now };
        let mut explanation = Explanation {
            principal: subject.uid().map(|uid| uid.to_string()).unwrap_or_default(),
            action: None,
            resource: None,
            context: Value::Null,
            entities: Value::Null,
            policies: Vec::new(),
            decision: self.decide(resource, subject, facts, now),
        };
        let Ok((request, entities)) = self.read(question, subject).and_then(whole) else {
            return explanation;
        };
        explanation.action = request.action().map(ToString::to_string);
        explanation.resource = request.resource().map(ToString::to_string);
        explanation.context = request.context().and_then(|context| context.to_json_value().ok()).unwrap_or_default();
        explanation.entities = entities.to_json_value().unwrap_or_default();
        let authorizer = cedar_policy::Authorizer::new();
        let ours = self.catalogue().iter().filter(|entry| entry.info.applies_to(resource));
        explanation.policies = ours
            .map(|entry| Explained {
                policy: entry.info.clone(),
                truth: part::truth(&authorizer, entry.policy.clone(), &request, &entities),
                parts: part::weigh(&entry.policy, &request, &entities),
            })
            .collect();
        explanation
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is the end of a chain that owns it")]
fn whole(asked: Asked<'_>) -> Result<(cedar_policy::Request, cedar_policy::Entities), super::question::Refusal> {
    asked.build(Mentions::EVERYTHING)
}

#[cfg(test)]
mod tests {
    use super::super::testkit::{Folder, NOW, ada_with, facts, robot};
    use super::*;

    const POLICIES: &str = r#"
@id("orders-read")
@scope("orders.read")
permit (principal is AAuth::Person, action in HTTP::Action::"read", resource in HTTP::Path::"/v1")
when { context.token.scopes.contains("orders.read") && context.request.host == "orders.example" };

@id("not-at-night")
forbid (principal, action, resource)
unless { context.request.host == "a" || context.request.host == "orders.example" };
"#;

    fn explain(subject: &Subject, method: &str, path: &str) -> Explanation {
        let folder = Folder::with(POLICIES);
        folder.write("policies/billing/b.cedar", "@id(\"elsewhere\") permit (principal, action, resource);");
        let snapshot = folder.open().unwrap().current();
        snapshot.explain("orders", subject, &facts(method, path), NOW)
    }

    /// The part that decided about a policy, as `kind: text`.
    fn decider(explanation: &Explanation, id: &str) -> Option<String> {
        let explained = explanation.policies.iter().find(|explained| &*explained.policy.id == id).unwrap();
        explained.decided_by().map(|part| format!("{}: {}", part.kind.as_str(), part.text))
    }

    #[test]
    fn the_part_that_decided_is_named() {
        let scope = r#"when: context.token.scopes.contains("orders.read")"#;
        for (subject, method, path, expected) in [
            (ada_with(&["orders.read"]), "GET", "/v1/orders", None),
            (ada_with(&[]), "GET", "/v1/orders", Some(scope)),
            (ada_with(&[]), "POST", "/v1/orders", Some(r#"action: action in HTTP::Action::"read""#)),
            (ada_with(&[]), "GET", "/v2", Some(r#"resource: resource in HTTP::Path::"/v1""#)),
            (robot(), "GET", "/v1/orders", Some("principal: principal is AAuth::Person")),
        ] {
            let explanation = explain(&subject, method, path);
            assert_eq!(decider(&explanation, "orders-read").as_deref(), expected, "{method} {path}");
            assert_eq!(explanation.policies.len(), 2, "another resource's policies are not asked");
        }
    }

    #[test]
    fn a_condition_is_split_where_every_piece_has_to_hold() {
        let explanation = explain(&ada_with(&[]), "GET", "/v1/orders");
        let parts = |id: &str| {
            let found = explanation.policies.iter().find(|explained| &*explained.policy.id == id).unwrap();
            found.parts.iter().skip(3).map(|part| (part.text.clone(), part.truth.clone())).collect::<Vec<_>>()
        };
        let read = parts("orders-read");
        assert_eq!(read.len(), 2);
        assert_eq!(read[0].1, Some(Truth::False));
        assert_eq!(read[1], (r#"context.request.host == "orders.example""#.to_owned(), None));
        let night = parts("not-at-night");
        assert_eq!(night[0], (r#"context.request.host == "a""#.to_owned(), Some(Truth::True)));
        assert_eq!(night[1], (r#"context.request.host == "orders.example""#.to_owned(), Some(Truth::False)));
        assert_eq!(
            decider(&explanation, "not-at-night").unwrap(),
            r#"unless: context.request.host == "orders.example""#
        );
    }

    #[test]
    fn a_policy_has_its_place_and_annotations() {
        let explanation = explain(&ada_with(&[]), "GET", "/v1/orders");
        let read = &explanation.policies[0].policy;
        assert!(read.origin.file.ends_with("policies/orders/a.cedar"));
        assert_eq!((read.origin.from.line, read.origin.to.line), (2, 5));
        assert_eq!(read.annotations, [("scope".to_owned(), "orders.read".to_owned())]);
        assert_eq!(explanation.policies[1].policy.origin.from.line, 7);
    }

    #[test]
    fn the_question_is_shown_as_cedar_has_it() {
        let explanation = explain(&ada_with(&["a"]), "GET", "/v1/orders/");
        assert_eq!(explanation.principal, r#"AAuth::Person::"https://ps.example#ada""#);
        assert_eq!(explanation.resource.as_deref(), Some(r#"HTTP::Path::"/v1/orders""#));
        assert_eq!(explanation.context["request"]["method"], "GET");
        assert!(explanation.entities.as_array().is_some_and(|entities| entities.len() >= 4));
    }

    #[test]
    fn a_question_that_cannot_be_put_has_a_decision_and_no_policies() {
        let explanation = explain(&robot(), "GET", "/v1/../x");
        assert!(explanation.policies.is_empty() && explanation.action.is_none());
        assert!(!explanation.decision.is_permit());
    }

    #[test]
    fn what_is_explained_is_what_is_decided() {
        for subject in [ada_with(&["orders.read"]), ada_with(&[]), robot()] {
            for (method, path) in [("GET", "/v1"), ("POST", "/v1"), ("GET", "/v2")] {
                let explanation = explain(&subject, method, path);
                for explained in &explanation.policies {
                    assert_eq!(explained.truth == Truth::True, explained.decided_by().is_none());
                }
                for id in &explanation.decision.policies {
                    assert_eq!(decider(&explanation, id), None);
                }
            }
        }
    }
}
