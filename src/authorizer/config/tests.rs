//! Whole files: what is reported, what is accepted, and that the documentation knows every key.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use super::*;
use crate::aauth::identifier::ServerId;
use crate::aauth::key::Algorithm;
use crate::aauth::signature;
use crate::authorizer::resource::AccessMode;

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
        ..ResourceConfig::new(ResourceId::parse("a").unwrap())
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
    assert_eq!(
        config.policies,
        Policies { dir: "p".into(), schemas: "s".into(), watch: false, shadow_dir: Some("next".into()) }
    );
    let connect = &config.development.connect;
    assert_eq!(connect.get(&id("https://ps.example")).unwrap().as_str(), "http://127.0.0.1:8765");
    assert_eq!(config.jwks_cache.admit_jwks_origins, [id("https://keys.example")]);
    assert_eq!(config.limits.max_body, 1 << 20);
    assert_eq!(config.limits.drain, Duration::from_secs(90));
    assert!(config.reflection);
    assert_eq!(
        config.decision_log,
        DecisionLog { to: DecisionSink::File("decisions.jsonl".into()), queue: 10, inputs: true }
    );
    assert_eq!(config.telemetry.otlp_endpoint.as_ref().unwrap().as_str(), "http://collector:4317");
    assert_eq!(config.log.format, LogFormat::Json);

    let orders = &config.resources[0];
    assert_eq!(orders.access, AccessMode::AuthToken);
    let keys = orders.signing_keys.as_ref().unwrap();
    assert_eq!((keys.current.kid.as_str(), keys.current.alg), ("orders-2", Algorithm::Es256));
    assert_eq!((keys.previous[0].kid.as_str(), keys.previous[0].alg), ("orders-1", Algorithm::Ed25519));
    assert_eq!(trusted(&orders.agent_servers, &id("https://anyone.example")).unwrap().issuer, Issuer::Any);
    assert_eq!(orders.person_servers.len(), 2, "the one of `person_server` joins the list");
    assert_eq!(orders.signatures.allowed_schemes, [signature::Scheme::Jwt, signature::Scheme::Hwk]);
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
    insta::assert_snapshot!(refused(include_str!("tests/mistakes.yaml")), @r"
    c.yaml:1:17: listen.grpc: `7070` is not an address and port; write `127.0.0.1:7070`
    c.yaml:2:1: limts: unknown key; did you mean `limits`?
    c.yaml:3:26: limits.check_timeout: `60` is not a duration; write it with a unit, such as `60s`
    c.yaml:3:40: limits.max_body: `lots` is not an amount of memory; write `64KiB` or `1MiB`
    c.yaml:3:69: limits.max_concurrent_checks: `0` is not a whole number from 1 to 100000
    c.yaml:4:16: log.format: `xml` is not a log format; write `text` or `json`
    c.yaml:5:29: telemetry.otlp_endpoint: a URL must not hold a user or a password
    c.yaml:6:49: development.connect.https://ps.example: `http://10.0.0.1:80` is not on this machine; only loopback addresses, `localhost` and `*.localhost` may be connected to
    c.yaml:9:13: resources[0].issuer: `https://orders.example/` is not a valid server identifier: it must hold only scheme and host, without path, query, fragment or trailing slash; write `https://orders.example`
    c.yaml:10:13: resources[0].hosts[0]: `Orders.example` is not in lower case; write `orders.example`
    c.yaml:11:24: resources[0].access.require: `auth-tokens` is not an access mode; did you mean `auth-token`?
    c.yaml:12:18: resources[0].signing_key.private_key_file: is required
    c.yaml:12:40: resources[0].signing_key.alg: `RS256` is not an algorithm; did you mean `ES256`?
    c.yaml:13:37: resources[0].default_resource_token_scopes[0]: `orders.red` is not a scope of this resource; describe it in `scope_descriptions`
    c.yaml:14:38: resources[0].scope_descriptions.orders.read: has no value; leave the key out to get the default
    c.yaml:15:20: resources[0].agent_servers: expected a list, found a mapping
    c.yaml:16:39: resources[0].additional_signature_components[0]: `@status` is not a derived component known here; known are `@method`, `@authority`, `@path`, `@query`, `@target-uri`, `@scheme`
    c.yaml:18:5: resources[0].signature_window: `signature_window` is already given on line 17
    c.yaml:19:5: resources[1].signing_key: is required, since `access.require` is `auth-token`; resource tokens are signed with it
    c.yaml:19:5: resources[1].person_servers: is required, since `access.require` is `auth-token`; list person servers you trust, or name an `access_server`
    c.yaml:19:5: resources[1].scope_descriptions: is required, since `access.require` is `auth-token`; people are asked to consent to scopes
    c.yaml:19:9: resources[1].id: `orders` names another resource already
    c.yaml:20:13: resources[1].issuer: `http://127.0.0.1:3000` is not a valid server identifier: it must use https; on a development machine set `development: { loopback_issuers: true }` to admit loopback issuers
    c.yaml:21:26: resources[1].hosts[1]: `orders.test` is a host of `orders` already
    c.yaml:23:36: resources[1].allowed_signature_key_schemes: must include `jwt`, since `access.require` is `auth-token`
    c.yaml:23:37: resources[1].allowed_signature_key_schemes[0]: `hwk` proves no identity; it takes `allow_pseudonymous: true`
    c.yaml:24:5: resources[1].person_severs: unknown key; did you mean `person_servers`?
    ");
}

