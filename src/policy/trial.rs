//! Tries a set of policies before it is taken: every method, by every kind of caller, at every resource.
//!
//! Validation proves that policies fit the schema. The trial proves that requests do, so that they need not be
//! validated one by one, and finds the policies that fail on an ordinary request, which validation cannot see (an
//! overflow).

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use cedar_policy::Schema;

use super::engine::Snapshot;
use super::error::LoadFault;
use super::load::Loaded;
use super::question::Question;
use super::request::{ClaimValue, Principal, RequestFacts, TokenFacts, TokenKind};
use super::source::Source;
use super::store::StoreConfig;
use super::subject::Subject;

/// A time in the middle of the sample tokens' lives.
const NOW: i64 = 1_767_225_600;

/// Every fault the trial finds.
pub(super) fn run(
    snapshot: &Snapshot,
    loaded: &[Loaded],
    sources: &[Source],
    config: &StoreConfig,
    schema: &Schema,
) -> Vec<LoadFault> {
    let subjects = subjects();
    let mut faults = conformance(snapshot, &subjects, config, schema);
    let mut failed = BTreeMap::new();
    for resource in &config.resources {
        for action in snapshot.actions().iter() {
            for subject in &subjects {
                let facts = facts(action.uid.id().unescaped());
                let question = Question { resource, facts: &facts, now: NOW };
                let enforced = snapshot.weigh(question, subject).map(|verdict| verdict.errors).unwrap_or_default();
                let errors = enforced.into_iter().chain(snapshot.weigh_shadow(question, subject).errors);
                failed.extend(errors.map(|error| (error.policy, error.message)));
            }
        }
    }
    for policy in loaded {
        if let Some(message) = failed.get(&policy.obligations.id) {
            faults.push(policy.fault(sources, format!("the policy fails to evaluate: {message}")));
        }
    }
    faults
}

/// Whether full requests are what the schema declares, which an author's own actions may have changed.
fn conformance(snapshot: &Snapshot, subjects: &[Subject], config: &StoreConfig, schema: &Schema) -> Vec<LoadFault> {
    let mut faults = Vec::new();
    // One resource is like the other; without any, nothing can be asked.
    let Some(resource) = config.resources.first() else {
        return faults;
    };
    for action in snapshot.actions().iter() {
        for subject in subjects {
            let method = action.uid.id().unescaped();
            let question = Question { resource, facts: &facts(method), now: NOW };
            if snapshot.read(question, subject).is_ok_and(|asked| asked.conforms(schema).is_err()) {
                let message = format!("requests for `{method}` do not fit its declaration");
                faults.push(
                    LoadFault::whole(&config.schemas_dir, message)
                        .hint("declare the action with `resource: HTTP::Path` and `context: HTTP::Context`"),
                );
            }
        }
    }
    faults
}

fn facts(method: &str) -> RequestFacts<'_> {
    RequestFacts {
        method,
        host: "resource.example",
        path: "/a/b",
        query: Some("a=1&b=2"),
        headers: &[("accept", "application/json")],
        source_ip: Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        peer: Some("spiffe://cluster.example/gateway"),
    }
}

fn subjects() -> [Subject; 4] {
    let text = str::to_owned;
    let token = |kind| TokenFacts {
        kind,
        issuer: text("https://issuer.example"),
        jti: text("jti"),
        scopes: vec![text("scope")],
        issued_at: NOW - 60,
        expires_at: NOW + 60,
        mission: Some(text("mission")),
        account: Some(text("account")),
        tenant: Some(text("tenant")),
        key: text("thumbprint"),
        claims: BTreeMap::from([(text("claim"), ClaimValue::One(text("value")))]),
    };
    let agent = Principal::Agent {
        id: text("aauth:agent@agents.example"),
        provider: text("https://agents.example"),
        parent: Some(text("aauth:parent@agents.example")),
        ps: Some(text("https://ps.example")),
    };
    let person = Principal::Person {
        iss: text("https://ps.example"),
        sub: text("person"),
        ps: text("https://ps.example"),
        tenant: Some(text("tenant")),
        groups: vec![text("group")],
        roles: vec![text("role")],
    };
    [
        Subject::new(agent, Some(token(TokenKind::Agent))),
        Subject::new(person, Some(token(TokenKind::Auth))),
        Subject::new(Principal::Key { thumbprint: text("thumbprint") }, None),
        Subject::new(Principal::Anonymous, None),
    ]
}
