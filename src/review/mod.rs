//! Decisions looked at again: why one was made, what tests it makes, and what other policies would have said.
//!
//! Nothing here decides. A question comes from the command line, from a test or from a line of the decision log that
//! holds its input, and is put to a [`Snapshot`](crate::policy::Snapshot) as the server puts it.

mod fixture;
mod json;
mod log;
mod question;
mod record;
mod replay;
mod text;
mod yaml;

pub use json::json;
pub use log::{BadLine, Line, Lines};
pub use question::Question;
pub use record::{Recorder, Recording};
pub use replay::{Change, Replay};
pub use text::{Detail, text};
