//! The schema: ours, compiled in, merged with the author's extensions; and what requests need of it, read out once.

use std::collections::{HashMap, HashSet};

use cedar_policy::{Entity, EntityTypeName, EntityUid, Schema, SchemaFragment};

use super::call::{Call, OTHER};
use super::error::LoadFault;
use super::input::{self, Type};
use super::names::names;
use super::source::Source;
use super::subject::PrincipalKind;

/// The contract between the authorizer and the authors of policies, as it is shipped.
pub const CORE_SCHEMA: &str = include_str!("../../schemas/aauth.cedarschema");

/// The name under which [`CORE_SCHEMA`] is shipped, beside which extensions are put.
const CORE_FILE: &str = "aauth.cedarschema";

/// What may be asked for.
#[derive(Debug)]
pub(super) struct Action {
    pub(super) uid: EntityUid,
    /// The entity with its groups: entities built without a schema know none, and `action in` would never match.
    pub(super) entity: Entity,
    pub(super) groups: HashSet<EntityUid>,
    /// Its place in the slice index.
    pub(super) index: usize,
    /// The type of `context.input`, where there is one.
    pub(super) input: Option<Type>,
    kinds: HashSet<PrincipalKind>,
    /// Whether it is asked of one tool.
    of_tool: bool,
}

impl Action {
    /// Whether this kind of principal may ask for it.
    pub(super) fn admits(&self, kind: PrincipalKind) -> bool {
        self.kinds.contains(&kind)
    }

    /// Whether it is asked of one tool.
    pub(super) fn is_of_tool(&self) -> bool {
        self.of_tool
    }
}

/// The actions of the schema, by their ids.
#[derive(Debug, Default)]
pub(super) struct Actions {
    http: HashMap<String, Action>,
    mcp: HashMap<String, Action>,
    a2a: HashMap<String, Action>,
    /// Those of other namespaces, which no request asks for: see [`Inquiry`](super::inquiry::Inquiry).
    others: HashMap<EntityUid, Action>,
}

impl Actions {
    /// Reads them out of a schema.
    pub(super) fn of(merged: &Merged) -> Result<Self, String> {
        let schema = &merged.schema;
        let entities = schema.action_entities().map_err(|error| error.to_string())?;
        let mut uids: Vec<&EntityUid> = schema.actions().collect();
        uids.sort();
        let mut actions = Self::default();
        for uid in uids {
            let kinds: HashSet<_> =
                schema.principals_for_action(uid).into_iter().flatten().filter_map(PrincipalKind::of_type).collect();
            // A group of actions cannot be asked for.
            if kinds.is_empty() {
                continue;
            }
            let groups: HashSet<EntityUid> = entities.ancestors(uid).into_iter().flatten().cloned().collect();
            let entity = Entity::new_no_attrs(uid.clone(), groups.clone());
            let of_tool = schema.resources_for_action(uid).into_iter().flatten().any(|kind| *kind == names().mcp_tool);
            let id = uid.id().unescaped();
            let input = merged.inputs.get(id).filter(|_| of_tool).cloned();
            let action = Action { uid: uid.clone(), entity, groups, index: actions.len(), input, kinds, of_tool };
            match actions.family(uid.type_name()) {
                Some(family) => drop(family.insert(id.to_owned(), action)),
                None => drop(actions.others.insert(uid.clone(), action)),
            }
        }
        Ok(actions)
    }

    fn family(&mut self, kind: &EntityTypeName) -> Option<&mut HashMap<String, Action>> {
        let n = names();
        let families =
            [(&n.http_action, &mut self.http), (&n.mcp_action, &mut self.mcp), (&n.a2a_action, &mut self.a2a)];
        families.into_iter().find(|(name, _)| *name == kind).map(|(_, family)| family)
    }

    /// The action of a method; methods are case-sensitive.
    pub(super) fn of_method(&self, method: &str) -> Option<&Action> {
        self.http.get(method)
    }

