//! What an access server is told of the person.
//!
//! Implements "Claims Required" of draft-hardt-oauth-aauth-protocol-11. Told is what the person has let be told: what
//! the granted scopes tell the resource anyway, and the organization, which is in the token the access server was shown.
//! Anything else is put before the person first. `sub` is never told.

use serde_json::Value;

use super::super::authorize::granted_scopes;
use super::super::refusal::{Outcome, Refusal};
use super::super::{PersonServer, identity};
use super::way::Way;

/// What comes of being asked for claims.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Claims {
    /// These are told.
    Tell(Value),
    /// The person has to be asked about these.
    Ask(Vec<String>),
}

impl PersonServer {
    /// What is told of the claims that are asked for. With `asked`, what the person has not let be told is left out.
    pub(super) async fn claims_to_tell(&self, way: &Way, names: &[String], asked: bool) -> Outcome<Claims> {
        let person = self.store.person(&way.approved.by).await?.ok_or_else(Refusal::server_error)?;
        let told_anyway = identity::claims(&person, &granted_scopes(&way.ask, &way.granted()));
        let agreed = way.ask.federation.as_ref().map(|federation| federation.claims.as_slice()).unwrap_or_default();
        let may_be_told = |name: &str| {
            name == "tenant" || told_anyway.contains_key(name) || agreed.iter().any(|agreed| agreed == name)
        };
        let mut claims = identity::named(&person, names);
        let open: Vec<String> = claims.keys().filter(|name| !may_be_told(name)).cloned().collect();
        if !open.is_empty() && !asked {
            return Ok(Claims::Ask(open));
        }
        claims.retain(|name, _| may_be_told(name));
        Ok(Claims::Tell(Value::Object(claims)))
    }
}
