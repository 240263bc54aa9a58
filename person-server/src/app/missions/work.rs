//! A mission's own URL: "Mission Update" and "Mission Completion".

use serde_json::json;

use super::facts::over;
use crate::app::PersonServer;
use crate::app::answer::{Answer, Reply};
use crate::app::authenticate::Signed;
use crate::app::fulfil::Granted;
use crate::app::hints::{self, MAX_TEXT};
use crate::app::inbound::Inbound;
use crate::app::poll::gone;
use crate::app::refusal::{Outcome, Refusal};
use crate::domain::ask::{Ask, CompleteAsk, UpdateAsk};
use crate::domain::mission::Reason;
use crate::store::Appended;

use super::log::{MAX_ENTRIES, full};

impl PersonServer {
    /// `POST` to a mission's own URL.
    pub async fn mission_action(&self, request: &Inbound, s256: &str) -> Outcome<Answer> {
        let signed = self.agent(request).await?;
        let parameters = request.parameters()?;
        let hints = hints::read(&parameters)?;
        let mission = s256.to_owned();
        let ask = match parameters.text("action", 64)?.as_str() {
            "update" => Ask::Update(UpdateAsk { mission, description: parameters.text("description", MAX_TEXT)? }),
            "completion" => Ask::Complete(CompleteAsk { mission, summary: parameters.text("summary", MAX_TEXT)? }),
            _ => return Err(Refusal::invalid_request("`action` is neither `update` nor `completion`")),
        };
        let whose = self.own_agent(&signed).await?;
        self.own_mission(&signed, s256).await?;
        self.settle(&signed, &whose, ask, &hints, request.wait).await
    }

    /// Appends an accepted update to the log.
    pub(in crate::app) async fn record_update(&self, _: &Signed, ask: &UpdateAsk, granted: Granted) -> Outcome<Reply> {
        let now = self.clock.now();
        let appended =
            self.store.accept_update(&ask.mission, &ask.description, granted.collects, MAX_ENTRIES, now).await?;
        match appended {
            Appended::Yes { s256 } => Ok(Reply::ok(json!({ "s256": s256 }))),
            Appended::Over(termination) => Err(over(termination)),
            Appended::Full => Err(full()),
            Appended::NotPending => Err(gone()),
            Appended::Unknown => Err(Refusal::server_error()),
        }
    }

    /// Tells the agent that its completion was accepted. The mission ended when the person said so.
    pub(in crate::app) async fn complete_mission(
        &self,
        _: &Signed,
        _: &CompleteAsk,
        granted: Granted,
    ) -> Outcome<Reply> {
        self.collect(&granted).await?;
        let reason = Reason::Completed.name();
        Ok(Reply::ok(json!({ "mission_status": "terminated", "termination_reason": reason })))
    }
}
