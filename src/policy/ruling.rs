//! A decision in plain words: what is kept of it, and compared with another.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::decision::{Cause, Decision, Effect, Outcome, ShadowVerdict};

/// What a decision comes to. Two decisions whose rulings are [the same](Self::is_same_as) are the same to a caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ruling {
    /// Its kind.
    pub decision: RulingKind,
    /// Why it is a denial, as in logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// What is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requirement: Option<String>,
    /// The scopes that are asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scope: Vec<String>,
    /// The status of a plain denial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// What the caller is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Headers for the upstream.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Dynamic metadata.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// The policies that determined it, sorted.
    #[serde(default)]
    pub policies: Vec<String>,
}

/// The kind of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RulingKind {
    /// The request passes.
    Allow,
    /// More is needed first.
    Challenge,
    /// No.
    Deny,
    /// A policy failed, which denies.
    Error,
}

impl RulingKind {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Challenge => "challenge",
            Self::Deny => "deny",
            Self::Error => "error",
        }
    }
}

impl Ruling {
    /// Whether a caller could not tell the two apart, whichever policies determined them.
    pub fn is_same_as(&self, other: &Self) -> bool {
        let told = |ruling: &Self| Self { policies: Vec::new(), cause: None, ..ruling.clone() };
        told(self) == told(other)
    }

    /// The policies that turned this ruling into another: those that determine the new one and not this; else those
    /// that determined this and no longer do; else, where the same ones say something else, they.
    pub fn turned_by<'r>(&'r self, new: &'r Self) -> Vec<&'r str> {
        let only = |these: &'r [String], those: &[String]| -> Vec<&'r str> {
            these.iter().filter(|id| !those.contains(id)).map(String::as_str).collect()
        };
        let came = only(&new.policies, &self.policies);
        if !came.is_empty() {
            return came;
        }
        let went = only(&self.policies, &new.policies);
        if went.is_empty() { new.policies.iter().map(String::as_str).collect() } else { went }
    }

    /// In a few words, as in `challenge auth-token [orders.write]`.
    pub fn in_short(&self) -> String {
        let mut words = vec![self.decision.as_str().to_owned()];
        words.extend(self.requirement.clone());
        if !self.scope.is_empty() {
            words.push(format!("[{}]", self.scope.join(" ")));
        }
        words.extend(self.status.filter(|_| self.decision == RulingKind::Deny).map(|status| status.to_string()));
        words.join(" ")
    }
}

impl From<&Decision> for Ruling {
    fn from(decision: &Decision) -> Self {
        let owned = |pairs: &[(Arc<str>, Arc<str>)]| {
            pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
        };
        let mut ruling = Self {
            decision: RulingKind::Allow,
            cause: None,
            requirement: None,
            scope: Vec::new(),
            status: None,
            reason: None,
            headers: BTreeMap::new(),
            metadata: BTreeMap::new(),
            policies: decision.policies.iter().map(ToString::to_string).collect(),
        };
        match &decision.outcome {
            Outcome::Permit { headers, metadata } => {
                ruling.headers = owned(headers);
                ruling.metadata = owned(metadata);
            }
            Outcome::Deny(denial) => {
                ruling.cause = Some(denial.cause.as_str().to_owned());
                ruling.reason = denial.reason.as_ref().map(ToString::to_string);
                if let Some(ask) = &denial.challenge {
                    ruling.decision = RulingKind::Challenge;
                    ruling.requirement = Some(ask.require.as_str().to_owned());
                    ruling.scope.clone_from(&ask.scopes);
                } else {
                    let failed = denial.cause == Cause::EvaluationError;
                    ruling.decision = if failed { RulingKind::Error } else { RulingKind::Deny };
                    ruling.status = Some(denial.status);
                }
            }
        }
        ruling
    }
}

impl Decision {
    /// The `@shadow` policies that would have turned this decision, were they enforced.
    pub fn divergent(&self) -> impl Iterator<Item = &ShadowVerdict> {
        self.shadow.iter().filter(|verdict| match (&self.outcome, verdict.effect, &verdict.error) {
            // A policy that fails denies, and so does a forbid.
            (Outcome::Permit { .. }, Effect::Forbid, _) | (Outcome::Permit { .. }, Effect::Permit, Some(_)) => true,
            (Outcome::Deny(denial), Effect::Permit, None) => denial.cause == Cause::NothingPermits,
            (Outcome::Permit { .. }, Effect::Permit, None) | (Outcome::Deny(_), _, _) => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testkit::{ada_with, ask, robot, store};
    use super::*;

    fn ruling(policies: &str, scopes: &[&str]) -> Ruling {
        Ruling::from(&ask(&store(policies), &ada_with(scopes), "GET", "/v1"))
    }

    const READ: &str =
        r#"@id("read") @scope("r") permit (principal, action, resource) when { context.token.scopes.contains("r") };"#;

    #[test]
    fn a_ruling_says_what_a_caller_is_told() {
        assert_eq!(ruling(READ, &["r"]).in_short(), "allow");
        assert_eq!(ruling(READ, &[]).in_short(), "challenge auth-token [r]");
        assert_eq!(ruling("", &[]).in_short(), "deny 403");
        let hidden = r#"@id("no") @status("404") forbid (principal, action, resource);"#;
        assert_eq!(ruling(hidden, &[]).in_short(), "deny 404");
    }

    #[test]
    fn what_turned_a_ruling_is_named() {
        let all = ruling(r#"@id("all") permit (principal, action, resource);"#, &[]);
        let no = ruling(r#"@id("no") forbid (principal, action, resource);"#, &[]);
        let nothing = ruling("", &[]);
        assert_eq!(all.turned_by(&no), ["no"]);
        assert_eq!(all.turned_by(&nothing), ["all"]);
        let header = ruling(r#"@id("all") @header_A("1") permit (principal, action, resource);"#, &[]);
        assert!(!all.is_same_as(&header));
        assert_eq!(all.turned_by(&header), ["all"]);
        assert!(all.is_same_as(&ruling(r#"@id("other") permit (principal, action, resource);"#, &[])));
    }

    #[test]
    fn a_ruling_is_read_as_it_is_written() {
        for ruling in [ruling(READ, &["r"]), ruling(READ, &[]), ruling("", &[])] {
            let text = serde_json::to_string(&ruling).unwrap();
            assert_eq!(serde_json::from_str::<Ruling>(&text).unwrap(), ruling, "{text}");
        }
    }

    #[test]
    fn a_shadow_policy_diverges_only_where_it_would_turn_the_answer() {
        let permit = r#"@id("all") permit (principal is AAuth::Agent, action, resource);"#;
        let policies = format!(
            "{permit} @id(\"s-permit\") @shadow permit (principal, action, resource);
             @id(\"s-forbid\") @shadow forbid (principal, action, resource);"
        );
        let store = store(&policies);
        let ids = |decision: Decision| decision.divergent().map(|v| v.policy.to_string()).collect::<Vec<_>>();
        assert_eq!(ids(ask(&store, &robot(), "GET", "/")), ["s-forbid"]);
        assert_eq!(ids(ask(&store, &ada_with(&[]), "GET", "/")), ["s-permit"]);
    }
}
