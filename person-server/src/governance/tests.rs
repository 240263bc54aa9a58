//! The defaults, as the server asks them; what is done with every kind of finding; and reloading.

use std::collections::BTreeSet;
use std::fs;

use super::*;

fn set(ids: &[&str]) -> BTreeSet<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

const ORDERS: &str = "https://orders.example";

/// An agent the person knows well asks for what it was given before.
fn known() -> GovernanceQuestion {
    GovernanceQuestion {
        asker: Asker::Agent {
            id: "aauth:robot@agents.example".to_owned(),
            provider: "https://agents.example".to_owned(),
            parent: None,
        },
        what: authorize(&["read"]),
        person: Whose { key: "ada".to_owned(), tenant: None },
        known: Known { agent: true, resource: true, consented: true, scopes: set(&["read"]) },
        mission: None,
        prompt: BTreeSet::new(),
        chained: false,
        now: 1_767_268_800,
    }
}

fn authorize(scopes: &[&str]) -> What {
    What::Authorize { resource: ORDERS.to_owned(), scopes: set(scopes), account: None }
}

fn identify() -> What {
    What::Identify { resource: ORDERS.to_owned() }
}

fn permit(tool: &str) -> What {
    What::Permit { tool: tool.to_owned(), parameters: [("to".to_owned(), "bob".to_owned())].into() }
}

fn mission() -> Approved {
    let (resources, tools) = (set(&[ORDERS]), set(&["SendEmail"]));
    Approved { s256: "trip".to_owned(), resources, tools, expires_at: Some(1_767_268_801) }
}

fn ids(verdict: &GovernanceVerdict) -> Vec<&str> {
    match verdict {
        GovernanceVerdict::Grant { policies } | GovernanceVerdict::Refuse { policies, .. } => {
            policies.iter().map(|id| &**id).collect()
        }
        GovernanceVerdict::AskPerson => Vec::new(),
    }
}

fn with(policies: &str) -> Governance {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.cedar"), policies).unwrap();
    open(folder.path()).unwrap()
}

fn open(dir: &Path) -> Result<Governance, LoadErrors> {
    Governance::open(&GovernanceConfig { policies_dir: Some(dir.to_owned()), schemas_dir: None })
}

/// Why these policies are not taken, a fault a line.
fn refused(policies: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.cedar"), policies).unwrap();
    let errors = Governance::check(folder.path(), None).unwrap_err();
    let faults: Vec<String> = errors.faults().iter().map(ToString::to_string).collect();
    faults.join("\n").replace(&format!("{}/", folder.path().display()), "")
}

#[test]
fn by_default_only_what_was_agreed_to_is_granted() {
    let governance = Governance::open(&GovernanceConfig::default()).unwrap();
    let new = Known { agent: true, ..Known::default() };
    let granted = |question: GovernanceQuestion| match governance.decide(&question) {
        GovernanceVerdict::Grant { policies } => policies.first().map(ToString::to_string),
        GovernanceVerdict::AskPerson => None,
        GovernanceVerdict::Refuse { reason, policies } => panic!("refused by {policies:?}: {reason:?}"),
    };
    let remembered = Some("remembered".to_owned());
    assert_eq!(granted(known()), remembered);
    assert_eq!(granted(GovernanceQuestion { what: identify(), ..known() }), remembered);
    assert_eq!(granted(GovernanceQuestion { known: Known::default(), ..known() }), None, "a new agent");
    assert_eq!(granted(GovernanceQuestion { known: new.clone(), ..known() }), None, "a new resource");
    // Even if somebody counted wrong: what is new is new.
    assert_eq!(granted(GovernanceQuestion { what: authorize(&["read", "write"]), ..known() }), None, "a wider scope");
    assert_eq!(granted(GovernanceQuestion { prompt: set(&["consent"]), ..known() }), None, "a prompt");

    let on_mission = || GovernanceQuestion { known: new.clone(), mission: Some(mission()), ..known() };
    let resource = granted(GovernanceQuestion { what: identify(), ..on_mission() });
    assert_eq!(resource.as_deref(), Some("mission-resources"));
    let tool = granted(GovernanceQuestion { what: permit("SendEmail"), ..on_mission() });
    assert_eq!(tool.as_deref(), Some("mission-tools"));
    assert_eq!(granted(GovernanceQuestion { what: permit("DeleteEmail"), ..on_mission() }), None);
    assert_eq!(granted(GovernanceQuestion { what: identify(), now: 1_767_268_801, ..on_mission() }), None, "over");

    let trip = || "trip".to_owned();
    for what in [
        What::Mission { resources: set(&[ORDERS]), tools: set(&["SendEmail"]) },
        What::Update(trip()),
        What::Complete(trip()),
        What::Relay { payment: false, origin: None },
        What::Relay { payment: true, origin: Some(ORDERS.to_owned()) },
        What::Question,
    ] {
        assert_eq!(
            granted(GovernanceQuestion { what: what.clone(), mission: Some(mission()), ..known() }),
            None,
            "{what:?}"
        );
    }
    let enroll = GovernanceQuestion { asker: Asker::Key("thumbprint".to_owned()), what: What::Enroll, ..known() };
    assert_eq!(granted(enroll), None);
}

