//! What the agent answers a question of the access server's: in words, or by asking for less.
//!
//! Implements "Agent Response to Clarification" of draft-hardt-oauth-aauth-protocol-11 where an access server asked.

use serde_json::json;

use super::super::PersonServer;
use super::super::answer::Answer;
use super::super::authenticate::Signed;
use super::super::inbound::Parameters;
use super::super::refusal::{Outcome, Refusal};
use super::asks_the_agent;
use super::way::{Stop, Way};
use crate::domain::pending::{Pending, PendingId};

impl PersonServer {
    /// Passes the agent's answer to a question of the access server's on.
    pub(in crate::app) async fn answer_access_server(
        &self,
        signed: &Signed,
        pending: Pending,
        answer: &str,
    ) -> Outcome<Answer> {
        let Some(_turn) = self.turns.take(&pending.id) else { return Err(nothing_asked()) };
        let way = self.asked_way(&pending.id).await?;
        let body = json!({ "action": "clarification_response", "clarification_response": answer });
        let went = match self.tell_access_server(&way, &body).await {
            Ok(said) => self.follow(signed, way, said).await,
            Err(stop) => Err(stop),
        };
        self.conclude(Some(&pending.id), went).await
    }

    /// Passes on that the agent asks for less, in answer to a question of the access server's.
    pub(in crate::app) async fn update_at_access_server(
        &self,
        signed: &Signed,
        pending: Pending,
        parameters: &Parameters,
    ) -> Outcome<Answer> {
        let Some(_turn) = self.turns.take(&pending.id) else { return Err(nothing_asked()) };
        let mut way = self.asked_way(&pending.id).await?;
        let mut after = self.updated_ask(signed, &way.ask, parameters).await?;
        // The person has approved what was asked before, and is not asked again.
        let less = after.scopes.iter().all(|scope| way.ask.scopes.contains(scope)) && after.account == way.ask.account;
        let (Some(now), Some(before)) = (&mut after.federation, &way.ask.federation) else {
            return Err(Refusal::problem(
                400,
                "invalid_resource_token",
                "its `aud` is not that of the request it updates",
            ));
        };
        if !less || after.audience != way.ask.audience {
            let detail = "it asks for other than what the person approved, or of another access server";
            return Err(Refusal::problem(400, "invalid_resource_token", detail));
        }
        now.pending_url.clone_from(&before.pending_url);
        now.claims.clone_from(&before.claims);
        let mut body = json!({
            "action": "updated_request",
            "resource_token": now.resource_token,
            "presented_token": now.presented_token,
        });
        if let (Some(words), Some(body)) = (&after.hints.justification, body.as_object_mut()) {
            body.insert("justification".to_owned(), words.as_str().into());
        }
        way.ask = after;
        if let Err(Stop::Ended(ended)) = self.note_presentation(signed, &way.ask).await {
            return Err(Refusal::problem(ended.status, &ended.error, ended.detail.unwrap_or_default()));
        }
        let went = match self.tell_access_server(&way, &body).await {
            Ok(said) => self.follow(signed, way, said).await,
            Err(stop) => Err(stop),
        };
        self.conclude(Some(&pending.id), went).await
    }

    /// An ask whose agent was asked something by the access server, and is answering.
    async fn asked_way(&self, pending: &PendingId) -> Outcome<Way> {
        let pending = self.store.pending(pending).await?.ok_or_else(Refusal::not_found)?;
        self.still_depends_on_nothing_revoked(&pending).await?;
        let way = self.way_of(&pending).filter(|_| asks_the_agent(&pending));
        let mut way = way.ok_or_else(nothing_asked)?;
        way.rounds += 1;
        Ok(way)
    }
}

fn nothing_asked() -> Refusal {
    Refusal::invalid_request("nothing was asked")
}
