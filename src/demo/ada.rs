//! Ada, the person: played by a script, which logs in and decides by the API that every person has.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, bail};
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, header};
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::Client;
use super::names::{AGENT, NEVER, PERSONS, PERSONS_HOST};
use crate::aauth::identifier::AgentId;

/// Between two looks at what waits for her.
const LOOK: Duration = Duration::from_millis(100);

/// Ada, logged in.
#[derive(Debug)]
pub(super) struct Ada {
    client: Client,
    server: SocketAddr,
    /// Her API token, as a header.
    bearer: String,
    said: Mutex<Vec<String>>,
}

/// What waits for her.
#[derive(Debug, Deserialize)]
struct Waiting {
    items: Vec<Approval>,
}

/// A question, as far as she looks at it.
#[derive(Debug, Deserialize)]
struct Approval {
    id: String,
    kind: String,
    version: String,
    resource: Option<Resource>,
    scopes: Vec<Scope>,
    agent_says: AgentSays,
}

#[derive(Debug, Deserialize)]
struct Resource {
    id: String,
    resource_says: Option<ResourceSays>,
}

#[derive(Debug, Deserialize)]
struct ResourceSays {
    name: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Scope {
    scope: String,
    description: Option<String>,
}

#[derive(Debug, Deserialize)]
struct AgentSays {
    name: Option<String>,
    device: Option<String>,
    description: Option<String>,
    action: Option<String>,
}

impl Ada {
    /// Sets herself up by the secret of her setup link, as a page of her person server would, and makes an API token.
    pub(super) async fn set_up(client: Client, server: SocketAddr, setup_token: &str) -> anyhow::Result<Self> {
        let mut ada = Self { client, server, bearer: String::new(), said: Mutex::default() };
        let body = json!({ "setup_token": setup_token });
        let response = ada.send(&Method::POST, "/api/session", &[], Some(&body)).await?;
        let cookie = response.headers().get(header::SET_COOKIE).and_then(|cookie| cookie.to_str().ok());
        let cookie = cookie.and_then(|cookie| cookie.split(';').next()).context("no session came of the setup link")?;
        let page = [(header::COOKIE, cookie), (header::ORIGIN, PERSONS)];
        let response = ada.send(&Method::POST, "/api/api-tokens", &page, Some(&json!({ "name": "demo" }))).await?;
        let token: Value = serde_json::from_slice(response.body())?;
        let token = token.get("token").and_then(Value::as_str).context("no API token came")?;
        ada.bearer = format!("Bearer {token}");
        Ok(ada)
    }

    /// What she was asked and said since she was last listened to.
    pub(super) fn said(&self) -> Vec<String> {
        std::mem::take(&mut *self.said.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Goes where an agent sends her, with the code that it shows, and decides.
    pub(super) async fn follow(&self, code: &str) -> anyhow::Result<()> {
        let arrived = self.call(&Method::POST, "/api/arrivals", Some(&json!({ "code": code }))).await?;
        self.decide(&serde_json::from_value(arrived)?).await
    }

    /// Decides whatever waits for her, for as long as she is let.
    pub(super) async fn attend(&self) -> anyhow::Result<Infallible> {
        loop {
            let waiting = self.call(&Method::GET, "/api/approvals", None).await?;
            let Waiting { items } = serde_json::from_value(waiting)?;
            for approval in &items {
                self.decide(approval).await?;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Ends an agent's access.
    pub(super) async fn end(&self, agent: &AgentId) -> anyhow::Result<()> {
        let agents = self.call(&Method::GET, "/api/agents", None).await?;
        let agents = agents.get("items").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let text = |one: &Value, name: &str| one.get(name).and_then(Value::as_str).map(str::to_owned);
        let found = agents.iter().find(|one| text(one, "agent").as_deref() == Some(agent.as_str()));
        let id = found.and_then(|one| text(one, "id")).context("the agent is not among Ada's")?;
        self.call(&Method::DELETE, &format!("/api/agents/{id}"), None).await?;
        Ok(())
    }

    async fn decide(&self, approval: &Approval) -> anyhow::Result<()> {
        let version = &approval.version;
        let yes = !approval.scopes.iter().any(|scope| scope.scope == NEVER);
        let decision = match approval.kind.as_str() {
            _ if !yes => json!({ "decision": "deny", "version": version, "reason": "not by an agent" }),
            "enroll" => json!({ "decision": "approve", "version": version, "name": AGENT }),
            _ => json!({ "decision": "approve", "version": version }),
        };
        // Said first: once it is decided, the agent may go on before the answer is here.
        let line = format!("is asked: {} She says {}.", approval.question(), if yes { "yes" } else { "no" });
        self.said.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        self.call(&Method::POST, &format!("/api/approvals/{}/decision", approval.id), Some(&decision)).await?;
        Ok(())
    }

    /// One call by her API token.
    async fn call(&self, method: &Method, target: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let response = self.send(method, target, &[(header::AUTHORIZATION, &self.bearer)], body).await?;
        if response.body().is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_slice(response.body())?) }
    }

    async fn send(
        &self,
        method: &Method,
        target: &str,
        more: &[(HeaderName, &str)],
        body: Option<&Value>,
    ) -> anyhow::Result<Response<Bytes>> {
        let mut headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static(PERSONS_HOST))]);
        for (name, value) in more {
            headers.insert(name, HeaderValue::try_from(*value)?);
        }
        if body.is_some() {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let body = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        let sending = self.client.send(self.server, (method, target), headers, body);
        let response = sending.await.context("the person server does not answer")?;
        if !response.status().is_success() {
            let said = String::from_utf8_lossy(response.body());
            bail!("the person server answers {method} {target} with {}: {said}", response.status());
        }
        Ok(response)
    }
}

impl Approval {
    /// What she is asked, as a page would put it.
    fn question(&self) -> String {
        let says = &self.agent_says;
        let resource = self.resource.as_ref().map(Resource::name).unwrap_or_default();
        let description = says.description.as_deref().unwrap_or_default();
        match self.kind.as_str() {
            "enroll" => {
                let (name, device) = (says.name.as_deref(), says.device.as_deref());
                format!("is \"{}\" on \"{}\" her agent?", name.unwrap_or_default(), device.unwrap_or_default())
            }
            "identify" => format!("may {AGENT} tell {resource} whom it acts for?"),
            "authorize" => {
                let scopes: Vec<_> = self.scopes.iter().map(Scope::meaning).collect();
                format!("may {AGENT} at {resource}: {}?", scopes.join(", "))
            }
            "mission" => format!("may {AGENT} set out on \"{description}\"?"),
            "permit" => format!("may {AGENT} do \"{}\"?", says.action.as_deref().unwrap_or_default()),
            other => format!("{other}?"),
        }
    }
}

impl Resource {
    fn name(&self) -> &str {
        self.resource_says.as_ref().and_then(|says| says.name.as_deref()).unwrap_or(&self.id)
    }
}

impl Scope {
    fn meaning(&self) -> String {
        let Self { scope, description } = self;
        description.as_ref().map_or_else(|| scope.clone(), |description| format!("{description} ({scope})"))
    }
}