#[test]
fn every_default_that_is_shipped_is_compiled_in() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/_all");
    let files = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let files: BTreeSet<String> =
        files.filter(|name| Path::new(name).extension().is_some_and(|it| it == "cedar")).collect();
    assert_eq!(files, DEFAULT_POLICIES.iter().map(|(name, _)| (*name).to_owned()).collect());
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR"));
    let checked = Governance::check(&shipped.join("policies"), Some(&shipped.join("schemas"))).unwrap();
    let compiled_in = Governance::open(&GovernanceConfig::default()).unwrap();
    assert_eq!(checked, compiled_in.summary());
    assert!(compiled_in.is_built_in() && compiled_in.watch().unwrap().is_none());
    assert!(Governance::check(&shipped.join("samples"), None).is_ok());
}

#[test]
fn a_forbid_refuses_with_its_reason_whatever_permits() {
    let governance = with(
        r#"@id("all") permit (principal, action, resource);
@id("no") @reason("not today") forbid (principal, action, resource == Governance::Resource::"https://orders.example");
@id("ask") @require("interaction") forbid (principal, action == Governance::Action::"identify", resource);"#,
    );
    let verdict = governance.decide(&known());
    assert!(matches!(&verdict, GovernanceVerdict::Refuse { reason: Some(why), .. } if &**why == "not today"));
    assert_eq!(ids(&verdict), ["no"]);
    // A forbid that has the person asked does not soften one that refuses.
    assert_eq!(ids(&governance.decide(&GovernanceQuestion { what: identify(), ..known() })), ["no"]);
    let elsewhere = What::Identify { resource: "https://other.example".to_owned() };
    let verdict = governance.decide(&GovernanceQuestion { what: elsewhere, ..known() });
    assert_eq!(verdict, GovernanceVerdict::AskPerson);
    assert_eq!(ids(&governance.decide(&GovernanceQuestion { what: What::Question, ..known() })), ["all"]);
}

#[test]
fn a_policy_that_fails_refuses() {
    // It fails for one scope alone, so that loading cannot find out.
    let governance = with(
        r#"@id("all") permit (principal, action, resource);
@id("fails") permit (principal, action == Governance::Action::"authorize", resource)
when { context.scopes.contains("odd") && context.now.offset(duration("9223372036854775807ms")) > context.now };"#,
    );
    assert_eq!(ids(&governance.decide(&known())), ["all"]);
    let verdict = governance.decide(&GovernanceQuestion { what: authorize(&["odd"]), ..known() });
    assert!(matches!(verdict, GovernanceVerdict::Refuse { reason: None, .. }), "{verdict:?}");
    assert_eq!(ids(&verdict), ["fails"]);
}

