//! Other servers: their keys and documents, found, fetched under egress rules, kept, and refreshed no more than once a
//! minute; and what a server asks of them in its own name.
//!
//! Implements "JWKS Discovery and Caching" of draft-hardt-oauth-aauth-protocol-11 and the egress rules of HTTP
//! Signature Keys -09. What a key set and a metadata document *are* is `aauth`'s; whether an issuer is trusted at all
//! is decided by the caller before it asks here.
//!
//! | file | what it decides |
//! |---|---|
//! | `address` | which addresses are public |
//! | `egress` | which URLs may be fetched, and where they are reached on a development machine |
//! | `resolve` | names to admitted addresses |
//! | `client` | the HTTP client, and its bounds |
//! | `fetch` | one bounded GET of an admitted URL |
//! | `cache_control` | how long a response stays fresh |
//! | `slot` | when a kept set is served, refreshed, served stale or given up; pure |
//! | `locate` | metadata document, then key set |
//! | `berth` | what is kept of one issuer, and which flight renews it |
//! | `issuers` | the cache: one flight at a time for an issuer, shared by whoever waits |
//! | `documents`, `shelf` | the metadata documents themselves, kept in the same way |
//! | `outgoing` | signed requests of a server to another |

mod address;
mod berth;
mod cache_control;
mod client;
mod config;
mod documents;
mod egress;
mod fault;
mod fetch;
mod issuers;
mod locate;
mod outgoing;
mod resolve;
mod shelf;
mod slot;
mod stats;

pub use cache_control::CacheHeaders;
pub use config::{Development, DiscoveryConfig, InvalidDiscovery};
pub use documents::Documents;
pub use egress::{NotAdmitted, Target};
pub use fault::DiscoveryFault;
pub use fetch::{Document, Fetch, Fetching};
pub use issuers::Issuers;
pub use outgoing::{Exchange, Exchanging, Identity, Outgoing, ServerRequest, ServerResponse, Signed};
pub use stats::DiscoveryStats;

#[cfg(test)]
mod testing;
