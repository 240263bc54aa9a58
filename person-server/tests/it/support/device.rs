//! An agent before it has an agent token: its stable key, and the key it signs with at the moment.

use aauth_authorizer::aauth::key::SigningKey;
use aauth_authorizer::aauth::signing::Signer;
use aauth_authorizer::aauth::token::agent::AgentToken;
use serde_json::{Map, Value, json};

use super::world::{World, key};
use super::{Agent, Reply};

/// An agent with two keys, or with one.
#[derive(Debug, Clone)]
pub(crate) struct Device {
    pub(crate) stable: SigningKey,
    pub(crate) signing: SigningKey,
    one_key: bool,
}

impl Device {
    /// With a stable key that vouches for the one it signs with.
    pub(crate) fn new(name: &str) -> Self {
        let (stable, signing) = (key(&format!("stable key of {name}")), key(&format!("signing key of {name}")));
        Self { stable, signing, one_key: false }
    }

    /// With a stable key that signs.
    pub(crate) fn single(name: &str) -> Self {
        let stable = key(&format!("stable key of {name}"));
        Self { signing: stable.clone(), stable, one_key: true }
    }

    /// The same with another key to sign with.
    pub(crate) fn started_again(&self, time: &str) -> Self {
        Self { signing: key(&format!("signing key of the {time} time")), ..self.clone() }
    }

    /// The claims of a naming token, made now.
    pub(crate) fn naming_claims(&self, world: &World) -> Value {
        let mut jwk = self.signing.public().to_jwk();
        jwk.retain(|name, _| name != "kid" && name != "use");
        json!({
            "iss": format!("urn:jkt:sha-256:{}", self.stable.public().thumbprint()),
            "iat": world.now(),
            "exp": world.now() + 300,
            "cnf": { "jwk": jwk },
        })
    }

    /// A naming token.
    pub(crate) fn naming(&self, claims: &Value) -> String {
        self.stable.sign_jwt_with_inline_key("jkt-s256+jwt", claims.as_object().unwrap())
    }

    /// A signed request.
    pub(crate) async fn send(&self, world: &World, method: &str, path: &str, body: Option<Value>) -> Reply {
        let naming = self.naming(&self.naming_claims(world));
        self.send_named(world, &naming, method, path, body).await
    }

    /// A signed request with this naming token.
    pub(crate) async fn send_named(
        &self,
        world: &World,
        naming: &str,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Reply {
        let signer = if self.one_key { Signer::Pseudonymous } else { Signer::Delegated { token: naming } };
        world.signed((signer, &self.signing), method, path, body, &[]).await
    }

    pub(crate) async fn register(&self, world: &World) -> Reply {
        let body = json!({ "agent_name": "Research assistant", "platform": "linux", "device": "Ada's laptop" });
        self.send(world, "POST", "/register", Some(body)).await
    }

    pub(crate) async fn poll(&self, world: &World, pending: &Reply) -> Reply {
        self.send(world, "GET", pending.header("location"), None).await
    }

    pub(crate) async fn refresh(&self, world: &World) -> Reply {
        self.send(world, "POST", "/refresh", Some(json!({}))).await
    }

    /// Registers, is approved by Ada, and collects its agent token.
    pub(crate) async fn enrolled(&self, world: &World) -> Agent {
        let asked = self.register(world).await;
        world.approve(&world.ada, &asked).await;
        let granted = self.poll(world, &asked).await;
        assert_eq!(granted.status, 200, "{granted:?}");
        self.agent(world, &granted)
    }

    /// The agent that a response makes it.
    pub(crate) fn agent(&self, world: &World, granted: &Reply) -> Agent {
        agent_with(world, &granted.text("agent_token"), &self.signing)
    }
}

/// An agent with a token of this server's.
pub(crate) fn agent_with(world: &World, token: &str, key: &SigningKey) -> Agent {
    use aauth_authorizer::aauth::identifier::{IdentifierRules, ServerId};
    use aauth_authorizer::aauth::token::{MAX_AGENT_LIFETIME, Unverified};
    use aauth_authorizer::aauth::verify::{self, TokenRules, VerifiedToken};

    let rules = TokenRules {
        audience: ServerId::parse(super::world::PS).unwrap(),
        identifiers: IdentifierRules::Strict,
        window: 60,
        max_agent_lifetime: MAX_AGENT_LIFETIME,
    };
    let unverified = Unverified::parse(token, IdentifierRules::Strict).unwrap();
    let verified = verify::token(&unverified, &world.server.keys().jwks(), &rules, world.now()).unwrap();
    let VerifiedToken::Agent(verified) = verified else { unreachable!("no agent token") };
    let claims = AgentToken { more: Map::new(), ..(*verified).clone() };
    Agent { claims, key: key.clone(), token: token.to_owned() }
}
