//! Whole files: what is reported, what is accepted, and that the documentation knows every key.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use super::*;
use crate::aauth::identifier::ServerId;
use crate::aauth::key::Algorithm;

const COMPLETE: &str = include_str!("tests/complete.yaml");
const SAMPLE: &str = include_str!("../../../deploy/authorizer.yaml");
const DOCUMENTATION: &str = include_str!("../../../docs/configuration.md");

fn accepted(text: &str) -> (Config, Vec<Warning>) {
    Config::parse(text, "c.yaml").unwrap_or_else(|errors| panic!("{errors}"))
}

fn refused(text: &str) -> String {
    Config::parse(text, "c.yaml").unwrap_err().to_string()
}

fn id(text: &str) -> ServerId {
    ServerId::parse(text).unwrap()
}

/// A resource of a given access mode with some more keys.
fn with(mode: &str, keys: &str) -> String {
    format!("resources:\n  - {{ id: a, hosts: [a.example], agent_servers: [], access: {{ require: {mode} }}, {keys} }}")
}

#[test]
fn silence_is_the_default_and_trusts_nobody() {
    let (config, warnings) = accepted("");
    assert_eq!(config, Config::default());
    assert!(warnings[0].to_string().ends_with("resources: none, so that every check is denied"), "{}", warnings[0]);

    let (config, warnings) = accepted("resources: [{ id: a, hosts: [a.example] }]");
    let resource = &config.resources[0];
    let expected = ResourceConfig {
        issuer: Some(id("https://a.example")),
        hosts: vec!["a.example".into()],
        ..ResourceConfig::new(ResourceId("a".into()))
    };
    assert_eq!(*resource, expected);
    assert!(trusted(&resource.agent_servers, &id("https://agents.example")).is_none());
    assert!(warnings[0].to_string().starts_with("c.yaml:1:13: resources[0].agent_servers: none"), "{}", warnings[0]);
}

#[test]
fn every_key_is_read() {
    let (config, warnings) = accepted(COMPLETE);
    assert_ne!(config.limits, Limits::default());
    assert_eq!(config.listen.grpc, GrpcListen::Tcp("127.0.0.1:7071".parse().unwrap()));
    assert_eq!(config.listen.grpc_tls.as_ref().unwrap().client_ca_file.as_deref(), Some(Path::new("proxies.pem")));
    assert_eq!(config.listen.http_tls.as_ref().unwrap().key_file, Path::new("http.key"));
    assert_eq!(config.policies, Policies { dir: "p".into(), schemas: "s".into(), watch: false });
    let connect = &config.development.connect;
    assert_eq!(connect.get(&id("https://ps.example")).unwrap().as_str(), "http://127.0.0.1:8765");
    assert_eq!(config.jwks_cache.admit_jwks_origins, [id("https://keys.example")]);
    assert_eq!(config.limits.max_body, 1 << 20);
    assert_eq!(config.limits.drain, Duration::from_secs(90));
    assert!(config.reflection);
    assert_eq!(config.decision_log, DecisionLog { to: DecisionSink::File("decisions.jsonl".into()), queue: 10 });
    assert_eq!(config.telemetry.otlp_endpoint.as_ref().unwrap().as_str(), "http://collector:4317");
    assert_eq!(config.log.format, LogFormat::Json);

    let orders = &config.resources[0];
    assert_eq!(orders.access, AccessMode::AuthToken);
    let keys = orders.signing_keys.as_ref().unwrap();
    assert_eq!((keys.current.kid.as_str(), keys.current.alg), ("orders-2", Algorithm::Es256));
    assert_eq!((keys.previous[0].kid.as_str(), keys.previous[0].alg), ("orders-1", Algorithm::Ed25519));
    assert_eq!(trusted(&orders.agent_servers, &id("https://anyone.example")).unwrap().issuer, Issuer::Any);
    assert_eq!(orders.person_servers.len(), 2, "the one of `person_server` joins the list");
    assert_eq!(orders.signatures.allowed_schemes, [KeyScheme::Jwt, KeyScheme::Hwk]);
    assert_eq!(orders.authorization_endpoint.path, "/asking");
    assert_eq!(orders.revocation_endpoint.url(&id("https://orders.example")), "https://orders.example/withdraw");
    assert!(!orders.replay_protection && orders.strip_signature_headers && !orders.signatures.allow_base64url);
    assert!(orders.may_ask_for("profile") && orders.knows_scope("orders.audit") && !orders.knows_scope("profile"));
    assert_eq!(config.resources[1].display.name.as_deref(), Some("Catalogue"));

    let warned: Vec<_> = warnings.iter().map(|w| w.place.path.trim_start_matches("resources[0].")).collect();
    assert_eq!(
        warned,
        [
            "person_server.profile",
            "policy.name",
            "login_endpoint",
            "allow_insecure_jwt_issuer",
            "oauth_bridge",
            "opaque_token_key",
            "interaction_ttl",
            "success_redirect",
        ]
    );
}

