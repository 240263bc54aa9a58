//! Who wants to know of each check: the decision log, metrics, traces. An observer cannot change an answer.

use std::fmt;

use tracing::Span;

use super::inbound::InboundRequest;
use super::record::Record;

/// Told of each check.
pub trait Observer: fmt::Debug + Send + Sync {
    /// The span a check runs in. The request's `traceparent` and `tracestate` are among its fields.
    fn span(&self, request: &InboundRequest) -> Span {
        let _ = request;
        Span::none()
    }

    /// Whether a record is to keep what the policies were asked, for [`Self::checked`] to look at.
    fn is_attentive(&self) -> bool {
        false
    }

    /// A check is over and about to be answered. Runs within the check's span and must not block.
    fn checked(&self, record: &Record);
}

/// Nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoObserver;

impl Observer for NoObserver {
    fn checked(&self, _: &Record) {}
}
