//! A namespace of a program's own: its store, its terms and its inquiries.

use super::super::testkit::Folder;
use super::super::{PolicyInfo, PolicyStore, RawQuestion, ReloadOutcome, Terms};
use super::*;

const SCHEMA: &str = r#"
namespace Library {
  entity Shelf;
  entity Book in [Shelf] = { pages: String };
  entity Notes tags String;
  type Context = { at: datetime, calm: Bool, words: Set<String>, reader: { name: String }, notes: Notes };
  action "any";
  action "read" in ["any"] appliesTo { principal: AAuth::Agent, resource: Book, context: Context };
  action "burn" appliesTo { principal: AAuth::Agent, resource: Book, context: Context };
}
"#;

const POLICIES: &str = r#"
@id("calm") permit (principal in AAuth::AgentProvider::"https://ap.example", action in Library::Action::"any", resource)
when { context.calm && context.words.contains("please") && context.reader.name == "ada" };
@id("shelf") permit (principal, action, resource in Library::Shelf::"open") when { resource.pages == "7" };
@id("late") @reason("the library is closed") forbid (principal, action == Library::Action::"read", resource)
when { context.at >= datetime("2030-01-01") };
@id("noted") @require("interaction") forbid (principal == AAuth::Agent::"aauth:a@ap.example", action, resource is Library::Book)
when { context.notes.hasTag("mood") && context.notes.getTag("mood") like "bad*" };
@id("watched") @shadow forbid (principal, action == Library::Action::"read", resource);
"#;

const SCHEMAS: &[(&str, &str)] = &[("library.cedarschema", SCHEMA)];

fn kind(name: &str) -> Kind {
    Kind::parse(name).unwrap()
}

fn ask(action: &str) -> Inquiry {
    let agent = kind("AAuth::Agent").name("aauth:a@ap.example");
    let provider = kind("AAuth::AgentProvider").name("https://ap.example");
    let notes = kind("Library::Notes").name("notes");
    Inquiry {
        principal: Thing {
            above: vec![provider.clone()],
            attributes: vec![("id", Plain::text("aauth:a@ap.example")), ("provider", Plain::Entity(provider))],
            ..Thing::plain(agent)
        },
        action: kind("Library::Action").name(action),
        resource: Thing {
            attributes: vec![("pages", Plain::text("9"))],
            ..Thing::plain(kind("Library::Book").name("b"))
        },
        context: vec![
            ("at", Plain::Time(1_800_000_000)),
            ("calm", Plain::Bool(true)),
            ("words", Plain::texts(["please"])),
            ("reader", Plain::Record(vec![("name", Plain::text("ada"))])),
            ("notes", Plain::Entity(notes.clone())),
        ],
        others: vec![Thing::plain(notes)],
    }
}

fn terms() -> Terms {
    Terms { schemas: SCHEMAS, loose: true, objection: None, trials: vec![ask("read"), ask("burn")] }
}

fn open(policies: &str) -> PolicyStore {
    PolicyStore::compiled_in(&[("library.cedar", policies)], vec!["library".to_owned()], &terms()).unwrap()
}

fn faults(folder: &Folder, terms: Terms) -> Vec<String> {
    let errors = PolicyStore::open_in(folder.config(), terms).unwrap_err();
    let root = format!("{}/", folder.path("").display().to_string().trim_end_matches('/'));
    errors.faults().iter().map(|fault| fault.to_string().replace(&root, "")).collect()
}

fn ids(found: &[Found]) -> Vec<&str> {
    found.iter().map(|found| &*found.policy).collect()
}

#[test]
fn an_inquiry_finds_the_policies_that_match() {
    let store = open(POLICIES);
    let ask_of = |inquiry: &Inquiry| store.current().inquire("library", inquiry);
    let found = ask_of(&ask("read"));
    assert_eq!((ids(&found.permits), found.forbids, found.errors), (vec!["calm"], vec![], vec![]));
    assert_eq!(found.shadow.iter().map(|verdict| &*verdict.policy).collect::<Vec<_>>(), ["watched"]);
    assert!(ask_of(&ask("burn")).permits.is_empty());

    let mut on_the_shelf = ask("burn");
    on_the_shelf.resource.above.push(kind("Library::Shelf").name("open"));
    on_the_shelf.resource.attributes = vec![("pages", Plain::text("7"))];
    assert_eq!(ids(&ask_of(&on_the_shelf).permits), ["shelf"]);

    let mut late = ask("read");
    late.context[0].1 = Plain::Time(1_900_000_000);
    assert_eq!(ask_of(&late).forbids[0].reason.as_deref(), Some("the library is closed"));

    let mut moody = ask("burn");
    moody.others[0].tags = vec![("mood".to_owned(), Plain::text("bad day"))];
    assert_eq!(ask_of(&moody).forbids[0].require, Some(Require::Interaction));
}

