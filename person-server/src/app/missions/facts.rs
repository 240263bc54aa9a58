//! Whose a mission is, and whether it counts: "Mission Endpoint Errors" and "Mission Status Errors".
//!
//! A mission's digest travels in tokens, so others know it. To them it is no more than a digest that never was: one
//! search for agent and digest together finds nothing in both cases, and one answer says so.

use aauth_authorizer::aauth::error::MissionErrorCode as Code;
use aauth_authorizer::clock::Seconds;

use crate::app::PersonServer;
use crate::app::authenticate::Signed;
use crate::app::inbound::Parameters;
use crate::app::refusal::{Outcome, Refusal};
use crate::app::whose::Whose;
use crate::domain::ask::{Ask, Upstream};
use crate::domain::issued::TokenRef;
use crate::domain::mission::{Mission, MissionState, Reason, Termination, is_digest};
use crate::domain::pending::{Ended, Pending, State};
use crate::governance::Approved;

impl PersonServer {
    /// The mission that a request is made under: the agent's own, and active.
    pub(in crate::app) async fn mission_parameter(
        &self,
        signed: &Signed,
        parameters: &Parameters,
    ) -> Outcome<Option<String>> {
        match parameters.optional_text("mission_s256", 64)? {
            None => Ok(None),
            Some(s256) => Ok(Some(self.own_mission(signed, &s256).await?.s256)),
        }
    }

    /// A mission of this agent's that counts.
    pub(super) async fn own_mission(&self, signed: &Signed, s256: &str) -> Outcome<Mission> {
        if !is_digest(s256) {
            let detail = "the mission's identifier is not a SHA-256 in unpadded base64url";
            return Err(Refusal::problem(Code::InvalidRequest.status(), Code::InvalidRequest.code(), detail));
        }
        match self.store.mission_of_agent(&signed.key(), s256).await? {
            Some(mission) => self.active(mission).await,
            None => Err(self.not_found_by(signed)),
        }
    }

    /// The mission of the token that a resource saw is one that the request may be made under.
    pub(in crate::app) async fn mission_of_token(
        &self,
        signed: &Signed,
        whose: &Whose,
        mission: Option<&str>,
    ) -> Outcome<()> {
        let Some(s256) = mission else { return Ok(()) };
        match whose {
            Whose::Bound(_) => self.own_mission(signed, s256).await.map(drop),
            Whose::Chained(upstream) => self.mission_of_caller(signed, upstream, s256).await,
            Whose::Nobody => Err(self.not_found_by(signed)),
        }
    }

    /// The mission that the calling agent's token was issued under, which counts for what an intermediary asks.
    pub(in crate::app) async fn upstream_mission(
        &self,
        signed: &Signed,
        upstream: &Upstream,
    ) -> Outcome<Option<String>> {
        let token = TokenRef { iss: upstream.iss.clone(), jti: upstream.jti.clone() };
        let Some(s256) = self.store.issued(&token).await?.and_then(|issued| issued.mission) else { return Ok(None) };
        self.mission_of_caller(signed, upstream, &s256).await?;
        Ok(Some(s256))
    }

    /// Why another's mission is over is not an intermediary's to know.
    async fn mission_of_caller(&self, signed: &Signed, upstream: &Upstream, s256: &str) -> Outcome<()> {
        let mission = self.store.mission(s256).await?.filter(|mission| mission.person == upstream.person);
        let mission = mission.ok_or_else(|| self.not_found_by(signed))?;
        let Some(termination) = mission.over(self.clock.now()) else { return Ok(()) };
        self.write_down(&mission, termination).await?;
        let detail = "the mission that the upstream token was issued under is over";
        Err(Refusal::Problem(Box::new(Code::terminated(None, detail))))
    }

    /// When what is issued under the mission ends at the latest. An error where the mission is over.
    pub(in crate::app) async fn mission_end(&self, mission: Option<&str>) -> Outcome<Option<Seconds>> {
        Ok(self.named(mission).await?.and_then(|mission| mission.terms.expires_at))
    }

