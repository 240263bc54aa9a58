//! What persons agreed to, to be remembered.

use aauth_authorizer::aauth::identifier::ServerId;
use aauth_authorizer::clock::Seconds;
use sqlx::AnyConnection;

use super::Store;
use super::error::StoreError;
use super::rows::{Cells, to_json};
use crate::domain::agent::AgentKey;
use crate::domain::consent::Consent;
use crate::domain::person::PersonKey;

const TABLE: &str = "consents";

/// How many consents of one agent at one resource are looked at, the latest first.
const LOOKED_AT: i64 = 100;

impl Store {
    /// Remembers a yes. What it says more fully than an earlier yes takes that one's place.
    pub async fn remember(&self, consent: Consent) -> Result<(), StoreError> {
        self.write("remember consent", consent, |connection, consent| Box::pin(add(connection, consent))).await
    }

    /// What counts now of what the agent's person agreed to at the resource, the latest first.
    pub async fn consents(
        &self,
        agent: &AgentKey,
        resource: &ServerId,
        now: Seconds,
    ) -> Result<Vec<Consent>, StoreError> {
        self.read((agent.clone(), resource.clone(), now), |connection, (agent, resource, now)| {
            Box::pin(active(connection, agent, resource, *now))
        })
        .await
    }

    /// Everything the person agreed to, revoked and ended too, the latest first, up to `limit`.
    pub async fn consents_of(&self, person: &PersonKey, limit: u32) -> Result<Vec<Consent>, StoreError> {
        self.read((person.clone(), limit), |connection, (person, limit)| {
            Box::pin(async move {
                let theirs =
                    sqlx::query("SELECT * FROM consents WHERE person = $1 ORDER BY created_at DESC, id LIMIT $2");
                let rows = theirs.bind(person.as_str()).bind(i64::from(*limit)).fetch_all(connection).await?;
                rows.iter().map(|row| read(Cells::of(TABLE, "id", row))).collect()
            })
        })
        .await
    }

    /// Takes back a yes of the person's. `None` where there is no such, or it is taken back already.
    pub async fn revoke_consent(
        &self,
        person: &PersonKey,
        id: &str,
        now: Seconds,
    ) -> Result<Option<Consent>, StoreError> {
        let arguments = (person.clone(), id.to_owned(), now);
        self.write("revoke consent", arguments, |connection, (person, id, now)| {
            Box::pin(revoke(connection, person, id, *now))
        })
        .await
    }
}

pub(super) async fn revoke(
    connection: &mut AnyConnection,
    person: &PersonKey,
    id: &str,
    now: Seconds,
) -> Result<Option<Consent>, StoreError> {
    let row = sqlx::query(
        "UPDATE consents SET revoked_at = $3
         WHERE id = $1 AND person = $2 AND revoked_at IS NULL RETURNING *",
    )
    .bind(id)
    .bind(person.as_str())
    .bind(now)
    .fetch_optional(connection)
    .await?;
    row.map(|row| read(Cells::of(TABLE, "id", &row))).transpose()
}

pub(super) async fn add(connection: &mut AnyConnection, consent: &Consent) -> Result<(), StoreError> {
    for earlier in active(connection, &consent.agent, &consent.resource, consent.created_at).await? {
        if is_contained(&earlier, consent) {
            sqlx::query("DELETE FROM consents WHERE id = $1").bind(earlier.id).execute(&mut *connection).await?;
        }
    }
    sqlx::query(
        "INSERT INTO consents (id, person, agent_iss, agent_sub, resource, account, mission, scopes, created_at,
                               expires_at, revoked_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(consent.id.as_str())
    .bind(consent.person.as_str())
    .bind(consent.agent.iss.as_str())
    .bind(consent.agent.sub.as_str())
    .bind(consent.resource.as_str())
    .bind(consent.account.as_deref())
    .bind(consent.mission.as_deref())
    .bind(to_json(TABLE, &consent.scopes)?)
    .bind(consent.created_at)
    .bind(consent.expires_at)
    .bind(consent.revoked_at)
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether the earlier one says nothing that the later does not say too.
fn is_contained(earlier: &Consent, later: &Consent) -> bool {
    let lasts = match (earlier.expires_at, later.expires_at) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(earlier), Some(later)) => earlier <= later,
    };
    let same = earlier.person == later.person && earlier.account == later.account && earlier.mission == later.mission;
    same && lasts && earlier.scopes.iter().all(|scope| later.scopes.contains(scope))
}

pub(super) async fn active(
    connection: &mut AnyConnection,
    agent: &AgentKey,
    resource: &ServerId,
    now: Seconds,
) -> Result<Vec<Consent>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM consents
         WHERE agent_iss = $1 AND agent_sub = $2 AND resource = $3
           AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $4)
         ORDER BY created_at DESC, id LIMIT $5",
    )
    .bind(agent.iss.as_str())
    .bind(agent.sub.as_str())
    .bind(resource.as_str())
    .bind(now)
    .bind(LOOKED_AT)
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| read(Cells::of(TABLE, "id", row))).collect()
}

pub(super) fn read(cells: Cells<'_>) -> Result<Consent, StoreError> {
    Ok(Consent {
        id: cells.text("id")?,
        person: cells.person("person")?,
        agent: cells.agent("agent_iss", "agent_sub")?,
        resource: cells.server("resource")?,
        account: cells.optional_text("account")?,
        mission: cells.optional_text("mission")?,
        scopes: cells.json("scopes")?,
        created_at: cells.seconds("created_at")?,
        expires_at: cells.optional_seconds("expires_at")?,
        revoked_at: cells.optional_seconds("revoked_at")?,
    })
}
