//! The person ends one device of an agent: the agent tokens go with it. Ending the agent itself is a withdrawal.

use aauth_authorizer::clock::Seconds;
use sqlx::AnyConnection;

use super::find;
use crate::domain::agent::AgentKey;
use crate::domain::person::PersonKey;
use crate::store::error::StoreError;
use crate::store::record::{self, Record};
use crate::store::{Store, agents};

impl Store {
    /// Ends one device of an agent of the person's, and withdraws the agent's agent tokens: its other devices get new
    /// ones. `false` where it is none of theirs, or is ended already.
    pub async fn end_device(
        &self,
        person: &PersonKey,
        stable: &str,
        record: Record,
        now: Seconds,
    ) -> Result<bool, StoreError> {
        let arguments = (person.clone(), stable.to_owned(), record, now);
        self.write("end device", arguments, |connection, (person, stable, record, now)| {
            Box::pin(async move {
                let Some(device) = find(connection, stable).await? else { return Ok(false) };
                let binding = agents::find(connection, &device.agent).await?;
                let theirs = binding.is_some_and(|binding| binding.person == *person && binding.is_active());
                if !theirs || device.revoked_at.is_some() {
                    return Ok(false);
                }
                sqlx::query("UPDATE devices SET revoked_at = $2 WHERE stable = $1")
                    .bind(stable.as_str())
                    .bind(*now)
                    .execute(&mut *connection)
                    .await?;
                withdraw_agent_tokens(connection, &device.agent, *now).await?;
                record::keep(connection, record).await?;
                Ok(true)
            })
        })
        .await
    }
}

/// Every agent token that was seen of the agent or a sub-agent of its, and is not over, is withdrawn.
pub(in crate::store) async fn withdraw_agent_tokens(
    connection: &mut AnyConnection,
    agent: &AgentKey,
    now: Seconds,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO revocations (iss, jti, exp, revoked_at)
         SELECT seen.iss, seen.jti, seen.exp, $3 FROM seen_agent_tokens AS seen
         WHERE seen.iss = $1 AND seen.exp > $3
           AND (seen.sub = $2 OR seen.sub IN (SELECT sub FROM subagents WHERE iss = $1 AND parent_sub = $2))
         ON CONFLICT DO NOTHING",
    )
    .bind(agent.iss.as_str())
    .bind(agent.sub.as_str())
    .bind(now)
    .execute(connection)
    .await?;
    Ok(())
}
