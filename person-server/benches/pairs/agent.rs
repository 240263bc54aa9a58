//! What one agent does, and the resource it is at: a person token, a resource token, an auth token.

use std::time::{Duration, Instant};

use aauth_authorizer::aauth::digest;
use aauth_authorizer::aauth::key::SigningKey;
use aauth_authorizer::aauth::message::{Fields, Message};
use aauth_authorizer::aauth::metadata::Dwk;
use aauth_authorizer::aauth::signing::{Signer, sign};
use aauth_authorizer::aauth::token::Common;
use aauth_authorizer::aauth::token::resource::ResourceToken;
use aauth_authorizer::clock::{Clock as _, SystemClock};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde_json::{Value, json};

use super::cast::{ORDERS, PERSONS, Worker, server};
use super::connection::{Connection, Reply};

const HOST: &str = "ps.example";

impl Worker {
    /// From the first request to the second token. Says how long that took.
    pub(crate) async fn pair(&self, connection: &mut Connection, resource: &SigningKey) -> Duration {
        let began = Instant::now();
        let identified = self.post(connection, "/person", &json!({ "resource": ORDERS })).await;
        let person_token = identified.token("person_token");
        let resource_token = self.resource_token(person_token, resource);
        let asked = json!({ "resource_token": resource_token, "presented_token": person_token });
        let authorized = self.post(connection, "/token", &asked).await;
        let _ = authorized.token("auth_token");
        began.elapsed()
    }

    async fn post(&self, connection: &mut Connection, path: &str, body: &Value) -> Reply {
        let body = body.to_string().into_bytes();
        let mut headers = vec![
            ("content-type".to_owned(), "application/json".to_owned()),
            ("content-digest".to_owned(), digest::sha256_field(&body)),
        ];
        let lines = headers.iter().map(|(name, value)| (name.clone(), value.clone().into_bytes()));
        let message = Message::request("POST", "https", HOST, path, Fields::lines(lines));
        let covered = ["content-digest", "content-type"];
        let signature = sign(&message, &covered, Signer::Agent { token: &self.token }, &self.key, SystemClock.now());
        headers.extend(signature.unwrap().into_pairs().map(|(name, value)| (name.to_owned(), value)));
        connection.post(HOST, path, &headers, &body).await
    }

    /// What the resource says to an agent that shows it a person token.
    fn resource_token(&self, shown: &str, key: &SigningKey) -> String {
        let payload = BASE64_URL_SAFE_NO_PAD.decode(shown.split('.').nth(1).unwrap()).unwrap();
        let shown: Value = serde_json::from_slice(&payload).unwrap();
        let text = |name: &str| shown.get(name).and_then(Value::as_str).unwrap().to_owned();
        let now = SystemClock.now();
        let token = ResourceToken {
            common: Common {
                iss: server(ORDERS),
                dwk: Dwk::Resource,
                jti: format!("asks-{}", text("jti")),
                iat: now,
                exp: now + 300,
            },
            aud: server(PERSONS),
            ps: server(PERSONS),
            sub: text("sub"),
            presented_jti: text("jti"),
            agent_jkt: self.key.public().thumbprint().as_str().to_owned(),
            scopes: vec!["orders.read".to_owned()],
            account: None,
            login_hint: None,
            mission_s256: None,
            tenant: None,
            interaction: None,
        };
        token.sign(key)
    }
}
