//! HTTP: requests become values, values become responses. Nothing is decided here.
//!
//! | file | what it does |
//! |---|---|
//! | `inbound` | a request, read whole and within bounds |
//! | `reply` | answers, pending responses, refusals |
//! | `agents` | what agents call |
//! | `revoke` | what other servers call |
//! | `wellknown` | metadata and keys |

mod agents;
mod inbound;
mod reply;
mod revoke;
mod wellknown;

use std::sync::Arc;

use axum::Router;

use crate::app::PersonServer;

/// What every handler works with.
pub type Shared = Arc<PersonServer>;

/// Everything that is served.
pub fn router(server: Shared) -> Router {
    Router::new().merge(agents::router()).merge(revoke::router()).merge(wellknown::router()).with_state(server)
}
