//! The person server as its callers see it: requests in, responses out, one file a topic of the draft.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

mod support;

mod api;
mod auth_tokens;
mod browser;
mod chaining;
mod federation;
mod hostile;
mod interactions;
mod keys;
mod metadata;
mod missions;
mod peers;
mod permissions;
mod person_tokens;
mod program;
mod provider;
mod revocation;
mod sessions;
mod store;
mod subagents;
mod waiting;

use support::{claims as support_claims, header as support_header, pending_id as support_pending};
