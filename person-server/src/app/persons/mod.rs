//! The person at their API: how they log in, what they see, what they decide and end.
//!
//! Implements "PS Approval Endpoint Authentication" of draft-hardt-oauth-aauth-protocol-11. Everything here but logging
//! in takes a [`Caller`], and a caller is made by [`enter`](crate::app::PersonServer::enter) alone.
//!
//! | file | what it does |
//! |---|---|
//! | `people` | adds persons, and gives them links to set up with |
//! | `login` | how a session begins, and ends |
//! | `enter` | who calls |
//! | `api_tokens` | tokens for scripts |
//! | `approvals`, `about`, `deciding` | what waits, in full context, and what the person says to it |
//! | `callback` | where the browser goes afterwards |
//! | `agents`, `lists` | what the person has, agreed to, was issued, and what happened |
//! | `events` | what changed, as it changes |

mod about;
mod agents;
mod api_tokens;
mod approvals;
mod callback;
mod deciding;
mod enter;
mod events;
mod lists;
mod login;
mod people;

use std::time::Duration;

use super::Limiter;

pub use about::About;
pub use approvals::{AgentSeen, Approval, ScopeSeen};
pub use deciding::Said;
pub use enter::{By, Caller, Credential, Entered};
pub use events::{Events, Waits};
pub use lists::Cursor;
pub use login::Login;
pub use people::{Invitation, People};

/// Attempts to log in that one source has in a minute.
const LOGINS: u32 = 20;

/// What this room keeps in memory.
#[derive(Debug)]
pub(super) struct Desk {
    /// Attempts to log in, by where they come from.
    logins: Limiter,
    /// The open streams of events.
    streams: events::Streams,
}

impl Desk {
    pub(super) fn new() -> Self {
        Self { logins: Limiter::new(LOGINS, Duration::from_mins(1)), streams: events::Streams::new() }
    }
}
