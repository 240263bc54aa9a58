//! Identity claims that a scope asks for: "Scopes", identity scopes.

use serde_json::{Map, Value};

use crate::domain::person::Person;

/// Scope to the claims it tells, as OpenID Connect Core 1.0, section 5.4, and its enterprise extensions have them.
const CLAIMS: [(&str, &[&str]); 7] = [
    (
        "profile",
        &["name", "family_name", "given_name", "nickname", "preferred_username", "picture", "locale", "zoneinfo"],
    ),
    ("email", &["email", "email_verified"]),
    ("address", &["address"]),
    ("phone", &["phone_number", "phone_number_verified"]),
    ("groups", &["groups"]),
    ("roles", &["roles"]),
    ("openid", &[]),
];

/// The identity scopes that are supported.
pub fn scopes() -> impl Iterator<Item = &'static str> {
    CLAIMS.iter().map(|(scope, _)| *scope)
}

/// The claims that can be told.
pub fn claim_names() -> impl Iterator<Item = &'static str> {
    ["sub", "tenant"].into_iter().chain(CLAIMS.iter().flat_map(|(_, claims)| claims.iter().copied()))
}

/// What the granted scopes tell of the person.
pub(super) fn claims(person: &Person, scopes: &[String]) -> Map<String, Value> {
    let told = CLAIMS.iter().filter(|(scope, _)| scopes.iter().any(|granted| granted == scope));
    let names = told.flat_map(|(_, claims)| claims.iter());
    names.filter_map(|&name| Some((name.to_owned(), person.claims.get(name)?.clone()))).collect()
}

/// The named claims of the person, for an access server that needs them. `sub` is never among them: it is in the token
/// the access server was shown.
pub fn named(person: &Person, names: &[String]) -> Map<String, Value> {
    let known = |name: &&String| name.as_str() != "sub" && claim_names().any(|claim| claim == name.as_str());
    let value = |name: &str| match name {
        "tenant" => person.tenant.clone().map(Value::from),
        name => person.claims.get(name).cloned(),
    };
    names.iter().filter(known).filter_map(|name| Some((name.clone(), value(name)?))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::person::PersonKey;

    fn ada() -> Person {
        let claims = json!({ "name": "Ada", "email": "ada@example.com", "secret": "x", "sub": "local" });
        Person {
            key: PersonKey::new("p1"),
            name: "Ada".into(),
            tenant: Some("acme".into()),
            claims: claims.as_object().unwrap().clone(),
            created_at: 0,
        }
    }

    #[test]
    fn a_scope_tells_its_claims_and_no_others() {
        assert!(claims(&ada(), &["orders.read".into(), "openid".into()]).is_empty());
        assert_eq!(Value::Object(claims(&ada(), &["email".into()])), json!({ "email": "ada@example.com" }));
        assert_eq!(Value::Object(claims(&ada(), &["profile".into()])), json!({ "name": "Ada" }));
    }

    /// "Claims Required": a person server must not include `sub`.
    #[test]
    fn an_access_server_is_never_told_sub() {
        let names = ["sub".to_owned(), "email".to_owned(), "tenant".to_owned(), "secret".to_owned()];
        assert_eq!(Value::Object(named(&ada(), &names)), json!({ "email": "ada@example.com", "tenant": "acme" }));
    }
}
