//! Which policies can apply at all, found without looking at the others.
//!
//! Cedar evaluates every policy of a set in turn, about a microsecond each even where its head does not match. So the
//! policies are sorted when they are loaded, by what their heads say:
//!
//! - a head that names entities, as `principal == ..` and `resource in HTTP::Path::"/v1"` do, is found by them;
//! - every other is *general*, and found by action and type of principal.
//!
//! Leaving a policy out is sound only because its head could not have matched: a policy whose head does not match is
//! neither satisfied nor in error.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use cedar_policy::{
    ActionConstraint, EntityUid, Policy, PolicySet, PolicySetError, PrincipalConstraint, ResourceConstraint,
};

use super::decision::Effect;
use super::load::Loaded;
use super::mentions::Mentions;
use super::names::{names, uid};
use super::schema::{Action, Actions};
use super::subject::PrincipalKind;

/// Up to so many general policies are copied into one set for each action and kind, so that one pass answers. More
/// are kept once and shared, since copies would multiply the memory they take.
const MOST_COPIED: usize = 256;

const KINDS: usize = PrincipalKind::ALL.len();

/// Policies that are evaluated together.
#[derive(Debug)]
pub(super) struct Slice {
    pub(super) policies: PolicySet,
    /// What they read of the context.
    pub(super) mentions: Mentions,
    /// The `@scope`s of its permits: what an agent may ask a person for.
    pub(super) wishes: BTreeSet<BTreeSet<Arc<str>>>,
}

/// The policies of one resource.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// By action and kind of principal.
    general: Vec<Vec<Arc<Slice>>>,
    /// Those whose heads name a resource, and no principal.
    anyone: ByResource,
    /// Those whose heads name a principal, or a parent of one.
    named: HashMap<EntityUid, ByResource>,
}

/// The policies whose heads say the same of the principal.
#[derive(Debug, Default)]
struct ByResource {
    anything: Vec<Leaf>,
    named: HashMap<EntityUid, Vec<Leaf>>,
}

/// The policies whose heads say the same.
#[derive(Debug)]
struct Leaf {
    head: Head,
    slice: Slice,
}

/// A head, with what it names.
#[derive(PartialEq, Eq, Hash)]
struct Names<'h> {
    principal: Option<EntityUid>,
    resource: Option<EntityUid>,
    head: &'h Head,
}

impl Index {
    /// Sorts the policies of the resource `own`.
    pub(super) fn new(policies: &[&Loaded], own: &EntityUid, actions: &Actions) -> Result<Self, Box<PolicySetError>> {
        let heads: Vec<Head> = policies.iter().map(|loaded| Head::of(loaded, actions)).collect();
        let root = uid(&names().path, "/");
        let mut general: Vec<usize> = Vec::new();
        let mut named: HashMap<Names<'_>, Vec<usize>> = HashMap::new();
        for (at, (loaded, head)) in policies.iter().zip(&heads).enumerate() {
            let principal = principal_of(&loaded.policy.principal_constraint());
            // Every request is below these two: to name them is to name none.
            let resource = resource_of(&loaded.policy.resource_constraint()).filter(|uid| *uid != root && uid != own);
            if principal.is_none() && resource.is_none() {
                general.push(at);
            } else {
                named.entry(Names { principal, resource, head }).or_default().push(at);
            }
        }
        let mut index = Self { general: general_slices(policies, &heads, &general, actions)?, ..Self::default() };
        for (Names { principal, resource, head }, members) in named {
            let leaf = Leaf { head: head.clone(), slice: Slice::new(policies, &members)? };
            let group = match principal {
                Some(principal) => index.named.entry(principal).or_default(),
                None => &mut index.anyone,
            };
            match resource {
                Some(resource) => group.named.entry(resource).or_default().push(leaf),
                None => group.anything.push(leaf),
            }
        }
        Ok(index)
    }

    /// The slices that may hold a policy for this action, kind of principal, principal and resource; of the last two,
    /// the entity itself and each of its ancestors.
    pub(super) fn select(
        &self,
        action: &Action,
        kind: PrincipalKind,
        principal: &[EntityUid],
        resource: &[EntityUid],
    ) -> Vec<&Slice> {
        let mut slices: Vec<&Slice> = Vec::with_capacity(4);
        slices.extend(self.general.get(slot(action.index, kind)).into_iter().flatten().map(AsRef::as_ref));
        let groups = principal.iter().filter_map(|uid| self.named.get(uid)).chain([&self.anyone]);
        for leaf in groups.flat_map(|group| group.select(resource)) {
            if leaf.head.fits(action.index, kind) {
                slices.push(&leaf.slice);
            }
        }
        slices
    }
}

impl Index {
    /// Every policy, some more than once.
    pub(super) fn policies(&self) -> impl Iterator<Item = &Policy> {
        let named = self.named.values().chain([&self.anyone]).flat_map(ByResource::leaves);
        let general = self.general.iter().flatten().map(AsRef::as_ref);
        general.chain(named.map(|leaf| &leaf.slice)).flat_map(|slice| slice.policies.policies())
    }
}

impl ByResource {
    fn leaves(&self) -> impl Iterator<Item = &Leaf> {
        self.anything.iter().chain(self.named.values().flatten())
    }

