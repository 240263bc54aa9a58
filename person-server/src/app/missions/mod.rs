//! Missions, and what an agent does under one or without: permissions, audits, interactions.
//!
//! Implements "Mission", "Permission Endpoint", "Audit Endpoint" and "Interaction Endpoint" of
//! draft-hardt-oauth-aauth-protocol-11. What is granted without asking is `governance`'s to say; asking is `pend`'s.
//!
//! | file | what it does |
//! |---|---|
//! | `facts` | whose a mission is and whether it counts, the same to all who may not know |
//! | `propose`, `start` | a mission is proposed; the approved one begins |
//! | `work` | its updates and its completion |
//! | `permission`, `audit` | what no resource governs: asked before, told after |
//! | `interaction`, `relay` | the person is asked something, or sent somewhere |
//! | `log` | what goes into a mission's log |
//! | `manage` | the person's own view, and the end of a mission |

mod audit;
mod facts;
mod interaction;
mod log;
mod manage;
mod permission;
mod propose;
mod relay;
mod start;
mod work;

use serde_json::{Map, Value};

use super::PersonServer;
use super::authenticate::Signed;
use super::fulfil::Granted;
use super::inbound::Parameters;
use super::poll::gone;
use super::refusal::{Outcome, Refusal};
use super::whose::Whose;
use crate::domain::pending::{Pending, State};
use crate::store::Change;

pub(super) use facts::{mission_end_told, over};
pub(super) use log::{answered, decided, detail, ends};
pub(super) use permission::denied;
pub(super) use relay::{relayed, unavailable};

/// The longest name of an action, in characters.
const MAX_ACTION: usize = 255;
/// The largest object of an agent's that is kept, in bytes of JSON.
const MAX_OBJECT: usize = 16 * 1024;

impl PersonServer {
    /// The person of an agent that asks for itself: "A sub-agent MUST NOT call the PS directly."
    async fn own_agent(&self, signed: &Signed) -> Outcome<Whose> {
        if signed.agent.parent_agent.is_some() {
            return Err(Refusal::invalid_request("a sub-agent does not call its person server: its parent does"));
        }
        self.bound(signed).await
    }

    /// Takes what was approved, so that it is not told twice.
    async fn collect(&self, granted: &Granted) -> Outcome<()> {
        let Some(id) = &granted.collects else { return Ok(()) };
        let at = self.clock.now();
        let rule = move |pending: &Pending| match &pending.state {
            State::Approved(_) => Change::to(State::Gone { at }, true),
            State::Waiting(_) | State::Federating(_) | State::Ended(_) | State::Gone { .. } => Change::none(false),
        };
        if self.store.change_pending("collect", id, rule).await? == Some(true) { Ok(()) } else { Err(gone()) }
    }
}

/// An object of the agent's, of a size that is kept.
fn object(parameters: &Parameters, name: &str) -> Outcome<Option<Map<String, Value>>> {
    let object = parameters.optional_object(name)?;
    let size = object.as_ref().and_then(|object| serde_json::to_string(object).ok()).map_or(0, |text| text.len());
    if size > MAX_OBJECT {
        return Err(Refusal::invalid_request(format!("the parameter `{name}` is longer than {MAX_OBJECT} bytes")));
    }
    Ok(object)
}
