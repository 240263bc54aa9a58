//! The agent's person server: asking for tokens, and waiting while it asks somebody else.
//!
//! Implements the agent's side of "Person Token Endpoint", "Auth Token Endpoint" and "Deferred Responses". Each token
//! that comes back is verified before it is held: for this resource, bound to this agent's key.

use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::sync::OnceCell;

use crate::aauth::identifier::ServerId;
use crate::aauth::metadata::{Dwk, IssuerMetadata};
use crate::aauth::token::resource::ResourceToken;
use crate::aauth::token::{TokenFault, TokenType, Unverified};
use crate::aauth::verify;

use super::Agent;
use super::challenge::KEYS_WITHIN;
use super::endpoint::Endpoint;
use super::error::{AgentError, HttpFault, PersonServerFault as Fault};
use super::http::{Request, Response};
use super::signed::{SendFault, Unsigned};
use super::tokens::Grant;

/// Between two polls where the server does not say.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(5);
/// Between two polls of a server that says "at once".
const MIN_INTERVAL: Duration = Duration::from_millis(250);
/// What a 429 adds to the interval.
const BACK_OFF: Duration = Duration::from_secs(5);

/// A person server, and what is known of it.
#[derive(Debug)]
pub(super) struct PersonServer {
    id: ServerId,
    endpoints: OnceCell<Endpoints>,
}

#[derive(Debug)]
struct Endpoints {
    person_token: Endpoint,
    auth_token: Endpoint,
}

impl PersonServer {
    pub(super) fn new(id: ServerId) -> Self {
        Self { id, endpoints: OnceCell::new() }
    }

    pub(super) fn id(&self) -> &ServerId {
        &self.id
    }

    fn at_fault(&self, fault: Fault) -> AgentError {
        AgentError::PersonServer { server: self.id.clone(), fault }
    }
}

impl Agent {
    /// A person token for a resource.
    pub(super) async fn person_token(&self, resource: &ServerId) -> Result<Grant, AgentError> {
        let server = self.person_server_for(resource)?;
        let granted = async {
            let endpoint = &self.endpoints(server).await?.person_token;
            let response = self.ask(endpoint, &json!({ "resource": resource.as_str() })).await?;
            let compact = member(&response, "person_token")?;
            self.verified(resource, &server.id, TokenType::Person, &compact).await
        };
        granted.await.map_err(|refusal: Refusal| refusal.of(server))
    }

    /// An auth token for what a resource asked.
    pub(super) async fn auth_token(
        &self,
        resource: &ServerId,
        (resource_token, asked): (&str, &ResourceToken),
        presented: &Grant,
    ) -> Result<Grant, AgentError> {
        let server = self.person_server_for(resource)?;
        let mut body = json!({ "resource_token": resource_token, "presented_token": &*presented.compact });
        if let (Some(hint), Some(body)) = (&asked.login_hint, body.as_object_mut()) {
            body.insert("login_hint".into(), hint.as_str().into());
        }
        let granted = async {
            let endpoint = &self.endpoints(server).await?.auth_token;
            let response = self.ask(endpoint, &body).await?;
            let compact = member(&response, "auth_token")?;
            // Whoever the resource token is addressed to issues: the person server, or the resource's access server.
            self.verified(resource, &asked.aud, TokenType::Auth, &compact).await
        };
        granted.await.map_err(|refusal: Refusal| refusal.of(server))
    }

    fn person_server_for(&self, resource: &ServerId) -> Result<&PersonServer, AgentError> {
        self.person_server.as_ref().ok_or_else(|| AgentError::NoPersonServer(resource.clone()))
    }

