//! What is kept together with a step, in the step's own transaction.

use sqlx::AnyConnection;

use super::agents::Bound;
use super::error::StoreError;
use super::missions::{self, MissionEnd};
use super::{agents, audit, consents};
use crate::domain::agent::Binding;
use crate::domain::audit::AuditEvent;
use crate::domain::consent::Consent;
use crate::domain::mission::{NewEntry, Termination};

/// What follows from a step and is kept with it: all of it, or neither it nor the step.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// Agents that are the person's now.
    pub bindings: Vec<Binding>,
    /// What is remembered as agreed to.
    pub consents: Vec<Consent>,
    /// What happened.
    pub events: Vec<AuditEvent>,
    /// What goes into the log of a mission.
    pub log: Vec<NewEntry>,
    /// The mission that is over by this, and why.
    pub ends: Option<(String, Termination)>,
}

pub(super) async fn keep(connection: &mut AnyConnection, record: &Record) -> Result<(), StoreError> {
    let Record { bindings, consents, events, log, ends } = record;
    for binding in bindings {
        match agents::bind(connection, binding).await? {
            Bound::Yes => {}
            Bound::ToAnother => return Err(StoreError::Conflict { what: "the agent is another person's" }),
        }
    }
    for consent in consents {
        consents::add(connection, consent).await?;
    }
    for event in events {
        audit::add(connection, event).await?;
    }
    for entry in log {
        missions::append(connection, entry, None).await?;
    }
    if let Some((mission, termination)) = ends {
        match missions::terminate(connection, mission, *termination).await? {
            MissionEnd::Now { .. } => {}
            MissionEnd::Before(_) | MissionEnd::NotTheirs => {
                return Err(StoreError::Conflict { what: "the mission is over" });
            }
        }
    }
    Ok(())
}
