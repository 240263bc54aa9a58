//! The authorizer's configuration, written as its users write it and read as theirs is.

use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;

use super::names::{ORDERS, ORDERS_HOST, PERSONS, SCOPES};
use crate::authorizer::config::Config;

/// What the configuration names.
#[derive(Debug)]
pub(super) struct Places<'a> {
    pub(super) policies: &'a Path,
    pub(super) schemas: &'a Path,
    pub(super) key: &'a Path,
    pub(super) decisions: &'a Path,
    /// Resources that have policies beside those of the one that is walked.
    pub(super) others: Vec<String>,
    /// Where the person server is reached.
    pub(super) persons: String,
}

/// Reads what [`text`] writes.
pub(super) fn config(places: &Places<'_>) -> anyhow::Result<Config> {
    let (config, _warnings) = Config::parse(&text(places), "the demo's configuration").context("cannot configure")?;
    Ok(config)
}

fn text(places: &Places<'_>) -> String {
    let path = |path: &Path| quoted(&path.display().to_string());
    let (policies, schemas) = (path(places.policies), path(places.schemas));
    let (key, decisions) = (path(places.key), path(places.decisions));
    let persons = &places.persons;
    let scopes: Vec<_> = SCOPES.iter().map(|(scope, meaning)| format!("{scope}: {meaning}")).collect();
    let scopes = scopes.join(", ");
    // Each folder of policies is some resource's; nothing is served for these.
    let other = |id| format!("  - {{ id: {id}, hosts: [{id}.localhost], agent_servers: [{{ issuer: {PERSONS} }}] }}\n");
    let others: String = places.others.iter().map(other).collect();
    format!(
        r#"# Port 0: the system chooses.
listen: {{ grpc: "127.0.0.1:0", http: "127.0.0.1:0" }}
policies: {{ dir: {policies}, schemas: {schemas}, watch: true }}
development:
  connect:
    {PERSONS}: {persons}
limits: {{ check_timeout: 5s, drain: 1s }}
decision_log: {{ path: {decisions} }}
log: {{ filter: "aauth_authorizer=error" }}
resources:
  - id: orders
    issuer: {ORDERS}
    hosts: [{ORDERS_HOST}]
    # The policies ask for more where more is needed.
    access: {{ require: agent-token }}
    signing_key: {{ kid: orders-1, alg: Ed25519, private_key_file: {key} }}
    scope_descriptions: {{ {scopes} }}
    agent_servers: [{{ issuer: {PERSONS} }}]
    person_servers: [{{ issuer: {PERSONS} }}]
    name: Orders
{others}"#
    )
}

/// JSON's strings are YAML's double-quoted ones.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_is_in_order() {
        let odd = Path::new("/tmp/a \"b\": c");
        let persons = "http://127.0.0.1:2".to_owned();
        let places =
            Places { policies: odd, schemas: odd, key: odd, decisions: odd, others: vec!["files".into()], persons };
        let config = config(&places).unwrap();
        assert_eq!(config.policies.dir, odd);
        assert_eq!(config.resources.len(), 2);
    }
}
