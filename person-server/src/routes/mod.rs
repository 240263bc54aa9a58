//! HTTP: requests become values, values become responses. Nothing is decided here.
//!
//! | file | what it does |
//! |---|---|
//! | `inbound` | a request, read whole and within bounds |
//! | `reply` | answers, pending responses, refusals |
//! | `agents` | what agents call |
//! | `revoke` | what other servers call |
//! | `provider` | what agents call for their agent tokens |
//! | `missions` | the same, about missions and what no resource governs |
//! | `api` | what persons call |
//! | `wellknown` | metadata and keys |
//! | `operator`, `metrics` | health, readiness, metrics |

mod agents;
pub mod api;
mod inbound;
mod metrics;
mod missions;
mod operator;
mod provider;
mod reply;
mod revoke;
mod wellknown;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;

use crate::app::PersonServer;

pub use metrics::Metrics;
pub use operator::Operating;

/// What every handler works with.
pub type Shared = Arc<PersonServer>;

/// Everything that is served, with what the operator needs.
pub fn whole(operating: Operating) -> Router {
    let counted = from_fn_with_state(operating.metrics.clone(), metrics::count);
    router(Arc::clone(&operating.server)).merge(operator::router(operating)).layer(counted)
}

/// What agents, servers and persons call.
pub fn router(server: Shared) -> Router {
    Router::new()
        .merge(agents::router())
        .merge(missions::router())
        .merge(provider::router())
        .merge(api::router(&server))
        .merge(revoke::router())
        .merge(wellknown::router())
        .with_state(server)
}
