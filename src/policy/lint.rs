//! What is legal in a policy and seldom meant. Nothing here is a reason not to take a set; it is for the author.

use std::collections::BTreeSet;

use cedar_policy::{ActionConstraint, EntityUid, Policy, PrincipalConstraint, ResourceConstraint};

use super::catalogue::Entry;
use super::decision::Effect;
use super::engine::Snapshot;
use super::error::{LoadFault, Position, did_you_mean};
use super::names::names;

/// What is known about one resource besides its policies.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// Its id.
    pub resource: String,
    /// The agent providers it trusts; none if it trusts any.
    pub agent_providers: Option<BTreeSet<String>>,
    /// The person servers it trusts; none if it trusts any.
    pub person_servers: Option<BTreeSet<String>>,
    /// The scopes it can ask for.
    pub scopes: BTreeSet<String>,
    /// The names of its MCP servers and A2A agents.
    pub services: BTreeSet<String>,
}

/// Something to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lint {
    /// The rule that found it.
    pub rule: &'static str,
    /// What, and where.
    pub fault: LoadFault,
}

/// Each rule, and what it finds.
pub const RULES: [(&str, &str); 6] = [
    ("unscoped-permit", "a permit that lets everybody do everything"),
    ("unknown-issuer", "a caller whose issuer no resource trusts"),
    ("unqualified-name", "the name of a person, group, role or tenant without the person server it is a name of"),
    ("unknown-scope", "a scope that the resource cannot ask for"),
    ("unknown-service", "an MCP server, a tool or an A2A agent that no resource serves"),
    ("untested", "a policy that no test names, where there are tests"),
];

impl Snapshot {
    /// Everything to look at, in the order of files and lines. `tests` are the texts of the suites there are.
    pub fn lint(&self, around: &[Surroundings], tests: &[String]) -> Vec<Lint> {
        let mut found = Vec::new();
        for entry in self.catalogue() {
            let around: Vec<_> = around.iter().filter(|known| entry.info.applies_to(&known.resource)).collect();
            unscoped(entry, &mut found);
            literals(entry, &around, &mut found);
            services(entry, &around, &mut found);
            scopes(entry, &around, &mut found);
            untested(entry, tests, &mut found);
        }
        found.sort_by(|a, b| (&a.fault.file, a.fault.position).cmp(&(&b.fault.file, b.fault.position)));
        found.dedup();
        found
    }
}

fn unscoped(entry: &Entry, found: &mut Vec<Lint>) {
    let policy = &entry.policy;
    let conditional = policy.to_json().ok().is_none_or(|tree| {
        tree.get("conditions").and_then(serde_json::Value::as_array).is_none_or(|conditions| !conditions.is_empty())
    });
    if entry.info.effect == Effect::Permit && !entry.info.shadow && !conditional && names_nothing(policy) {
        let hint = "name who may, what for or what of: `principal is ..`, `action in ..`, `resource in ..`";
        found.push(lint(entry, "unscoped-permit", "", "the permit lets everybody do everything").hint(hint));
    }
}

fn names_nothing(policy: &Policy) -> bool {
    matches!(policy.principal_constraint(), PrincipalConstraint::Any)
        && matches!(policy.action_constraint(), ActionConstraint::Any)
        && match policy.resource_constraint() {
            ResourceConstraint::Any | ResourceConstraint::Is(_) => true,
            // Every request is below its resource, and below the root.
            ResourceConstraint::In(uid) | ResourceConstraint::IsIn(_, uid) => {
                *uid.type_name() == names().resource || uid.id().unescaped() == "/"
            }
            ResourceConstraint::Eq(_) => false,
        }
}

fn literals(entry: &Entry, around: &[&Surroundings], found: &mut Vec<Lint>) {
    let agents = known(around, |known| known.agent_providers.as_ref());
    let persons = known(around, |known| known.person_servers.as_ref());
    for uid in entry.policy.entity_literals() {
        let id = uid.id().unescaped().to_owned();
        let Some(issuer) = issuer(&uid) else { continue };
        let trusted = match issuer {
            Issuer::Provider(_) => &agents,
            Issuer::Server(_) => &persons,
            Issuer::Missing => {
                let message = format!("`{}` is no caller's: such names are qualified", id.escape_debug());
                let hint = "write `<person server>#<name>`, as in `https://ps.example#finance`";
                found.push(lint(entry, "unqualified-name", &id, message).hint(hint));
                continue;
            }
        };
        let (Issuer::Provider(issuer) | Issuer::Server(issuer)) = issuer else { continue };
        let Some(trusted) = trusted.as_ref().filter(|trusted| !trusted.contains(issuer.as_str())) else { continue };
        let message = format!("no resource that this policy is asked about trusts `{}`", issuer.escape_debug());
        let hint = did_you_mean(&issuer, trusted.iter().copied());
        let hint =
            hint.unwrap_or_else(|| "trust it in `agent_servers` or `person_servers`, or name another".to_owned());
        found.push(lint(entry, "unknown-issuer", &id, message).hint(hint));
    }
}

