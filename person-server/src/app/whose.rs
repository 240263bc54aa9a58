//! Which person a request is about, and on which mission.
//!
//! Implements "Agent-Person Binding", "Upstream Token Verification" and the person part of "Sub-Agents" of
//! draft-hardt-oauth-aauth-protocol-11.

use aauth_authorizer::aauth::error::TokenParameter;
use aauth_authorizer::aauth::identifier::ServerId;
use aauth_authorizer::aauth::token::TokenType;
use aauth_authorizer::aauth::verify::VerifiedToken;

use super::PersonServer;
use super::authenticate::Signed;
use super::inbound::Parameters;
use super::refusal::{Outcome, Refusal};
use crate::domain::agent::{AgentKey, Binding};
use crate::domain::ask::{SubAgent, Upstream};
use crate::domain::issued::{SeenAgentToken, TokenRef};
use crate::domain::person::PersonKey;

/// The longest token that is looked at, in characters.
pub(super) const MAX_TOKEN: usize = 16 * 1024;

/// Whose agent asks.
#[derive(Debug, Clone)]
pub(super) enum Whose {
    /// An agent bound to its person.
    Bound(Box<Binding>),
    /// An agent that is nobody's yet.
    Nobody,
    /// An intermediary: the request is about the person of the upstream token, whoever's the intermediary is.
    Chained(Upstream),
}

impl Whose {
    /// The person, where there is one.
    pub(super) fn person(&self) -> Option<&PersonKey> {
        match self {
            Self::Bound(binding) => Some(&binding.person),
            Self::Chained(upstream) => Some(&upstream.person),
            Self::Nobody => None,
        }
    }

    /// The token it was chained on.
    pub(super) fn upstream(&self) -> Option<&Upstream> {
        match self {
            Self::Chained(upstream) => Some(upstream),
            Self::Bound(_) | Self::Nobody => None,
        }
    }
}

impl PersonServer {
    /// Whom a token request is about.
    pub(super) async fn whose(&self, signed: &Signed, parameters: &Parameters) -> Outcome<Whose> {
        // "Single-Level Depth": a sub-agent asks through its parent.
        if signed.agent.parent_agent.is_some() {
            let detail = "a sub-agent does not ask for itself: its parent does, with `subagent_token`";
            return Err(Refusal::invalid_request(detail));
        }
        if let Some(compact) = parameters.optional_text("upstream_token", MAX_TOKEN)? {
            return self.upstream(signed, &compact).await.map(Whose::Chained);
        }
        self.bound(signed).await
    }

    /// The person the agent is bound to.
    pub(super) async fn bound(&self, signed: &Signed) -> Outcome<Whose> {
        if signed.agent.ps.as_ref().is_some_and(|ps| *ps != self.settings.issuer) {
            return Err(Refusal::invalid_request("the agent token names another person server in `ps`"));
        }
        match self.store.agent(&signed.key()).await? {
            Some(binding) if binding.is_active() => Ok(Whose::Bound(Box::new(binding))),
            Some(_) => Err(Refusal::problem(403, "denied", "the person has ended this agent's access")),
            None => Ok(Whose::Nobody),
        }
    }

    /// "Upstream Token Verification", steps 1 to 4.
    async fn upstream(&self, signed: &Signed, compact: &str) -> Outcome<Upstream> {
        let invalid = |detail: &str| Refusal::problem(400, "invalid_upstream_token", detail);
        // Step 3 by step 1's substitution: the intermediary is its own agent provider, so its agent token's issuer is
        // the resource that the calling agent presented the upstream token to.
        let intermediary = signed.agent.common.iss.clone();
        let takes = [TokenType::Person, TokenType::Auth];
        let token = self.token_parameter(TokenParameter::Upstream, compact, intermediary.clone(), &takes).await?;
        let (ps, sub) = match &token {
            VerifiedToken::Person(token) => (&token.common.iss, &token.sub),
            VerifiedToken::Auth(token) => (&token.ps, &token.sub),
            VerifiedToken::Agent(_) => return Err(invalid("it is neither a person token nor an auth token")),
        };
        if *ps != self.settings.issuer {
            return Err(invalid("it names another person server"));
        }
        let person = self.store.person_called(&intermediary, sub).await?;
        let person = person.ok_or_else(|| invalid("this person server issued nothing under its `sub`"))?;
        let reference = TokenRef { iss: token.common().iss.clone(), jti: token.common().jti.clone() };
        let source = self.store.issued(&reference).await?;
        let source = source.ok_or_else(|| invalid("the agent it was issued to is not on record"))?;
        if source.person != person || source.resource != intermediary {
            return Err(invalid("it is not what this person server has on record"));
        }
        // An intermediary is nobody's agent: who called it counts, and who called that one.
        let first = self.store.chain_began_with(&reference).await?;
        let first = first.ok_or_else(|| invalid("the agent that the calls began with is not on record"))?;
        let ended = self.store.agent(&first.agent).await?.is_none_or(|binding| !binding.is_active());
        // A revoked agent's person tokens are revoked with it, and an access server's token goes back to one of them.
        let root = TokenRef { iss: self.settings.issuer.clone(), jti: source.root.clone() };
        if ended || self.is_revoked(root).await? {
            let detail = "the agent it was issued to is no longer the person's";
            return Err(Refusal::problem(400, "revoked_upstream_token", detail));
        }
        Ok(Upstream { iss: reference.iss, jti: reference.jti, exp: token.common().exp, person })
    }

    /// A sub-agent whose parent signed: "Parent-Mediated Authorization".
    pub(super) async fn subagent(&self, signed: &Signed, parameters: &Parameters) -> Outcome<Option<SubAgent>> {
        let Some(compact) = parameters.optional_text("subagent_token", MAX_TOKEN)? else { return Ok(None) };
        let invalid = |detail: &str| Refusal::problem(400, "invalid_subagent_token", detail);
        let issuer = self.settings.issuer.clone();
        let token = self.token_parameter(TokenParameter::Subagent, &compact, issuer, &[TokenType::Agent]).await?;
        let VerifiedToken::Agent(token) = token else { return Err(invalid("it is no agent token")) };
        if token.common.iss != signed.agent.common.iss {
            return Err(invalid("it is of another agent provider than its parent's"));
        }
        if token.parent_agent.as_ref() != Some(&signed.agent.sub) {
            return Err(invalid("its `parent_agent` is not the agent that signed"));
        }
        let (id, key) = (token.sub.clone(), token.key.clone());
        // "A PS records, for each agent token it accepts", so that its provider can revoke it.
        let agent = AgentKey { iss: token.common.iss.clone(), sub: id.clone() };
        let seen = SeenAgentToken { agent, jti: token.common.jti.clone(), exp: token.common.exp };
        self.store.see_agent_token(seen).await?;
        Ok(Some(SubAgent { id, key, jti: token.common.jti.clone(), exp: token.common.exp }))
    }

    /// The server identifier in a parameter.
    pub(super) fn server_parameter(&self, parameters: &Parameters, name: &str) -> Outcome<ServerId> {
        let text = parameters.text(name, 255)?;
        ServerId::parse_under(&text, self.settings.identifiers)
            .map_err(|fault| Refusal::invalid_request(format!("the parameter `{name}`: {fault}")))
    }
}
