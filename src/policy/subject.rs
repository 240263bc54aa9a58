//! Who asks, ready for Cedar. Made once a token and kept beside it.
//!
//! Most policies read a caller's name, parents and scopes, which cost little to build and much to keep for every token
//! seen. The rest, attributes, claims and dates, is built when a policy first reads it, and kept from then on.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use cedar_policy::{Entities, Entity, EntityTypeName, EntityUid, RestrictedExpression};

use super::dates::datetime;
use super::names::{names, uid};
use super::request::{ClaimValue, Principal, TokenFacts, TokenKind};

/// Whoever asks, with the token proved. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Subject(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    principal: Principal,
    token: Option<TokenFacts>,
    kind: PrincipalKind,
    /// The principal and its ancestors: what a policy's head may name.
    lineage: Box<[EntityUid]>,
    token_uid: EntityUid,
    details: OnceLock<Result<Entities, String>>,
}

/// The types a principal can be of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum PrincipalKind {
    Agent,
    Person,
    Key,
    Anonymous,
}

impl PrincipalKind {
    pub(super) const ALL: [Self; 4] = [Self::Agent, Self::Person, Self::Key, Self::Anonymous];

    /// The kind whose entity type this is.
    pub(super) fn of_type(kind: &EntityTypeName) -> Option<Self> {
        Self::ALL.into_iter().find(|candidate| candidate.entity_type() == kind)
    }

    /// Its entity type.
    pub(super) fn entity_type(self) -> &'static EntityTypeName {
        match self {
            Self::Agent => &names().agent,
            Self::Person => &names().person,
            Self::Key => &names().key,
            Self::Anonymous => &names().anonymous,
        }
    }

    /// Its place in the slice index.
    pub(super) fn index(self) -> usize {
        self as usize
    }
}

impl Subject {
    /// Prepares a principal and its token.
    pub fn new(principal: Principal, token: Option<TokenFacts>) -> Self {
        let (kind, id) = identity(&principal);
        let lineage = std::iter::once(uid(kind.entity_type(), id)).chain(parents(&principal)).collect();
        let token_uid = uid(&names().token, token.as_ref().map_or("none", |token| &token.jti));
        Self(Arc::new(Inner { principal, token, kind, lineage, token_uid, details: OnceLock::new() }))
    }

    /// The same subject with these scopes as well, as an auth token would give them.
    #[must_use]
    pub fn with_scopes<S: AsRef<str>>(&self, extra: impl IntoIterator<Item = S>) -> Self {
        let extra: Vec<S> = extra.into_iter().collect();
        self.holding(self.scopes().iter().map(String::as_str).chain(extra.iter().map(AsRef::as_ref)))
    }

    /// The same subject with an auth token of exactly these scopes.
    pub(super) fn holding<'a>(&self, scopes: impl IntoIterator<Item = &'a str>) -> Self {
        let token = self.0.token.clone().map(|token| TokenFacts {
            kind: TokenKind::Auth,
            scopes: scopes.into_iter().map(str::to_owned).collect(),
            ..token
        });
        Self::new(self.0.principal.clone(), token)
    }

    /// Who it is.
    pub fn principal(&self) -> &Principal {
        &self.0.principal
    }

    /// What it proved who it is with, where that was a token.
    pub fn token(&self) -> Option<&TokenFacts> {
        self.0.token.as_ref()
    }

    /// The scopes it holds.
    pub fn scopes(&self) -> &[String] {
        self.0.token.as_ref().map_or(&[], |token| &token.scopes)
    }

    pub(super) fn kind(&self) -> PrincipalKind {
        self.0.kind
    }

    /// The principal and its ancestors.
    pub(super) fn lineage(&self) -> &[EntityUid] {
        &self.0.lineage
    }

    pub(super) fn token_uid(&self) -> &EntityUid {
        &self.0.token_uid
    }

    /// The principal and the token, with everything known of them.
    pub(super) fn detailed(&self) -> Result<Entities, String> {
        let build = || {
            let Inner { principal, token, .. } = &*self.0;
            let (attributes, tags) = attributes(principal, token.as_ref());
            let entity = Entity::new_with_tags(self.uid()?, attributes, self.parents(), tags)
                .map_err(|error| error.to_string())?;
            let token = self.token_entity(token_details(principal, token.as_ref()))?;
            Entities::from_entities([entity, token], None).map_err(|error| error.to_string())
        };
        self.0.details.get_or_init(build).clone()
    }

    /// The principal with its ancestors.
    pub(super) fn principal_alone(&self) -> Result<Entity, String> {
        Ok(Entity::new_no_attrs(self.uid()?, self.parents().collect()))
    }

    /// The token with its type and scopes.
    pub(super) fn token_alone(&self) -> Result<Entity, String> {
        self.token_entity(Attributes::new())
    }

    /// The principal's own entity.
    pub(super) fn uid(&self) -> Result<EntityUid, String> {
        self.0.lineage.first().cloned().ok_or_else(|| "the principal has no entity".to_owned())
    }

    fn parents(&self) -> impl Iterator<Item = EntityUid> {
        self.0.lineage.iter().skip(1).cloned()
    }

    /// The token as an entity: `context.token.scopes` reads like a record, and what it holds can be kept.
    fn token_entity(&self, mut attributes: Attributes) -> Result<Entity, String> {
        let typ = self.0.token.as_ref().map_or("none", |token| token.kind.as_str());
        attributes.insert("typ".to_owned(), string(typ));
        attributes.insert("scopes".to_owned(), strings(self.scopes()));
        Entity::new(self.0.token_uid.clone(), attributes, HashSet::new()).map_err(|error| error.to_string())
    }
}

