//! Whether an ask is granted, refused or put to the person, by policies in Cedar.
//!
//! "The PS evaluates the request" is all that draft-hardt-oauth-aauth-protocol-11 says of it ("Auth Token Endpoint",
//! "Permission Endpoint", "Mission"). Here an operator says how: a `permit` grants, a `forbid` refuses, and where
//! neither matches the person is asked. The policies, their schema and their tests are those of the authorizer's
//! [`policy`](aauth_authorizer::policy) room. What a person said before is told by the caller, in [`Known`]; what
//! becomes of a verdict is the caller's too.
//!
//! | file | what it is |
//! |---|---|
//! | `question` | what is asked, in facts |
//! | `inquiry` | the same in the terms of the schema |

use std::path::{Path, PathBuf};
use std::sync::Arc;

use aauth_authorizer::policy::{
    Effect, Findings, Found, LoadErrors, PolicyInfo, PolicyStore, ReloadOutcome, Require, Status, StoreConfig, Terms,
    WatchError, WatchGuard, watch,
};
use tracing::{debug, error, info};

mod inquiry;
mod question;

pub use question::{Approved, Asker, GovernanceQuestion, Known, What, Whose, prompt};

/// The contract between this server and the authors of its policies, as it is shipped.
pub const SCHEMA: &str = include_str!("../../schemas/person-server.cedarschema");

/// The policies of a server that is given none: what the person said yes to before is granted.
pub const DEFAULT_POLICIES: &[(&str, &str)] = &[
    ("missions.cedar", include_str!("../../policies/_all/missions.cedar")),
    ("prompt.cedar", include_str!("../../policies/_all/prompt.cedar")),
    ("remembered.cedar", include_str!("../../policies/_all/remembered.cedar")),
];

const SCHEMAS: &[(&str, &str)] = &[("person-server.cedarschema", SCHEMA)];

/// The one thing the store's policies are about.
const HERE: &str = "person-server";

/// The policies in force. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Governance {
    store: Arc<PolicyStore>,
    built_in: bool,
}

/// Where the policies are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GovernanceConfig {
    /// A folder of `*.cedar` files, in it or in its folder `_all`; without one, the policies that are compiled in.
    pub policies_dir: Option<PathBuf>,
    /// A folder of `*.cedarschema` files that extend the schema. Need not exist.
    pub schemas_dir: Option<PathBuf>,
}

/// What the policies say to an ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GovernanceVerdict {
    /// It is granted, and the person is not asked.
    Grant {
        /// The policies that say so, sorted.
        policies: Vec<Arc<str>>,
    },
    /// It is refused, and the person is not asked.
    Refuse {
        /// For the agent, from `@reason`.
        reason: Option<Arc<str>>,
        /// The policies that say so, sorted.
        policies: Vec<Arc<str>>,
    },
    /// The person is asked.
    AskPerson,
}

/// What a good set of policies holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GovernanceSummary {
    /// Policies that grant.
    pub permits: usize,
    /// Policies that refuse, or have the person asked.
    pub forbids: usize,
    /// Policies that are evaluated and not enforced, of those.
    pub shadow: usize,
}

impl Governance {
    /// Loads the policies. Any fault is an error.
    pub fn open(config: &GovernanceConfig) -> Result<Self, LoadErrors> {
        let terms = terms();
        let resources = vec![HERE.to_owned()];
        let (store, built_in) = match &config.policies_dir {
            Some(policies_dir) => {
                let (policies_dir, schemas_dir) =
                    (policies_dir.clone(), config.schemas_dir.clone().unwrap_or_default());
                (PolicyStore::open_in(StoreConfig { policies_dir, schemas_dir, resources }, terms)?, false)
            }
            None => (PolicyStore::compiled_in(DEFAULT_POLICIES, resources, &terms)?, true),
        };
        Ok(Self { store: Arc::new(store), built_in })
    }

    /// Whether a folder of policies is good, each fault with its file, line and column.
    pub fn check(policies_dir: &Path, schemas_dir: Option<&Path>) -> Result<GovernanceSummary, LoadErrors> {
        let config = GovernanceConfig {
            policies_dir: Some(policies_dir.to_owned()),
            schemas_dir: schemas_dir.map(Path::to_owned),
        };
        Ok(Self::open(&config)?.summary())
    }