    fn select(&self, resource: &[EntityUid]) -> impl Iterator<Item = &Leaf> {
        // Most groups name no resource, and need no search.
        let resource = if self.named.is_empty() { &[] } else { resource };
        self.anything.iter().chain(resource.iter().filter_map(|uid| self.named.get(uid)).flatten())
    }
}

impl Slice {
    fn new(policies: &[&Loaded], members: &[usize]) -> Result<Self, Box<PolicySetError>> {
        let members = || members.iter().filter_map(|at| policies.get(*at));
        let mut mentions = Mentions::default();
        for loaded in members() {
            mentions |= loaded.mentions;
        }
        let wishes = members()
            .map(|loaded| &loaded.obligations)
            .filter(|obligations| obligations.effect == Effect::Permit && !obligations.scopes.is_empty())
            .map(|obligations| obligations.scopes.clone())
            .collect();
        let policies = PolicySet::from_policies(members().map(|loaded| loaded.policy.clone()))?;
        Ok(Self { policies, mentions, wishes })
    }
}

fn general_slices(
    policies: &[&Loaded],
    heads: &[Head],
    general: &[usize],
    actions: &Actions,
) -> Result<Vec<Vec<Arc<Slice>>>, Box<PolicySetError>> {
    // Groups of policies that go together wherever they go.
    let groups: Vec<Vec<usize>> = if general.len() <= MOST_COPIED {
        general.iter().map(|at| vec![*at]).collect()
    } else {
        let mut groups: HashMap<&Head, Vec<usize>> = HashMap::new();
        for at in general {
            if let Some(head) = heads.get(*at) {
                groups.entry(head).or_default().push(*at);
            }
        }
        groups.into_values().collect()
    };
    let mut made: HashMap<Vec<usize>, Arc<Slice>> = HashMap::new();
    let mut slots = vec![Vec::new(); actions.len() * KINDS];
    for action in actions.iter() {
        for kind in PrincipalKind::ALL {
            let fitting = groups.iter().filter(|group| {
                let head = group.first().and_then(|at| heads.get(*at));
                head.is_some_and(|head| head.fits(action.index, kind))
            });
            let sets: Vec<Vec<usize>> = if general.len() <= MOST_COPIED {
                let all: Vec<usize> = fitting.flatten().copied().collect();
                if all.is_empty() { Vec::new() } else { vec![all] }
            } else {
                fitting.cloned().collect()
            };
            for set in sets {
                let slice = match made.get(&set) {
                    Some(slice) => Arc::clone(slice),
                    None => Arc::new(Slice::new(policies, &set)?),
                };
                if let Some(slices) = slots.get_mut(slot(action.index, kind)) {
                    slices.push(Arc::clone(&slice));
                }
                made.insert(set, slice);
            }
        }
    }
    Ok(slots)
}

fn slot(action: usize, kind: PrincipalKind) -> usize {
    action * KINDS + kind.index()
}

/// The actions and the kinds of principal a head can match.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Head {
    actions: Vec<bool>,
    kinds: [bool; KINDS],
}

impl Head {
    fn of(loaded: &Loaded, actions: &Actions) -> Self {
        let mut found = vec![false; actions.len()];
        for action in actions.iter() {
            if let Some(slot) = found.get_mut(action.index) {
                *slot = admits_action(&loaded.policy.action_constraint(), action);
            }
        }
        let principal = loaded.policy.principal_constraint();
        let kinds = PrincipalKind::ALL.map(|kind| admits_kind(&principal, kind));
        Self { actions: found, kinds }
    }

    fn fits(&self, action: usize, kind: PrincipalKind) -> bool {
        self.actions.get(action).is_some_and(|fits| *fits) && self.kinds.get(kind.index()).is_some_and(|fits| *fits)
    }
}

fn admits_action(constraint: &ActionConstraint, action: &Action) -> bool {
    match constraint {
        ActionConstraint::Any => true,
        ActionConstraint::Eq(uid) => *uid == action.uid,
        ActionConstraint::In(uids) => uids.iter().any(|uid| *uid == action.uid || action.groups.contains(uid)),
    }
}

fn admits_kind(constraint: &PrincipalConstraint, kind: PrincipalKind) -> bool {
    match constraint {
        PrincipalConstraint::Any | PrincipalConstraint::In(_) => true,
        PrincipalConstraint::Eq(uid) => uid.type_name() == kind.entity_type(),
        PrincipalConstraint::Is(name) | PrincipalConstraint::IsIn(name, _) => name == kind.entity_type(),
    }
}

fn principal_of(constraint: &PrincipalConstraint) -> Option<EntityUid> {
    match constraint {
        PrincipalConstraint::Any | PrincipalConstraint::Is(_) => None,
        PrincipalConstraint::In(uid) | PrincipalConstraint::Eq(uid) | PrincipalConstraint::IsIn(_, uid) => {
            Some(uid.clone())
        }
    }
}

fn resource_of(constraint: &ResourceConstraint) -> Option<EntityUid> {
    match constraint {
        ResourceConstraint::Any | ResourceConstraint::Is(_) => None,
        ResourceConstraint::In(uid) | ResourceConstraint::Eq(uid) | ResourceConstraint::IsIn(_, uid) => {
            Some(uid.clone())
        }
    }
}
