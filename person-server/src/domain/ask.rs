//! What an agent asks for, as far as it was verified when it asked.
//!
//! An ask is kept while the person is asked, so it holds facts of verified tokens and no token itself, with one
//! exception: what an access server is to be shown. Words of the agent's own stand apart, in [`Hints`] and in fields
//! that say so: "Consent Presentation" has them attributed to the agent.

use aauth_authorizer::aauth::identifier::{AgentId, ServerId};
use aauth_authorizer::aauth::key::PublicKey;
use aauth_authorizer::clock::Seconds;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::person::PersonKey;
use super::stored;

/// What is asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Ask {
    /// To become an agent of the person, with this server as its provider.
    Enroll(EnrollAsk),
    /// To be known as the person's agent at a resource: "Person Token Endpoint".
    Identify(IdentifyAsk),
    /// To be authorized at a resource: "Auth Token Endpoint".
    Authorize(Box<AuthorizeAsk>),
    /// To set out on a mission: "Mission Creation".
    Mission(MissionAsk),
    /// To change a mission's work: "Mission Update".
    Update(UpdateAsk),
    /// To have a mission accepted as done: "Mission Completion".
    Complete(CompleteAsk),
    /// To do something no resource governs: "Permission Endpoint".
    Permit(PermitAsk),
    /// To have the person go somewhere: "Interaction Endpoint", `interaction` and `payment`.
    Relay(RelayAsk),
    /// To have a question answered: "Interaction Endpoint", `question`.
    Question(QuestionAsk),
}

impl Ask {
    /// Its name in the log, in audits and in the API.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Enroll(_) => "enroll",
            Self::Identify(_) => "identify",
            Self::Authorize(_) => "authorize",
            Self::Mission(_) => "mission",
            Self::Update(_) => "update",
            Self::Complete(_) => "complete",
            Self::Permit(_) => "permit",
            Self::Relay(_) => "relay",
            Self::Question(_) => "question",
        }
    }

    /// The mission it belongs to.
    pub fn mission(&self) -> Option<&str> {
        match self {
            Self::Enroll(_) | Self::Mission(_) => None,
            Self::Identify(ask) => ask.mission.as_deref(),
            Self::Authorize(ask) => ask.mission.as_deref(),
            Self::Update(ask) => Some(&ask.mission),
            Self::Complete(ask) => Some(&ask.mission),
            Self::Permit(ask) => ask.mission.as_deref(),
            Self::Relay(ask) => ask.mission.as_deref(),
            Self::Question(ask) => ask.mission.as_deref(),
        }
    }

    /// What the agent says beside it. `None` where there is no room for that.
    pub fn hints(&self) -> Option<&Hints> {
        match self {
            Self::Enroll(ask) => Some(&ask.hints),
            Self::Identify(ask) => Some(&ask.hints),
            Self::Authorize(ask) => Some(&ask.hints),
            Self::Mission(ask) => Some(&ask.hints),
            Self::Update(_) | Self::Complete(_) | Self::Permit(_) | Self::Relay(_) | Self::Question(_) => None,
        }
    }

    /// The resource it is about.
    pub fn resource(&self) -> Option<&ServerId> {
        match self {
            Self::Identify(ask) => Some(&ask.resource),
            Self::Authorize(ask) => Some(&ask.resource),
            Self::Enroll(_)
            | Self::Mission(_)
            | Self::Update(_)
            | Self::Complete(_)
            | Self::Permit(_)
            | Self::Relay(_)
            | Self::Question(_) => None,
        }
    }
}

/// What the agent says beside what it asks for. Every word is the agent's own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Hints {
    /// Why, in Markdown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub justification: Option<String>,
    /// Who it might be about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login_hint: Option<String>,
    /// Of which organization.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Of which domain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain_hint: Option<String>,
    /// `none`, `login`, `consent`, `select_account`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub prompt: Vec<String>,
    /// Where the agent runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// On what device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// What the agent can handle. `None` where it did not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<Vec<String>>,
}

impl Hints {
    /// Whether the agent can get the person to a URL.
    pub fn can_interact(&self) -> bool {
        self.has("interaction")
    }

    /// Whether the agent answers questions about what it asks.
    pub fn can_clarify(&self) -> bool {
        self.has("clarification")
    }

    fn has(&self, capability: &str) -> bool {
        self.capabilities.as_ref().is_some_and(|all| all.iter().any(|one| one == capability))
    }
}

/// See [`Ask::Enroll`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EnrollAsk {
    /// The thumbprint of the key that stays, proved by the request.
    pub stable: String,
    /// The key tokens are to be bound to.
    #[serde(with = "stored::key")]
    pub key: PublicKey,
    /// What the agent calls itself.
    pub name: String,
    /// More of the agent's own words.
    pub hints: Hints,
}

/// A sub-agent that the asking agent acts for: "Sub-Agents".
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SubAgent {
    /// The sub-agent.
    #[serde(with = "stored::agent")]
    pub id: AgentId,
    /// Its key, which the token is bound to.
    #[serde(with = "stored::key")]
    pub key: PublicKey,
    /// Its agent token's `jti`.
    pub jti: String,
    /// Its agent token's end.
    pub exp: Seconds,
}