    async fn endpoints<'a>(&self, server: &'a PersonServer) -> Result<&'a Endpoints, Refusal> {
        server.endpoints.get_or_try_init(|| self.discover(&server.id)).await
    }

    /// The server's metadata document.
    async fn discover(&self, id: &ServerId) -> Result<Endpoints, Refusal> {
        let endpoint = self.reach.endpoint(&id.well_known(Dwk::Person.name())).map_err(HttpFault::BadUrl)?;
        let (method, headers) = ("GET".to_owned(), vec![("accept".to_owned(), "application/json".to_owned())]);
        let response = self.transport.send(Request { endpoint, method, headers, body: Vec::new() }).await?;
        if response.status != 200 {
            return Err(Fault::Metadata("it is not there").into());
        }
        IssuerMetadata::parse(&response.body, id)
            .map_err(|_| Fault::Metadata("it is no JSON object with this issuer and its `jwks_uri`"))?;
        let document = object(&response).ok_or(Fault::Metadata("it is no JSON object"))?;
        let endpoint = |name: &str| {
            let url = document.get(name).and_then(Value::as_str);
            let url = url.ok_or(Fault::Metadata("it lacks one of the token endpoints"))?;
            self.reach.endpoint(url).map_err(|_| Fault::Metadata("one of its token endpoints is no https URL"))
        };
        Ok(Endpoints { person_token: endpoint("person_token_endpoint")?, auth_token: endpoint("auth_token_endpoint")? })
    }

    /// A signed POST, and the answer once there is one.
    async fn ask(&self, endpoint: &Endpoint, body: &Value) -> Result<Response, Refusal> {
        let body = body.to_string().into_bytes();
        let headers = [("content-type", "application/json"), ("prefer", "wait=20")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let own = self.own.compact(self.clock.now())?;
        let post = Unsigned { endpoint, method: "POST", headers: &headers, body: &body };
        let mut response = self.send(post, own).await?;
        if response.status == 202 {
            let poll = self.poll(endpoint, response);
            let answer = tokio::time::timeout(self.patience, poll).await;
            response = answer.unwrap_or_else(|_| Err(Fault::Undecided(self.patience.as_secs()).into()))?;
        }
        if response.status == 200 { Ok(response) } else { Err(refused(&response).into()) }
    }

    /// "Polling with GET": until the answer is no 202 any more.
    async fn poll(&self, asked: &Endpoint, mut pending: Response) -> Result<Response, Refusal> {
        let location = pending.header("location").ok_or(Fault::Nonsense("a 202 without `Location`"))?;
        let endpoint = self.reach.follow(asked, location).map_err(HttpFault::BadUrl)?;
        let headers = [("prefer".to_owned(), "wait=20".to_owned())];
        let get = Unsigned { endpoint: &endpoint, method: "GET", headers: &headers, body: &[] };
        let mut slower = Duration::ZERO;
        loop {
            tokio::time::sleep(interval(&pending) + slower).await;
            let own = self.own.compact(self.clock.now())?;
            pending = self.send(get, own).await?;
            match pending.status {
                202 | 503 => {}
                429 => slower += BACK_OFF,
                _ => return Ok(pending),
            }
        }
    }

    /// A token as `issuer` made it for this agent and this resource.
    async fn verified(
        &self,
        resource: &ServerId,
        issuer: &ServerId,
        typ: TokenType,
        compact: &str,
    ) -> Result<Grant, Refusal> {
        let unverified = Unverified::parse(compact, self.identifiers).map_err(Fault::Token)?;
        if unverified.typ() != typ {
            return Err(Fault::Token(TokenFault::WrongType(unverified.typ().typ().to_owned())).into());
        }
        if unverified.issuer() != issuer {
            return Err(Fault::Nonsense("the token is another issuer's").into());
        }
        let keys = self.issuers.keys(issuer, unverified.dwk(), unverified.kid(), KEYS_WITHIN).await;
        let token =
            verify::token(&unverified, &*keys.map_err(Fault::Keys)?, &self.token_rules(resource), self.clock.now());
        let token = token.map_err(Fault::Token)?;
        if token.key() != self.key.public() {
            return Err(Fault::OtherKey.into());
        }
        Ok(Grant { compact: compact.into(), token })
    }
}

/// Why no token came of it: the server's fault, or our own.
#[derive(Debug)]
enum Refusal {
    Theirs(Fault),
    Ours(AgentError),
}

impl Refusal {
    fn of(self, server: &PersonServer) -> AgentError {
        match self {
            Self::Theirs(fault) => server.at_fault(fault),
            Self::Ours(error) => error,
        }
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::Theirs(fault)
    }
}

impl From<HttpFault> for Refusal {
    fn from(fault: HttpFault) -> Self {
        Self::Theirs(fault.into())
    }
}

impl From<AgentError> for Refusal {
    fn from(error: AgentError) -> Self {
        Self::Ours(error)
    }
}

impl From<SendFault> for Refusal {
    fn from(fault: SendFault) -> Self {
        match fault {
            SendFault::Unsignable(why) => Self::Ours(AgentError::BadRequest(why)),
            SendFault::Http(fault) => fault.into(),
        }
    }
}

/// `Retry-After`, within reason.
fn interval(pending: &Response) -> Duration {
    let stated = pending.header("retry-after").and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
    stated.unwrap_or(DEFAULT_INTERVAL).max(MIN_INTERVAL)
}

pub(super) fn object(response: &Response) -> Option<Map<String, Value>> {
    serde_json::from_slice(&response.body).ok()
}

/// The token in an answer.
fn member(response: &Response, name: &'static str) -> Result<String, Fault> {
    match object(response).and_then(|mut object| object.remove(name)) {
        Some(Value::String(token)) => Ok(token),
        Some(_) | None => Err(Fault::Nonsense("a 200 without the token that was asked for")),
    }
}

/// A refusal, in its own words, made short and printable.
pub(super) fn refused(response: &Response) -> Fault {
    let problem = object(response).unwrap_or_default();
    let said = |name: &str| {
        let text = problem.get(name).and_then(Value::as_str).unwrap_or("(not said)");
        text.chars().take(200).flat_map(char::escape_debug).collect()
    };
    Fault::Refused { status: response.status, code: said("error"), detail: said("detail") }
}
