//! Questions in a namespace of a program's own: entities by name, and a context of plain values.
//!
//! [`RawQuestion`](super::RawQuestion) asks the same by JSON, held against the schema each time, and is for tests. An
//! inquiry is for a program that asks often: it is built without a detour, and held against the schema only when a set
//! of policies is loaded, by the [`Terms`](super::Terms) it belongs to.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use cedar_policy::{Context, Entities, Entity, EntityTypeName, EntityUid, Request, RestrictedExpression, Schema};

use super::annotations::{Obligations, Require};
use super::answer;
use super::dates::datetime;
use super::decision::{PolicyError, ShadowVerdict};
use super::engine::{Snapshot, Verdict};
use super::mentions::Mentions;
use super::names::uid;
use super::schema::Action;
use super::subject::PrincipalKind;

/// A type of entity, read once and used for many names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kind(EntityTypeName);

impl Kind {
    /// Reads the name of a type, such as `AAuth::Agent`.
    pub fn parse(name: &str) -> Result<Self, String> {
        name.parse().map(Self).map_err(|_| format!("`{name}` is not the name of a type"))
    }

    /// The entity of this type with this id.
    pub fn name(&self, id: &str) -> Name {
        Name(uid(&self.0, id))
    }
}

/// The name of an entity: its type and its id. Its `Display` is as Cedar writes it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Name(EntityUid);

