//! A request that waits, as the person is shown it: "Consent Presentation".

use aauth_authorizer::aauth::identifier::ServerId;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::agents;
use super::super::missions::{self, MissionView};
use super::says::{AgentSays, says};
use crate::app::persons::{About, Approval, ScopeSeen};
use crate::domain::ask::Ask;
use crate::domain::pending::{Exchange, State};

/// A request, in full context.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct ApprovalView {
    /// Its id.
    id: String,
    /// What is asked: `enroll`, `identify`, `authorize`, `mission`, `update`, `complete`, `permit`, `relay`, `question`.
    kind: &'static str,
    /// Names the request as it is shown here. A decision repeats it.
    version: String,
    /// `waiting`, `federating` (approved, and another server is being asked), `approved`, `ended`, `gone`.
    state: &'static str,
    /// How it ended, where it did.
    ended: Option<EndedView>,
    /// Since when it waits.
    created_at: i64,
    /// Until when.
    expires_at: i64,
    /// Who asks, as this server knows it. Null where a key asks to become an agent.
    agent: Option<AgentSeenView>,
    /// Who vouches for the agent.
    provider: ProviderSeenView,
    /// Where the agent wants to act, and what that says of itself.
    resource: Option<ResourceView>,
    /// What is asked for there, with the resource's own descriptions.
    scopes: Vec<ScopeView>,
    /// For which account, by the resource's account.
    account: Option<String>,
    /// The access server that has a say besides the person.
    access_server: Option<String>,
    /// The resource's own page, which the person has to see first.
    resource_page: Option<PageView>,
    /// The sub-agent that the agent asks for.
    subagent: Option<String>,
    /// Who issued the token of the call that is behind this one: the agent is a service that another agent called.
    chained_on: Option<String>,
    /// The mission it belongs to, as the person approved it.
    mission: Option<MissionView>,
    /// The agent's own words.
    agent_says: AgentSays,
    /// What the person asked about it, and what the agent answered.
    chat: Vec<ExchangeView>,
    /// What the agent has not answered.
    question: Option<QuestionView>,
    /// Whether the person may ask the agent something now.
    may_ask: bool,
    /// Where the person's browser may go afterwards.
    callback: Option<String>,
}

/// How a request ended.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct EndedView {
    /// What the agent is told.
    error: String,
    /// In words.
    detail: Option<String>,
}

/// An agent, as this server knows it.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct AgentSeenView {
    /// Its id in this API.
    id: String,
    /// The agent.
    agent: String,
    /// Whether it was never the person's.
    new: bool,
    /// What the person calls it.
    name: Option<String>,
    /// Since when it is the person's.
    bound_at: Option<i64>,
}

/// An agent provider.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct ProviderSeenView {
    /// Its issuer.
    issuer: String,
    /// Whether that is this server.
    ours: bool,
    /// What it says of itself.
    provider_says: Option<AboutView>,
}

/// A resource.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct ResourceView {
    /// Its identifier.
    id: String,
    /// Whether no agent of the person's has been there.
    new: bool,
    /// What it says of itself.
    resource_says: Option<AboutView>,
}

/// What a server says of itself. Markdown is to be sanitized.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct AboutView {
    /// Its name.
    name: Option<String>,
    /// What it is, in Markdown.
    description: Option<String>,
    /// Its logo.
    logo_uri: Option<String>,
    /// The credentials it takes.
    access_mode: Option<String>,
}

/// A scope.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct ScopeView {
    /// The scope.
    scope: String,
    /// What the resource says it means, in Markdown.
    description: Option<String>,
    /// Whether nothing that the person agreed to before covers it.
    new: bool,
}

/// A page to be visited.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct PageView {
    /// Where.
    url: String,
    /// With which code.
    code: String,
}

/// A question, and the agent's answer.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct ExchangeView {
    /// What the person asked.
    person_asked: String,
    /// What the agent answered, in its own words. Empty where it changed its request instead.
    agent_answered: String,
    /// When.
    at: i64,
}

/// A question without an answer yet.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct QuestionView {
    /// What the person asked.
    person_asked: String,
    /// The choices, where there are some.
    options: Vec<String>,
    /// When.
    at: i64,
}