    /// What the policies in force say to an ask.
    pub fn decide(&self, question: &GovernanceQuestion) -> GovernanceVerdict {
        let inquiry = inquiry::inquiry(question);
        let findings = self.store.current().inquire(HERE, &inquiry);
        report(&findings);
        weigh(findings)
    }

    /// Loads the policies again, if the files changed. Blocks for as long as that takes.
    pub fn reload(&self) -> ReloadOutcome {
        let outcome = self.store.reload();
        tell(&outcome);
        outcome
    }

    /// Reloads whenever the files change, until the guard is dropped. `None` where no file is in force.
    pub fn watch(&self) -> Result<Option<WatchGuard>, WatchError> {
        if self.built_in { Ok(None) } else { watch(Arc::clone(&self.store), tell).map(Some) }
    }

    /// What is in force, and what was last refused.
    pub fn status(&self) -> Status {
        self.store.status()
    }

    /// Whether the policies are those that are compiled in.
    pub fn is_built_in(&self) -> bool {
        self.built_in
    }

    /// What is in force, in numbers.
    pub fn summary(&self) -> GovernanceSummary {
        let mut summary = GovernanceSummary::default();
        for policy in self.store.current().policies() {
            match policy.effect {
                Effect::Permit => summary.permits += 1,
                Effect::Forbid => summary.forbids += 1,
            }
            summary.shadow += usize::from(policy.shadow);
        }
        summary
    }
}

fn terms() -> Terms {
    Terms { schemas: SCHEMAS, loose: true, objection: Some(objection), trials: inquiry::trials() }
}

/// Annotations that mean something to the authorizer, and would be passed over here.
fn objection(policy: &PolicyInfo) -> Option<String> {
    policy.annotations.iter().find_map(|(name, value)| match (name.as_str(), value.as_str()) {
        ("reason" | "shadow", _) | ("require", "interaction") => None,
        ("require", _) => Some("`@require` can only be `interaction` here: the person is asked".to_owned()),
        _ => Some(format!("`@{name}` says nothing to a person server")),
    })
}

/// From the policies that matched to the verdict. A policy that failed might have been a `forbid` that holds.
fn weigh(findings: Findings) -> GovernanceVerdict {
    let Findings { permits, forbids, errors, .. } = findings;
    if !errors.is_empty() {
        return GovernanceVerdict::Refuse { reason: None, policies: errors.into_iter().map(|e| e.policy).collect() };
    }
    let refusing: Vec<&Found> = forbids.iter().filter(|found| found.require != Some(Require::Interaction)).collect();
    if !refusing.is_empty() {
        let reason = refusing.iter().find_map(|found| found.reason.clone());
        return GovernanceVerdict::Refuse { reason, policies: ids(refusing) };
    }
    if forbids.is_empty() && !permits.is_empty() {
        return GovernanceVerdict::Grant { policies: ids(&permits) };
    }
    GovernanceVerdict::AskPerson
}

fn ids<'f>(found: impl IntoIterator<Item = &'f Found>) -> Vec<Arc<str>> {
    found.into_iter().map(|found| Arc::clone(&found.policy)).collect()
}

fn report(findings: &Findings) {
    for failed in &findings.errors {
        error!(policy = %failed.policy, why = %failed.message, "a policy failed to evaluate: the ask is refused");
    }
    for verdict in &findings.shadow {
        debug!(policy = %verdict.policy, effect = ?verdict.effect, error = verdict.error.as_deref(), "a shadow policy matched");
    }
}

fn tell(outcome: &ReloadOutcome) {
    match outcome {
        ReloadOutcome::Unchanged => {}
        ReloadOutcome::Replaced(set) => {
            info!(generation = set.generation(), policies = set.policy_count(), "new governance policies are in force");
        }
        ReloadOutcome::Refused(errors) => {
            error!(faults = errors.count(), first = %errors, "governance policies are not taken: the last good ones stay");
        }
    }
}

#[cfg(test)]
mod tests;
