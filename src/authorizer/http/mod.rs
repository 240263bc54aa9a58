//! The HTTP side: what agents and issuers need of a resource, and what an operator needs of the process.
//!
//! Many resources share one listener and are told apart by `Host`. What is decided about a request is decided in
//! `authorize`, `revoke` and `status`; here it is only received and rendered. The listener is `serving`'s.
//!
//! | file | what it does |
//! |---|---|
//! | `endpoint` | which endpoint a host and a path are |
//! | `dispatch` | from a request to its handler, within its time |
//! | `wellknown`, `grants`, `operator` | the handlers |
//! | `inbound` | the request as the pipeline takes it |
//! | `reply` | the responses |

mod dispatch;
mod endpoint;
mod grants;
mod inbound;
mod operator;
mod reply;
mod state;
mod wellknown;

pub use crate::serving::{HttpListener, HttpSettings, HttpTls, InvalidTls, ServeError};
pub use dispatch::router;
pub use state::{HttpState, MetricsText, Readiness};

#[cfg(test)]
mod tests;
