//! An ask on its way through an access server, and how it can end.

use std::sync::Arc;
use std::time::Duration;

use aauth_authorizer::aauth::error::TokenEndpointErrorCode as Code;
use aauth_authorizer::clock::Seconds;
use moka::sync::Cache;
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::super::fulfil::{Granted, HowDecided};
use super::super::refusal::Refusal;
use crate::domain::ask::AuthorizeAsk;
use crate::domain::pending::{Approved, Ended, PendingId};
use crate::store::StoreError;

/// An ask that the person, or a policy in their name, has granted.
#[derive(Debug, Clone)]
pub(super) struct Way {
    pub(super) ask: AuthorizeAsk,
    pub(super) approved: Approved,
    /// How the yes came about, as it is recorded.
    pub(super) decided_by: String,
    /// How many questions of the access server's were answered.
    pub(super) rounds: usize,
    /// The pending ask, where the agent was made to wait before.
    pub(super) pending: Option<PendingId>,
}

impl Way {
    pub(super) fn new(ask: &AuthorizeAsk, granted: Granted, at: Seconds) -> Self {
        let Granted { person, how, approval, collects } = granted;
        Self {
            ask: ask.clone(),
            approved: Approved { approval: approval.unwrap_or_default(), by: person, at },
            decided_by: how.record(),
            rounds: 0,
            pending: collects,
        }
    }

    /// The grant that this is about.
    pub(super) fn granted(&self) -> Granted {
        Granted {
            person: self.approved.by.clone(),
            how: HowDecided::Before(self.decided_by.clone()),
            approval: Some(self.approved.approval.clone()),
            collects: self.pending.clone(),
        }
    }

    /// Where the access server is asked again.
    pub(super) fn pending_url(&self) -> Option<&str> {
        self.ask.federation.as_ref()?.pending_url.as_deref()
    }

    /// The access server said where it is asked again.
    pub(super) fn is_at(&mut self, url: Option<String>) {
        if let (Some(federation), Some(url)) = (&mut self.ask.federation, url) {
            federation.pending_url = Some(url);
        }
    }
}

/// Why an ask goes no further.
#[derive(Debug)]
pub(super) enum Stop {
    /// It is over, and the agent is told so.
    Ended(Ended),
    /// This request fails; the ask stays as it was.
    Refused(Refusal),
}

impl Stop {
    /// The access server gave nothing that can be passed on.
    pub(super) fn unreachable(why: &str, at: Seconds) -> Self {
        let code = Code::AsUnreachable;
        Self::Ended(Ended::new(code.status(), code.code(), format!("no token of the access server: {why}"), at))
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

/// One exchange at a time for a pending ask: of two polls at once, one asks the access server.
#[derive(Debug, Clone)]
pub(in crate::app) struct Turns(Cache<PendingId, Arc<Mutex<()>>>);

impl Turns {
    pub(in crate::app) fn new() -> Self {
        Self(Cache::builder().max_capacity(100_000).time_to_idle(Duration::from_mins(10)).build())
    }

    /// The turn, unless another has it.
    pub(super) fn take(&self, pending: &PendingId) -> Option<OwnedMutexGuard<()>> {
        self.0.get_with_by_ref(pending, Arc::default).try_lock_owned().ok()
    }
}
