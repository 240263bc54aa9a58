//! Who asks, ready for Cedar. Made once a token and kept beside it, so that a warm check pays for no entity, no parent
//! and no date of it again.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use cedar_policy::{Entities, Entity, EntityTypeName, EntityUid, RestrictedExpression};

use super::names::{names, uid};
use super::request::{ClaimValue, Principal, TokenFacts, TokenKind};

/// Whoever asks, with the token proved. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Subject(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    principal: Principal,
    token: Option<TokenFacts>,
    prepared: Result<Prepared, String>,
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

/// What Cedar needs of a subject.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) kind: PrincipalKind,
    pub(super) uid: EntityUid,
    /// The principal and its ancestors: what a policy's head may name.
    pub(super) keys: Vec<EntityUid>,
    pub(super) token: EntityUid,
    pub(super) entities: Entities,
}

impl Subject {
    /// Prepares a principal and its token.
    pub fn new(principal: Principal, token: Option<TokenFacts>) -> Self {
        let prepared = prepare(&principal, token.as_ref());
        Self(Arc::new(Inner { principal, token, prepared }))
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

    /// The scopes it holds.
    pub fn scopes(&self) -> &[String] {
        self.0.token.as_ref().map_or(&[], |token| &token.scopes)
    }

    pub(super) fn prepared(&self) -> Result<&Prepared, &str> {
        self.0.prepared.as_ref().map_err(String::as_str)
    }
}

type Attributes = HashMap<String, RestrictedExpression>;

fn prepare(principal: &Principal, token: Option<&TokenFacts>) -> Result<Prepared, String> {
    let shape = Shape::of(principal);
    let tags = token.map(|token| tags(&token.claims)).unwrap_or_default();
    let tags = if shape.tagged { tags } else { BTreeMap::new() };
    let keys: Vec<EntityUid> = std::iter::once(shape.uid.clone()).chain(shape.parents.iter().cloned()).collect();
    let entity = Entity::new_with_tags(shape.uid.clone(), shape.attributes, shape.parents, tags)
        .map_err(|error| error.to_string())?;
    let token = token_entity(principal, token)?;
    let token_uid = token.uid();
    let entities = Entities::from_entities([entity, token], None).map_err(|error| error.to_string())?;
    Ok(Prepared { kind: shape.kind, uid: shape.uid, keys, token: token_uid, entities })
}

/// A principal as an entity.
struct Shape {
    kind: PrincipalKind,
    uid: EntityUid,
    attributes: Attributes,
    parents: HashSet<EntityUid>,
    tagged: bool,
}

impl Shape {
    fn of(principal: &Principal) -> Self {
        let n = names();
        let mut attributes = Attributes::new();
        let mut parents = HashSet::new();
        let (kind, id) = match principal {
            Principal::Agent { id, provider, parent, ps } => {
                let provider = uid(&n.agent_provider, provider);
                attributes.insert("id".to_owned(), string(id));
                attributes.insert("provider".to_owned(), entity(&provider));
                parents.insert(provider);
                if let Some(parent) = parent {
                    attributes.insert("parent".to_owned(), string(parent));
                    parents.insert(uid(&n.agent, parent));
                }
                if let Some(ps) = ps {
                    attributes.insert("ps".to_owned(), entity(&uid(&n.person_server, ps)));
                }
                (PrincipalKind::Agent, id.clone())
            }
            Principal::Person { iss, sub, ps, tenant, groups, roles } => {
                // Whoever knows the person qualifies every name: two authorities may give one name to two things.
                let qualified = |name: &str| format!("{ps}#{name}");
                let server = uid(&n.person_server, ps);
                attributes.insert("iss".to_owned(), string(iss));
                attributes.insert("sub".to_owned(), string(sub));
                attributes.insert("ps".to_owned(), entity(&server));
                parents.insert(server);
                if let Some(tenant) = tenant {
                    let tenant = uid(&n.tenant, qualified(tenant));
                    attributes.insert("tenant".to_owned(), entity(&tenant));
                    parents.insert(tenant);
                }
                parents.extend(groups.iter().map(|group| uid(&n.group, qualified(group))));
                parents.extend(roles.iter().map(|role| uid(&n.role, qualified(role))));
                (PrincipalKind::Person, qualified(sub))
            }
            Principal::Key { thumbprint } => {
                attributes.insert("thumbprint".to_owned(), string(thumbprint));
                (PrincipalKind::Key, thumbprint.clone())
            }
            Principal::Anonymous => (PrincipalKind::Anonymous, "anonymous".to_owned()),
        };
        let tagged = matches!(principal, Principal::Agent { .. } | Principal::Person { .. });
        Self { kind, uid: uid(kind.entity_type(), id), attributes, parents, tagged }
    }
}

/// The token as an entity: `context.token.scopes` reads like a record, and its dates are parsed once a token.
fn token_entity(principal: &Principal, token: Option<&TokenFacts>) -> Result<Entity, String> {
    let mut attributes = Attributes::new();
    let mut put = |name: &str, value| attributes.insert(name.to_owned(), value);
    if let Some(token) = token {
        put("typ", string(token.kind.as_str()));
        put("scopes", strings(&token.scopes));
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
    } else {
        put("typ", string("none"));
        put("scopes", strings(&[]));
        if let Principal::Key { thumbprint } = principal {
            put("key", string(thumbprint));
        }
    }
    let id = token.map_or("none", |token| token.jti.as_str());
    Entity::new(uid(&names().token, id), attributes, HashSet::new()).map_err(|error| error.to_string())
}

fn tags(claims: &BTreeMap<String, ClaimValue>) -> BTreeMap<String, RestrictedExpression> {
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

fn entity(uid: &EntityUid) -> RestrictedExpression {
    RestrictedExpression::new_entity_uid(uid.clone())
}

/// A time as Cedar reads it. Times before 1970 or after 9999 become those bounds: tokens so dated are refused earlier.
pub(super) fn datetime(seconds: i64) -> RestrictedExpression {
    const LAST: i64 = 253_402_300_799;
    let seconds = seconds.clamp(0, LAST);
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    RestrictedExpression::new_datetime(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"))
}

/// Year, month and day of a day counted from 1970-01-01, in the Gregorian calendar.
///
/// Counted from March of the year 0, so that the leap day comes last in its year and each 400 years are alike.
fn civil(days: i64) -> (i64, i64, i64) {
    const DAYS_TO_1970: i64 = 719_468;
    const DAYS_OF_400_YEARS: i64 = 146_097;
    let days = days + DAYS_TO_1970;
    let (era, day_of_era) = (days / DAYS_OF_400_YEARS, days % DAYS_OF_400_YEARS);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_their_dates() {
        for (days, date) in [
            (0, (1970, 1, 1)),
            (58, (1970, 2, 28)),
            (59, (1970, 3, 1)),
            (789, (1972, 2, 29)),
            (11_016, (2000, 2, 29)),
            (20_781, (2026, 11, 24)),
            (2_932_896, (9999, 12, 31)),
        ] {
            assert_eq!(civil(days), date, "{days}");
        }
    }

    #[test]
    fn extreme_times_do_not_break_a_subject() {
        let token = TokenFacts { issued_at: i64::MIN, expires_at: i64::MAX, ..super::super::testkit::auth_token(&[]) };
        assert!(Subject::new(super::super::testkit::ada(), Some(token)).prepared().is_ok());
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
        let keys: HashSet<String> = subject.prepared().unwrap().keys.iter().map(ToString::to_string).collect();
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
