//! One check, from what the wire gave to what it takes: bounded in number and in time, whole through panics, observed.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use envoy_types::pb::envoy::service::auth::v3::{CheckRequest, CheckResponse};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tracing::{Instrument as _, Span};

use super::malformed::Malformed;
use super::{request, response};
use crate::aauth::message::Message;
use crate::authorizer::answer::{Answer, Fault};
use crate::authorizer::check::Authorizer;
use crate::authorizer::inbound::{Body, InboundRequest};
use crate::authorizer::observe::Observer;
use crate::authorizer::record::Record;

/// Does checks.
#[derive(Debug)]
pub(super) struct Checks {
    authorizer: Arc<Authorizer>,
    observer: Arc<dyn Observer>,
    slots: Semaphore,
    timeout: Duration,
}

impl Checks {
    /// So many at once, each in so much time.
    pub(super) fn new(
        authorizer: Arc<Authorizer>,
        observer: Arc<dyn Observer>,
        at_once: usize,
        timeout: Duration,
    ) -> Self {
        let slots = Semaphore::new(at_once.min(Semaphore::MAX_PERMITS));
        Self { authorizer, observer, slots, timeout }
    }

    /// Answers a check, or what came in the place of one. `deadline` is how long the gateway waits, if it says so.
    pub(super) async fn respond(
        &self,
        check: Result<CheckRequest, Malformed>,
        deadline: Option<Duration>,
    ) -> CheckResponse {
        match check.and_then(request::read) {
            Ok(request) => {
                let attentive = guarded_now(|| self.observer.is_attentive()).unwrap_or_default();
                let mut record = if attentive { Record::attentive(&request) } else { Record::of(&request) };
                let span = guarded_now(|| self.observer.span(&request)).unwrap_or_else(Span::none);
                let answer = self.answer(request, &mut record, deadline).instrument(span.clone()).await;
                self.conclude(answer, record, &span)
            }
            Err(fault) => self.conclude(fault.into(), Record::of(&nothing()), &Span::none()),
        }
    }

    async fn answer(&self, request: InboundRequest, record: &mut Record, deadline: Option<Duration>) -> Answer {
        // Who queues is answered after the gateway has given up, and gateways may let pass what they gave up on.
        let Ok(_slot) = self.slots.try_acquire() else {
            return unavailable("overloaded", "as many checks as may be under way already are");
        };
        // A quarter is left for the way back.
        let limit = deadline.map_or(self.timeout, |deadline| self.timeout.min(deadline / 4 * 3));
        match timeout(limit, guarded(self.authorizer.answer(request, record))).await {
            Ok(Some(answer)) => answer,
            Ok(None) => unavailable("internal", "the check panicked"),
            Err(_) => unavailable("timeout", "the check took too long"),
        }
    }

    fn conclude(&self, answer: Answer, mut record: Record, span: &Span) -> CheckResponse {
        record.conclude(&answer);
        let response = response::of(answer, &record);
        if span.in_scope(|| guarded_now(|| self.observer.checked(&record))).is_none() {
            tracing::error!("an observer of checks panicked");
        }
        response
    }
}

fn unavailable(code: &'static str, detail: &str) -> Answer {
    Answer::Unavailable(Fault { code, detail: detail.to_owned() })
}

/// What is written down of a check that could not be read.
fn nothing() -> InboundRequest {
    InboundRequest {
        resource_id: None,
        message: Message::default(),
        body: Body::NotForwarded,
        source_ip: None,
        peer: None,
    }
}

/// The work's result; `None` when it panics. What it leaves half done is its own: the pipeline's shared state is
/// behind locks that recover.
async fn guarded<T>(work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    poll_fn(|context| match guarded_now(|| work.as_mut().poll(context)) {
        Some(poll) => poll.map(Some),
        None => Poll::Ready(None),
    })
    .await
}

fn guarded_now<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authorizer::envoy::tests::peers::forwarded;
    use crate::authorizer::resource::AccessMode;
    use crate::authorizer::testkit::{Kit, agent_token, request as kit_request, signed};

    #[tokio::test]
    async fn a_panic_ends_the_work_and_nothing_else() {
        let sound = guarded(async {
            tokio::task::yield_now().await;
            1
        });
        assert_eq!(sound.await, Some(1));
        let broken = guarded(async {
            tokio::task::yield_now().await;
            assert!(std::hint::black_box(false), "on purpose");
        });
        assert_eq!(broken.await, None);
    }
    /// Panics whenever it can.
    #[derive(Debug)]
    struct Broken;

    impl Observer for Broken {
        fn span(&self, _: &InboundRequest) -> Span {
            panic!("on purpose")
        }

        fn checked(&self, _: &Record) {
            panic!("on purpose")
        }
    }

    #[tokio::test]
    async fn a_broken_observer_changes_no_answer() {
        let kit = Kit::new(AccessMode::AgentToken);
        let checks = Checks::new(kit.authorizer.clone(), Arc::new(Broken), 1, Duration::from_secs(5));
        let refused = checks.respond(Err(Malformed::Undecodable), None).await;
        assert_eq!(refused.status.unwrap().code, 3);
        let passing = forwarded(&signed(&kit_request("GET", "/v1/orders"), &agent_token()));
        assert_eq!(checks.respond(Ok(passing), None).await.status.unwrap().code, 0);
    }
}
