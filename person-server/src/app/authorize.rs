//! "Auth Token Endpoint": what a resource asks for is granted, by this server or by the resource's access server.

use serde_json::json;

use super::PersonServer;
use super::answer::{Answer, Reply};
use super::authenticate::Signed;
use super::fulfil::Granted;
use super::hints;
use super::identify::subagent_token;
use super::inbound::Inbound;
use super::refusal::{Outcome, Refusal};
use super::resource_ask::Behalf;
use super::whose::Whose;
use crate::domain::ask::{Ask, AuthorizeAsk};
use crate::domain::issued::{Issued, IssuedKind, TokenRef};

impl PersonServer {
    /// `POST` to the auth token endpoint.
    pub async fn auth_token_request(&self, request: &Inbound) -> Outcome<Answer> {
        let signed = self.agent(request).await?;
        let parameters = request.parameters()?;
        let hints = hints::read(&parameters)?;
        let whose = self.whose(&signed, &parameters).await?;
        let subagent = self.subagent(&signed, &parameters).await?;
        let behalf = Behalf { subagent, upstream: whose.upstream().cloned() };
        let ask = self.resource_ask(&signed, &parameters, behalf, &hints).await?;
        self.is_about(&whose, &ask)?;
        self.mission_of_token(&signed, &whose, ask.mission.as_deref()).await?;
        self.settle(&signed, &whose, Ask::Authorize(Box::new(ask)), &hints, request.wait).await
    }

    /// The person named in the tokens is the one the agent acts for.
    pub(super) fn is_about(&self, whose: &Whose, ask: &AuthorizeAsk) -> Outcome<()> {
        let Some(person) = whose.person() else {
            let detail = "this agent acts for nobody here: it asks for a person token first";
            return Err(Refusal::problem(400, "invalid_presented_token", detail));
        };
        if self.subjects.subject(person, &ask.resource) == ask.sub {
            return Ok(());
        }
        Err(Refusal::problem(400, "invalid_presented_token", "it was issued for another person than this agent's"))
    }

    /// Issues the token.
    pub(super) async fn authorize(&self, signed: &Signed, ask: &AuthorizeAsk, granted: Granted) -> Outcome<Reply> {
        let person = self.store.person(&granted.person).await?.ok_or_else(Refusal::server_error)?;
        let scopes = granted_scopes(ask, &granted);
        let mut bounds = vec![signed.agent.common.exp, ask.presented.exp];
        bounds.extend(ask.subagent.as_ref().map(|subagent| subagent.exp));
        bounds.extend(ask.upstream.as_ref().map(|upstream| upstream.exp));
        bounds.extend(self.mission_end(ask.mission.as_deref()).await?);
        let minted = self.auth_token(&person, ask, &scopes, &bounds);
        let minted = minted.ok_or_else(|| Refusal::problem(408, "expired", "a token it depends on has expired"))?;
        let issued = Issued {
            kind: IssuedKind::Auth,
            token: TokenRef { iss: minted.common.iss.clone(), jti: minted.common.jti.clone() },
            resource: ask.resource.clone(),
            agent: signed.key(),
            subagent: ask.subagent.as_ref().map(|subagent| subagent.id.as_str().to_owned()),
            sub: ask.sub.clone(),
            person: person.key,
            scopes,
            mission: ask.mission.clone(),
            root: self.root_of(ask).await?,
            upstream: ask.upstream.as_ref().map(|up| TokenRef { iss: up.iss.clone(), jti: up.jti.clone() }),
            decided_by: granted.how.record(),
            issued_at: minted.common.iat,
            exp: minted.common.exp,
        };
        self.record_issue(signed, issued, rests_on(signed, ask), &granted).await?;
        Ok(Reply::ok(json!({ "auth_token": minted.compact, "expires_in": minted.expires_in() })))
    }

    /// The person token that the presented token goes back to.
    pub(super) async fn root_of(&self, ask: &AuthorizeAsk) -> Outcome<String> {
        let presented = TokenRef { iss: ask.presented.iss.clone(), jti: ask.presented.jti.clone() };
        Ok(self.store.issued(&presented).await?.map_or(presented.jti, |issued| issued.root))
    }
}

/// What was asked for, as far as the person granted it. Never more.
pub(super) fn granted_scopes(ask: &AuthorizeAsk, granted: &Granted) -> Vec<String> {
    match granted.approval.as_ref().and_then(|approval| approval.scopes.as_ref()) {
        Some(narrowed) => ask.scopes.iter().filter(|scope| narrowed.contains(scope)).cloned().collect(),
        None => ask.scopes.clone(),
    }
}

/// The tokens that an auth token rests on: if one of them is revoked, nothing is issued.
pub(super) fn rests_on(signed: &Signed, ask: &AuthorizeAsk) -> Vec<TokenRef> {
    let own = [
        TokenRef { iss: ask.resource.clone(), jti: ask.jti.clone() },
        TokenRef { iss: ask.presented.iss.clone(), jti: ask.presented.jti.clone() },
    ];
    let upstream = ask.upstream.as_ref().map(|up| TokenRef { iss: up.iss.clone(), jti: up.jti.clone() });
    own.into_iter().chain(upstream).chain(subagent_token(signed, ask.subagent.as_ref())).collect()
}
