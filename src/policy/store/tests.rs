use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::super::testkit::{Folder, ada_with, ask, robot};
use super::*;

const ALLOW: &str = "@id(\"allow\")\npermit (principal, action, resource);\n";

#[test]
fn what_is_shipped_is_good() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let store = PolicyStore::open(StoreConfig {
        policies_dir: root.join("policies"),
        schemas_dir: root.join("schemas"),
        resources: ["orders", "files-mcp", "planner-a2a"].map(str::to_owned).to_vec(),
    })
    .unwrap();
    assert!(ask(&store, &robot(), "GET", "/public/catalogue").is_permit());
    assert!(ask(&store, &ada_with(&["orders.read"]), "GET", "/v1/orders/42").is_permit());
    assert!(ask(&store, &ada_with(&["orders.write"]), "POST", "/v1/orders").is_permit());
    assert!(!ask(&store, &ada_with(&["orders.read"]), "POST", "/v1/orders").is_permit());
}

#[test]
fn no_policy_at_all_denies() {
    let store = Folder::empty().open().unwrap();
    assert_eq!(store.status().policies, 0);
    assert!(!ask(&store, &robot(), "GET", "/").is_permit());
}

#[test]
fn an_empty_file_is_no_policy() {
    let folder = Folder::with(ALLOW);
    folder.write("policies/orders/empty.cedar", "");
    folder.write("policies/orders/notes.cedar", "// nothing yet\n");
    folder.write("policies/orders/orders.test.yaml", "not: cedar");
    assert_eq!(folder.open().unwrap().status().policies, 1);
}

#[test]
fn a_folder_applies_to_its_resource_and_all_to_every_one() {
    let folder = Folder::with(ALLOW);
    folder.write("policies/_all/a.cedar", "@id(\"no\")\nforbid (principal, action, resource in HTTP::Path::\"/no\");");
    let store = folder.open().unwrap();
    let snapshot = store.current();
    let ask = |resource, path| {
        snapshot.decide(resource, &robot(), &super::super::testkit::facts("GET", path), super::super::testkit::NOW)
    };
    assert!(ask("orders", "/yes").is_permit());
    assert!(!ask("billing", "/yes").is_permit());
    assert_eq!(ask("orders", "/no/more").policies, ["no".into()]);
    assert_eq!(ask("billing", "/no").policies, ["no".into()]);
    assert!(!ask("unknown", "/yes").is_permit());
}

