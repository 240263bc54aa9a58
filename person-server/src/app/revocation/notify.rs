//! Telling others that tokens of ours were withdrawn, with patience.
//!
//! Implements the sending of "Revocation Request" and the waiting for "Deferred completion". What has to be told is in
//! the store, so that a restart goes on where it stopped.

use std::sync::Arc;
use std::time::Duration;

use aauth_authorizer::aauth::identifier::ServerId;
use aauth_authorizer::aauth::metadata::Dwk;
use aauth_authorizer::clock::SharedClock;
use aauth_authorizer::discovery::{DiscoveryFault, Documents, Identity, Outgoing, ServerRequest, ServerResponse};
use serde_json::json;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::outcome::{Heard, heard, undiscovered};
use crate::app::keys::Keys;
use crate::domain::withdrawal::{Notice, Role, Told};
use crate::store::{Store, StoreError};

/// How long one exchange may take.
const EXCHANGE: Duration = Duration::from_secs(20);
/// How long a recipient that tells others first is polled before it is left for later.
const POLLED_FOR: Duration = Duration::from_mins(1);
/// Seconds for which such a recipient may hold a poll.
const HOLD: u32 = 15;
/// How many are told at once.
const AT_ONCE: u32 = 16;
/// How often what is due is looked for.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Tells others. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Notifier(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    issuer: ServerId,
    keys: Keys,
    store: Store,
    documents: Documents,
    outgoing: Outgoing,
    clock: SharedClock,
    due: Notify,
}

impl Notifier {
    pub(in crate::app) fn new(
        issuer: ServerId,
        keys: Keys,
        store: Store,
        (documents, outgoing): (Documents, Outgoing),
        clock: SharedClock,
    ) -> Self {
        Self(Arc::new(Inner { issuer, keys, store, documents, outgoing, clock, due: Notify::new() }))
    }

    /// Tells whoever is due to be told, as long as the program runs: what an earlier run left, what failed, and what
    /// takes longer than a caller waits.
    pub async fn run(&self) {
        loop {
            match self.round(None).await {
                Ok(0) => {}
                Ok(_) => continue,
                Err(error) => tracing::error!(%error, "revocation notices could not be read"),
            }
            // Woken, or after a while.
            let _ = tokio::time::timeout(LOOK_EVERY, self.0.due.notified()).await;
        }
    }

    /// Tells everybody a withdrawal is to be told to. Once each.
    pub(super) async fn tell(&self, withdrawal: String) {
        loop {
            match self.round(Some(&withdrawal)).await {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) => {
                    tracing::error!(%error, "revocation notices could not be read");
                    return;
                }
            }
        }
    }

    /// Takes what is due and tells it. How much there was.
    async fn round(&self, withdrawal: Option<&str>) -> Result<usize, StoreError> {
        let due = self.0.store.take_notices(withdrawal, self.0.clock.now(), AT_ONCE).await?;
        let taken = due.len();
        let mut telling = JoinSet::new();
        for notice in due {
            let notifier = self.clone();
            telling.spawn(async move { notifier.tell_one(notice).await });
        }
        while telling.join_next().await.is_some() {}
        Ok(taken)
    }

    async fn tell_one(&self, notice: Notice) {
        let Heard { told, downstream, wait } = self.outcome(&notice).await;
        let now = self.0.clock.now();
        let due_at = notice.retry_at(now, wait);
        tracing::info!(
            recipient = notice.recipient.as_str(),
            outcome = told.name(),
            tries = notice.tries,
            "revocation told"
        );
        let notice = Notice { told, downstream, tries: notice.tries.saturating_add(1), ..notice };
        if let Err(error) = self.0.store.keep_notice(notice, due_at).await {
            // It stays due, and is told again.
            tracing::error!(%error, "the outcome of a revocation could not be kept");
        }
    }

    async fn outcome(&self, notice: &Notice) -> Heard {
        let until = Instant::now() + POLLED_FOR;
        let mut heard = match &notice.told {
            Told::Awaited { url } => self.poll(notice, url.clone()).await,
            Told::Due | Told::Recorded | Told::Unsupported | Told::Unavailable => self.revoke(notice).await,
        };
        while let Told::Awaited { url } = &heard.told {
            let url = url.clone();
            if Instant::now() >= until {
                break;
            }
            sleep(Duration::from_secs(heard.wait.unwrap_or(1).clamp(1, 5).unsigned_abs())).await;
            heard = self.poll(notice, url).await;
        }
        heard
    }

    async fn revoke(&self, notice: &Notice) -> Heard {
        let endpoint = match notice.role {
            Role::Resource => {
                self.0.documents.resource(&notice.recipient).await.map(|it| it.revocation_endpoint.clone())
            }
            Role::Access => self.0.documents.access(&notice.recipient).await.map(|it| it.revocation_endpoint.clone()),
        };
        let endpoint = match endpoint {
            Ok(Some(endpoint)) => endpoint,
            Ok(None) => return Heard::of(Told::Unsupported),
            Err(fault) => return Heard::of(undiscovered(&fault)),
        };
        let body = json!({ "jti": notice.jti, "exp": notice.exp });
        let request = ServerRequest {
            to: &notice.recipient,
            url: &endpoint,
            method: "POST",
            body: Some(&body),
            prefer_wait: None,
        };
        heard(self.send(request).await)
    }

    async fn poll(&self, notice: &Notice, url: String) -> Heard {
        let request =
            ServerRequest { to: &notice.recipient, url: &url, method: "GET", body: None, prefer_wait: Some(HOLD) };
        let answer = self.send(request).await;
        // The same URL, where the answer names none.
        match heard(answer.map(|mut response| {
            if response.status == 202 {
                response.location.get_or_insert(url.clone());
            }
            response
        })) {
            heard @ Heard { told: Told::Unavailable, wait: Some(_), .. } => {
                Heard { told: Told::Awaited { url }, ..heard }
            }
            heard => heard,
        }
    }

    async fn send(&self, request: ServerRequest<'_>) -> Result<ServerResponse, DiscoveryFault> {
        let key = self.0.keys.signing();
        let identity = Identity { id: &self.0.issuer, dwk: Dwk::Person, key: &key };
        self.0.outgoing.send(request, identity, EXCHANGE).await
    }

    /// Something is due.
    pub(super) fn wake(&self) {
        self.0.due.notify_one();
    }
}
