//! Agents of our own provider: the keys they keep, and the agent tokens they get.
//!
//! An agent token is recorded before it is sent, in the transaction that checks that its agent is still the person's.
//! So ending an agent either stops the token or finds it.

mod end;
mod enroll;
mod subagents;

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::error::StoreError;
use super::issued::see;
use super::record::{self, Record};
use super::rows::Cells;
use super::{Store, agents};
use crate::domain::agent::{AgentKey, Binding};
use crate::domain::enrollment::Device;
use crate::domain::issued::SeenAgentToken;

pub(super) use self::end::withdraw_agent_tokens;
pub use self::enroll::{EnrollOutcome, Enrollment};
pub use self::subagents::{SubAgency, SubAgencyOutcome};

const TABLE: &str = "devices";

/// Devices of one agent that are listed.
const LISTED: i64 = 1000;

/// An agent token about to be sent to a device that is enrolled.
#[derive(Debug, Clone)]
pub struct Granting {
    /// The thumbprint of the device's key.
    pub stable: String,
    /// The token.
    pub token: SeenAgentToken,
    /// When.
    pub at: i64,
    /// What is kept with it.
    pub record: Record,
}

/// Whether an agent token may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantOutcome {
    /// It is recorded.
    Recorded,
    /// The person has ended the agent, or this device of its.
    Ended,
    /// There is no such device of this agent's.
    Unknown,
}

impl Store {
    /// The device with this key.
    pub async fn device(&self, stable: &str) -> Result<Option<Device>, StoreError> {
        self.read(stable.to_owned(), |connection, stable| Box::pin(find(connection, stable))).await
    }

    /// An agent's devices, the latest enrolled first.
    pub async fn devices_of(&self, agent: &AgentKey) -> Result<Vec<Device>, StoreError> {
        self.read(agent.clone(), |connection, agent| {
            Box::pin(async move {
                let rows = sqlx::query(
                    "SELECT * FROM devices WHERE iss = $1 AND sub = $2 ORDER BY enrolled_at DESC, stable LIMIT $3",
                )
                .bind(agent.iss.as_str())
                .bind(agent.sub.as_str())
                .bind(LISTED)
                .fetch_all(connection)
                .await?;
                rows.iter().map(read).collect()
            })
        })
        .await
    }

    /// Records an agent token for a device, unless it or its agent was ended. Only then may it be sent.
    pub async fn grant_agent_token(&self, granting: Granting) -> Result<GrantOutcome, StoreError> {
        self.write("grant agent token", granting, |connection, granting| Box::pin(grant(connection, granting))).await
    }
}

async fn grant(connection: &mut AnyConnection, granting: &Granting) -> Result<GrantOutcome, StoreError> {
    let Granting { stable, token, at, record } = granting;
    let device = match find(connection, stable).await? {
        Some(device) if device.agent == token.agent => device,
        Some(_) | None => return Ok(GrantOutcome::Unknown),
    };
    let binding = agents::find(connection, &device.agent).await?.filter(Binding::is_active);
    let Some(binding) = binding.filter(|_| device.revoked_at.is_none()) else { return Ok(GrantOutcome::Ended) };
    sqlx::query("UPDATE devices SET refreshed_at = $2 WHERE stable = $1")
        .bind(stable.as_str())
        .bind(*at)
        .execute(&mut *connection)
        .await?;
    agents::seen(connection, &binding, *at).await?;
    see(connection, token).await?;
    record::keep(connection, record).await?;
    Ok(GrantOutcome::Recorded)
}

async fn find(connection: &mut AnyConnection, stable: &str) -> Result<Option<Device>, StoreError> {
    let row = sqlx::query("SELECT * FROM devices WHERE stable = $1").bind(stable).fetch_optional(connection).await?;
    row.as_ref().map(read).transpose()
}

async fn add(connection: &mut AnyConnection, device: &Device) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO devices (stable, iss, sub, name, platform, device, enrolled_at, refreshed_at, revoked_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(device.stable.as_str())
    .bind(device.agent.iss.as_str())
    .bind(device.agent.sub.as_str())
    .bind(device.name.as_str())
    .bind(device.platform.as_deref())
    .bind(device.device.as_deref())
    .bind(device.enrolled_at)
    .bind(device.refreshed_at)
    .bind(device.revoked_at)
    .execute(connection)
    .await?;
    Ok(())
}

fn read(row: &AnyRow) -> Result<Device, StoreError> {
    let cells = Cells::of(TABLE, "stable", row);
    Ok(Device {
        stable: cells.text("stable")?,
        agent: cells.agent("iss", "sub")?,
        name: cells.text("name")?,
        platform: cells.optional_text("platform")?,
        device: cells.optional_text("device")?,
        enrolled_at: cells.seconds("enrolled_at")?,
        refreshed_at: cells.seconds("refreshed_at")?,
        revoked_at: cells.optional_seconds("revoked_at")?,
    })
}