#[test]
fn a_file_that_is_no_yaml_says_where() {
    insta::assert_snapshot!(refused("listen:\n  grpc: [1, 2\nlog: x"), @"c.yaml:3:4: not valid YAML: illegal placement of ':' indicator");
    insta::assert_snapshot!(refused("- a\n- b"), @"c.yaml: expected a mapping, found a list");
    insta::assert_snapshot!(refused("a: 1\n---\nb: 2"), @"c.yaml:2:1: the file holds more than one document");
    insta::assert_snapshot!(refused("resources:"), @"c.yaml:1:10: resources: has no value; leave the key out to get the default");
    insta::assert_snapshot!(refused("resources: { id: a }"), @"c.yaml:1:12: resources: expected a list, found a mapping");
    insta::assert_snapshot!(refused("reflection: { on: true }\nlog: text"), @r"
    c.yaml:1:13: reflection: expected one value, found a mapping
    c.yaml:2:6: log: expected a mapping, found a single value
    ");
}

#[test]
fn access_modes_need_what_they_work_with() {
    insta::assert_snapshot!(refused(&with("auth-token", "")), @r"
    c.yaml:2:5: resources[0].issuer: is required, since `access.require` is `auth-token`; tokens are made out to it
    c.yaml:2:5: resources[0].signing_key: is required, since `access.require` is `auth-token`; resource tokens are signed with it
    c.yaml:2:5: resources[0].person_servers: is required, since `access.require` is `auth-token`; list person servers you trust, or name an `access_server`
    c.yaml:2:5: resources[0].scope_descriptions: is required, since `access.require` is `auth-token`; people are asked to consent to scopes
    ");
    insta::assert_snapshot!(refused(&with("person-token", "")), @r#"
    c.yaml:2:5: resources[0].issuer: is required, since `access.require` is `person-token`; tokens are made out to it
    c.yaml:2:5: resources[0].person_servers: is required, since `access.require` is `person-token`; list those you trust, or write `[{ issuer: "*" }]`
    "#);
    insta::assert_snapshot!(refused(&with("interaction", "")), @"c.yaml:2:72: resources[0].access.require: `interaction` is not supported by this version");
    let grants =
        "issuer: https://a.example, signing_key: { kid: a, private_key_file: a.pem }, scope_descriptions: { s: S }";
    accepted(&with("auth-token", &format!("{grants}, person_servers: [{{ issuer: '*' }}]")));
    let access = format!("{grants}, access_server: https://as.example");
    insta::assert_snapshot!(refused(&with("auth-token", &access)), @"c.yaml:2:208: resources[0].access_server: `https://as.example` is not in `auth_servers`, so what it grants is refused");
    accepted(&with("auth-token", &format!("{access}, auth_servers: [{{ issuer: https://as.example }}]")));
    accepted(&with("person-token", "issuer: https://a.example, person_servers: []"));
    accepted(&with("Identity", ""));
}

#[test]
fn schemes_of_signature_key_must_make_sense() {
    let schemes = |mode: &str, keys: &str| with(mode, &format!("allowed_signature_key_schemes: {keys}"));
    insta::assert_snapshot!(refused(&schemes("agent-token", "[jwt, hwk, jkt-jwt]")), @r"
    c.yaml:2:124: resources[0].allowed_signature_key_schemes[1]: `hwk` proves no identity; it takes `allow_pseudonymous: true`
    c.yaml:2:129: resources[0].allowed_signature_key_schemes[2]: `jkt-jwt` proves no identity; it takes `allow_pseudonymous: true`
    ");
    insta::assert_snapshot!(refused(&schemes("agent-token", "[]")), @"c.yaml:2:118: resources[0].allowed_signature_key_schemes: no scheme is left, so no request could be accepted");
    insta::assert_snapshot!(refused(&schemes("agent-token", "[x509]")), @"c.yaml:2:119: resources[0].allowed_signature_key_schemes[0]: `x509` is not a scheme of Signature-Key; write `jwt` or `jwks_uri` or `hwk` or `jkt-jwt`");
    insta::assert_snapshot!(refused(&schemes("agent-token", "[jwks_uri], allowed_jwt_types: [aa-agent+jwt]")), @"c.yaml:2:118: resources[0].allowed_signature_key_schemes: must include `jwt`, since `allowed_jwt_types` names tokens");
    let person = "[jwks_uri], issuer: https://a.example, person_servers: [{ issuer: '*' }]";
    insta::assert_snapshot!(refused(&schemes("person-token", person)), @"c.yaml:2:119: resources[0].allowed_signature_key_schemes: must include `jwt`, since `access.require` is `person-token`");
    accepted(&schemes("agent-token", "[JWT, hwk], allow_pseudonymous: true"));
}

#[test]
fn values_that_would_do_harm_are_refused() {
    let one = |keys: &str| refused(&with("agent-token", keys));
    insta::assert_snapshot!(one("forward_headers_to_policy: [cookie]"), @"c.yaml:2:115: resources[0].forward_headers_to_policy[0]: `cookie` carries a credential, which policies must not see");
    insta::assert_snapshot!(one("additional_signature_components: [signature, X-Tenant]"), @r"
    c.yaml:2:121: resources[0].additional_signature_components[0]: `signature` cannot be covered by the signature it carries
    c.yaml:2:132: resources[0].additional_signature_components[1]: `X-Tenant` is not a header field name in lower case; write `x-tenant`
    ");
    insta::assert_snapshot!(one("resource_token_lifetime: 1h"), @"c.yaml:2:112: resources[0].resource_token_lifetime: `1h` is not between 10s and 300s");
    insta::assert_snapshot!(one("person_servers: [{ issuer: '*', jwks_uri: https://a.example/k }, { issuer: '*' }]"), @r"
    c.yaml:2:129: resources[0].person_servers[0].jwks_uri: one key set cannot be everybody's; name the issuer it is of
    c.yaml:2:162: resources[0].person_servers[1].issuer: is already in this list
    ");
    insta::assert_snapshot!(one("person_server: { issuer: '*' }"), @r#"c.yaml:2:112: resources[0].person_server.issuer: must be one server; `"*"` belongs in `person_servers`"#);
    insta::assert_snapshot!(one("authorization_endpoint: /revoke, name: A, client_name: B"), @r"
    c.yaml:2:5: resources[0].revocation_endpoint: is the path of `authorization_endpoint` too
    c.yaml:2:142: resources[0].client_name: is another word for `name`, which is given too; keep `name`
    ");
    insta::assert_snapshot!(one("signing_key: { kid: k, private_key_file: a, previous: [{ kid: k, private_key_file: b }] }"), @"c.yaml:2:149: resources[0].signing_key.previous[0].kid: `k` names another key already");
    insta::assert_snapshot!(refused("resources: [{ id: ../x }, { id: _all }, {}]"), @r"
    c.yaml:1:19: resources[0].id: `../x` is not a resource's name; up to 64 letters, digits, `-`, `_` and `.`
    c.yaml:1:33: resources[1].id: `_all` must start with a letter or a digit
    c.yaml:1:41: resources[2].id: is required
    ");
    insta::assert_snapshot!(refused("listen: { grpc: ':8081', http: ':8081' }"), @"c.yaml:1:32: listen.http: is the address of `listen.grpc` too; give each listener its own port");
    insta::assert_snapshot!(refused("listen: { grpc: 'unix:/run/a.sock', grpc_tls: { cert_file: c, key_file: k } }"), @"c.yaml:1:47: listen.grpc_tls: a Unix socket has no TLS");
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
