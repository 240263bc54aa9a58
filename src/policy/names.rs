//! The names of the schema's types, parsed once, and the making of entity ids from them.

use std::sync::LazyLock;

use cedar_policy::{EntityId, EntityTypeName, EntityUid};

/// The entity types that requests are built from.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) agent: EntityTypeName,
    pub(super) agent_provider: EntityTypeName,
    pub(super) person: EntityTypeName,
    pub(super) person_server: EntityTypeName,
    pub(super) tenant: EntityTypeName,
    pub(super) group: EntityTypeName,
    pub(super) role: EntityTypeName,
    pub(super) key: EntityTypeName,
    pub(super) anonymous: EntityTypeName,
    pub(super) resource: EntityTypeName,
    pub(super) token: EntityTypeName,
    pub(super) path: EntityTypeName,
    pub(super) parameters: EntityTypeName,
    pub(super) http_action: EntityTypeName,
    pub(super) mcp_action: EntityTypeName,
    pub(super) mcp_server: EntityTypeName,
    pub(super) mcp_tool: EntityTypeName,
    pub(super) mcp_arguments: EntityTypeName,
    pub(super) a2a_action: EntityTypeName,
    pub(super) a2a_agent: EntityTypeName,
}

impl Names {
    /// Whether actions of this type are what requests ask for.
    pub(super) fn is_of_request(&self, kind: &EntityTypeName) -> bool {
        [&self.http_action, &self.mcp_action, &self.a2a_action].contains(&kind)
    }
}

static NAMES: LazyLock<Names> = LazyLock::new(|| Names {
    agent: parse("AAuth::Agent"),
    agent_provider: parse("AAuth::AgentProvider"),
    person: parse("AAuth::Person"),
    person_server: parse("AAuth::PersonServer"),
    tenant: parse("AAuth::Tenant"),
    group: parse("AAuth::Group"),
    role: parse("AAuth::Role"),
    key: parse("AAuth::Key"),
    anonymous: parse("AAuth::Anonymous"),
    resource: parse("AAuth::Resource"),
    token: parse("AAuth::Token"),
    path: parse("HTTP::Path"),
    parameters: parse("HTTP::Parameters"),
    http_action: parse("HTTP::Action"),
    mcp_action: parse("MCP::Action"),
    mcp_server: parse("MCP::Server"),
    mcp_tool: parse("MCP::Tool"),
    mcp_arguments: parse("MCP::Arguments"),
    a2a_action: parse("A2A::Action"),
    a2a_agent: parse("A2A::Agent"),
});

/// The schema's names.
pub(super) fn names() -> &'static Names {
    &NAMES
}

/// The entity of this type with this id.
pub(super) fn uid(kind: &EntityTypeName, id: impl AsRef<str>) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
}

fn parse(name: &str) -> EntityTypeName {
    // INVARIANT: each caller passes a literal that is a Cedar type name.
    #[expect(clippy::expect_used, reason = "every name is a literal of this file, read by every test")]
    name.parse().expect("a literal type name parses")
}