impl Name {
    pub(super) fn uid(&self) -> &EntityUid {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A value of an attribute, or of the context.
#[derive(Debug, Clone, PartialEq)]
pub enum Plain {
    /// Yes or no.
    Bool(bool),
    /// A text.
    Text(String),
    /// A time, in seconds since the epoch.
    Time(i64),
    /// An entity.
    Entity(Name),
    /// A set of values.
    Set(Vec<Plain>),
    /// Names with their values, each name once.
    Record(Vec<(&'static str, Plain)>),
}

impl Plain {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A set of texts.
    pub fn texts<S: Into<String>>(texts: impl IntoIterator<Item = S>) -> Self {
        Self::Set(texts.into_iter().map(Self::text).collect())
    }

    fn build(&self) -> Result<RestrictedExpression, String> {
        Ok(match self {
            Self::Bool(value) => RestrictedExpression::new_bool(*value),
            Self::Text(text) => RestrictedExpression::new_string(text.clone()),
            Self::Time(seconds) => datetime(*seconds),
            Self::Entity(name) => RestrictedExpression::new_entity_uid(name.0.clone()),
            Self::Set(members) => {
                RestrictedExpression::new_set(members.iter().map(Self::build).collect::<Result<Vec<_>, _>>()?)
            }
            Self::Record(members) => {
                RestrictedExpression::new_record(built(members)?).map_err(|error| error.to_string())?
            }
        })
    }
}

fn built<'p>(
    members: impl IntoIterator<Item = &'p (&'static str, Plain)>,
) -> Result<Vec<(String, RestrictedExpression)>, String> {
    members.into_iter().map(|(name, value)| Ok(((*name).to_owned(), value.build()?))).collect()
}

/// An entity with what is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Thing {
    /// Its name.
    pub name: Name,
    /// Everything it is below, not only what is next above it.
    pub above: Vec<Name>,
    /// Its attributes.
    pub attributes: Vec<(&'static str, Plain)>,
    /// Its tags, which are attributes whose names no schema knows.
    pub tags: Vec<(String, Plain)>,
}

impl Thing {
    /// An entity of which nothing but the name is known.
    pub fn plain(name: Name) -> Self {
        Self { name, above: Vec::new(), attributes: Vec::new(), tags: Vec::new() }
    }

    /// The entity and what it is below.
    pub(super) fn lineage(&self) -> Vec<EntityUid> {
        [&self.name].into_iter().chain(&self.above).map(|name| name.0.clone()).collect()
    }

    pub(super) fn principal_kind(&self) -> Option<PrincipalKind> {
        PrincipalKind::of_type(self.name.0.type_name())
    }

    fn is_bare(&self) -> bool {
        self.above.is_empty() && self.attributes.is_empty() && self.tags.is_empty()
    }

    fn build(&self) -> Result<Entity, String> {
        let above = self.above.iter().map(|name| name.0.clone()).collect();
        if self.attributes.is_empty() && self.tags.is_empty() {
            return Ok(Entity::new_no_attrs(self.name.0.clone(), above));
        }
        let tags: Vec<_> =
            self.tags.iter().map(|(name, value)| Ok((name.clone(), value.build()?))).collect::<Result<_, String>>()?;
        Entity::new_with_tags(self.name.0.clone(), built(&self.attributes)?, above, tags)
            .map_err(|error| error.to_string())
    }
}

/// A question.
#[derive(Debug, Clone, PartialEq)]
pub struct Inquiry {
    /// Who asks. One of the callers of the core schema, such as `AAuth::Agent`.
    pub principal: Thing,
    /// What for.
    pub action: Name,
    /// Of what.
    pub resource: Thing,
    /// The context; `now`, if it has one, is when.
    pub context: Vec<(&'static str, Plain)>,
    /// What the others refer to, and has attributes, tags or something above it.
    pub others: Vec<Thing>,
}

impl Inquiry {
    /// The question as Cedar takes it, with as much of the context as is read.
    pub(super) fn build(&self, action: &Action, mentions: Mentions) -> Result<(Request, Entities), String> {
        let mut entities = self.entities()?;
        entities.push(action.entity.clone());
        // Adding closes the hierarchy in a fraction of the time that `from_entities` takes.
        let entities = Entities::empty().add_entities(entities, None).map_err(|error| error.to_string())?;
        Ok((self.request(mentions, None)?, entities))
    }

    /// Whether this is what the schema declares.
    pub(super) fn conforms(&self, schema: &Schema) -> Result<(), String> {
        Entities::from_entities(self.entities()?, Some(schema)).map_err(|error| error.to_string())?;
        self.request(Mentions::EVERYTHING, Some(schema)).map(drop)
    }

    fn entities(&self) -> Result<Vec<Entity>, String> {
        let things = [&self.principal, &self.resource].into_iter().chain(&self.others);
        // What is only a name needs no entity.
        let things = things.filter(|thing| !thing.is_bare());
        things.map(Thing::build).collect()
    }

    fn request(&self, mentions: Mentions, schema: Option<&Schema>) -> Result<Request, String> {
        // To make the time costs more than to decide most questions.
        let read = self.context.iter().filter(|(name, _)| *name != "now" || mentions.any(Mentions::NOW));
        let context = Context::from_pairs(built(read)?).map_err(|error| error.to_string())?;
        let (principal, resource) = (self.principal.name.0.clone(), self.resource.name.0.clone());
        Request::new(principal, self.action.0.clone(), resource, context, schema).map_err(|error| error.to_string())
    }
}

/// What the policies say to an inquiry. What follows from it is the program's to say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// The permits that matched, sorted by id. Where a forbid matched, some may be missing.
    pub permits: Vec<Found>,
    /// The forbids that matched, sorted by id.
    pub forbids: Vec<Found>,
    /// The policies that failed to evaluate. Cedar passes over them; to do so would pass over a forbid.
    pub errors: Vec<PolicyError>,
    /// What the `@shadow` policies would have done.
    pub shadow: Vec<ShadowVerdict>,
    /// The generation of the policies that were asked.
    pub generation: u64,
}

/// A policy that matched, with what its annotations say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its id.
    pub policy: Arc<str>,
    /// `@require`.
    pub require: Option<Require>,
    /// `@reason`.
    pub reason: Option<Arc<str>>,
}

impl Findings {
    /// Every policy that failed, enforced or not, with how.
    pub(super) fn failures(self) -> impl Iterator<Item = (Arc<str>, String)> {
        let shadow = self.shadow.into_iter().filter_map(|verdict| Some((verdict.policy, verdict.error?)));
        self.errors.into_iter().map(|error| (error.policy, error.message)).chain(shadow)
    }
}

impl Snapshot {
    /// What the policies of a resource say to an inquiry. One that cannot be put is an error of no policy.
    pub fn inquire(&self, resource: &str, inquiry: &Inquiry) -> Findings {
        let generation = self.generation();
        match self.weigh_inquiry(resource, inquiry) {
            Ok((Verdict { permits, forbids, errors }, shadow)) => {
                let shadow = answer::shadowed(self, shadow);
                Findings { permits: found(&permits), forbids: found(&forbids), errors, shadow, generation }
            }
            Err(message) => {
                let errors = vec![PolicyError { policy: Arc::from(""), message }];
                Findings { errors, generation, ..Findings::default() }
            }
        }
    }
}

fn found(matched: &BTreeMap<Arc<str>, Arc<Obligations>>) -> Vec<Found> {
    let found = |policy: &Arc<Obligations>| Found {
        policy: Arc::clone(&policy.id),
        require: policy.require,
        reason: policy.reason.clone(),
    };
    matched.values().map(found).collect()
}

#[cfg(test)]
mod tests;
