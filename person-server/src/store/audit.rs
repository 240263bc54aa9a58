//! What happened, in the order it was committed.

use aauth_authorizer::clock::Seconds;
use sqlx::AnyConnection;

use super::Store;
use super::error::StoreError;
use super::rows::{Cells, to_json};
use crate::domain::audit::AuditEvent;
use crate::domain::person::PersonKey;

const TABLE: &str = "audit";

/// An event with its number, which pages are turned by.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEntry {
    /// Its number. Grows with time, with gaps.
    pub id: i64,
    /// What happened.
    pub event: AuditEvent,
}

/// Which events to show, the latest first.
#[derive(Debug, Clone)]
pub struct AuditQuery {
    /// Only this kind.
    pub kind: Option<String>,
    /// Only of this agent.
    pub agent: Option<String>,
    /// Only at this resource.
    pub resource: Option<String>,
    /// Only on this mission.
    pub mission: Option<String>,
    /// Only from then on.
    pub since: Option<Seconds>,
    /// Only before then.
    pub until: Option<Seconds>,
    /// Only before this entry: the last of the page before.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: u32,
}

impl Default for AuditQuery {
    /// The last hundred of whatever kind.
    fn default() -> Self {
        Self {
            kind: None,
            agent: None,
            resource: None,
            mission: None,
            since: None,
            until: None,
            before: None,
            limit: 100,
        }
    }
}

impl Store {
    /// Notes what happened. What happens together with something else is noted in its transaction instead.
    pub async fn note(&self, event: AuditEvent) -> Result<(), StoreError> {
        self.write("note event", event, |connection, event| Box::pin(add(connection, event))).await
    }

    /// What happened to a person's agents and by them.
    pub async fn events_of(&self, person: &PersonKey, query: AuditQuery) -> Result<Vec<AuditEntry>, StoreError> {
        self.read((person.clone(), query), |connection, (person, query)| {
            Box::pin(async move {
                // A typed null stands for a filter that is not used.
                let rows = sqlx::query(
                    "SELECT * FROM audit
                     WHERE person = $1 AND id < $2
                       AND ($3 IS NULL OR kind = $3) AND ($4 IS NULL OR agent = $4)
                       AND ($5 IS NULL OR resource = $5) AND ($6 IS NULL OR mission = $6)
                       AND at >= $7 AND at < $8
                     ORDER BY id DESC LIMIT $9",
                )
                .bind(person.as_str())
                .bind(query.before.unwrap_or(i64::MAX))
                .bind(query.kind.as_deref())
                .bind(query.agent.as_deref())
                .bind(query.resource.as_deref())
                .bind(query.mission.as_deref())
                .bind(query.since.unwrap_or(Seconds::MIN))
                .bind(query.until.unwrap_or(Seconds::MAX))
                .bind(i64::from(query.limit))
                .fetch_all(connection)
                .await?;
                rows.iter().map(|row| read(Cells::of(TABLE, "id", row))).collect()
            })
        })
        .await
    }
}

pub(super) async fn add(connection: &mut AnyConnection, event: &AuditEvent) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO audit (at, person, kind, agent, resource, mission, detail) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(event.at)
    .bind(event.person.as_ref().map(PersonKey::as_str))
    .bind(event.kind.as_str())
    .bind(event.agent.as_deref())
    .bind(event.resource.as_deref())
    .bind(event.mission.as_deref())
    .bind(to_json(TABLE, &event.detail)?)
    .execute(connection)
    .await?;
    Ok(())
}

fn read(cells: Cells<'_>) -> Result<AuditEntry, StoreError> {
    let event = AuditEvent {
        at: cells.seconds("at")?,
        person: cells.optional_person("person")?,
        kind: cells.text("kind")?,
        agent: cells.optional_text("agent")?,
        resource: cells.optional_text("resource")?,
        mission: cells.optional_text("mission")?,
        detail: cells.json("detail")?,
    };
    Ok(AuditEntry { id: cells.integer("id")?, event })
}
