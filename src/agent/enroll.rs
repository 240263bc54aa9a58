//! How an agent comes by its agent token: it enrols with an agent provider, waits for the person, and refreshes.
//!
//! The draft leaves this to providers; the wire is our own provider's, which `aauth-agent.json` announces by
//! `registration_endpoint` and `refresh_endpoint`. Each request is signed under `hwk` or `jkt-jwt`, so that the agent's
//! stable key is proved each time. The token is taken on trust as the provider's, but never for another key or agent:
//! others will verify it.

mod keys;
mod progress;

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::OnceCell;

use crate::aauth::deferred::{Next, Polling, retry_after};
use crate::aauth::identifier::{AgentId, IdentifierRules, ServerId};
use crate::aauth::key::{CompactJws, SigningKey};
use crate::aauth::metadata::{AgentProviderMetadata, Dwk};
use crate::aauth::requirement::Requirement;
use crate::aauth::url::PublicUrl;
use crate::clock::SharedClock;
use crate::discovery::Development;

use super::endpoint::{Endpoint, Reach};
use super::error::{AgentError, HttpFault, PersonServerFault as Fault};
use super::http::{Http, Request, Response, Transport};
use super::person_server::{object, refused};
use super::signed::{SendFault, Unsigned, send};
use super::tokens::Own;

pub use keys::AgentKeys;
pub use progress::{Credentials, EnrollError, Interaction, Introduction, Progress, Waiting};

/// Between two polls of a server that says "at once".
const MIN_INTERVAL: Duration = Duration::from_millis(250);
/// Characters of an interaction code.
const MAX_CODE: usize = 64;

/// What an enrolment needs.
#[derive(Debug, Clone)]
pub struct EnrollConfig {
    /// The agent provider.
    pub provider: ServerId,
    /// The agent's key, or its two.
    pub keys: AgentKeys,
    /// What is relaxed on a developer's machine, and where public names are reached there.
    pub reach: Development,
    /// The time.
    pub clock: SharedClock,
}

/// An agent before its provider.
#[derive(Debug)]
pub struct Enrollment {
    provider: ServerId,
    keys: AgentKeys,
    identifiers: IdentifierRules,
    reach: Reach,
    transport: Arc<dyn Transport>,
    clock: SharedClock,
    endpoints: OnceCell<Endpoints>,
}

#[derive(Debug)]
struct Endpoints {
    registration: Endpoint,
    refresh: Endpoint,
}

impl Enrollment {
    /// Enrols over HTTP.
    pub fn new(config: EnrollConfig) -> Result<Self, EnrollError> {
        Self::with_transport(config, Arc::new(Http::new()?))
    }

    /// Enrols by other means, a script in tests for one.
    pub fn with_transport(config: EnrollConfig, transport: Arc<dyn Transport>) -> Result<Self, EnrollError> {
        let EnrollConfig { provider, keys, reach, clock } = config;
        let (identifiers, reach) = (reach.identifier_rules(), Reach::new(&reach)?);
        Ok(Self { provider, keys, identifiers, reach, transport, clock, endpoints: OnceCell::new() })
    }

    /// The key that the agent's tokens are bound to.
    pub fn signing_key(&self) -> &SigningKey {
        self.keys.signing()
    }

    /// Asks to be enrolled.
    pub async fn start(&self, introduction: &Introduction) -> Result<Progress, EnrollError> {
        let body = serde_json::to_vec(introduction).map_err(|_| self.fault(Fault::Nonsense("no JSON")))?;
        let endpoint = &self.endpoints().await?.registration;
        let response = self.exchange(&self.keys, "POST", endpoint, &body).await?;
        match response.status {
            200 => self.credentials(&response, &self.keys).map(Progress::Enrolled),
            202 => {
                let location = response.header("location");
                let location = location.ok_or_else(|| self.fault(Fault::Nonsense("a 202 without `Location`")))?;
                let location = self.reach.follow(endpoint, location);
                let location = location.map_err(|why| self.fault(HttpFault::BadUrl(why).into()))?;
                let after = Duration::from_secs(retry_after(response.header("retry-after")).into());
                let interaction = self.interaction(&response)?;
                Ok(Progress::Waiting(Waiting { interaction, after, location, polling: Polling::default() }))
            }
            _ => Err(self.fault(refused(&response))),
        }
    }

    /// Asks once whether the person has decided; the provider may take its time to answer.
    pub async fn poll(&self, waiting: Waiting) -> Result<Progress, EnrollError> {
        let Waiting { interaction, location, mut polling, .. } = waiting;
        let response = self.exchange(&self.keys, "GET", &location, &[]).await?;
        if response.status == 200 {
            return self.credentials(&response, &self.keys).map(Progress::Enrolled);
        }
        match polling.after(response.status, response.header("retry-after")) {
            Next::Over => Err(self.fault(refused(&response))),
            Next::PollAfter(seconds) => {
                let (interaction, after) =
                    (self.interaction(&response)?.or(interaction), Duration::from_secs(seconds.into()));
                Ok(Progress::Waiting(Waiting { interaction, after, location, polling }))
            }
        }
    }

    /// Polls until the person has decided, for as long as `patience`.
    pub async fn finish(&self, waiting: Waiting, patience: Duration) -> Result<Credentials, EnrollError> {
        let polls = async {
            let mut waiting = waiting;
            loop {
                tokio::time::sleep(waiting.after.max(MIN_INTERVAL)).await;
                match self.poll(waiting).await? {
                    Progress::Waiting(still) => waiting = still,
                    Progress::Enrolled(credentials) => return Ok(credentials),
                }
            }
        };
        let undecided = || Err(self.fault(Fault::Undecided(patience.as_secs())));
        tokio::time::timeout(patience, polls).await.unwrap_or_else(|_| undecided())
    }

