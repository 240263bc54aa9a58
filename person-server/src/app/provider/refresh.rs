//! The next agent token, without asking: `refresh_endpoint`.
//!
//! "Two-Key Refresh" and "Single-Key Refresh" of draft-hardt-aauth-bootstrap. Each is an occasion to refuse.

use crate::app::PersonServer;
use crate::app::answer::Reply;
use crate::app::inbound::Inbound;
use crate::app::refusal::{Outcome, Refusal};

impl PersonServer {
    /// `POST` to the refresh endpoint. There are no parameters, and a body is ignored once its digest was checked.
    pub async fn refresh_agent_token(&self, request: &Inbound) -> Outcome<Reply> {
        let holder = self.holder(request)?;
        let device = self.store.device(&holder.stable).await?.ok_or_else(Refusal::not_found)?;
        self.agent_token_for(&holder, &device).await
    }
}