#[test]
fn mistakes_are_reported_together() {
    insta::assert_snapshot!(refused(include_str!("tests/mistakes.yaml")), @"");
}

#[test]
fn a_file_that_is_no_yaml_says_where() {
    insta::assert_snapshot!(refused("listen:\n  grpc: [1, 2\nlog: x"), @"");
    insta::assert_snapshot!(refused("- a\n- b"), @"");
    insta::assert_snapshot!(refused("a: 1\n---\nb: 2"), @"");
    insta::assert_snapshot!(refused("resources:"), @"");
    insta::assert_snapshot!(refused("resources: { id: a }"), @"");
    insta::assert_snapshot!(refused("reflection: { on: true }\nlog: text"), @"");
}

#[test]
fn access_modes_need_what_they_work_with() {
    insta::assert_snapshot!(refused(&with("auth-token", "")), @"");
    insta::assert_snapshot!(refused(&with("person-token", "")), @"");
    insta::assert_snapshot!(refused(&with("interaction", "")), @"");
    let grants =
        "issuer: https://a.example, signing_key: { kid: a, private_key_file: a.pem }, scope_descriptions: { s: S }";
    accepted(&with("auth-token", &format!("{grants}, person_servers: [{{ issuer: '*' }}]")));
    let access = format!("{grants}, access_server: https://as.example");
    insta::assert_snapshot!(refused(&with("auth-token", &access)), @"");
    accepted(&with("auth-token", &format!("{access}, auth_servers: [{{ issuer: https://as.example }}]")));
    accepted(&with("person-token", "issuer: https://a.example, person_servers: []"));
    accepted(&with("Identity", ""));
}

#[test]
fn schemes_of_signature_key_must_make_sense() {
    let schemes = |mode: &str, keys: &str| with(mode, &format!("allowed_signature_key_schemes: {keys}"));
    insta::assert_snapshot!(refused(&schemes("agent-token", "[jwt, hwk, jkt-jwt]")), @"");
    insta::assert_snapshot!(refused(&schemes("agent-token", "[]")), @"");
    insta::assert_snapshot!(refused(&schemes("agent-token", "[x509]")), @"");
    insta::assert_snapshot!(refused(&schemes("agent-token", "[jwks_uri], allowed_jwt_types: [aa-agent+jwt]")), @"");
    let person = "[jwks_uri], issuer: https://a.example, person_servers: [{ issuer: '*' }]";
    insta::assert_snapshot!(refused(&schemes("person-token", person)), @"");
    accepted(&schemes("agent-token", "[JWT, hwk], allow_pseudonymous: true"));
}

#[test]
fn values_that_would_do_harm_are_refused() {
    let one = |keys: &str| refused(&with("agent-token", keys));
    insta::assert_snapshot!(one("forward_headers_to_policy: [cookie]"), @"");
    insta::assert_snapshot!(one("additional_signature_components: [signature, X-Tenant]"), @"");
    insta::assert_snapshot!(one("resource_token_lifetime: 1h"), @"");
    insta::assert_snapshot!(one("person_servers: [{ issuer: '*', jwks_uri: https://a.example/k }, { issuer: '*' }]"), @"");
    insta::assert_snapshot!(one("person_server: { issuer: '*' }"), @"");
    insta::assert_snapshot!(one("authorization_endpoint: /revoke, name: A, client_name: B"), @"");
    insta::assert_snapshot!(one("signing_key: { kid: k, private_key_file: a, previous: [{ kid: k, private_key_file: b }] }"), @"");
    insta::assert_snapshot!(refused("resources: [{ id: ../x }, { id: _all }, {}]"), @"");
    insta::assert_snapshot!(refused("listen: { grpc: ':8081', http: ':8081' }"), @"");
    insta::assert_snapshot!(refused("listen: { grpc: 'unix:/run/a.sock', grpc_tls: { cert_file: c, key_file: k } }"), @"");
}

/// Text of the file cannot forge lines of the report, nor fill it.
#[test]
fn what_is_quoted_back_is_short_and_on_one_line() {
    let errors = refused(&format!("\"a\\nb\": 1\nreflection: \"x\\n{}\"", "y".repeat(500)));
    assert_eq!(errors.lines().count(), 2, "{errors}");
    assert!(errors.lines().all(|line| line.len() < 200), "{errors}");
}