/// Who vouches for an entity that a policy names.
enum Issuer {
    Provider(String),
    Server(String),
    /// It should be part of the name, and is not.
    Missing,
}

fn issuer(uid: &EntityUid) -> Option<Issuer> {
    let (kind, id) = (uid.type_name(), uid.id().unescaped());
    let n = names();
    if *kind == n.agent_provider {
        return Some(Issuer::Provider(id.to_owned()));
    }
    if *kind == n.agent {
        // A server that signs without a token is an agent by its own name.
        return id.rsplit_once('@').map(|(_, domain)| Issuer::Provider(format!("https://{domain}")));
    }
    if *kind == n.person_server {
        return Some(Issuer::Server(id.to_owned()));
    }
    if [&n.person, &n.tenant, &n.group, &n.role].contains(&kind) {
        return Some(id.split_once('#').map_or(Issuer::Missing, |(server, _)| Issuer::Server(server.to_owned())));
    }
    None
}

/// The issuers that some of these resources trust; none if one of them trusts any, or nothing is known of them.
fn known<'a>(
    around: &[&'a Surroundings],
    of: impl Fn(&'a Surroundings) -> Option<&'a BTreeSet<String>>,
) -> Option<BTreeSet<&'a str>> {
    let sets: Option<Vec<_>> = around.iter().map(|known| of(known)).collect();
    sets.filter(|sets| !sets.is_empty()).map(|sets| sets.into_iter().flatten().map(String::as_str).collect())
}

fn services(entry: &Entry, around: &[&Surroundings], found: &mut Vec<Lint>) {
    let n = names();
    for uid in entry.policy.entity_literals() {
        let (kind, id) = (uid.type_name(), uid.id().unescaped());
        let service = match id.split_once('/') {
            Some((server, _)) if *kind == n.mcp_tool => server,
            _ if [&n.mcp_server, &n.a2a_agent].contains(&kind) => id,
            _ => continue,
        };
        if around.is_empty() || around.iter().any(|known| known.services.contains(service)) {
            continue;
        }
        let message = format!("no resource that this policy is asked about serves `{}`", service.escape_debug());
        let all = around.iter().flat_map(|known| &known.services).map(String::as_str);
        let hint = did_you_mean(service, all).unwrap_or_else(|| "name it in `mcp` or `a2a` of the resource".to_owned());
        found.push(lint(entry, "unknown-service", id, message).hint(hint));
    }
}

fn scopes(entry: &Entry, around: &[&Surroundings], found: &mut Vec<Lint>) {
    let asked = entry.info.annotations.iter().filter(|(name, _)| name == "scope");
    for scope in asked.flat_map(|(_, value)| value.split_ascii_whitespace()) {
        if around.is_empty() || around.iter().any(|known| known.scopes.contains(scope)) {
            continue;
        }
        let message = format!("no resource that this policy is asked about can ask for the scope `{scope}`");
        let all = around.iter().flat_map(|known| &known.scopes).map(String::as_str);
        let hint = did_you_mean(scope, all).unwrap_or_else(|| "describe it in `scope_descriptions`".to_owned());
        found.push(lint(entry, "unknown-scope", "@scope", message).hint(hint));
    }
}

fn untested(entry: &Entry, tests: &[String], found: &mut Vec<Lint>) {
    let id = &*entry.info.id;
    if !tests.is_empty() && !tests.iter().any(|text| mentions(text, id)) {
        let message = format!("no test names the policy `{id}`");
        let hint = "expect it in a `*.test.yaml`, under `policies`";
        found.push(lint(entry, "untested", "", message).hint(hint));
    }
}

/// Whether a text holds the id, and not only as a part of a longer one.
fn mentions(text: &str, id: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '/');
    text.match_indices(id).any(|(at, _)| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let after = text.get(at + id.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(part) && !after.is_some_and(part)
    })
}

/// A finding at the first place in the policy that holds these words.
fn lint(entry: &Entry, rule: &'static str, words: &str, message: impl Into<String>) -> Lint {
    let origin = &entry.info.origin;
    let text = entry.policy.to_cedar().unwrap_or_default();
    let before = text.find(words).and_then(|at| text.get(..at)).unwrap_or_default();
    let position = match before.rsplit_once('\n') {
        None => Position { column: origin.from.column + before.chars().count(), ..origin.from },
        Some((lines, line)) => {
            Position { line: origin.from.line + lines.matches('\n').count() + 1, column: line.chars().count() + 1 }
        }
    };
    let fault = LoadFault { position: Some(position), ..LoadFault::whole(&*origin.file, message) };
    Lint { rule, fault }
}