#[test]
fn faults_have_their_place_and_a_hint() {
    for (name, text, expected) in [
        (
            "policies/orders/a.cedar",
            "@id(\"a\")\npermit (principal, action resource);",
            "policies/orders/a.cedar:2:27: unexpected token `resource`: expected `!=`, `)`, `,`, `:`, `<`, `<=`, `==`, `>`, `>=`, `in`, or `is`",
        ),
        (
            "policies/orders/a.cedar",
            "// é é\npermit (principal, action, resource);",
            "policies/orders/a.cedar:2:1: the policy has no `@id` (hint: name it, as `@id(\"orders-read\")` in front of it)",
        ),
        (
            "policies/orders/a.cedar",
            "@id(\"a\")\n@requires(\"auth-token\")\nforbid (principal, action, resource);",
            "policies/orders/a.cedar:2:1: `@requires` is not an annotation of this program (hint: did you mean `require`?)",
        ),
        (
            "policies/orders/a.cedar",
            "@id(\"a\")\npermit (principal, action, resource) when {\n  context.tokn.scopes.contains(\"a\") };",
            "policies/orders/a.cedar:3:3: for policy `a`, attribute `tokn` in context for HTTP::Action::\"DELETE\" not found (hint: did you mean `token`?)",
        ),
        (
            "policies/orders/a.cedar",
            "@id(\"a\")\npermit (principal is AAuth::Tenant, action, resource);",
            "policies/orders/a.cedar:1:1: for policy `a`, policy is impossible: the policy expression evaluates to false for all valid requests",
        ),
        (
            "policies/orders/a.cedar",
            "@id(\"a\")\npermit (principal == ?principal, action, resource);",
            "policies/orders/a.cedar:1:1: the file holds a template, and nothing would link it (hint: replace `?principal` and `?resource` by what they stand for)",
        ),
        (
            "policies/orders/a.cedar",
            "@id(\"a\")\npermit (principal, action, resource in HTTP::Path::\"/v1/\");",
            "policies/orders/a.cedar:1:1: no request has the path `/v1/` (hint: write it as requests have it: `/v1`)",
        ),
        (
            "policies/orders/a.cedar",
            "@id(\"a\")\npermit (principal, action, resource in AAuth::Resource::\"order\");",
            "policies/orders/a.cedar:1:1: no resource has the id `order` (hint: did you mean `orders`?)",
        ),
        (
            "policies/orders/a.cedar",
            "@id(\"a\")\npermit (principal, action, resource) when { 9223372036854775807 + 1 > 0 };",
            "policies/orders/a.cedar:1:1: the policy fails to evaluate: integer overflow while attempting to add the values `9223372036854775807` and `1`",
        ),
        ("policies/order/a.cedar", "", "policies/order: no resource has the id `order` (hint: did you mean `orders`?)"),
        (
            "policies/a.cedar",
            "",
            "policies/a.cedar: a policy file must be in the folder of a resource (hint: move it to `_all/` for every resource)",
        ),
        (
            "schemas/aauth.cedarschema",
            "namespace AAuth {}",
            "schemas/aauth.cedarschema: differs from the schema of this program (hint: restore it, and extend it by a file beside it)",
        ),
        (
            "schemas/mine.cedarschema",
            "namespace Mine {\n  entity Thing\n}",
            "schemas/mine.cedarschema:3:1: error parsing schema: unexpected token `}`: expected `,`, `;`, `=`, `{`, `enum`, `in`, or `tags`",
        ),
        (
            "schemas/mine.cedarschema",
            "namespace HTTP {\n  action \"PROPFIND\" in [\"read\"] appliesTo { principal: AAuth::Agent, resource: Path, context: {} };\n}",
            "schemas: requests for `HTTP::Action::\"PROPFIND\"` do not fit its declaration (hint: declare the action with `resource: HTTP::Path` and `context: HTTP::Context`)",
        ),
        (
            "schemas/mine.cedarschema",
            "namespace Mine {\n  entity Thing in [AAuth::Nothing];\n}",
            "schemas/mine.cedarschema:2:20: failed to resolve type: AAuth::Nothing (hint: `AAuth::Nothing` has not been declared as an entity type)",
        ),
    ] {
        let folder = Folder::empty();
        folder.write(name, text);
        assert_eq!(folder.faults().first().map_or("", String::as_str), expected, "{text}");
    }
}

#[test]
fn every_fault_of_every_file_is_told_at_once() {
    let folder = Folder::with("@id(\"a\")\npermit (principal);\n");
    folder.write("policies/orders/b.cedar", "permit (principal, action, resource);");
    folder.write("policies/nothing/c.cedar", "");
    let faults = folder.faults();
    assert_eq!(faults.len(), 4, "{faults:#?}");
}

#[test]
fn an_id_is_taken_once_and_both_places_are_named() {
    let folder = Folder::with(&format!("{ALLOW}{ALLOW}"));
    folder.write("policies/_all/z.cedar", &format!("// first\n{ALLOW}"));
    assert_eq!(
        folder.faults(),
        [
            format!(
                "policies/orders/a.cedar:1:1: the id `allow` is taken (hint: it is also at {}:2:1)",
                folder.path("policies/_all/z.cedar").display()
            )
            .replace(&format!("{}/", folder.path("").display()).replace("//", "/"), ""),
            "policies/orders/a.cedar:3:1: the id `allow` is taken (hint: it is also at policies/orders/a.cedar:1:1)"
                .to_owned(),
        ]
    );
}

#[test]
fn an_author_extends_the_schema() {
    let folder = Folder::with(
        "@id(\"a\")\npermit (principal, action == HTTP::Action::\"PROPFIND\", resource in HTTP::Path::\"/dav\");",
    );
    folder.write("schemas/aauth.cedarschema", schema::CORE_SCHEMA);
    folder.write(
        "schemas/dav.cedarschema",
        "namespace HTTP {\n action \"PROPFIND\" in [\"read\"] appliesTo { principal: AAuth::Agent, resource: Path, context: Context };\n}",
    );
    let store = folder.open().unwrap();
    assert!(ask(&store, &robot(), "PROPFIND", "/dav/x").is_permit());
    assert!(!ask(&store, &ada_with(&[]), "PROPFIND", "/dav/x").is_permit());
}

