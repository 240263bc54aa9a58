//! A candidate set of policies, asked beside the one in force and never obeyed: what would be different under it.
//!
//! It is asked once a check is over, by whoever observes checks, so that nothing it does can reach the answer.

use std::sync::Arc;

use super::config::Config;
use super::record::Record;
use crate::policy::{LoadErrors, PolicyStore, Ruling, StoreConfig};

/// A check that the candidate would have answered otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Divergence {
    /// What it would have been.
    pub ruling: Ruling,
    /// The policies that make the difference; empty where none of either set determines anything.
    pub by: Vec<String>,
}

/// The candidate, where the configuration names one. It is held to the same rules as the policies in force.
pub fn open(config: &Config) -> Result<Option<Arc<PolicyStore>>, LoadErrors> {
    let Some(dir) = &config.policies.shadow_dir else { return Ok(None) };
    let store = PolicyStore::open(StoreConfig {
        policies_dir: dir.clone(),
        schemas_dir: config.policies.schemas.clone(),
        resources: config.resources.iter().map(|r| r.id.as_str().to_owned()).collect(),
    })?;
    Ok(Some(Arc::new(store)))
}

/// Asks the candidate what it was that the policies in force were asked; none where it agrees.
pub fn diverges(candidate: &Arc<PolicyStore>, record: &Record) -> Option<Divergence> {
    record.questions().iter().find_map(|consulted| {
        let (resource, subject, now) = (&consulted.resource, &consulted.subject, consulted.now);
        let decision = consulted.again(|facts| candidate.current().decide(resource, subject, facts, now));
        let (live, ruling) = (Ruling::from(&consulted.decision), Ruling::from(&decision));
        if live.is_same_as(&ruling) {
            return None;
        }
        let by = live.turned_by(&ruling).into_iter().map(str::to_owned).collect();
        Some(Divergence { ruling, by })
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::authorizer::decision_log::DecisionLog;
    use crate::authorizer::kept::Kept;
    use crate::authorizer::resource::AccessMode;
    use crate::authorizer::testkit::{Kit, agent_token, inbound, request, signed};

    const READING: &str = r#"@id("reading") permit (principal, action in HTTP::Action::"read", resource);"#;

    fn candidate(policies: &str) -> (tempfile::TempDir, Arc<PolicyStore>) {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("orders")).unwrap();
        fs::write(folder.path().join("orders/next.cedar"), policies).unwrap();
        let config = StoreConfig {
            policies_dir: folder.path().to_owned(),
            schemas_dir: folder.path().join("none"),
            resources: vec!["orders".to_owned()],
        };
        let store = Arc::new(PolicyStore::open(config).unwrap());
        (folder, store)
    }

    async fn record(kit: &Kit, method: &str) -> Record {
        let request = inbound(signed(&request(method, "/v1/orders?id=7"), &agent_token()));
        let mut record = Record::attentive(&request);
        let answer = kit.authorizer.answer(request, &mut record).await;
        record.conclude(&answer);
        record
    }

    #[tokio::test]
    async fn a_candidate_that_differs_is_told_with_the_policies_that_differ() {
        let kit = Kit::new(AccessMode::AgentToken);
        let (_folder, candidate) = candidate(READING);
        assert_eq!(diverges(&candidate, &record(&kit, "GET").await), None);
        let divergence = diverges(&candidate, &record(&kit, "POST").await).unwrap();
        assert_eq!(divergence.ruling.in_short(), "deny 403");
        assert_eq!(divergence.by, ["all"], "what permits now, and does not there");
    }

    #[tokio::test]
    async fn what_is_kept_decides_again() {
        let kit = Kit::with(AccessMode::AgentToken, READING, |_| ());
        let file = tempfile::NamedTempFile::new().unwrap();
        for inputs in [true, false] {
            let log = DecisionLog::to_file(file.path(), 8).unwrap().with_inputs(inputs);
            log.log(&record(&kit, "GET").await, None, 0);
        }
        let text = fs::read_to_string(file.path()).unwrap();
        let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(lines[1].get("input").is_none());
        let kept: Kept = serde_json::from_value(lines[0]["input"].clone()).unwrap();
        let asked = &kept.asked[0];
        let again =
            asked.again(|facts| kit.authorizer.policies.current().decide("orders", &asked.subject(), facts, asked.now));
        assert_eq!(Ruling::from(&again), asked.answer);
        assert_eq!(asked.request.query.as_deref(), Some("id=7"));
        let token = agent_token();
        assert!(!text.contains(token.split('.').next_back().unwrap()), "no token is kept");
    }
}
