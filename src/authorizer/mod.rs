//! The pipeline and its edges.
//!
//! A gateway adapter ([`envoy`]) turns what it received into an [`inbound::InboundRequest`], asks
//! [`check::Authorizer::check`], and turns the [`answer::Answer`] into its own format. The HTTP side publishes what
//! agents and issuers need of a resource. Neither edge knows the other, or Cedar.

pub mod answer;
pub mod authorize;
pub(crate) mod build;
pub mod check;
pub mod config;
pub mod consulted;
pub mod decision_log;
pub mod envoy;
pub mod http;
pub(crate) mod identify;
pub mod inbound;
pub mod kept;
pub mod known;
pub mod metrics;
pub mod mint;
pub mod observe;
mod parameters;
pub mod permit;
mod questions;
pub(crate) mod random;
pub mod record;
mod refusal;
pub mod resource;
pub mod revocation;
pub mod revoke;
pub mod rpc;
pub mod server;
pub mod shadow;
pub mod status;
pub(crate) mod stopwatch;
pub mod telemetry;
pub mod trace;

#[cfg(test)]
mod testkit;