#[test]
fn an_edit_replaces_the_set() {
    let folder = Folder::with(ALLOW);
    let store = folder.open().unwrap();
    assert!(matches!(store.reload(), ReloadOutcome::Unchanged));
    folder.write("policies/orders/a.cedar", "");
    assert!(matches!(store.reload(), ReloadOutcome::Replaced(_)));
    assert_eq!(store.status().generation, 2);
    assert!(!ask(&store, &robot(), "GET", "/").is_permit());
}

#[test]
fn a_broken_file_keeps_the_last_good_set() {
    let folder = Folder::with(ALLOW);
    let store = folder.open().unwrap();
    folder.write("policies/orders/a.cedar", "@id(\"allow\")\nforbid (principal, action, resource)");
    let ReloadOutcome::Refused(errors) = store.reload() else { panic!("the edit is broken") };
    assert_eq!(errors.faults()[0].position.map(|p| (p.line, p.column)), Some((2, 37)));
    let status = store.status();
    assert_eq!(status.generation, 1);
    assert_eq!(status.last_error, Some(errors));
    assert!(ask(&store, &robot(), "GET", "/").is_permit());

    // The same fault is not told twice, and taking it back clears it.
    assert!(matches!(store.reload(), ReloadOutcome::Unchanged));
    folder.write("policies/orders/a.cedar", ALLOW);
    assert!(matches!(store.reload(), ReloadOutcome::Replaced(_)));
    assert_eq!(store.status().last_error, None);
    assert_eq!(store.status().generation, 1);
}

#[test]
fn one_broken_file_holds_back_the_whole_set() {
    let folder = Folder::with(ALLOW);
    let store = folder.open().unwrap();
    folder.write("policies/orders/b.cedar", "@id(\"no\")\nforbid (principal, action, resource);");
    folder.write("policies/orders/c.cedar", "oops");
    assert!(matches!(store.reload(), ReloadOutcome::Refused(_)));
    assert!(ask(&store, &robot(), "GET", "/").is_permit());
    fs::remove_file(folder.path("policies/orders/c.cedar")).unwrap();
    assert!(matches!(store.reload(), ReloadOutcome::Replaced(_)));
    assert!(!ask(&store, &robot(), "GET", "/").is_permit());
}

/// As Kubernetes mounts a ConfigMap: files are links through `..data`, which is a link to a dated folder.
#[test]
fn a_config_map_is_swapped_by_its_data_link() {
    let folder = Folder::empty();
    folder.write("policies/orders/..1/a.cedar", ALLOW);
    folder.write("policies/orders/..2/a.cedar", "@id(\"no\")\nforbid (principal, action, resource);");
    symlink("..1", folder.path("policies/orders/..data")).unwrap();
    symlink("..data/a.cedar", folder.path("policies/orders/a.cedar")).unwrap();
    let store = folder.open().unwrap();
    assert_eq!(store.status().policies, 1);
    assert!(ask(&store, &robot(), "GET", "/").is_permit());

    symlink("..2", folder.path("policies/orders/..data_tmp")).unwrap();
    fs::rename(folder.path("policies/orders/..data_tmp"), folder.path("policies/orders/..data")).unwrap();
    assert!(matches!(store.reload(), ReloadOutcome::Replaced(_)));
    assert!(!ask(&store, &robot(), "GET", "/").is_permit());
}

#[test]
fn a_loop_of_links_ends() {
    let folder = Folder::with(ALLOW);
    symlink(".", folder.path("policies/orders/loop")).unwrap();
    assert!(folder.faults().iter().any(|fault| fault.contains("nested deeper")));
}

#[test]
fn a_missing_folder_is_a_fault() {
    let folder = Folder::empty();
    fs::remove_dir(folder.path("policies")).unwrap();
    assert_eq!(folder.faults(), ["policies: the folder cannot be read: entity not found"]);
}