    /// Fetches the next agent token, without asking the person. An agent with two keys may change the one it signs with
    /// here; one with a single key keeps it. Where the provider refuses, the keys stay what they were.
    pub async fn refresh(&mut self, next: Option<SigningKey>) -> Result<Credentials, EnrollError> {
        let keys = match next {
            Some(next) => self.keys.signing_by(next)?,
            None => self.keys.clone(),
        };
        let response = self.exchange(&keys, "POST", &self.endpoints().await?.refresh, b"{}").await?;
        let credentials = match response.status {
            200 => self.credentials(&response, &keys)?,
            _ => return Err(self.fault(refused(&response))),
        };
        self.keys = keys;
        Ok(credentials)
    }

    async fn endpoints(&self) -> Result<&Endpoints, EnrollError> {
        self.endpoints.get_or_try_init(|| self.discover()).await
    }

    /// The provider's metadata document.
    async fn discover(&self) -> Result<Endpoints, EnrollError> {
        let url = self.provider.well_known(Dwk::Agent.name());
        let endpoint = self.reach.endpoint(&url).map_err(|why| self.fault(HttpFault::BadUrl(why).into()))?;
        let (method, headers) = ("GET".to_owned(), vec![("accept".to_owned(), "application/json".to_owned())]);
        let request = Request { endpoint, method, headers, body: Vec::new() };
        let response = self.transport.send(request).await.map_err(|fault| self.fault(fault.into()))?;
        let unusable = |why| self.fault(Fault::Metadata(why));
        if response.status != 200 {
            return Err(unusable("it is not there"));
        }
        let metadata = AgentProviderMetadata::parse(&response.body, &self.provider, self.identifiers)
            .map_err(|_| unusable("it is no agent provider's document with this issuer"))?;
        let endpoint = |url: Option<String>| {
            let url = url.ok_or_else(|| unusable("it lacks `registration_endpoint` or `refresh_endpoint`"))?;
            self.reach.endpoint(&url).map_err(|_| unusable("one of its endpoints is no https URL"))
        };
        Ok(Endpoints {
            registration: endpoint(metadata.registration_endpoint)?,
            refresh: endpoint(metadata.refresh_endpoint)?,
        })
    }

    /// One request, signed so that the stable key is proved.
    async fn exchange(
        &self,
        keys: &AgentKeys,
        method: &str,
        endpoint: &Endpoint,
        body: &[u8],
    ) -> Result<Response, EnrollError> {
        let mut headers = vec![("prefer".to_owned(), "wait=20".to_owned())];
        if !body.is_empty() {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        let request = Unsigned { endpoint, method, headers: &headers, body };
        let signed = keys.signed(request, self.clock.now()).map_err(AgentError::BadRequest)?;
        send(&*self.transport, request, signed).await.map_err(|fault| match fault {
            SendFault::Unsignable(why) => AgentError::BadRequest(why).into(),
            SendFault::Http(fault) => self.fault(fault.into()),
        })
    }

    /// Where the person is to go, if the answer says so. A requirement that is not known may pass.
    fn interaction(&self, response: &Response) -> Result<Option<Interaction>, EnrollError> {
        let requirement = response.header("aauth-requirement").map(Requirement::parse);
        let Some(Ok(Requirement::Interaction { url, code })) = requirement else { return Ok(None) };
        let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        match PublicUrl::endpoint(&url, self.identifiers) {
            Ok(url) if !code.is_empty() && code.len() <= MAX_CODE && code.bytes().all(legal) => {
                Ok(Some(Interaction { url, code }))
            }
            Ok(_) | Err(_) => Err(self.fault(Fault::Nonsense("an interaction at no https URL, or with no code"))),
        }
    }

    /// The agent token in an answer: this provider's, for this agent and this key.
    fn credentials(&self, response: &Response, keys: &AgentKeys) -> Result<Credentials, EnrollError> {
        let nonsense = || self.fault(Fault::Nonsense("a 200 without `agent_token`, `agent` and `expires_in`"));
        let body = object(response).ok_or_else(nonsense)?;
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        let agent_token = text("agent_token").ok_or_else(nonsense)?.to_owned();
        let expires_in = body.get("expires_in").and_then(Value::as_u64).ok_or_else(nonsense)?;
        let agent = text("agent").and_then(|agent| AgentId::parse_under(agent, self.identifiers).ok());
        let agent = agent.ok_or_else(nonsense)?;
        let claims = CompactJws::decode(&agent_token).map(|jws| jws.claims).unwrap_or_default();
        let claim = |name: &str| claims.get(name).and_then(Value::as_str);
        if claim("iss") != Some(self.provider.as_str()) || claim("sub") != Some(agent.as_str()) {
            return Err(self.fault(Fault::Nonsense("an agent token of another issuer or for another agent")));
        }
        match Own::read(agent_token.clone(), keys.signing().public()) {
            Ok(_) => Ok(Credentials { agent, agent_token, expires_in }),
            Err(_) => Err(self.fault(Fault::OtherKey)),
        }
    }

    fn fault(&self, fault: Fault) -> EnrollError {
        EnrollError::Provider { provider: self.provider.clone(), fault }
    }
}

#[cfg(test)]
mod tests;