#[test]
fn files_of_the_earlier_generation_are_read() {
    let (config, warnings) = accepted(include_str!("tests/earlier_identity.yaml"));
    assert_eq!(config.listen.grpc, GrpcListen::Tcp("0.0.0.0:7070".parse().unwrap()));
    assert!(config.resources.iter().all(|r| r.access == AccessMode::AgentToken && r.issuer.is_none()));
    assert!(warnings.iter().any(|w| w.to_string().contains("policy.name: has no effect")));

    for (file, scopes) in [
        (include_str!("tests/earlier_grants.yaml"), &["supply-chain:check", "supply-chain:read"][..]),
        (include_str!("tests/earlier_consent.yaml"), &["supply-chain:check", "supply-chain:read", "require:user"]),
    ] {
        let errors = Config::parse(file, "c.yaml").unwrap_err();
        assert_eq!(errors.mistakes().len(), 6, "two issuers, two person servers and their keys\n{errors}");
        assert!(
            errors.to_string().lines().all(|line| line.contains("development: { loopback_issuers: true }")),
            "{errors}"
        );

        let (config, _) = accepted(&format!("development: {{ loopback_issuers: true }}\n{file}"));
        let resource = &config.resources[0];
        assert_eq!(resource.default_resource_token_scopes, scopes);
        assert_eq!(resource.person_server.as_ref().unwrap().as_str(), "http://127.0.0.1:8765");
        assert!(
            trusted(&resource.person_servers, resource.person_server.as_ref().unwrap()).unwrap().jwks_uri.is_some()
        );
    }
}

#[test]
fn the_sample_is_accepted_without_a_warning() {
    let (config, warnings) = Config::parse(SAMPLE, "deploy/authorizer.yaml").unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(warnings, []);
    assert!(!config.development.is_on());
    assert_eq!(config.resources.len(), 2);
}

#[test]
fn the_documentation_lists_every_key() {
    let report = Report::new("complete.yaml", None);
    let node = yaml::read(COMPLETE).unwrap();
    drop(Config::from_section(&Section::root(&report, node.as_ref())));
    let known = report.known.borrow();
    let is_section =
        |key: &str| known.iter().any(|k| k.starts_with(&format!("{key}.")) || k.starts_with(&format!("{key}[")));
    let keys: BTreeSet<&str> = known.iter().map(String::as_str).filter(|key| !is_section(key)).collect();
    let documented: BTreeSet<&str> =
        DOCUMENTATION.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    assert_eq!(keys.difference(&documented).collect::<Vec<_>>(), [] as [&&str; 0], "keys without documentation");
    assert_eq!(documented.difference(&keys).collect::<Vec<_>>(), [] as [&&str; 0], "documented, but no key");
}

#[test]
fn the_examples_of_the_documentation_are_accepted() {
    let blocks: Vec<_> = DOCUMENTATION.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(blocks.len() >= 3);
    for block in blocks {
        accepted(block);
    }
}

#[test]
fn files_are_looked_for_beside_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("authorizer.yaml");
    let file = with("agent-token", "signing_key: { kid: a, private_key_file: key.pem }");
    fs::write(&path, format!("policies: {{ dir: rules, schemas: . }}\ndecision_log: {{ path: d.jsonl }}\n{file}"))
        .unwrap();
    let errors = Config::load(&path).unwrap_err().to_string();
    assert!(
        errors.contains("resources[0].signing_key.private_key_file: `key.pem`: no such file; a relative path"),
        "{errors}"
    );
    assert!(errors.contains("policies.dir: `rules`: no such folder"), "{errors}");

    fs::create_dir(folder.path().join("rules")).unwrap();
    fs::write(folder.path().join("key.pem"), "").unwrap();
    open_to_all(&folder.path().join("key.pem"));
    let (config, warnings) = Config::load(&path).unwrap();
    assert_eq!(config.policies.dir, folder.path().join("rules"));
    assert_eq!(config.decision_log.to, DecisionSink::File(folder.path().join("d.jsonl")));
    assert_eq!(
        config.resources[0].signing_keys.as_ref().unwrap().current.private_key_file,
        folder.path().join("key.pem")
    );
    assert_eq!(warnings.len(), usize::from(cfg!(unix)), "{warnings:?}");
}

#[cfg(unix)]
fn open_to_all(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
}

#[cfg(not(unix))]
fn open_to_all(_: &Path) {}

#[test]
fn a_file_that_cannot_be_read_is_one_mistake() {
    let folder = tempfile::tempdir().unwrap();
    let errors = Config::load(&folder.path().join("none.yaml")).unwrap_err();
    assert!(errors.to_string().contains("none.yaml: cannot read the configuration: "), "{errors}");
    assert_eq!(errors.mistakes().len(), 1);

    let huge = folder.path().join("huge.yaml");
    fs::write(&huge, "# a comment\n".repeat(100_000)).unwrap();
    assert!(Config::load(&huge).unwrap_err().to_string().ends_with("larger than 1 MiB"));
}
