//! Tests of policies: suites beside the policies, run on the way that a request takes in the server.
//!
//! A suite is a `*.test.yaml` file, or a `*.test.json` in the format of Cedar's own `run-tests`. A test is a caller
//! and a request, and what is expected of the answer. The caller's token is minted and the request signed with keys
//! made for the test, and the whole [`Authorizer::check`](crate::authorizer::check::Authorizer::check) is run on it,
//! with the issuers in memory and the clock standing still. So nothing that a test passes can differ in production.
//!
//! | file | what it does |
//! |---|---|
//! | `suite` | what a suite says |
//! | `read`, `cedar_json` | from files to suites, with every mistake at its line and column |
//! | `filter` | which tests are meant |
//! | `find` | which files are suites, and which folder of policies they are about |
//! | `fixture`, `wire` | tokens, and signed requests, broken where a test wants them broken |
//! | `world` | the resources and issuers of a suite |
//! | `bench` | suites made ready to run, under any set of policies, on several threads |
//! | `seen`, `verdict` | what came of a test, and how it differs from what was expected |
//! | `explain` | why a test came out as it did |
//! | `once` | one request on the same way, without a suite |
//! | `report` | results for people and for machines |
//! | `coverage` | what of the policies the tests try |
//! | `mutation` | which changes of the policies no test notices |
//! | `session` | from paths on the command line to a report |
//! | `watch` | again after each save |

mod bench;
mod cedar_json;
pub mod coverage;
mod explain;
mod filter;
mod find;
mod fixture;
mod keys;
mod mutation;
mod once;
mod read;
pub mod report;
mod seen;
mod session;
mod suite;
mod verdict;
mod watch;
mod wire;
mod world;

pub use bench::{Bench, Outcome, RunOptions, Status};
pub use filter::{Filter, InvalidFilter};
pub use find::NotFound;
pub use mutation::{Mutation, Survivor};
pub use once::once;
pub use seen::Seen;
pub use session::{Folder, Measures, Options, Prepared, Session};
pub use suite::{Case, Decision, Expect, Ids, Level, Question, Suite};
pub use verdict::Mismatch;
pub use watch::{WatchError, watch};

#[cfg(test)]
mod testkit;
#[cfg(test)]
mod tests;
