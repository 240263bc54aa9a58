//! Agent tokens that verified a moment ago.
//!
//! A token is verified once and then recognized by its SHA-256 for a minute at most, and never past its `exp`. The
//! request's own signature is verified every time, and so is whether the token was revoked: recognizing a token proves
//! nothing about who sent it.

use std::time::Duration;

use aauth_authorizer::aauth::token::agent::AgentToken;
use aauth_authorizer::aauth::verify::Verified;
use moka::sync::Cache;
use sha2::{Digest as _, Sha256};

const RECOGNIZED: Duration = Duration::from_mins(1);
const ENTRIES: u64 = 10_000;

/// The recently verified agent tokens.
#[derive(Debug, Clone)]
pub(super) struct KnownAgents(Cache<[u8; 32], Verified<AgentToken>>);

impl KnownAgents {
    pub(super) fn new() -> Self {
        Self(Cache::builder().max_capacity(ENTRIES).time_to_live(RECOGNIZED).build())
    }

    pub(super) fn find(&self, compact: &str) -> Option<Verified<AgentToken>> {
        self.0.get(&digest(compact))
    }

    pub(super) fn remember(&self, compact: &str, token: &Verified<AgentToken>) {
        self.0.insert(digest(compact), token.clone());
    }
}

fn digest(compact: &str) -> [u8; 32] {
    Sha256::digest(compact.as_bytes()).into()
}
