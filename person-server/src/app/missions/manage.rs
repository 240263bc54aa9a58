//! A person's missions: looked at, and ended. "Mission Management".
//!
//! Whoever calls here was authenticated as the person.

use aauth_authorizer::clock::Seconds;

use crate::app::PersonServer;
use crate::app::refusal::{Outcome, Refusal};
use crate::domain::mission::{LogEntry, Mission, Reason, Termination};
use crate::domain::person::PersonKey;
use crate::store::MissionEnd;

/// How many missions whose time is up are written down at once.
const EXPIRED_AT_ONCE: u32 = 500;

impl PersonServer {
    /// A person's missions, the latest first; the next page with the last one's `approved_at` as `before`.
    pub async fn missions_of(&self, person: &PersonKey, before: Option<Seconds>, limit: u32) -> Outcome<Vec<Mission>> {
        let missions = self.store.missions_of(person, before, limit).await?;
        Ok(missions.into_iter().map(|mission| self.as_it_stands(mission)).collect())
    }

    /// A mission of the person's.
    pub async fn mission(&self, person: &PersonKey, s256: &str) -> Outcome<Mission> {
        match self.store.mission(s256).await? {
            Some(mission) if mission.person == *person => Ok(self.as_it_stands(mission)),
            Some(_) | None => Err(Refusal::not_found()),
        }
    }

    /// What happened under a mission of the person's, from the entry after `after` on.
    pub async fn mission_log(&self, person: &PersonKey, s256: &str, after: i64, limit: u32) -> Outcome<Vec<LogEntry>> {
        self.mission(person, s256).await?;
        Ok(self.store.mission_log(s256, after, limit).await?)
    }

    /// The updates that were accepted to a mission of the person's: with its description, what it means now.
    pub async fn mission_updates(&self, person: &PersonKey, s256: &str) -> Outcome<Vec<LogEntry>> {
        self.mission(person, s256).await?;
        Ok(self.store.mission_updates(s256).await?)
    }

    /// Ends a mission of the person's. One that is over stays as it ended.
    pub async fn terminate_mission(&self, person: &PersonKey, s256: &str, reason: Reason) -> Outcome<Mission> {
        match reason {
            Reason::Revoked | Reason::Superseded | Reason::Administrative => {}
            Reason::Completed | Reason::Expired => {
                return Err(Refusal::invalid_request("a mission is ended as revoked, superseded or administrative"));
            }
        }
        let mission = self.mission(person, s256).await?;
        let termination = Termination { reason, at: self.clock.now() };
        let end = self.store.end_mission(person, s256, termination).await?;
        self.mission_ended(&mission, end).await?;
        self.mission(person, s256).await
    }

    /// Writes down, now and then, which missions' time was up. Decisions do not wait for it.
    pub async fn expire_missions(&self) -> Outcome<usize> {
        let ended = self.store.expire_missions(self.clock.now(), EXPIRED_AT_ONCE).await?;
        let count = ended.len();
        for (mission, end) in ended {
            self.mission_ended(&mission, end).await?;
        }
        Ok(count)
    }

    /// What follows from a mission's end: those who wait are told, and what was issued is withdrawn.
    pub(in crate::app) async fn mission_ended(&self, mission: &Mission, end: MissionEnd) -> Outcome<()> {
        let expired = mission.terms.expires_at.is_some_and(|end| end <= self.clock.now());
        let pendings = match end {
            MissionEnd::Now { pendings } => pendings,
            MissionEnd::Before(_) | MissionEnd::NotTheirs => return Ok(()),
        };
        for pending in &pendings {
            self.bell.ring(pending, Some(&mission.person));
        }
        // "The PS SHOULD revoke outstanding auth tokens issued under the mission." Those of one that expired ended with it.
        if !expired {
            self.revoke_all_under(&mission.person, &mission.s256).await?;
        }
        Ok(())
    }

    fn as_it_stands(&self, mission: Mission) -> Mission {
        Mission { state: mission.state_at(self.clock.now()), ..mission }
    }
}