    /// What policies are told of the mission that is asked under. An error where it is over.
    pub(in crate::app) async fn approved_mission(&self, ask: &Ask) -> Outcome<Option<Approved>> {
        Ok(self.named(ask.mission()).await?.map(|mission| Approved {
            resources: mission.terms.resources.iter().map(|resource| resource.as_str().to_owned()).collect(),
            tools: mission.tool_names().map(str::to_owned).collect(),
            expires_at: mission.terms.expires_at,
            s256: mission.s256,
        }))
    }

    /// How the mission ended that a pending ask was made under. A completion that was accepted ended it itself.
    pub(in crate::app) async fn mission_ended_under(&self, pending: &Pending) -> Outcome<Option<Termination>> {
        match (&pending.state, &pending.ask, pending.ask.mission()) {
            (State::Ended(_) | State::Gone { .. }, ..) | (State::Approved(_), Ask::Complete(_), _) | (.., None) => {
                Ok(None)
            }
            (State::Waiting(_) | State::Federating(_) | State::Approved(_), _, Some(s256)) => {
                let mission = self.store.mission(s256).await?.ok_or_else(Refusal::server_error)?;
                let termination = mission.over(self.clock.now());
                if let Some(termination) = termination {
                    self.write_down(&mission, termination).await?;
                }
                Ok(termination)
            }
        }
    }

    /// A mission that an ask was admitted under, if it counts still.
    async fn named(&self, s256: Option<&str>) -> Outcome<Option<Mission>> {
        let Some(s256) = s256 else { return Ok(None) };
        let mission = self.store.mission(s256).await?.ok_or_else(Refusal::server_error)?;
        self.active(mission).await.map(Some)
    }

    /// The mission, if it counts. One whose time is up ends here, where that is noticed.
    async fn active(&self, mission: Mission) -> Outcome<Mission> {
        let Some(termination) = mission.over(self.clock.now()) else { return Ok(mission) };
        self.write_down(&mission, termination).await?;
        Err(over(termination))
    }

    /// Keeps that a mission's time was up.
    async fn write_down(&self, mission: &Mission, termination: Termination) -> Outcome<()> {
        if mission.state != MissionState::Active {
            return Ok(());
        }
        let end = self.store.end_mission(&mission.person, &mission.s256, termination).await?;
        self.mission_ended(mission, end).await
    }

    /// There is no such mission of this agent's. The answer depends on the agent alone.
    fn not_found_by(&self, signed: &Signed) -> Refusal {
        let agent = signed.key();
        // What was asked for is not kept: it may be another's.
        tracing::warn!(agent = agent.sub.as_str(), "a mission that this agent has not was asked for");
        if !self.mission_misses.admits(&format!("{} {}", agent.iss, agent.sub)) {
            let detail = "this agent asked for too many missions that it has not: wait a minute";
            return Refusal::later(429, "rate_limited", detail, 60);
        }
        let detail = "there is no such mission of this agent's";
        Refusal::problem(Code::MissionNotFound.status(), Code::MissionNotFound.code(), detail)
    }
}

/// How the mission ended that took a pending ask with it. The reason is kept in place of a text.
pub(in crate::app) fn mission_end_told(ended: &Ended) -> Option<Termination> {
    let told = (ended.error == Code::MissionTerminated.code()).then_some(ended.detail.as_deref())?;
    Some(Termination { reason: Reason::from_name(told?)?, at: ended.at })
}

/// The agent's own mission is over: it knows of it, and is told why.
pub(in crate::app) fn over(termination: Termination) -> Refusal {
    let detail = match termination.reason {
        Reason::Completed => "the person accepted that this mission is done",
        Reason::Revoked => "the person withdrew this mission",
        Reason::Expired => "this mission's time is up: propose another",
        Reason::Superseded => "another mission took the place of this one",
        Reason::Administrative => "an operator ended this mission",
    };
    Refusal::Problem(Box::new(Code::terminated(Some(termination.reason.name()), detail)))
}
