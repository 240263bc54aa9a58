//! Missions as rows.

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::domain::agent::AgentKey;
use crate::domain::mission::{LogEntry, LogKind, Mission, MissionState, Reason, Termination, Terms};
use crate::store::error::StoreError;
use crate::store::rows::Cells;

const TABLE: &str = "missions";
const LOG: &str = "mission_log";

/// The agent and the digest in one, as the index has it.
pub(super) fn owned(agent: &AgentKey, s256: &str) -> String {
    format!("{} {} {s256}", agent.iss, agent.sub)
}

pub(super) async fn insert(connection: &mut AnyConnection, mission: &Mission) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO missions (s256, owned, agent_iss, agent_sub, person, blob, approved_at, expires_at, state, entries)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'active', 0)",
    )
    .bind(mission.s256.as_str())
    .bind(owned(&mission.agent, &mission.s256))
    .bind(mission.agent.iss.as_str())
    .bind(mission.agent.sub.as_str())
    .bind(mission.person.as_str())
    .bind(mission.blob.as_str())
    .bind(mission.terms.approved_at)
    .bind(mission.terms.expires_at)
    .execute(connection)
    .await?;
    Ok(())
}

pub(in crate::store) fn read(row: &AnyRow) -> Result<Mission, StoreError> {
    let cells = Cells::of(TABLE, "s256", row);
    let blob = cells.text("blob")?;
    let terms = Terms::read(&blob, cells.seconds("approved_at")?, cells.optional_seconds("expires_at")?);
    Ok(Mission {
        s256: cells.text("s256")?,
        agent: cells.agent("agent_iss", "agent_sub")?,
        person: cells.person("person")?,
        terms: terms.ok_or_else(|| cells.corrupt("blob"))?,
        blob,
        state: state(cells)?,
    })
}

fn state(cells: Cells<'_>) -> Result<MissionState, StoreError> {
    let ended = (cells.optional_text("reason")?, cells.optional_seconds("ended_at")?);
    match (cells.text("state")?.as_str(), ended) {
        ("active", (None, None)) => Ok(MissionState::Active),
        ("terminated", (Some(reason), Some(at))) => {
            let reason = Reason::from_name(&reason).ok_or_else(|| cells.corrupt("reason"))?;
            Ok(MissionState::Terminated(Termination { reason, at }))
        }
        (_, _) => Err(cells.corrupt("state")),
    }
}

pub(super) fn read_entry(row: &AnyRow) -> Result<LogEntry, StoreError> {
    let cells = Cells::of(LOG, "number", row);
    Ok(LogEntry {
        number: cells.integer("number")?,
        at: cells.seconds("at")?,
        kind: LogKind::from_name(&cells.text("kind")?).ok_or_else(|| cells.corrupt("kind"))?,
        s256: cells.optional_text("s256")?,
        text: cells.text("entry")?,
    })
}