    /// The action of a call. A tool's own goes before that of every tool; a method without one is `other`.
    pub(super) fn of_call(&self, call: &Call) -> Option<&Action> {
        match call {
            Call::Mcp(call) => match call.tool_id() {
                Some(tool) => self.mcp.get(&tool).filter(|action| action.of_tool).or_else(|| self.mcp.get(TOOLS_CALL)),
                None => self.mcp.get(call.action()).filter(|action| !action.of_tool).or_else(|| self.mcp.get(OTHER)),
            },
            Call::A2a(call) => self.a2a.get(call.action()).or_else(|| self.a2a.get(OTHER)),
        }
    }

    /// The action of this name, if it is one that no request asks for.
    pub(super) fn other(&self, uid: &EntityUid) -> Option<&Action> {
        self.others.get(uid)
    }

    /// Each that a request may ask for.
    pub(super) fn of_requests(&self) -> impl Iterator<Item = &Action> {
        self.http.values().chain(self.mcp.values()).chain(self.a2a.values())
    }

    /// Each of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Action> {
        self.of_requests().chain(self.others.values())
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.http.len() + self.mcp.len() + self.a2a.len() + self.others.len()
    }
}

/// The action of a tool that has none of its own.
pub(super) const TOOLS_CALL: &str = "tools/call";

/// A schema, with what Cedar does not tell of it.
#[derive(Debug)]
pub(super) struct Merged {
    pub(super) schema: Schema,
    /// The types of `context.input`, by the id of the action.
    inputs: HashMap<String, Type>,
}

/// Merges the author's files with ours.
pub(super) fn merge(extensions: &[Source]) -> Result<Merged, Vec<LoadFault>> {
    let core = SchemaFragment::from_cedarschema_str(CORE_SCHEMA)
        .map_err(|error| vec![LoadFault::whole(CORE_FILE, error.to_string())])?
        .0;
    let mut fragments = Vec::new();
    let mut faults = Vec::new();
    for source in extensions {
        match extension(source) {
            Ok(fragment) => fragments.extend(fragment.map(|fragment| (source, fragment))),
            Err(fault) => faults.push(fault),
        }
    }
    let mut inputs = HashMap::new();
    for (source, fragment) in &fragments {
        match input::declared([fragment]) {
            Ok(found) => inputs.extend(found),
            Err(message) => faults.push(LoadFault::whole(&source.path, message)),
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let all = || std::iter::once(&core).chain(fragments.iter().map(|(_, fragment)| fragment)).cloned();
    let merged = Schema::from_schema_fragments(all()).map_err(|error| {
        // Cedar does not say whose fragment it is: the one without which the others merge.
        let without = |skipped: usize| {
            let rest = all().enumerate().filter(|(at, _)| *at != skipped + 1).map(|(_, fragment)| fragment);
            Schema::from_schema_fragments(rest).is_ok()
        };
        let culprit = fragments.iter().enumerate().find(|(at, _)| without(*at)).map(|(_, (source, _))| source);
        vec![match culprit.or(fragments.last().map(|(source, _)| source)) {
            Some(source) => LoadFault::cedar(source, 0, &error),
            None => LoadFault::whole(CORE_FILE, error.to_string()),
        }]
    });
    Ok(Merged { schema: merged?, inputs })
}

/// One of the author's files; none if it is ours, put where the author's are.
fn extension(source: &Source) -> Result<Option<SchemaFragment>, LoadFault> {
    if source.path.file_name().is_some_and(|name| name == CORE_FILE) {
        // An edit to the shipped file would otherwise seem to work and do nothing.
        return if source.text == CORE_SCHEMA {
            Ok(None)
        } else {
            Err(LoadFault::whole(&source.path, "differs from the schema of this program")
                .hint("restore it, and extend it by a file beside it"))
        };
    }
    match SchemaFragment::from_cedarschema_str(&source.text) {
        Ok((fragment, _)) => Ok(Some(fragment)),
        Err(error) => Err(LoadFault::cedar(source, 0, &error)),
    }
}
