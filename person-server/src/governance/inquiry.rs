//! A question in the terms of `person-server.cedarschema`. The two change together: a set of policies is taken only
//! when questions of every sort, from [`trials`], fit the schema.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use aauth_authorizer::policy::{Inquiry, Kind, Name, Plain, Thing};

use super::question::{Approved, Asker, GovernanceQuestion, Known, What, Whose};

/// The types of the schema.
struct Kinds {
    action: Kind,
    agent: Kind,
    provider: Kind,
    key: Kind,
    resource: Kind,
    tool: Kind,
    mission: Kind,
    parameters: Kind,
    server: Kind,
}

static KINDS: LazyLock<Kinds> = LazyLock::new(|| Kinds {
    action: kind("Governance::Action"),
    agent: kind("AAuth::Agent"),
    provider: kind("AAuth::AgentProvider"),
    key: kind("AAuth::Key"),
    resource: kind("Governance::Resource"),
    tool: kind("Governance::Tool"),
    mission: kind("Governance::Mission"),
    parameters: kind("Governance::Parameters"),
    server: kind("Governance::PersonServer"),
});

fn kind(name: &str) -> Kind {
    // INVARIANT: each caller passes a literal that is a type name.
    #[expect(clippy::expect_used, reason = "every name is a literal of this file, read by every test")]
    Kind::parse(name).expect("a literal type name parses")
}

/// The question as the policies take it.
pub(super) fn inquiry(question: &GovernanceQuestion) -> Inquiry {
    let GovernanceQuestion { asker, what, person, known, mission, prompt, chained, now } = question;
    let asked = Asked::of(what);
    let parameters = KINDS.parameters.name("parameters");
    let new_scopes = asked.scopes.difference(&known.scopes).cloned();
    let mut context = vec![
        ("person", Plain::Record(whose(person))),
        ("known", Plain::Record(agreed(known))),
        ("new_scopes", Plain::texts(new_scopes)),
        ("scopes", Plain::texts(asked.scopes.iter().cloned())),
        ("parameters", Plain::Entity(parameters.clone())),
        ("prompt", Plain::texts(prompt.iter().cloned())),
        ("chained", Plain::Bool(*chained)),
        ("subagent", Plain::Bool(matches!(asker, Asker::Agent { parent: Some(_), .. }))),
        ("now", Plain::Time(*now)),
    ];
    context.extend(mission.as_ref().map(|mission| ("mission", Plain::Record(approved(mission)))));
    context.extend(asked.context);
    let tags = asked.parameters.iter().map(|(name, value)| (name.clone(), Plain::text(value))).collect();
    Inquiry {
        principal: principal(asker),
        action: KINDS.action.name(asked.action),
        resource: Thing::plain(asked.of),
        context,
        others: vec![Thing { tags, ..Thing::plain(parameters) }],
    }
}

/// What the asks differ in.
struct Asked<'a> {
    action: &'static str,
    of: Name,
    scopes: &'a BTreeSet<String>,
    parameters: &'a BTreeMap<String, String>,
    context: Vec<(&'static str, Plain)>,
}

impl<'a> Asked<'a> {
    fn of(what: &'a What) -> Self {
        static NO_SCOPES: BTreeSet<String> = BTreeSet::new();
        static NO_PARAMETERS: BTreeMap<String, String> = BTreeMap::new();
        let plain = |action, of| Self { action, of, scopes: &NO_SCOPES, parameters: &NO_PARAMETERS, context: vec![] };
        let this = || KINDS.server.name("this");
        match what {
            What::Enroll => plain("enroll", this()),
            What::Identify { resource } => plain("identify", KINDS.resource.name(resource)),
            What::Authorize { resource, scopes, account } => {
                let context = account.iter().map(|account| ("account", Plain::text(account))).collect();
                Self { scopes, context, ..plain("authorize", KINDS.resource.name(resource)) }
            }
            What::Permit { tool, parameters } => Self { parameters, ..plain("permit", KINDS.tool.name(tool)) },
            What::Mission { resources, tools } => {
                let proposed = Plain::Record(reach(resources, tools));
                Self { context: vec![("proposed", proposed)], ..plain("mission", this()) }
            }
            What::Update(mission) => plain("update", KINDS.mission.name(mission)),
            What::Complete(mission) => plain("complete", KINDS.mission.name(mission)),
            What::Relay { payment, origin } => {
                let context = origin.iter().map(|origin| ("origin", Plain::text(origin))).collect();
                Self { context, ..plain(if *payment { "payment" } else { "relay" }, this()) }
            }
            What::Question => plain("question", this()),
        }
    }
}

