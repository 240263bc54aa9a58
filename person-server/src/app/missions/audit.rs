//! "Audit Endpoint": an agent says what it has done.

use serde_json::Map;

use super::{MAX_ACTION, object};
use crate::app::PersonServer;
use crate::app::answer::Reply;
use crate::app::hints::MAX_TEXT;
use crate::app::inbound::Inbound;
use crate::app::refusal::{Outcome, Refusal};
use crate::domain::mission::{LogKind, NewEntry};

impl PersonServer {
    /// `POST` to the audit endpoint.
    pub async fn audit_request(&self, request: &Inbound) -> Outcome<Reply> {
        let signed = self.agent(request).await?;
        let parameters = request.parameters()?;
        let mut told = Map::new();
        told.insert("action".to_owned(), parameters.text("action", MAX_ACTION)?.into());
        if let Some(description) = parameters.optional_text("description", MAX_TEXT)? {
            told.insert("description".to_owned(), description.into());
        }
        for name in ["parameters", "result"] {
            if let Some(object) = object(&parameters, name)? {
                told.insert(name.to_owned(), object.into());
            }
        }
        let s256 = parameters.text("mission_s256", 64)?;
        self.own_agent(&signed).await?;
        let mission = self.own_mission(&signed, &s256).await?;
        let agent = signed.key();
        if !self.audits.admits(&format!("{} {}", agent.iss, agent.sub)) {
            return Err(Refusal::later(429, "rate_limited", "this agent tells of too much: wait a minute", 60));
        }
        // The same signed request again is the same record: whoever caught one adds nothing with it.
        if self.replays.is_first(signed.agent.key.thumbprint(), &as_signed(request)) {
            self.log(NewEntry::new(&mission.s256, LogKind::Audit, told, self.clock.now())).await?;
        }
        Ok(Reply::empty(201))
    }
}

/// What tells one signed request from another: when and over what it was signed, and what it says.
fn as_signed(request: &Inbound) -> Vec<u8> {
    let mut known = request.message.fields().text("signature-input").unwrap_or_default().into_bytes();
    known.push(0);
    known.extend_from_slice(&request.body);
    known
}