impl Lint {
    fn hint(self, hint: impl Into<String>) -> Self {
        Self { fault: self.fault.hint(hint), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testkit::Folder;
    use super::*;

    fn lints(policies: &str, tests: &[&str]) -> Vec<String> {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let around = Surroundings {
            resource: "orders".to_owned(),
            agent_providers: Some(set(&["https://agents.example"])),
            person_servers: Some(set(&["https://ps.example"])),
            scopes: set(&["orders.read"]),
            services: set(&["files", "planner"]),
        };
        let tests: Vec<String> = tests.iter().map(|text| (*text).to_owned()).collect();
        let found = Folder::with(policies).open().unwrap().current().lint(&[around], &tests);
        let line = |lint: &Lint| {
            let at = lint.fault.position.unwrap();
            let hint = lint.fault.hint.as_deref().unwrap_or_default();
            format!("{}:{} {}: {} ({hint})", at.line, at.column, lint.rule, lint.fault.message)
        };
        found.iter().map(line).collect()
    }

    #[test]
    fn a_permit_for_everybody_and_everything_is_told() {
        for (head, told) in [
            ("principal, action, resource", true),
            ("principal, action, resource in AAuth::Resource::\"orders\"", true),
            ("principal, action, resource in HTTP::Path::\"/\"", true),
            ("principal, action, resource in HTTP::Path::\"/v1\"", false),
            ("principal is AAuth::Agent, action, resource", false),
            ("principal, action in HTTP::Action::\"read\", resource", false),
        ] {
            let found = lints(&format!("@id(\"x\")\npermit ({head});"), &[]);
            assert_eq!(found.len(), usize::from(told), "{head}: {found:?}");
        }
        let condition = "@id(\"x\") permit (principal, action, resource) when { context.request.host == \"a\" };";
        assert!(lints(condition, &[]).is_empty());
        assert!(lints("@id(\"x\") forbid (principal, action, resource);", &[]).is_empty());
    }

    #[test]
    fn a_caller_whom_nobody_vouches_for_is_told_with_its_place() {
        let policy = |literal: &str| {
            format!("@id(\"x\")\npermit (\n  principal in {literal},\n  action in HTTP::Action::\"read\", resource\n);")
        };
        for good in [
            r#"AAuth::AgentProvider::"https://agents.example""#,
            r#"AAuth::Agent::"aauth:a@agents.example""#,
            r#"AAuth::PersonServer::"https://ps.example""#,
            r#"AAuth::Group::"https://ps.example#eng""#,
        ] {
            assert!(lints(&policy(good), &[]).is_empty(), "{good}");
        }
        assert_eq!(
            lints(&policy(r#"AAuth::AgentProvider::"https://agent.example""#), &[]),
            ["3:39 unknown-issuer: no resource that this policy is asked about trusts `https://agent.example` \
              (did you mean `https://agents.example`?)"]
        );
        assert_eq!(lints(&policy(r#"AAuth::Role::"https://other.example#eng""#), &[]).len(), 1);
        assert!(lints(&policy(r#"AAuth::Role::"eng""#), &[])[0].contains("unqualified-name"));
    }

    #[test]
    fn a_service_that_nobody_serves_is_told() {
        let policy = |literal: &str| format!("@id(\"x\")\nforbid (principal, action, resource in {literal});");
        for good in [r#"MCP::Server::"files""#, r#"MCP::Tool::"files/read_file""#, r#"A2A::Agent::"planner""#] {
            assert!(lints(&policy(good), &[]).is_empty(), "{good}");
        }
        let found = lints(&policy(r#"MCP::Tool::"file/read_file""#), &[]);
        assert!(found[0].contains("unknown-service") && found[0].contains("did you mean `files`?"), "{found:?}");
        assert_eq!(lints(&policy(r#"A2A::Agent::"painter""#), &[]).len(), 1);
    }

    #[test]
    fn a_scope_that_cannot_be_asked_for_is_told() {
        let policy = "@id(\"x\")\n@scope(\"orders.raed\")\npermit (principal is AAuth::Person, action, resource);";
        let found = lints(policy, &[]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("2:1 unknown-scope") && found[0].ends_with("(did you mean `orders.read`?)"));
    }

    #[test]
    fn a_policy_is_tested_where_a_test_names_it_whole() {
        let policy = "@id(\"read\") permit (principal is AAuth::Agent, action, resource);";
        assert!(lints(policy, &[]).is_empty(), "without tests nothing is said");
        assert!(lints(policy, &["policies: [read]"]).is_empty());
        assert_eq!(lints(policy, &["policies: [read-all, orders.read]"]).len(), 1);
    }
}
