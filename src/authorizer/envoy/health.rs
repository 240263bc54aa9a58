//! `grpc.health.v1`: whether gateways should send checks here. They should once policies are live and until draining
//! begins.

use std::sync::Arc;

use tokio::sync::watch;
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_health::server::{HealthReporter, health_reporter};

use super::wire::SERVICE;

/// Says whether this process serves. Cheap to clone; clones share one state, which begins as "no".
#[derive(Debug, Clone)]
pub struct HealthHandle(Arc<watch::Sender<State>>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct State {
    ready: bool,
    draining: bool,
}

impl Default for HealthHandle {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(State { ready: false, draining: false })))
    }
}

impl HealthHandle {
    /// Says whether everything that a check needs is there.
    pub fn set_serving(&self, ready: bool) {
        self.0.send_modify(|state| state.ready = ready);
    }

    /// Whether it serves: everything is there and it is not about to stop.
    pub fn is_serving(&self) -> bool {
        let state = *self.0.borrow();
        state.ready && !state.draining
    }

    /// From here on it does not serve, whatever else is said.
    pub fn drain(&self) {
        self.0.send_modify(|state| state.draining = true);
    }

    /// Tells the health service each change, for ever. A caller who drops the future ends it.
    pub(super) async fn relay(self, reporter: HealthReporter) {
        let mut changes = self.0.subscribe();
        loop {
            let State { ready, draining } = *changes.borrow_and_update();
            let status = if ready && !draining { ServingStatus::Serving } else { ServingStatus::NotServing };
            for service in ["", SERVICE] {
                reporter.set_service_status(service, status).await;
            }
            if changes.changed().await.is_err() {
                return;
            }
        }
    }
}

/// The service, and what tells it of changes.
pub(super) fn service() -> (HealthReporter, HealthServer<impl Health>) {
    health_reporter()
}
