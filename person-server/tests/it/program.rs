//! `person-server` as an operator runs it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use person_server::config::{self, Overrides};
use person_server::domain::person::PersonKey;
use person_server::store::{Store, StoreConfig};
use tempfile::TempDir;

fn run(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_person-server")).current_dir(folder).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn folder(config: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("person-server.yaml"), config).unwrap();
    folder
}

#[test]
fn a_good_configuration_is_said_to_be_good() {
    let folder = folder("issuer: https://ps.example\n");
    let checked = run(folder.path(), &["check"]);
    assert!(checked.status.success(), "{checked:?}");
    assert!(text(&checked.stdout).contains("the configuration is good"));
    // It looks, and makes nothing.
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_bad_configuration_is_told_whole() {
    let told = run(folder("issuer: nobody\npending: { ttl: 1s }\n").path(), &["check"]);
    assert!(!told.status.success());
    assert!(text(&told.stderr).contains("`issuer`") && text(&told.stderr).contains("`pending.ttl`"), "{told:?}");
    let none = run(tempfile::tempdir().unwrap().path(), &["serve"]);
    assert!(!none.status.success() && text(&none.stderr).contains("person-server.yaml"), "{none:?}");
}

#[test]
fn a_bad_policy_is_told_with_its_place() {
    let folder = folder("issuer: https://ps.example\npolicies: { dir: policies }\n");
    fs::create_dir(folder.path().join("policies")).unwrap();
    fs::write(
        folder.path().join("policies/a.cedar"),
        "@id(\"x\")\nforbid (principal, action, resource) when { context.x };\n",
    )
    .unwrap();
    let told = run(folder.path(), &["check"]);
    assert!(!told.status.success() && text(&told.stderr).contains("a.cedar:2:"), "{told:?}");
}

#[tokio::test]
async fn a_backup_is_the_database() {
    let folder = folder("issuer: https://ps.example\n");
    let added = run(folder.path(), &["people", "add", "Ada"]);
    assert!(added.status.success(), "{added:?}");
    let saved = run(folder.path(), &["backup", "copy.db"]);
    assert!(saved.status.success(), "{saved:?}");
    let again = run(folder.path(), &["backup", "copy.db"]);
    assert!(!again.status.success(), "a backup overwrites nothing: {again:?}");
    let copy = format!("sqlite://{}", folder.path().join("copy.db").display());
    let store = Store::open(&StoreConfig::at(copy)).await.unwrap();
    let people = store.people(10).await.unwrap();
    assert_eq!(people.iter().map(|person| person.name.as_str()).collect::<Vec<_>>(), ["Ada"]);
    assert!(store.person(&PersonKey::new("nobody")).await.unwrap().is_none());
    store.close().await.unwrap();
}

/// The table of `docs/person-server.md` and the reader know the same keys.
#[test]
fn every_documented_key_is_known() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let document = fs::read_to_string(root.join("docs/person-server.md")).unwrap();
    let table = document.split_once("| key | default |").unwrap().1.split_once("\n\n").unwrap().0;
    let first = table.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    let keys: Vec<String> = first
        .flat_map(|cell| cell.split('`').filter(|part| part.contains('.') || part.len() > 3))
        .map(str::to_owned)
        .collect();
    assert!(keys.len() > 25, "{keys:?}");
    for key in &keys {
        // A value of the wrong kind is told as such, an unknown key as unknown.
        let parts: Vec<&str> = key.split('.').collect();
        let nested = parts.iter().rev().fold("[[]]".to_owned(), |value, part| match part.strip_suffix("[]") {
            Some(list) => format!("{{ {list}: [{value}] }}"),
            None => format!("{{ {part}: {value} }}"),
        });
        let told = config::parse(&nested, Path::new("x.yaml"), &Overrides::default()).unwrap_err().to_string();
        assert!(!told.contains("unknown field"), "`{key}`: {told}");
    }
    let reader = fs::read_to_string(root.join("person-server/src/config/file.rs")).unwrap();
    let leaves = reader.lines().filter_map(|line| line.trim().strip_prefix("pub(super) ")?.split_once(": "));
    for (name, _) in leaves {
        assert!(document.contains(name), "`{name}` is not documented");
    }
}

#[test]
fn the_sample_configuration_is_good() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let config = config::read(&root.join("deploy/person-server.yaml"), &Overrides::default()).unwrap();
    assert_eq!(config.settings.issuer.as_str(), "https://ps.example");
    assert_eq!(config.settings.agent_providers.listed.len(), 1);
}