#[test]
fn policies_read_all_that_is_told() {
    let decide = |condition: &str, question: &GovernanceQuestion| {
        let head = r#"@id("it") permit (principal, action in Governance::Action::"any", resource)"#;
        with(&format!("{head} when {{ {condition} }};")).decide(question) != GovernanceVerdict::AskPerson
    };
    let made = Asker::Agent {
        id: "aauth:made@agents.example".to_owned(),
        provider: "https://agents.example".to_owned(),
        parent: Some("aauth:robot@agents.example".to_owned()),
    };
    let person = Whose { key: "ada".to_owned(), tenant: Some("acme".to_owned()) };
    let known_of = Known { scopes: set(&["read"]), ..Known::default() };
    let what = What::Authorize {
        resource: ORDERS.to_owned(),
        scopes: set(&["read", "write"]),
        account: Some("work".to_owned()),
    };
    let question = GovernanceQuestion {
        asker: made,
        person,
        known: known_of,
        what,
        chained: true,
        mission: Some(mission()),
        ..known()
    };
    for condition in [
        r#"principal in AAuth::Agent::"aauth:robot@agents.example""#,
        r#"principal in AAuth::AgentProvider::"https://agents.example""#,
        "context.subagent && context.chained",
        r#"context.person.id == "ada" && context.person has tenant && context.person.tenant == "acme""#,
        "!context.known.agent && !context.known.resource && !context.known.consented",
        r#"context.scopes.containsAll(["read", "write"]) && context.new_scopes == ["write"]"#,
        r#"context has account && context.account == "work""#,
        r#"context has mission && context.mission.s256 == "trip" && context.mission has expires"#,
        r#"context.now == datetime("2026-01-01T12:00:00Z")"#,
        "!(context has proposed) && !(context has origin) && context.prompt.isEmpty()",
    ] {
        assert!(decide(condition, &question), "{condition}");
        assert!(!decide(&format!("!({condition})"), &question), "{condition}");
    }
    let with_tool = GovernanceQuestion { what: permit("SendEmail"), ..known() };
    assert!(decide(r#"context.parameters.hasTag("to") && context.parameters.getTag("to") == "bob""#, &with_tool));
    let relay = What::Relay { payment: true, origin: Some(ORDERS.to_owned()) };
    let relay = GovernanceQuestion { what: relay, ..known() };
    assert!(decide(r#"context has origin && context.origin == "https://orders.example""#, &relay));
    let propose = What::Mission { resources: set(&[ORDERS]), tools: set(&["SendEmail"]) };
    let propose = GovernanceQuestion { what: propose, ..known() };
    let all_known = r#"context has proposed && [Governance::Resource::"https://orders.example"].containsAll(context.proposed.resources)"#;
    assert!(decide(all_known, &propose));
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (policies, expected) in [
        ("\npermit (principal, action, resource)", "a.cedar:2:37: unexpected end of input"),
        ("\n  permit (principal, action, resource);", "a.cedar:2:3: the policy has no `@id`"),
        ("@id(\"x\") @status(\"404\") forbid (principal, action, resource);", "a.cedar:1:1: `@status` says nothing"),
        (
            "@id(\"x\") @require(\"auth-token\") forbid (principal, action, resource);",
            "a.cedar:1:1: `@require` can only be `interaction` here",
        ),
        (
            "@id(\"x\") permit (principal, action == Governance::Action::\"identfy\", resource);",
            "a.cedar:1:39: for policy `x`, unrecognized action `Governance::Action::\"identfy\"`",
        ),
        (
            "@id(\"x\") permit (principal, action in Governance::Action::\"any\", resource) when { context.justification };",
            "a.cedar:1:83: for policy `x`, attribute `justification` in context",
        ),
    ] {
        let text = refused(policies);
        assert!(text.lines().any(|fault| fault.starts_with(expected)), "{text}\n{expected}");
    }
}

#[test]
fn an_edit_is_in_force_and_a_bad_one_leaves_the_last_good_set() {
    let folder = tempfile::tempdir().unwrap();
    let write = |text: &str| fs::write(folder.path().join("a.cedar"), text).unwrap();
    write(r#"@id("one") permit (principal, action, resource);"#);
    let governance = open(folder.path()).unwrap();
    assert_eq!(ids(&governance.decide(&known())), ["one"]);

    write(r#"@id("two") forbid (principal, action, resource);"#);
    assert!(matches!(governance.reload(), ReloadOutcome::Replaced(_)));
    assert_eq!(ids(&governance.decide(&known())), ["two"]);

    write("nonsense");
    assert!(matches!(governance.reload(), ReloadOutcome::Refused(_)));
    assert_eq!(ids(&governance.decide(&known())), ["two"]);
    assert!(governance.status().last_error.is_some() && governance.status().generation == 2);

    fs::remove_file(folder.path().join("a.cedar")).unwrap();
    governance.reload();
    assert_eq!(governance.decide(&known()), GovernanceVerdict::AskPerson);
}
