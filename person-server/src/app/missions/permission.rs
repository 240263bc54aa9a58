//! "Permission Endpoint": an agent asks before it does what no resource governs.

use serde_json::json;

use super::{MAX_ACTION, object};
use crate::app::PersonServer;
use crate::app::answer::{Answer, Reply};
use crate::app::authenticate::Signed;
use crate::app::fulfil::{Granted, HowDecided};
use crate::app::hints::{self, MAX_TEXT};
use crate::app::inbound::Inbound;
use crate::app::refusal::{Outcome, Refusal};
use crate::app::whose::Whose;
use crate::domain::ask::{Ask, PermitAsk};
use crate::domain::audit::AuditEvent;

impl PersonServer {
    /// `POST` to the permission endpoint.
    pub async fn permission_request(&self, request: &Inbound) -> Outcome<Answer> {
        let signed = self.agent(request).await?;
        let parameters = request.parameters()?;
        let hints = hints::read(&parameters)?;
        let ask = PermitAsk {
            action: parameters.text("action", MAX_ACTION)?,
            description: parameters.optional_text("description", MAX_TEXT)?,
            parameters: object(&parameters, "parameters")?,
            mission: None,
        };
        let whose = self.own_agent(&signed).await?;
        let ask = PermitAsk { mission: self.mission_parameter(&signed, &parameters).await?, ..ask };
        self.settle(&signed, &whose, Ask::Permit(ask), &hints, request.wait).await
    }

    /// "The agent MAY proceed with the action."
    pub(in crate::app) async fn grant_permission(
        &self,
        signed: &Signed,
        ask: &PermitAsk,
        granted: Granted,
    ) -> Outcome<Reply> {
        self.mission_end(ask.mission.as_deref()).await?;
        self.collect(&granted).await?;
        // What the person decided was recorded when they did.
        if granted.how != HowDecided::Person {
            self.note_permission(signed, ask, &granted, "permission.granted").await?;
        }
        Ok(Reply::ok(json!({ "permission": "granted" })))
    }

    /// An ask that a policy refuses. A permission's answer says so itself.
    pub(in crate::app) async fn refused(
        &self,
        signed: &Signed,
        whose: &Whose,
        ask: &Ask,
        reason: String,
    ) -> Outcome<Answer> {
        let Ask::Permit(permit) = ask else { return Err(Refusal::problem(403, "denied", reason)) };
        if let Some(person) = whose.person() {
            let how = HowDecided::Policy(Vec::new());
            let refused = Granted { person: person.clone(), how, approval: None, collects: None };
            self.note_permission(signed, permit, &refused, "permission.refused").await?;
        }
        Ok(denied(Some(&reason)))
    }

    async fn note_permission(&self, signed: &Signed, ask: &PermitAsk, by: &Granted, kind: &str) -> Outcome<()> {
        let mut event = AuditEvent::new(self.clock.now(), Some(by.person.clone()), kind);
        event.agent = Some(signed.agent.sub.as_str().to_owned());
        event.mission.clone_from(&ask.mission);
        event.detail.insert("action".to_owned(), ask.action.as_str().into());
        event.detail.insert("decided_by".to_owned(), by.how.record().into());
        Ok(self.store.note(event).await?)
    }
}

/// "The agent MUST NOT proceed."
pub(in crate::app) fn denied(reason: Option<&str>) -> Answer {
    let mut body = json!({ "permission": "denied" });
    if let (Some(reason), Some(body)) = (reason, body.as_object_mut()) {
        body.insert("reason".into(), reason.into());
    }
    Answer::Done(Reply::ok(body))
}
