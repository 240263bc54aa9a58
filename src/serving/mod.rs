//! The HTTP listener that both programs share: bounded in connections, in time and in size, with TLS, and drained when
//! the process ends. What is served over it is the caller's.
//!
//! | file | what it does |
//! |---|---|
//! | `listener` | binds, serves, drains |
//! | `tls` | certificates, from PEM |
//! | `bounded` | what one peer may hold of it |

mod bounded;
mod listener;
mod tls;

pub use listener::{HttpListener, HttpSettings, ServeError};
pub use tls::{HttpTls, InvalidTls};