fn principal(asker: &Asker) -> Thing {
    match asker {
        Asker::Key(thumbprint) => Thing {
            attributes: vec![("thumbprint", Plain::text(thumbprint))],
            ..Thing::plain(KINDS.key.name(thumbprint))
        },
        Asker::Agent { id, provider, parent } => {
            let provider = KINDS.provider.name(provider);
            let above = parent.iter().map(|parent| KINDS.agent.name(parent)).chain([provider.clone()]).collect();
            let mut attributes = vec![("id", Plain::text(id)), ("provider", Plain::Entity(provider))];
            attributes.extend(parent.iter().map(|parent| ("parent", Plain::text(parent))));
            Thing { above, attributes, ..Thing::plain(KINDS.agent.name(id)) }
        }
    }
}

fn whose(person: &Whose) -> Vec<(&'static str, Plain)> {
    let tenant = person.tenant.iter().map(|tenant| ("tenant", Plain::text(tenant)));
    [("id", Plain::text(&person.key))].into_iter().chain(tenant).collect()
}

fn agreed(known: &Known) -> Vec<(&'static str, Plain)> {
    let Known { agent, resource, consented, scopes: _ } = known;
    vec![("agent", Plain::Bool(*agent)), ("resource", Plain::Bool(*resource)), ("consented", Plain::Bool(*consented))]
}

fn approved(mission: &Approved) -> Vec<(&'static str, Plain)> {
    let Approved { s256, resources, tools, expires_at } = mission;
    let mut record = reach(resources, tools);
    record.push(("s256", Plain::text(s256)));
    record.extend(expires_at.map(|at| ("expires", Plain::Time(at))));
    record
}

fn reach(resources: &BTreeSet<String>, tools: &BTreeSet<String>) -> Vec<(&'static str, Plain)> {
    let set =
        |kind: &Kind, ids: &BTreeSet<String>| Plain::Set(ids.iter().map(|id| Plain::Entity(kind.name(id))).collect());
    vec![("resources", set(&KINDS.resource, resources)), ("tools", set(&KINDS.tool, tools))]
}

/// An inquiry for each action, with everything in it that there can be.
pub(super) fn trials() -> Vec<Inquiry> {
    let text = str::to_owned;
    let set = |ids: &[&str]| ids.iter().map(|id| text(id)).collect::<BTreeSet<_>>();
    let (resource, mission) = (text("https://resource.example"), text("mission"));
    let agent = Asker::Agent {
        id: text("aauth:agent@agents.example"),
        provider: text("https://agents.example"),
        parent: Some(text("aauth:parent@agents.example")),
    };
    let ask = |asker: &Asker, what: What| {
        inquiry(&GovernanceQuestion {
            asker: asker.clone(),
            what,
            person: Whose { key: text("person"), tenant: Some(text("tenant")) },
            known: Known { agent: true, resource: true, consented: true, scopes: set(&["scope"]) },
            mission: Some(Approved {
                s256: mission.clone(),
                resources: set(&[&resource]),
                tools: set(&["tool"]),
                expires_at: Some(1_767_229_200),
            }),
            prompt: set(&["consent"]),
            chained: true,
            now: 1_767_225_600,
        })
    };
    let parameters = BTreeMap::from([(text("parameter"), text("value"))]);
    let mut trials = vec![ask(&Asker::Key(text("thumbprint")), What::Enroll)];
    trials.extend(
        [
            What::Identify { resource: resource.clone() },
            What::Authorize {
                resource: resource.clone(),
                scopes: set(&["scope", "wider"]),
                account: Some(text("own")),
            },
            What::Permit { tool: text("tool"), parameters },
            What::Mission { resources: set(&[&resource]), tools: set(&["tool"]) },
            What::Update(mission.clone()),
            What::Complete(mission.clone()),
            What::Relay { payment: false, origin: Some(resource.clone()) },
            What::Relay { payment: true, origin: Some(resource.clone()) },
            What::Question,
        ]
        .map(|what| ask(&agent, what)),
    );
    trials
}
