//! "Interaction Endpoint": the person is asked a question of the agent's, or sent to a page.

use aauth_authorizer::aauth::interaction_code::InteractionCode;
use aauth_authorizer::aauth::url::PublicUrl;
use serde_json::json;

use crate::app::PersonServer;
use crate::app::answer::{Answer, Reply};
use crate::app::authenticate::Signed;
use crate::app::fulfil::Granted;
use crate::app::hints::{self, MAX_TEXT};
use crate::app::inbound::{Inbound, Parameters};
use crate::app::poll::gone;
use crate::app::refusal::{Outcome, Refusal};
use crate::domain::ask::{Ask, QuestionAsk, RelayAsk};
use crate::domain::pending::Asker;

impl PersonServer {
    /// `POST` to the interaction endpoint.
    pub async fn interaction_request(&self, request: &Inbound) -> Outcome<Answer> {
        let signed = self.agent(request).await?;
        let parameters = request.parameters()?;
        let hints = hints::read(&parameters)?;
        let mut ask = match parameters.text("type", 64)?.as_str() {
            "interaction" => Ask::Relay(self.relay_ask(&parameters, false)?),
            "payment" => Ask::Relay(self.relay_ask(&parameters, true)?),
            "question" => Ask::Question(QuestionAsk {
                question: parameters.text("question", MAX_TEXT)?,
                description: parameters.optional_text("description", MAX_TEXT)?,
                mission: None,
            }),
            _ => return Err(Refusal::invalid_request("`type` is none of `interaction`, `payment` and `question`")),
        };
        let whose = self.own_agent(&signed).await?;
        let on = self.mission_parameter(&signed, &parameters).await?;
        if let Ask::Relay(RelayAsk { mission, .. }) | Ask::Question(QuestionAsk { mission, .. }) = &mut ask {
            *mission = on;
        }
        if let Ask::Relay(relay) = &ask
            && self.is_our_own(relay)
        {
            return self.our_own(&signed, relay, request).await;
        }
        self.settle(&signed, &whose, ask, &hints, request.wait).await
    }

    fn relay_ask(&self, parameters: &Parameters, payment: bool) -> Outcome<RelayAsk> {
        let wrong = |name: &str, why: String| Refusal::invalid_request(format!("the parameter `{name}` {why}"));
        let url = parameters.text("url", 2048)?;
        let url =
            PublicUrl::endpoint(&url, self.settings.identifiers).map_err(|fault| wrong("url", fault.to_string()))?;
        let code = parameters.optional_text("code", 64)?;
        let code = code.map(|code| InteractionCode::parse(&code).map(|_| code)).transpose();
        let until = |seconds: i64| self.clock.now().saturating_add(seconds.min(self.settings.pending_ttl));
        Ok(RelayAsk {
            payment,
            description: parameters.optional_text("description", MAX_TEXT)?,
            url: url.as_str().to_owned(),
            code: code.map_err(|fault| wrong("code", fault.to_string()))?,
            until: parameters.optional_seconds("max_wait")?.map(until),
            mission: None,
        })
    }

    /// Whether the page is this server's own.
    fn is_our_own(&self, relay: &RelayAsk) -> bool {
        let rest = relay.url.strip_prefix(self.settings.issuer.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// "When the interaction URL is hosted by the PS itself, the PS's deferred response is authoritative": the request
    /// that the code belongs to waits for the person already, and is what the agent polls.
    async fn our_own(&self, signed: &Signed, relay: &RelayAsk, request: &Inbound) -> Outcome<Answer> {
        let code = relay.code.as_deref().and_then(|code| InteractionCode::parse(code).ok()).ok_or_else(gone)?;
        let asker = Asker::Agent(signed.key());
        let under_way = self.store.under_way(&asker, self.clock.now()).await?;
        let pending = under_way.into_iter().find(|pending| pending.code.code == code.symbols()).ok_or_else(gone)?;
        self.bell.ring(&pending.id, pending.person.as_ref());
        self.answer_when_decided(signed, pending, request.wait).await
    }

    /// Tells the agent what the person answered.
    pub(in crate::app) async fn tell_answer(&self, _: &Signed, ask: &QuestionAsk, granted: Granted) -> Outcome<Reply> {
        self.mission_end(ask.mission.as_deref()).await?;
        let answer = granted.approval.as_ref().and_then(|approval| approval.answer.clone());
        let answer = answer.ok_or_else(Refusal::server_error)?;
        self.collect(&granted).await?;
        Ok(Reply::ok(json!({ "answer": answer })))
    }
}
