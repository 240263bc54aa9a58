//! A call, round by round: present the best token, and fetch the one that the answer asks for.
//!
//! Implements "Resource Access" from the agent's side.

use crate::aauth::error::{SignatureError, SignatureErrorCode as Code};
use crate::aauth::identifier::ServerId;
use crate::aauth::requirement::Requirement;
use crate::aauth::token::TokenType;
use crate::aauth::verify::VerifiedToken;

use super::Agent;
use super::endpoint::Endpoint;
use super::error::{AgentError, ResourceFault};
use super::http::Response;
use super::signed::{SendFault, Unsigned};
use super::tokens::Grant;

/// Agent token, person token, auth token, and one step-up.
const MAX_ROUNDS: usize = 4;

/// A request an agent is to make.
#[derive(Debug, Clone, Default)]
pub struct Call {
    /// The method.
    pub method: String,
    /// The URL, by the resource's public name.
    pub url: String,
    /// Headers beside those that signing sets.
    pub headers: Vec<(String, String)>,
    /// The body; empty for none.
    pub body: Vec<u8>,
}

/// The last answer, and how it was come by.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// What was done, in order.
    pub steps: Vec<Step>,
}

/// Something an agent did on the way to an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Called the resource.
    Called {
        /// With which kind of token.
        presented: TokenType,
        /// What it answered.
        status: u16,
        /// What it required.
        requirement: Option<&'static str>,
    },
    /// Was given a person token.
    GotPersonToken {
        /// By whom.
        server: ServerId,
    },
    /// Was given an auth token.
    GotAuthToken {
        /// By whom.
        server: ServerId,
        /// For what.
        scopes: Vec<String>,
    },
}

impl Agent {
    /// Calls a resource and follows each requirement it states. A refusal is an answer like any other.
    pub async fn call(&self, call: Call) -> Result<Reply, AgentError> {
        let (endpoint, resource) = self.destination(&call.url)?;
        let request = Unsigned { endpoint: &endpoint, method: &call.method, headers: &call.headers, body: &call.body };
        let mut steps = Vec::new();
        for _ in 0..MAX_ROUNDS {
            let now = self.clock.now();
            let presented = self.tokens.best(&resource, now);
            let token = presented.as_ref().map_or_else(|| self.own.compact(now), |grant| Ok(&*grant.compact))?;
            let response = self.send(request, token).await.map_err(|fault| unsent(&resource, fault))?;
            let requirement = requirement(&response).map_err(|fault| of(&resource, fault))?;
            steps.push(Step::called(presented.as_ref(), &response, requirement.as_ref()));
            if !self.satisfy(&resource, requirement, presented, &response, &mut steps).await? {
                let Response { status, headers, body } = response;
                return Ok(Reply { status, headers, body, steps });
            }
        }
        Err(of(&resource, ResourceFault::Insatiable(MAX_ROUNDS)))
    }

    /// The headers of a call, signed with the best token held, for a caller who sends it by other means.
    pub fn signed_headers(&self, call: &Call) -> Result<Vec<(String, String)>, AgentError> {
        let (endpoint, resource) = self.destination(&call.url)?;
        let now = self.clock.now();
        let held = self.tokens.best(&resource, now);
        let token = held.as_ref().map_or_else(|| self.own.compact(now), |grant| Ok(&*grant.compact))?;
        let request = Unsigned { endpoint: &endpoint, method: &call.method, headers: &call.headers, body: &call.body };
        self.sign(request, token).map_err(AgentError::BadRequest)
    }

    /// Where a call goes, and whose resource that is.
    fn destination(&self, url: &str) -> Result<(Endpoint, ServerId), AgentError> {
        let bad = |why| AgentError::BadUrl { url: url.chars().take(200).flat_map(char::escape_debug).collect(), why };
        let endpoint = self.reach.endpoint(url).map_err(bad)?;
        let resource = ServerId::parse_under(&endpoint.origin(), self.identifiers);
        Ok((endpoint, resource.map_err(|_| bad("its origin is no resource's identifier"))?))
    }

    /// Does what an answer asks for. `false` when there is nothing more to do.
    async fn satisfy(
        &self,
        resource: &ServerId,
        requirement: Option<Requirement>,
        presented: Option<Grant>,
        response: &Response,
        steps: &mut Vec<Step>,
    ) -> Result<bool, AgentError> {
        match (requirement, presented) {
            (Some(Requirement::PersonToken), _) => {
                self.tokens.forget(resource);
                let grant = self.person_token(resource).await?;
                steps.push(Step::GotPersonToken { server: grant.token.common().iss.clone() });
                self.tokens.keep(resource, grant);
            }
            (Some(Requirement::AuthToken { .. }), None) => return Err(of(resource, ResourceFault::TooEarly)),
            (Some(Requirement::AuthToken { resource_token }), Some(presented)) => {
                let asked = self.believe(resource, &resource_token, &presented.token).await;
                let asked = asked.map_err(|fault| of(resource, fault.into()))?;
                let grant = self.auth_token(resource, (&resource_token, &asked), &presented).await?;
                steps.push(Step::of_auth_token(&grant));
                self.tokens.keep(resource, grant);
            }
            // The agent token in particular is wanted, or the token presented is over: start again without it.
            (Some(Requirement::AgentToken), Some(_)) => self.tokens.forget(resource),
            (None, Some(_)) if is_over(response) => self.tokens.forget(resource),
            // An interaction or an approval comes as a 202, which is the caller's to follow.
            (
                Some(
                    Requirement::AgentToken
                    | Requirement::Interaction { .. }
                    | Requirement::Approval
                    | Requirement::Clarification
                    | Requirement::Claims,
                )
                | None,
                _,
            ) => return Ok(false),
        }
        Ok(true)
    }
}

impl Step {
    fn called(presented: Option<&Grant>, response: &Response, requirement: Option<&Requirement>) -> Self {
        Self::Called {
            presented: presented.map_or(TokenType::Agent, |grant| grant.token.typ()),
            status: response.status,
            requirement: requirement.map(Requirement::value),
        }
    }

    fn of_auth_token(grant: &Grant) -> Self {
        let scopes = match &grant.token {
            VerifiedToken::Auth(auth) => auth.scopes.clone(),
            VerifiedToken::Agent(_) | VerifiedToken::Person(_) => Vec::new(),
        };
        Self::GotAuthToken { server: grant.token.common().iss.clone(), scopes }
    }
}

/// What a 401 asks for. One that cannot be read or is not known must not be taken for satisfiable.
fn requirement(response: &Response) -> Result<Option<Requirement>, ResourceFault> {
    match response.header("aauth-requirement") {
        Some(header) if response.status == 401 => Ok(Some(Requirement::parse(header)?)),
        Some(_) | None => Ok(None),
    }
}

/// Whether the token that was presented has ended earlier than it said.
fn is_over(response: &Response) -> bool {
    let code = response.header("signature-error").and_then(SignatureError::code_of_header);
    response.status == 401 && matches!(code, Some(Code::ExpiredJwt | Code::RevokedJwt))
}

fn of(resource: &ServerId, fault: ResourceFault) -> AgentError {
    AgentError::Resource { resource: resource.clone(), fault }
}

fn unsent(resource: &ServerId, fault: SendFault) -> AgentError {
    match fault {
        SendFault::Unsignable(why) => AgentError::BadRequest(why),
        SendFault::Http(fault) => of(resource, fault.into()),
    }
}