/// The token an intermediary acts on: "Call Chaining".
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Upstream {
    /// Its issuer.
    #[serde(with = "stored::server")]
    pub iss: ServerId,
    /// Its identifier.
    pub jti: String,
    /// Its end.
    pub exp: Seconds,
    /// The person it was issued for.
    pub person: PersonKey,
}

/// See [`Ask::Identify`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct IdentifyAsk {
    /// The resource.
    #[serde(with = "stored::server")]
    pub resource: ServerId,
    /// On which mission.
    pub mission: Option<String>,
    /// For which sub-agent.
    pub subagent: Option<SubAgent>,
    /// On which earlier call.
    pub upstream: Option<Upstream>,
    /// The agent's own words.
    pub hints: Hints,
}

/// The token that the resource saw: "Auth Token Request", `presented_token`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Presented {
    /// Its issuer.
    #[serde(with = "stored::server")]
    pub iss: ServerId,
    /// Its identifier.
    pub jti: String,
    /// Its end, which the auth token does not outlive.
    pub exp: Seconds,
    /// The key it is bound to, and so the auth token too.
    #[serde(with = "stored::key")]
    pub key: PublicKey,
}

/// The resource's own page, to be visited first: "Resource-Initiated Interaction".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceInteraction {
    /// Where.
    pub url: String,
    /// With which code.
    pub code: String,
}

/// See [`Ask::Authorize`]. The claims are the resource token's.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AuthorizeAsk {
    /// The resource, which issued the resource token.
    #[serde(with = "stored::server")]
    pub resource: ServerId,
    /// Who redeems it: this server, or the resource's access server.
    #[serde(with = "stored::server")]
    pub audience: ServerId,
    /// The resource token's identifier.
    pub jti: String,
    /// Its end.
    pub exp: Seconds,
    /// The person as the resource knows them.
    pub sub: String,
    /// What is asked for, sorted.
    pub scopes: Vec<String>,
    /// For which account.
    pub account: Option<String>,
    /// On which mission.
    pub mission: Option<String>,
    /// The person's organization, as the presented token has it.
    pub tenant: Option<String>,
    /// What the resource saw.
    pub presented: Presented,
    /// For which sub-agent.
    pub subagent: Option<SubAgent>,
    /// On which earlier call.
    pub upstream: Option<Upstream>,
    /// The resource's own page.
    pub interaction: Option<ResourceInteraction>,
    /// The agent's own words.
    pub hints: Hints,
    /// What the access server is to be shown, where there is one.
    pub federation: Option<Federation>,
}

/// A request to an access server under way: "PS-AS Federation".
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Federation {
    /// The resource token.
    pub resource_token: String,
    /// The agent's agent token; the parent's, for a sub-agent.
    pub agent_token: String,
    /// The presented token.
    pub presented_token: String,
    /// The sub-agent's agent token.
    pub subagent_token: Option<String>,
    /// The upstream token.
    pub upstream_token: Option<String>,
    /// Where the access server is asked again, once it answered 202 or 402.
    pub pending_url: Option<String>,
    /// What the access server wants to know of the person beyond what the scopes tell, for the person to decide.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<String>,
}

/// A tool, as a mission's proposal and its blob name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// What it does, by the agent's account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// See [`Ask::Mission`]. Every word is the agent's own.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MissionAsk {
    /// What the agent intends, in Markdown.
    pub description: String,
    /// The tools it wants to use.
    pub tools: Vec<Tool>,
    /// The resources it expects to access.
    pub resources: Vec<String>,
    /// More of the agent's own words.
    pub hints: Hints,
}

/// See [`Ask::Update`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UpdateAsk {
    /// The mission.
    pub mission: String,
    /// What changed, in Markdown, by the agent's account.
    pub description: String,
}

/// See [`Ask::Complete`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CompleteAsk {
    /// The mission.
    pub mission: String,
    /// What was accomplished, in Markdown, by the agent's account.
    pub summary: String,
}

/// See [`Ask::Permit`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PermitAsk {
    /// The action, a tool's name for one.
    pub action: String,
    /// What it will do, in Markdown, by the agent's account.
    pub description: Option<String>,
    /// What it will be given.
    pub parameters: Option<Map<String, Value>>,
    /// On which mission.
    pub mission: Option<String>,
}

/// See [`Ask::Relay`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RelayAsk {
    /// Whether it is about a payment.
    pub payment: bool,
    /// What it is about, in Markdown, by the agent's account.
    pub description: Option<String>,
    /// Where the person is to go.
    pub url: String,
    /// With which code.
    pub code: Option<String>,
    /// When the relay is to be given up.
    pub until: Option<Seconds>,
    /// On which mission.
    pub mission: Option<String>,
}

/// See [`Ask::Question`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct QuestionAsk {
    /// The question, in Markdown, the agent's words.
    pub question: String,
    /// What it is about, in Markdown, the agent's words.
    pub description: Option<String>,
    /// On which mission.
    pub mission: Option<String>,
}
