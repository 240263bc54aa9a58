//! The revocation endpoint: agent providers withdraw agent tokens, resources withdraw resource tokens.
//!
//! Implements "Revocation Request", "Revocation Response" and the person server's part of "Revocation Cascade".

use std::time::Duration;

use aauth_authorizer::aauth::error::RevocationErrorCode as Code;
use aauth_authorizer::aauth::identifier::ServerId;
use aauth_authorizer::aauth::metadata::Dwk;
use aauth_authorizer::aauth::token::MAX_AGENT_LIFETIME;

use super::super::PersonServer;
use super::super::answer::{Answer, PendingPath, PendingView, Reply};
use super::super::authenticate::Callers;
use super::super::inbound::Inbound;
use super::super::refusal::{Outcome, Refusal};
use crate::domain::issued::{Revocation, SKEW, TokenRef};
use crate::domain::pending::PendingId;
use crate::domain::withdrawal::{Asker, Cause, Withdrawn};

/// How long a caller is held that does not say for how long: "on the order of 20 seconds".
const HELD: Duration = Duration::from_secs(20);
/// How many withdrawals of one issuer are remembered at a time.
const REMEMBERED: u32 = 10_000;
/// Seconds a caller over the limit is asked to wait.
const LATER: i64 = 60;

impl PersonServer {
    /// `POST` to the revocation endpoint.
    pub async fn revocation_request(&self, request: &Inbound) -> Outcome<Answer> {
        let caller = self.server(request, Callers::WhoRevoke).await?;
        let Some((caller, _)) = caller else {
            let detail = "this person server takes no revocations from this caller";
            return Err(refused(Code::UnsupportedIss, detail));
        };
        if !self.revocations.admits(caller.as_str()) {
            return Err(too_many());
        }
        let revocation = self.revocation_asked(request, caller)?;
        let withdrawn = self.withdraw(Cause::Told { revocation, limit: REMEMBERED }).await?;
        let id = match withdrawn {
            Withdrawn::Recorded { id, .. } | Withdrawn::Before { id } => id,
            Withdrawn::TooMany => return Err(too_many()),
            // What the caller withdraws is its own, whatever it names.
            Withdrawn::NotTheirs => return Err(Refusal::server_error()),
        };
        self.tell_within(&id, request.wait.unwrap_or(HELD)).await;
        self.revocation_answer(&id).await
    }

    /// `GET` of the URL of a revocation that is under way.
    pub async fn poll_revocation(&self, request: &Inbound, id: &str) -> Outcome<Answer> {
        let withdrawal = self.store.withdrawal(id).await?.ok_or_else(Refusal::not_found)?;
        // "MUST answer 404 to a poll from any other."
        let Asker::Server(asker) = &withdrawal.asker else { return Err(Refusal::not_found()) };
        if self.server(request, Callers::Only(asker)).await?.is_none() {
            return Err(Refusal::not_found());
        }
        if request.wait.is_none() && !self.polls.admits(id) {
            return Err(Refusal::later(429, "slow_down", "polled too often: wait 5 s longer each time", 5));
        }
        self.settled_within(id, request.wait.unwrap_or_default()).await?;
        self.revocation_answer(id).await
    }

    /// Whose revocations are taken: of the agent providers that are served, and of resources that agents have been to.
    pub(in crate::app) async fn may_revoke(&self, caller: &ServerId, dwk: Dwk) -> Outcome<bool> {
        match dwk {
            Dwk::Agent => Ok(self.trusts_provider(caller)),
            Dwk::Resource => Ok(self.store.knows_resource(caller).await?),
            Dwk::Person | Dwk::Access => Ok(false),
        }
    }

    fn revocation_asked(&self, request: &Inbound, caller: ServerId) -> Outcome<Revocation> {
        let parameters = request.parameters()?;
        let jti = parameters.text("jti", 255)?;
        let exp = parameters.optional_seconds("exp")?;
        let exp = exp.ok_or_else(|| Refusal::invalid_request("the parameter `exp` is missing"))?;
        let now = self.clock.now();
        if exp > now + MAX_AGENT_LIFETIME + SKEW {
            let detail = "the parameter `exp` is later than any token that is accepted here ends";
            return Err(refused(Code::InvalidRequest, detail));
        }
        Ok(Revocation { token: TokenRef { iss: caller, jti }, exp, at: now })
    }

    /// An empty 200 once everybody was told or cannot be, 202 before.
    async fn revocation_answer(&self, id: &str) -> Outcome<Answer> {
        let now = self.clock.now();
        let notices = self.store.notices(id).await?;
        if notices.iter().all(|notice| notice.is_settled(now)) {
            // "A PS does not report to the agent provider."
            return Ok(Answer::Done(Reply::empty(200)));
        }
        Ok(Answer::Pending(PendingView {
            id: PendingId::new(id),
            path: PendingPath::Revocation,
            interacting: false,
            requirement: None,
            clarification: None,
            timeout: None,
            retry_after: self.settings.poll_interval,
        }))
    }
}

fn refused(code: Code, detail: &str) -> Refusal {
    Refusal::problem(code.status(), code.code(), detail)
}

fn too_many() -> Refusal {
    let (code, detail) = (Code::RateLimited, "too many revocations of this issuer's: send the rest later");
    Refusal::later(code.status(), code.code(), detail, LATER)
}
