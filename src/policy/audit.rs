//! What each policy alone says to a question, where the engine tells only what all of them came to.
//!
//! Cedar names no permit that a forbid overrules, nor the policies that did not match. So each policy is asked here
//! as a permit of its own, and before that its head without its conditions. No index takes part: this is for tests,
//! and does not trust what the server relies on to be fast.

use std::collections::HashMap;

use cedar_policy::{Authorizer, Entities, Policy, PolicyId, PolicySet, Request};
use serde_json::{Value, json};

use super::engine::Snapshot;
use super::mentions::Mentions;
use super::question::Question;
use super::raw::RawQuestion;
use super::request::RequestFacts;
use super::subject::Subject;
use super::written::Written;

/// The policies of a set, each for itself.
#[derive(Debug)]
pub struct Auditor<'a> {
    snapshot: &'a Snapshot,
    authorizer: Authorizer,
    resources: HashMap<String, Alone>,
}

/// The policies of one resource under their numbers, as permits.
#[derive(Debug, Default)]
struct Alone {
    heads: PolicySet,
    wholes: HashMap<String, Policy>,
    mentions: Mentions,
}

/// What the policies said to one question, by their number in [`Written::policies`], sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audit {
    /// The action, as Cedar writes it.
    pub action: String,
    /// The resources whose policies were asked.
    pub resources: Vec<String>,
    /// Those whose head matched, so that their conditions counted.
    pub evaluated: Vec<usize>,
    /// Those that matched.
    pub satisfied: Vec<usize>,
}

impl<'a> Auditor<'a> {
    /// An auditor of these policies, at these resources.
    pub fn new(written: &'a Written, resources: &[String]) -> Result<Self, String> {
        let mut alone: HashMap<String, Alone> = resources.iter().map(|id| (id.clone(), Alone::default())).collect();
        for (number, loaded) in written.loaded.iter().enumerate() {
            let tree = loaded.policy.to_json().map_err(|error| error.to_string())?;
            let (head, whole) = (as_permit(number, tree.clone(), true)?, as_permit(number, tree, false)?);
            for (_, alone) in alone.iter_mut().filter(|(id, _)| loaded.home.reaches(id)) {
                alone.heads.add(head.clone()).map_err(|error| error.to_string())?;
                alone.wholes.insert(number.to_string(), whole.clone());
                alone.mentions |= loaded.mentions;
            }
        }
        Ok(Self { snapshot: &written.snapshot, authorizer: Authorizer::new(), resources: alone })
    }

    /// What they say to a request; nothing, if it cannot be put to policies.
    pub fn request(&self, resource: &str, subject: &Subject, facts: &RequestFacts<'_>, now: i64) -> Option<Audit> {
        let alone = self.resources.get(resource)?;
        let asked = self.snapshot.read(Question { resource, facts, now }, subject).ok()?;
        let (request, entities) = asked.build(alone.mentions).ok()?;
        let mut audit = Audit::of(&request);
        self.ask(resource, alone, &request, &entities, &mut audit);
        Some(audit)
    }

    /// What they say to a question in Cedar's own terms, of one resource or of every one.
    pub fn raw(&self, resource: Option<&str>, question: &RawQuestion) -> Option<Audit> {
        let (request, entities) = question.build(self.snapshot.schema()).ok()?;
        let mut audit = Audit::of(&request);
        for (id, alone) in self.resources.iter().filter(|(id, _)| resource.is_none_or(|wanted| wanted == *id)) {
            self.ask(id, alone, &request, &entities, &mut audit);
        }
        Some(audit)
    }

    fn ask(&self, resource: &str, alone: &Alone, request: &Request, entities: &Entities, audit: &mut Audit) {
        let matching = |policies: &PolicySet| {
            let response = self.authorizer.is_authorized(request, policies, entities);
            response.diagnostics().reason().map(ToString::to_string).collect::<Vec<_>>()
        };
        let numbers = |ids: &[String]| ids.iter().filter_map(|id| id.parse::<usize>().ok()).collect::<Vec<_>>();
        let evaluated = matching(&alone.heads);
        let wholes = evaluated.iter().filter_map(|id| alone.wholes.get(id)).cloned();
        // INVARIANT: the ids are those of one set, so no two are the same.
        let satisfied = matching(&PolicySet::from_policies(wholes).unwrap_or_default());
        audit.resources.push(resource.to_owned());
        audit.evaluated.extend(numbers(&evaluated));
        audit.satisfied.extend(numbers(&satisfied));
        // A policy of `_all` is asked once for each resource.
        for numbers in [&mut audit.evaluated, &mut audit.satisfied] {
            numbers.sort_unstable();
            numbers.dedup();
        }
    }
}

impl Audit {
    fn of(request: &Request) -> Self {
        Self { action: request.action().map_or_else(String::new, ToString::to_string), ..Self::default() }
    }
}

/// The policy as a permit under a number.
fn as_permit(number: usize, mut tree: Value, head: bool) -> Result<Policy, String> {
    if let Value::Object(members) = &mut tree {
        members.insert("effect".to_owned(), json!("permit"));
        if head {
            members.insert("conditions".to_owned(), json!([]));
        }
    }
    Policy::from_json(Some(PolicyId::new(number.to_string())), tree).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::testkit::{Folder, NOW, ada_with, facts, robot};
    use super::*;

    #[test]
    fn each_policy_is_asked_for_itself() {
        let folder = Folder::with(
            r#"
@id("p") permit (principal is AAuth::Person, action, resource in HTTP::Path::"/v1");
@id("q") permit (principal is AAuth::Person, action, resource) when { context.token.scopes.contains("a") };
@id("f") forbid (principal, action, resource in HTTP::Path::"/v1") unless { context.token.scopes.contains("b") };
@id("s") @shadow forbid (principal is AAuth::Agent, action, resource);
"#,
        );
        let written = Written::open(&folder.config()).unwrap();
        let auditor = Auditor::new(&written, &folder.config().resources).unwrap();
        let audit = |subject, path| {
            let audit = auditor.request("orders", &subject, &facts("GET", path), NOW).unwrap();
            (audit.evaluated, audit.satisfied)
        };
        // The forbid does not hide the permits that it overrules.
        assert_eq!(audit(ada_with(&["a"]), "/v1"), (vec![0, 1, 2], vec![0, 1, 2]));
        assert_eq!(audit(ada_with(&["b"]), "/v1"), (vec![0, 1, 2], vec![0]));
        assert_eq!(audit(ada_with(&[]), "/v2"), (vec![1], vec![]));
        assert_eq!(audit(robot(), "/v2"), (vec![3], vec![3]));
        assert_eq!(auditor.request("nowhere", &robot(), &facts("GET", "/"), NOW), None);
        assert_eq!(auditor.request("orders", &robot(), &facts("GET", "/a//b"), NOW), None);
    }
}
