//! A resource that asks for scopes, about the token it was shown.

use aauth_authorizer::aauth::identifier::ServerId;
use aauth_authorizer::aauth::key::SigningKey;
use aauth_authorizer::aauth::metadata::Dwk;
use aauth_authorizer::aauth::token::Common;
use aauth_authorizer::aauth::token::resource::ResourceToken;
use serde_json::json;

use super::reply::claims;
use super::world::{PS, World, key};

/// A resource with its key.
#[derive(Debug, Clone)]
pub(crate) struct Resource {
    pub(crate) id: &'static str,
    pub(crate) key: SigningKey,
}

impl Resource {
    /// A resource that publishes its key in this world.
    pub(crate) fn published(world: &World, id: &'static str) -> Self {
        let key = key(id);
        let described = json!({
            "name": "Orders",
            "description": "Your orders",
            "access_mode": "auth-token",
            "scope_descriptions": { "orders.read": "Read your orders", "orders.write": "Change your orders" },
        });
        world.network.publish(id, &key, &described);
        Self { id, key }
    }

    /// What it asks for, of an agent that showed it this token.
    pub(crate) fn asks(&self, world: &World, shown: &str, scopes: &[&str]) -> ResourceToken {
        let shown = claims(shown);
        let text = |name: &str| shown[name].as_str().map(str::to_owned);
        let jwk = shown["cnf"]["jwk"].as_object().unwrap();
        let now = world.now();
        ResourceToken {
            common: Common {
                iss: ServerId::parse(self.id).unwrap(),
                dwk: Dwk::Resource,
                jti: format!("rt-{}", shown["jti"].as_str().unwrap()),
                iat: now,
                exp: now + 300,
            },
            aud: ServerId::parse(PS).unwrap(),
            ps: ServerId::parse(PS).unwrap(),
            sub: text("sub").unwrap(),
            presented_jti: text("jti").unwrap(),
            agent_jkt: aauth_authorizer::aauth::key::thumbprint(jwk).unwrap().as_str().to_owned(),
            scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
            account: None,
            login_hint: None,
            mission_s256: text("mission_s256"),
            tenant: text("tenant"),
            interaction: None,
        }
    }

    /// The same, signed.
    pub(crate) fn resource_token(&self, world: &World, shown: &str, scopes: &[&str]) -> String {
        self.asks(world, shown, scopes).sign(&self.key)
    }
}
