//! Missions, permissions, audits and interactions.

use aauth_authorizer::clock::Seconds;

use super::PersonServer;
use super::answer::Reply;
use super::authenticate::Signed;
use super::fulfil::Granted;
use super::inbound::Parameters;
use super::refusal::{Outcome, Refusal};
use super::whose::Whose;
use crate::domain::ask::{CompleteAsk, MissionAsk, PermitAsk, QuestionAsk, RelayAsk, UpdateAsk, Upstream};

#[expect(clippy::unused_async, reason = "on its way")]
impl PersonServer {
    pub(super) async fn mission_parameter(&self, _: &Signed, parameters: &Parameters) -> Outcome<Option<String>> {
        match parameters.optional_text("mission_s256", 64)? {
            None => Ok(None),
            Some(_) => Err(Refusal::problem(404, "mission_not_found", "no such mission of this agent's")),
        }
    }

    pub(super) async fn upstream_mission(&self, upstream: &Upstream) -> Outcome<Option<String>> {
        let token = crate::domain::issued::TokenRef { iss: upstream.iss.clone(), jti: upstream.jti.clone() };
        Ok(self.store.issued(&token).await?.and_then(|issued| issued.mission))
    }

    pub(super) async fn mission_of_token(&self, _: &Signed, _: &Whose, mission: Option<&str>) -> Outcome<()> {
        match mission {
            None => Ok(()),
            Some(_) => Err(Refusal::problem(404, "mission_not_found", "no such mission of this agent's")),
        }
    }

    pub(super) async fn mission_end(&self, _: Option<&str>) -> Outcome<Option<Seconds>> {
        Ok(None)
    }

    pub(super) async fn approved_mission(
        &self,
        _: &crate::domain::ask::Ask,
    ) -> Outcome<Option<crate::governance::Approved>> {
        Ok(None)
    }

    pub(super) async fn start_mission(&self, _: &Signed, _: &MissionAsk, _: Granted) -> Outcome<Reply> {
        Err(Refusal::not_found())
    }

    pub(super) async fn record_update(&self, _: &Signed, _: &UpdateAsk, _: Granted) -> Outcome<Reply> {
        Err(Refusal::not_found())
    }

    pub(super) async fn complete_mission(&self, _: &Signed, _: &CompleteAsk, _: Granted) -> Outcome<Reply> {
        Err(Refusal::not_found())
    }

    pub(super) async fn grant_permission(&self, _: &Signed, _: &PermitAsk, _: Granted) -> Outcome<Reply> {
        Err(Refusal::not_found())
    }

    pub(super) async fn conclude_relay(&self, _: &Signed, _: &RelayAsk, _: Granted) -> Outcome<Reply> {
        Err(Refusal::not_found())
    }

    pub(super) async fn tell_answer(&self, _: &Signed, _: &QuestionAsk, _: Granted) -> Outcome<Reply> {
        Err(Refusal::not_found())
    }
}
