//! The pipeline and its edges.
//!
//! A gateway adapter ([`envoy`]) turns what it received into an [`inbound::InboundRequest`], asks
//! [`check::Authorizer::check`], and turns the [`answer::Answer`] into its own format. The HTTP side publishes what
//! agents and issuers need of a resource. Neither edge knows the other, or Cedar.

pub mod answer;
mod build;
pub mod check;
pub mod config;
pub mod envoy;
mod identify;
pub mod inbound;
pub mod known;
pub mod mint;
pub mod observe;
pub mod permit;
mod random;
pub mod record;
mod refusal;
pub mod replay;
pub mod resource;
pub mod revocation;
mod stopwatch;

#[cfg(test)]
mod testkit;
