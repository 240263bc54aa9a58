//! Cedar: load the policies, validate them, swap them, and ask them.
//!
//! A [`PolicyStore`] holds the last good set of policies as a [`Snapshot`]. A [`Subject`] is who asks, prepared once a
//! token; [`RequestFacts`] are what is asked; [`Snapshot::decide`] answers with a [`Decision`]. The room never sees a
//! header, a JWT or a proto: verifying who asks, and turning a decision into a response, are left to others.
//!
//! Whatever cannot be decided is denied: a method or resource that is not in the schema, a path two servers could read
//! in two ways, a policy that fails to evaluate.

mod annotations;
mod answer;
mod audit;
mod batch;
mod call;
mod catalogue;
mod consent;
mod context;
mod dates;
mod decision;
mod engine;
mod error;
mod explain;
mod format;
mod index;
mod input;
mod lint;
mod load;
mod mentions;
mod mutant;
mod names;
mod one_schema;
mod part;
mod parts;
mod path;
mod question;
mod raw;
mod request;
mod ruling;
mod schema;
mod source;
mod store;
mod subject;
mod tools;
mod trial;
mod watch;
mod written;

#[cfg(test)]
mod testkit;

pub use annotations::Require;
pub use audit::{Audit, Auditor};
pub use call::{A2aCall, Call, McpCall};
pub use catalogue::PolicyInfo;
pub use decision::{Ask, Cause, Decision, Denial, Effect, Outcome, PolicyError, ShadowVerdict};
pub use engine::Snapshot;
pub use error::{LoadErrors, LoadFault, Position};
pub use explain::{Explained, Explanation};
pub use format::format;
pub use lint::{Lint, RULES, Surroundings};
pub use load::Origin;
pub use mutant::Mutant;
pub use one_schema::merged_schema;
pub use part::{Part, PartKind, Truth};
pub use path::canonical as canonical_path;
pub use raw::{RawQuestion, RawVerdict};
pub use request::{ClaimValue, Principal, RequestFacts, TokenFacts, TokenKind};
pub use ruling::{Ruling, RulingKind};
pub use schema::CORE_SCHEMA;
pub use store::{PolicyStore, ReloadOutcome, Status, StoreConfig};
pub use subject::Subject;
pub use tools::mcp_schema;
pub use watch::{WatchError, WatchGuard, watch};
pub use written::{Written, WrittenPolicy};
