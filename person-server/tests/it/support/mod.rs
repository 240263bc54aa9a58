//! A person server in one process, with everybody it deals with: a clock that stands, a database in a temporary folder,
//! issuers whose documents come from a script, agents and resources that sign.

mod agent;
mod device;
mod network;
mod others;
mod peer;
pub(crate) mod postgres;
mod reply;
mod resource;
mod world;

pub(crate) use agent::Agent;
pub(crate) use device::{Device, agent_with};
pub(crate) use others::{answer, deferred};
pub(crate) use peer::Peer;
pub(crate) use reply::{Reply, claims, header};
pub(crate) use resource::Resource;
pub(crate) use world::{AGENTS, NOW, PS, World, key, pending_id};
