//! Spans: one a check, with children for the steps that take time.
//!
//! They are made at the `debug` level, which costs nothing until somebody collects traces. Claims that were decoded are
//! attributes; a token, a signature or a person's `sub` never is.

use std::future::Future;

use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::field::{Empty, display};
use tracing::{Instrument as _, Span, debug_span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use super::record::Record;

/// The span of a check, in the trace that the caller's headers name.
pub fn check(traceparent: Option<&str>, tracestate: Option<&str>) -> Span {
    let span = debug_span!(
        target: "aauth",
        "check",
        otel.kind = "server",
        resource.id = Empty,
        outcome = Empty,
        code = Empty,
        level = Empty,
        agent.id = Empty,
        agent.jkt = Empty,
        token.typ = Empty,
        token.iss = Empty,
        token.jti = Empty,
        policy.ids = Empty,
        policy.generation = Empty,
        duration_us = Empty,
    );
    if !span.is_disabled() && traceparent.is_some() {
        let headers = TraceHeaders { traceparent, tracestate };
        // A traceparent that is none begins a trace of its own.
        let _ = span.set_parent(TraceContextPropagator::new().extract(&headers));
    }
    span
}

/// Writes down how a check came out.
pub fn conclude(span: &Span, record: &Record) {
    if span.is_disabled() {
        return;
    }
    span.record("resource.id", record.resource.as_str());
    span.record("outcome", record.outcome);
    span.record("code", record.code);
    span.record("level", record.level);
    span.record("duration_us", number(record.total_us));
    let optional = [
        ("agent.id", record.agent.as_deref()),
        ("agent.jkt", record.jkt.as_deref()),
        ("token.typ", record.token_typ),
        ("token.iss", record.token_iss.as_deref()),
        ("token.jti", record.token_jti.as_deref()),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            span.record(name, value);
        }
    }
    if let Some(generation) = record.generation {
        span.record("policy.generation", number(generation));
        span.record("policy.ids", display(record.policies.join(" ")));
    }
}

/// An attribute that is exported as a number: an unsigned one would become text.
fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Runs a step within its span.
pub(super) async fn in_span<T>(span: Span, step: impl Future<Output = T>) -> T {
    step.instrument(span).await
}

/// Finding keys and verifying.
pub(super) fn verify() -> Span {
    debug_span!(target: "aauth", "verify")
}

/// Asking the policies.
pub(super) fn decide() -> Span {
    debug_span!(target: "aauth", "decide")
}

/// The two headers of W3C Trace Context.
struct TraceHeaders<'a> {
    traceparent: Option<&'a str>,
    tracestate: Option<&'a str>,
}

impl Extractor for TraceHeaders<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        match key {
            "traceparent" => self.traceparent,
            "tracestate" => self.tracestate,
            _ => None,
        }
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent", "tracestate"]
    }
}
