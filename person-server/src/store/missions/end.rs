//! A mission ends, once and for good, and with it what waits under it. "Mission Management".

use aauth_authorizer::aauth::error::MissionErrorCode as Code;
use aauth_authorizer::clock::Seconds;
use serde_json::Map;
use sqlx::AnyConnection;

use super::log::append;
use super::rows::read;
use crate::domain::agent::AgentKey;
use crate::domain::audit::AuditEvent;
use crate::domain::mission::{LogKind, Mission, NewEntry, Reason, Termination};
use crate::domain::pending::{Ended, PendingId};
use crate::domain::person::PersonKey;
use crate::store::error::StoreError;
use crate::store::pendings::{self, Touching};
use crate::store::{Store, audit};

/// What became of an end.
#[derive(Debug, Clone, PartialEq)]
pub enum MissionEnd {
    /// The mission is over, and so are these asks, whose pollers are to be woken.
    Now {
        /// The asks.
        pendings: Vec<PendingId>,
    },
    /// It was over already, and stays over for that reason.
    Before(Termination),
    /// There is no such mission of this person's.
    NotTheirs,
}

impl Store {
    /// Ends a mission of the person's.
    pub async fn end_mission(
        &self,
        person: &PersonKey,
        s256: &str,
        termination: Termination,
    ) -> Result<MissionEnd, StoreError> {
        let arguments = (person.clone(), s256.to_owned(), termination);
        self.write("end mission", arguments, |connection, (person, s256, termination)| {
            Box::pin(async move {
                match super::find(connection, s256).await? {
                    Some(mission) if mission.person == *person => {}
                    Some(_) | None => return Ok(MissionEnd::NotTheirs),
                }
                terminate(connection, s256, *termination).await
            })
        })
        .await
    }

    /// Writes down, of up to `limit` missions whose time was up, that they are over.
    pub async fn expire_missions(&self, now: Seconds, limit: u32) -> Result<Vec<(Mission, MissionEnd)>, StoreError> {
        self.write("expire missions", (now, limit), |connection, (now, limit)| {
            Box::pin(async move {
                let rows = sqlx::query(
                    "SELECT * FROM missions WHERE state = 'active' AND expires_at <= $1 ORDER BY expires_at LIMIT $2",
                )
                .bind(*now)
                .bind(i64::from(*limit))
                .fetch_all(&mut *connection)
                .await?;
                let mut ended = Vec::new();
                for mission in rows.iter().map(read) {
                    let mission = mission?;
                    if let Some(termination) = mission.over(*now) {
                        let end = terminate(connection, &mission.s256, termination).await?;
                        ended.push((mission, end));
                    }
                }
                Ok(ended)
            })
        })
        .await
    }
}

/// Ends what an agent was sent out for, since the person has ended the agent.
pub(in crate::store) async fn end_of_agent(
    connection: &mut AnyConnection,
    agent: &AgentKey,
    at: Seconds,
) -> Result<(), StoreError> {
    let rows = sqlx::query("SELECT * FROM missions WHERE agent_iss = $1 AND agent_sub = $2 AND state = 'active'")
        .bind(agent.iss.as_str())
        .bind(agent.sub.as_str())
        .fetch_all(&mut *connection)
        .await?;
    for mission in rows.iter().map(read) {
        terminate(connection, &mission?.s256, Termination { reason: Reason::Revoked, at }).await?;
    }
    Ok(())
}

/// Ends a mission. One whose time was up before has ended for that reason and no other.
pub(in crate::store) async fn terminate(
    connection: &mut AnyConnection,
    s256: &str,
    termination: Termination,
) -> Result<MissionEnd, StoreError> {
    let Some(mission) = super::find(connection, s256).await? else { return Ok(MissionEnd::NotTheirs) };
    let expired = mission.over(termination.at);
    let Termination { reason, at } = expired.unwrap_or(termination);
    // INVARIANT: the one statement that changes the state, and it finds none but active missions.
    let ended = sqlx::query(
        "UPDATE missions SET state = 'terminated', reason = $2, ended_at = $3 WHERE s256 = $1 AND state = 'active'",
    )
    .bind(s256)
    .bind(reason.name())
    .bind(at)
    .execute(&mut *connection)
    .await?;
    if ended.rows_affected() == 0 {
        return Ok(MissionEnd::Before(Termination { reason, at }));
    }
    let detail = Map::from_iter([("reason".to_owned(), reason.name().into())]);
    append(connection, &NewEntry::new(s256, LogKind::Terminated, detail.clone(), at), None).await?;
    let mut event = AuditEvent::new(at, Some(mission.person.clone()), "mission.terminated");
    event.agent = Some(mission.agent.sub.as_str().to_owned());
    event.mission = Some(s256.to_owned());
    event.detail = detail;
    audit::add(connection, &event).await?;
    let over =
        Ended::new(Code::MissionTerminated.status(), Code::MissionTerminated.code(), reason.name(), termination.at);
    let pendings = pendings::end_all(connection, &Touching::Mission(s256.to_owned()), &over).await?;
    Ok(MissionEnd::Now { pendings })
}