/// What the person is shown.
pub(super) fn view(approval: &Approval, issuer: &ServerId) -> ApprovalView {
    let pending = &approval.pending;
    let asked = Asked::of(&pending.ask, issuer);
    let (chat, question) = chat(&pending.state);
    ApprovalView {
        id: pending.id.as_str().to_owned(),
        kind: pending.ask.kind(),
        version: approval.version.clone(),
        state: pending.state.name(),
        ended: ended(&pending.state),
        created_at: pending.created_at,
        expires_at: pending.expires_at,
        agent: approval.agent.as_ref().map(|agent| AgentSeenView {
            id: agents::name(&agent.key),
            agent: agent.key.sub.as_str().to_owned(),
            new: agent.bound.is_none(),
            name: agent.bound.as_ref().and_then(|bound| bound.name.clone()),
            bound_at: agent.bound.as_ref().map(|bound| bound.bound_at),
        }),
        provider: ProviderSeenView {
            issuer: approval.provider.as_str().to_owned(),
            ours: approval.provider_is_ours,
            provider_says: approval.provider_about.as_ref().map(about),
        },
        resource: pending.ask.resource().map(|id| ResourceView {
            id: id.as_str().to_owned(),
            new: !approval.resource_known,
            resource_says: approval.resource_about.as_ref().map(about),
        }),
        scopes: approval.scopes.iter().map(scope).collect(),
        account: asked.account,
        access_server: asked.access_server,
        resource_page: asked.page,
        subagent: asked.subagent,
        chained_on: asked.chained_on,
        mission: approval.mission.as_ref().map(|(mission, updates)| missions::view(mission, updates)),
        agent_says: says(&pending.ask),
        chat,
        question,
        may_ask: approval.may_ask,
        callback: approval.callback.clone(),
    }
}

/// What verified tokens say about an ask.
#[derive(Default)]
struct Asked {
    account: Option<String>,
    access_server: Option<String>,
    page: Option<PageView>,
    subagent: Option<String>,
    chained_on: Option<String>,
}

impl Asked {
    fn of(ask: &Ask, issuer: &ServerId) -> Self {
        match ask {
            Ask::Identify(ask) => Self {
                subagent: ask.subagent.as_ref().map(|one| one.id.as_str().to_owned()),
                chained_on: ask.upstream.as_ref().map(|one| one.iss.as_str().to_owned()),
                ..Self::default()
            },
            Ask::Authorize(ask) => Self {
                account: ask.account.clone(),
                access_server: (ask.audience != *issuer).then(|| ask.audience.as_str().to_owned()),
                page: ask.interaction.as_ref().map(|page| PageView { url: page.url.clone(), code: page.code.clone() }),
                subagent: ask.subagent.as_ref().map(|one| one.id.as_str().to_owned()),
                chained_on: ask.upstream.as_ref().map(|one| one.iss.as_str().to_owned()),
            },
            Ask::Enroll(_)
            | Ask::Mission(_)
            | Ask::Update(_)
            | Ask::Complete(_)
            | Ask::Permit(_)
            | Ask::Relay(_)
            | Ask::Question(_) => Self::default(),
        }
    }
}

fn about(about: &About) -> AboutView {
    AboutView {
        name: about.name.clone(),
        description: about.description.clone(),
        logo_uri: about.logo_uri.clone(),
        access_mode: about.access_mode.clone(),
    }
}

fn scope(seen: &ScopeSeen) -> ScopeView {
    ScopeView { scope: seen.scope.clone(), description: seen.description.clone(), new: seen.new }
}

fn ended(state: &State) -> Option<EndedView> {
    match state {
        State::Ended(ended) => Some(EndedView { error: ended.error.clone(), detail: ended.detail.clone() }),
        State::Waiting(_) | State::Federating(_) | State::Approved(_) | State::Gone { .. } => None,
    }
}

fn chat(state: &State) -> (Vec<ExchangeView>, Option<QuestionView>) {
    let State::Waiting(waiting) = state else { return (Vec::new(), None) };
    let said = |exchange: &Exchange| ExchangeView {
        person_asked: exchange.question.clone(),
        agent_answered: exchange.answer.clone(),
        at: exchange.at,
    };
    let question = waiting.question.as_ref().map(|asked| QuestionView {
        person_asked: asked.question.clone(),
        options: asked.options.clone(),
        at: asked.asked_at,
    });
    (waiting.chat.iter().map(said).collect(), question)
}
