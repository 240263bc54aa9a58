//! HTTP: requests become values, values become responses. Nothing is decided here.
//!
//! | file | what it does |
//! |---|---|
//! | `inbound` | a request, read whole and within bounds |
//! | `reply` | answers, pending responses, refusals |
//! | `agents` | what agents call |
//! | `api` | what persons call |
//! | `wellknown` | metadata and keys |

mod agents;
pub mod api;
mod inbound;
mod reply;
mod wellknown;

use std::sync::Arc;

use axum::Router;

use crate::app::PersonServer;

/// What every handler works with.
pub type Shared = Arc<PersonServer>;

/// Everything that is served.
pub fn router(server: Shared) -> Router {
    Router::new().merge(agents::router()).merge(api::router(&server)).merge(wellknown::router()).with_state(server)
}
