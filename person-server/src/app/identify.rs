//! "Person Token Endpoint": an agent is known as a person's at one resource.

use serde_json::json;

use super::PersonServer;
use super::answer::{Answer, Reply};
use super::authenticate::Signed;
use super::fulfil::Granted;
use super::hints;
use super::inbound::Inbound;
use super::refusal::{Outcome, Refusal};
use crate::domain::ask::{Ask, IdentifyAsk, SubAgent};
use crate::domain::issued::{Issued, IssuedKind, TokenRef};

impl PersonServer {
    /// `POST` to the person token endpoint.
    pub async fn person_token_request(&self, request: &Inbound) -> Outcome<Answer> {
        let signed = self.agent(request).await?;
        let parameters = request.parameters()?;
        let hints = hints::read(&parameters)?;
        let resource = self.server_parameter(&parameters, "resource")?;
        let whose = self.whose(&signed, &parameters).await?;
        self.within_resource_limit(&signed, &resource)?;
        let mission = match whose.upstream() {
            // "The intermediary does not send mission_s256 of its own."
            Some(_) if parameters.value("mission_s256").is_some() => {
                return Err(Refusal::invalid_request("`mission_s256` is not sent beside `upstream_token`"));
            }
            Some(upstream) => self.upstream_mission(&signed, upstream).await?,
            None => self.mission_parameter(&signed, &parameters).await?,
        };
        let ask = IdentifyAsk {
            resource,
            mission,
            subagent: self.subagent(&signed, &parameters).await?,
            upstream: whose.upstream().cloned(),
            hints: hints.clone(),
        };
        self.settle(&signed, &whose, Ask::Identify(ask), &hints, request.wait).await
    }

    /// Issues the token.
    pub(super) async fn identify(&self, signed: &Signed, ask: &IdentifyAsk, granted: Granted) -> Outcome<Reply> {
        let person = self.store.person(&granted.person).await?.ok_or_else(Refusal::server_error)?;
        let key = ask.subagent.as_ref().map_or(&signed.agent.key, |subagent| &subagent.key);
        let mut bounds = vec![signed.agent.common.exp];
        bounds.extend(ask.subagent.as_ref().map(|subagent| subagent.exp));
        bounds.extend(ask.upstream.as_ref().map(|upstream| upstream.exp));
        bounds.extend(self.mission_end(ask.mission.as_deref()).await?);
        let minted = self.person_token(&person, &ask.resource, key, ask.mission.clone(), &bounds);
        let minted = minted.ok_or_else(|| Refusal::problem(408, "expired", "a token it depends on has expired"))?;
        let issued = Issued {
            kind: IssuedKind::Person,
            token: TokenRef { iss: minted.common.iss.clone(), jti: minted.common.jti.clone() },
            resource: ask.resource.clone(),
            agent: signed.key(),
            subagent: ask.subagent.as_ref().map(|subagent| subagent.id.as_str().to_owned()),
            sub: self.subjects.subject(&person.key, &ask.resource),
            person: person.key,
            scopes: Vec::new(),
            mission: ask.mission.clone(),
            root: minted.common.jti.clone(),
            upstream: ask.upstream.as_ref().map(|up| TokenRef { iss: up.iss.clone(), jti: up.jti.clone() }),
            decided_by: granted.how.record(),
            issued_at: minted.common.iat,
            exp: minted.common.exp,
        };
        let rests_on = issued.upstream.iter().cloned().chain(subagent_token(signed, ask.subagent.as_ref())).collect();
        self.record_issue(signed, issued, rests_on, &granted).await?;
        Ok(Reply::ok(json!({ "person_token": minted.compact, "expires_in": minted.expires_in() })))
    }
}

/// The sub-agent's agent token, which is of the same provider as its parent's.
pub(super) fn subagent_token(signed: &Signed, subagent: Option<&SubAgent>) -> Option<TokenRef> {
    subagent.map(|subagent| TokenRef { iss: signed.agent.common.iss.clone(), jti: subagent.jti.clone() })
}