type Attributes = HashMap<String, RestrictedExpression>;
type Tags = BTreeMap<String, RestrictedExpression>;

fn identity(principal: &Principal) -> (PrincipalKind, String) {
    match principal {
        Principal::Agent { id, .. } => (PrincipalKind::Agent, id.clone()),
        Principal::Person { sub, ps, .. } => (PrincipalKind::Person, qualified(ps, sub)),
        Principal::Key { thumbprint } => (PrincipalKind::Key, thumbprint.clone()),
        Principal::Anonymous => (PrincipalKind::Anonymous, "anonymous".to_owned()),
    }
}

/// Whoever knows a person qualifies every name it gives: two authorities may give one name to two things.
fn qualified(ps: &str, name: &str) -> String {
    format!("{ps}#{name}")
}

fn parents(principal: &Principal) -> Vec<EntityUid> {
    let n = names();
    match principal {
        Principal::Agent { provider, parent, .. } => {
            let parent = parent.iter().map(|parent| uid(&n.agent, parent));
            std::iter::once(uid(&n.agent_provider, provider)).chain(parent).collect()
        }
        Principal::Person { ps, tenant, groups, roles, .. } => {
            let tenant = tenant.iter().map(|tenant| uid(&n.tenant, qualified(ps, tenant)));
            let groups = groups.iter().map(|group| uid(&n.group, qualified(ps, group)));
            let roles = roles.iter().map(|role| uid(&n.role, qualified(ps, role)));
            std::iter::once(uid(&n.person_server, ps)).chain(tenant).chain(groups).chain(roles).collect()
        }
        Principal::Key { .. } | Principal::Anonymous => Vec::new(),
    }
}

fn attributes(principal: &Principal, token: Option<&TokenFacts>) -> (Attributes, Tags) {
    let n = names();
    let mut attributes = Attributes::new();
    let mut put = |name: &str, value| attributes.insert(name.to_owned(), value);
    let tagged = match principal {
        Principal::Agent { id, provider, parent, ps } => {
            put("id", string(id));
            put("provider", entity(uid(&n.agent_provider, provider)));
            if let Some(parent) = parent {
                put("parent", string(parent));
            }
            if let Some(ps) = ps {
                put("ps", entity(uid(&n.person_server, ps)));
            }
            true
        }
        Principal::Person { iss, sub, ps, tenant, .. } => {
            put("iss", string(iss));
            put("sub", string(sub));
            put("ps", entity(uid(&n.person_server, ps)));
            if let Some(tenant) = tenant {
                put("tenant", entity(uid(&n.tenant, qualified(ps, tenant))));
            }
            true
        }
        Principal::Key { thumbprint } => {
            put("thumbprint", string(thumbprint));
            false
        }
        Principal::Anonymous => false,
    };
    let tags = token.filter(|_| tagged).map(|token| tags(&token.claims)).unwrap_or_default();
    (attributes, tags)
}

/// What the token says besides its type and scopes.
fn token_details(principal: &Principal, token: Option<&TokenFacts>) -> Attributes {
    let mut attributes = Attributes::new();
    let mut put = |name: &str, value| attributes.insert(name.to_owned(), value);
    if let Some(token) = token {
        put("key", string(&token.key));
        put("issuer", string(&token.issuer));
        put("jti", string(&token.jti));
        put("issued", datetime(token.issued_at));
        put("expires", datetime(token.expires_at));
        for (name, value) in [("mission", &token.mission), ("account", &token.account), ("tenant", &token.tenant)] {
            if let Some(value) = value {
                put(name, string(value));
            }
        }
    } else if let Principal::Key { thumbprint } = principal {
        put("key", string(thumbprint));
    }
    attributes
}

fn tags(claims: &BTreeMap<String, ClaimValue>) -> Tags {
    claims
        .iter()
        .map(|(name, value)| {
            let values = match value {
                ClaimValue::One(one) => std::slice::from_ref(one),
                ClaimValue::Many(many) => many,
            };
            (name.clone(), strings(values))
        })
        .collect()
}

fn string(value: &str) -> RestrictedExpression {
    RestrictedExpression::new_string(value.to_owned())
}

fn strings(values: &[String]) -> RestrictedExpression {
    RestrictedExpression::new_set(values.iter().map(|value| string(value)))
}

fn entity(uid: EntityUid) -> RestrictedExpression {
    RestrictedExpression::new_entity_uid(uid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extreme_times_do_not_break_a_subject() {
        let token = TokenFacts { issued_at: i64::MIN, expires_at: i64::MAX, ..super::super::testkit::auth_token(&[]) };
        assert!(Subject::new(super::super::testkit::ada(), Some(token)).detailed().is_ok());
    }

    #[test]
    fn names_are_qualified_by_the_person_server() {
        let person = Principal::Person {
            iss: "https://access.example".to_owned(),
            sub: "ada".to_owned(),
            ps: "https://ps.example".to_owned(),
            tenant: Some("acme".to_owned()),
            groups: vec!["eng".to_owned()],
            roles: vec!["admin".to_owned()],
        };
        let subject = Subject::new(person, None);
        let keys: HashSet<String> = subject.lineage().iter().map(ToString::to_string).collect();
        for key in [
            r#"AAuth::Person::"https://ps.example#ada""#,
            r#"AAuth::PersonServer::"https://ps.example""#,
            r#"AAuth::Tenant::"https://ps.example#acme""#,
            r#"AAuth::Group::"https://ps.example#eng""#,
            r#"AAuth::Role::"https://ps.example#admin""#,
        ] {
            assert!(keys.contains(key), "{key} in {keys:?}");
        }
    }
}
