//! Agents and the one person each is bound to: "Agent-Person Binding".

use aauth_authorizer::clock::Seconds;
use sqlx::AnyConnection;

use super::Store;
use super::error::StoreError;
use super::missions;
use super::rows::Cells;
use crate::domain::agent::{AgentKey, Binding};
use crate::domain::person::PersonKey;

const TABLE: &str = "agents";

/// How often it is noted that an agent was here, in seconds: not with each request.
const SEEN_EVERY: Seconds = 60;

/// What became of a binding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// The agent is the person's now: newly, again after the person had ended it, or as before.
    Yes,
    /// It is another person's, and stays so.
    ToAnother,
}

impl Store {
    /// Binds an agent to its person. An agent that the person had revoked is theirs again.
    pub async fn bind_agent(&self, binding: Binding) -> Result<Bound, StoreError> {
        self.write("bind agent", binding, |connection, binding| Box::pin(bind(connection, binding))).await
    }

    /// An agent's binding, revoked or not.
    pub async fn agent(&self, agent: &AgentKey) -> Result<Option<Binding>, StoreError> {
        self.read(agent.clone(), |connection, agent| Box::pin(find(connection, agent))).await
    }

    /// A person's agents, the latest bound first.
    pub async fn agents_of(&self, person: &PersonKey) -> Result<Vec<Binding>, StoreError> {
        self.read(person.clone(), |connection, person| {
            Box::pin(async move {
                let theirs =
                    sqlx::query("SELECT * FROM agents WHERE person = $1 ORDER BY bound_at DESC, sub LIMIT 1000");
                let rows = theirs.bind(person.as_str()).fetch_all(connection).await?;
                rows.iter().map(|row| read(Cells::of(TABLE, "sub", row))).collect()
            })
        })
        .await
    }

    /// Calls one of the person's agents something else. `false` where it is not theirs.
    pub async fn rename_agent(&self, person: &PersonKey, agent: &AgentKey, name: &str) -> Result<bool, StoreError> {
        let arguments = (person.clone(), agent.clone(), name.to_owned());
        self.write("rename agent", arguments, |connection, (person, agent, name)| {
            Box::pin(async move {
                let renamed = sqlx::query("UPDATE agents SET name = $4 WHERE iss = $1 AND sub = $2 AND person = $3")
                    .bind(agent.iss.as_str())
                    .bind(agent.sub.as_str())
                    .bind(person.as_str())
                    .bind(name.as_str())
                    .execute(connection)
                    .await?;
                Ok(renamed.rows_affected() > 0)
            })
        })
        .await
    }

    /// Ends one of the person's agents, and with it what was agreed to for it. `false` where it is not theirs, or is
    /// ended already. The tokens it holds are the caller's to withdraw.
    pub async fn revoke_agent(&self, person: &PersonKey, agent: &AgentKey, now: Seconds) -> Result<bool, StoreError> {
        let arguments = (person.clone(), agent.clone(), now);
        self.write("revoke agent", arguments, |connection, (person, agent, now)| {
            Box::pin(revoke(connection, person, agent, *now))
        })
        .await
    }
}

pub(super) async fn bind(connection: &mut AnyConnection, binding: &Binding) -> Result<Bound, StoreError> {
    // A row of another person's is left alone, and then no row is changed.
    let bound = sqlx::query(
        "INSERT INTO agents (iss, sub, person, name, platform, device, bound_at, seen_at, revoked_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (iss, sub) DO UPDATE SET
             name = COALESCE(excluded.name, agents.name),
             platform = COALESCE(excluded.platform, agents.platform),
             device = COALESCE(excluded.device, agents.device),
             seen_at = excluded.seen_at,
             revoked_at = excluded.revoked_at
         WHERE agents.person = excluded.person",
    )
    .bind(binding.agent.iss.as_str())
    .bind(binding.agent.sub.as_str())
    .bind(binding.person.as_str())
    .bind(binding.name.as_deref())
    .bind(binding.platform.as_deref())
    .bind(binding.device.as_deref())
    .bind(binding.bound_at)
    .bind(binding.seen_at)
    .bind(binding.revoked_at)
    .execute(connection)
    .await?;
    Ok(if bound.rows_affected() == 0 { Bound::ToAnother } else { Bound::Yes })
}

/// Binds an agent that is new.
pub(super) async fn add(connection: &mut AnyConnection, binding: &Binding) -> Result<(), StoreError> {
    if find(connection, &binding.agent).await?.is_some() {
        return Err(StoreError::Conflict { what: "the identifier is another agent's" });
    }
    bind(connection, binding).await?;
    Ok(())
}

/// Ends an agent, what was agreed to for it, and its missions, which do not come back with it. `false` where it is not the person's, or is ended already.
pub(super) async fn revoke(
    connection: &mut AnyConnection,
    person: &PersonKey,
    agent: &AgentKey,
    now: Seconds,
) -> Result<bool, StoreError> {
    let revoked = sqlx::query(
        "UPDATE agents SET revoked_at = $4 WHERE iss = $1 AND sub = $2 AND person = $3 AND revoked_at IS NULL",
    )
    .bind(agent.iss.as_str())
    .bind(agent.sub.as_str())
    .bind(person.as_str())
    .bind(now)
    .execute(&mut *connection)
    .await?;
    if revoked.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query("UPDATE consents SET revoked_at = $3 WHERE agent_iss = $1 AND agent_sub = $2 AND revoked_at IS NULL")
        .bind(agent.iss.as_str())
        .bind(agent.sub.as_str())
        .bind(now)
        .execute(&mut *connection)
        .await?;
    missions::end_of_agent(connection, agent, now).await?;
    Ok(true)
}

pub(super) async fn find(connection: &mut AnyConnection, agent: &AgentKey) -> Result<Option<Binding>, StoreError> {
    let row = sqlx::query("SELECT * FROM agents WHERE iss = $1 AND sub = $2")
        .bind(agent.iss.as_str())
        .bind(agent.sub.as_str())
        .fetch_optional(connection)
        .await?;
    row.map(|row| read(Cells::of(TABLE, "sub", &row))).transpose()
}

/// Notes that the agent was here, where that was not noted lately.
pub(super) async fn seen(connection: &mut AnyConnection, found: &Binding, now: Seconds) -> Result<(), StoreError> {
    if found.seen_at > now.saturating_sub(SEEN_EVERY) {
        return Ok(());
    }
    sqlx::query("UPDATE agents SET seen_at = $3 WHERE iss = $1 AND sub = $2")
        .bind(found.agent.iss.as_str())
        .bind(found.agent.sub.as_str())
        .bind(now)
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) fn read(cells: Cells<'_>) -> Result<Binding, StoreError> {
    Ok(Binding {
        agent: cells.agent("iss", "sub")?,
        person: cells.person("person")?,
        name: cells.optional_text("name")?,
        platform: cells.optional_text("platform")?,
        device: cells.optional_text("device")?,
        bound_at: cells.seconds("bound_at")?,
        seen_at: cells.seconds("seen_at")?,
        revoked_at: cells.optional_seconds("revoked_at")?,
    })
}