#[test]
fn what_cannot_be_put_is_an_error() {
    let store = open(POLICIES);
    let fails = |resource: &str, inquiry: &Inquiry| {
        let found = store.current().inquire(resource, inquiry);
        assert!(found.permits.is_empty() && found.errors.len() == 1, "{found:?}");
    };
    fails("elsewhere", &ask("read"));
    fails("library", &ask("steal"));
    fails("library", &ask("any"));
    fails("library", &Inquiry { principal: Thing::plain(kind("AAuth::Key").name("k")), ..ask("read") });
    fails("library", &Inquiry { context: vec![("calm", Plain::Bool(true)); 2], ..ask("read") });
    assert!(Kind::parse("no type").is_err());
}

#[test]
fn a_question_in_cedars_own_terms_reaches_the_same_policies() {
    let question = RawQuestion {
        principal: r#"AAuth::Agent::"aauth:z@ap.example""#.to_owned(),
        action: r#"Library::Action::"burn""#.to_owned(),
        resource: r#"Library::Book::"b""#.to_owned(),
        context: serde_json::json!({ "at": { "__extn": { "fn": "datetime", "arg": "2026-01-01" } }, "calm": false,
            "words": [], "reader": { "name": "" }, "notes": { "__entity": { "type": "Library::Notes", "id": "n" } } }),
        entities: serde_json::json!([{ "uid": { "type": "Library::Book", "id": "b" }, "attrs": { "pages": "7" },
            "parents": [{ "type": "Library::Shelf", "id": "open" }] }]),
    };
    assert_eq!(open(POLICIES).current().decide_raw(None, &question).unwrap().permits, ["shelf"]);
}

#[test]
fn policies_may_lie_loose_where_the_terms_say_so() {
    let folder = Folder::empty();
    folder.write("policies/library.cedar", POLICIES);
    folder.write("policies/_all/more.cedar", r#"@id("more") permit (principal, action, resource);"#);
    folder.write("schemas/library.cedarschema", SCHEMA);
    assert_eq!(PolicyStore::open_in(folder.config(), terms()).unwrap().status().policies, 6);
    let strict = faults(&folder, Terms { loose: false, ..terms() });
    assert!(strict[0].starts_with("policies/library.cedar: a policy file must be in the folder"), "{strict:?}");
}

#[test]
fn a_schema_of_the_program_stays_as_it_is() {
    let folder = Folder::empty();
    folder.write("schemas/library.cedarschema", &SCHEMA.replace("calm: Bool, ", ""));
    let found = faults(&folder, terms());
    assert!(found[0].starts_with("schemas/library.cedarschema: differs from the schema of this program"), "{found:?}");
}

#[test]
fn trials_find_what_validation_cannot() {
    let folder = Folder::empty();
    let overflow = r#"when { context.at.offset(duration("9223372036854775807ms")) > context.at };"#;
    folder.write(
        "policies/a.cedar",
        &format!("\n@id(\"o\") permit (principal, action == Library::Action::\"read\", resource) {overflow}"),
    );
    let found = faults(&folder, terms());
    assert!(found[0].starts_with("policies/a.cedar:2:1: the policy fails to evaluate"), "{found:?}");

    let mut misfit = ask("read");
    misfit.context.pop();
    let found = faults(&Folder::empty(), Terms { trials: vec![misfit], ..terms() });
    assert!(found[0].contains(r#"questions for `Library::Action::"read"` do not fit its declaration"#), "{found:?}");
}

#[test]
fn a_condition_on_the_context_of_one_namespace_names_its_actions() {
    let folder = Folder::empty();
    folder.write("policies/a.cedar", "@id(\"c\") permit (principal, action, resource) when { context.calm };");
    let found = faults(&folder, terms());
    assert!(found[0].ends_with("(hint: `action` alone is every action there is: name those it is about)"), "{found:?}");
}

#[test]
fn the_program_may_object_to_a_policy() {
    fn no_status(policy: &PolicyInfo) -> Option<String> {
        let found = policy.annotations.iter().any(|(name, _)| name == "status");
        found.then(|| "`@status` says nothing here".to_owned())
    }
    let folder = Folder::empty();
    folder.write("policies/a.cedar", "\n@id(\"s\") @status(\"404\") forbid (principal, action, resource);");
    let terms = Terms { objection: Some(no_status), ..terms() };
    assert_eq!(faults(&folder, terms), ["policies/a.cedar:2:1: `@status` says nothing here"]);
}

#[test]
fn a_compiled_in_set_stands() {
    let store = open(POLICIES);
    assert!(matches!(store.reload(), ReloadOutcome::Unchanged));
    assert_eq!(store.status().last_error, None);
}
