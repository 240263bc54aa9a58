//! The schema: ours, compiled in, merged with the author's extensions; and what requests need of it, read out once.

use std::collections::{HashMap, HashSet};

use cedar_policy::{Entity, EntityUid, Schema, SchemaFragment};

use super::error::LoadFault;
use super::names::names;
use super::source::Source;
use super::subject::PrincipalKind;

/// The contract between the authorizer and the authors of policies, as it is shipped.
pub const CORE_SCHEMA: &str = include_str!("../../schemas/aauth.cedarschema");

/// The name under which [`CORE_SCHEMA`] is shipped, beside which extensions are put.
const CORE_FILE: &str = "aauth.cedarschema";

/// One file with everything declared, for editors, which read a single schema.
pub fn merged_schema<'a>(extensions: impl IntoIterator<Item = &'a str>) -> String {
    std::iter::once(CORE_SCHEMA).chain(extensions).collect::<Vec<_>>().join("\n")
}

/// A method that may be asked for.
#[derive(Debug)]
pub(super) struct Action {
    pub(super) uid: EntityUid,
    /// The entity with its groups: entities built without a schema know none, and `action in` would never match.
    pub(super) entity: Entity,
    pub(super) groups: HashSet<EntityUid>,
    /// Its place in the slice index.
    pub(super) index: usize,
    kinds: HashSet<PrincipalKind>,
}

impl Action {
    /// Whether this kind of principal may ask for it.
    pub(super) fn admits(&self, kind: PrincipalKind) -> bool {
        self.kinds.contains(&kind)
    }
}

/// The HTTP actions of the schema, by method.
#[derive(Debug)]
pub(super) struct Actions(HashMap<String, Action>);

impl Actions {
    /// Reads them out of a schema.
    pub(super) fn of(schema: &Schema) -> Result<Self, String> {
        let entities = schema.action_entities().map_err(|error| error.to_string())?;
        let mut uids: Vec<&EntityUid> =
            schema.actions().filter(|uid| *uid.type_name() == names().http_action).collect();
        uids.sort();
        let mut actions = HashMap::new();
        for uid in uids {
            let kinds: HashSet<_> =
                schema.principals_for_action(uid).into_iter().flatten().filter_map(PrincipalKind::of_type).collect();
            // A group of actions cannot be asked for.
            if kinds.is_empty() {
                continue;
            }
            let groups: HashSet<EntityUid> = entities.ancestors(uid).into_iter().flatten().cloned().collect();
            let entity = Entity::new_no_attrs(uid.clone(), groups.clone());
            let index = actions.len();
            actions.insert(uid.id().unescaped().to_owned(), Action { uid: uid.clone(), entity, groups, index, kinds });
        }
        Ok(Self(actions))
    }

    /// The action of a method; methods are case-sensitive.
    pub(super) fn of_method(&self, method: &str) -> Option<&Action> {
        self.0.get(method)
    }

    /// Each of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Action> {
        self.0.values()
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Merges the author's files with ours.
pub(super) fn merge(extensions: &[Source]) -> Result<Schema, Vec<LoadFault>> {
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
    if !faults.is_empty() {
        return Err(faults);
    }
    let all = || std::iter::once(&core).chain(fragments.iter().map(|(_, fragment)| fragment)).cloned();
    Schema::from_schema_fragments(all()).map_err(|error| {
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
    })
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
