//! The person server as its callers see it: requests in, responses out, one file a topic of the draft.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

mod support;

mod api;
mod auth_tokens;
mod browser;
mod hostile;
mod person_tokens;
mod sessions;
mod store;
mod waiting;

use support::{claims as support_claims, pending_id as support_pending};
