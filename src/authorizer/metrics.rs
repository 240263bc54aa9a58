//! Prometheus metrics, with labels that nobody outside can add values to.

use std::fmt;

use prometheus::{
    Encoder as _, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
};

use super::check::Authorizer;
use super::record::Record;
use super::shadow::Divergence;
use crate::policy::ReloadOutcome;

/// The metrics of one process.
pub struct Metrics {
    registry: Registry,
    checks: IntCounterVec,
    durations: HistogramVec,
    signature_errors: IntCounterVec,
    policy_errors: IntCounterVec,
    shadow: IntCounterVec,
    base64url: IntCounterVec,
    reloads: IntCounterVec,
    generation: IntGauge,
    last_reload: IntGauge,
    dropped_lines: IntGauge,
    discovery: IntGaugeVec,
    held: IntGaugeVec,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

/// Seconds: from a warm check to one that waited for an issuer.
const BUCKETS: [f64; 12] = [0.0001, 0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 0.5, 1.0];

impl Metrics {
    /// All metrics, at zero.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let counters = |name: &str, help: &str, labels: &[&str]| -> Result<IntCounterVec, prometheus::Error> {
            let counters = IntCounterVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(counters.clone()))?;
            Ok(counters)
        };
        let gauges = |name: &str, help: &str, label: &str| -> Result<IntGaugeVec, prometheus::Error> {
            let gauges = IntGaugeVec::new(Opts::new(name, help), &[label])?;
            registry.register(Box::new(gauges.clone()))?;
            Ok(gauges)
        };
        let gauge = |name: &str, help: &str| -> Result<IntGauge, prometheus::Error> {
            let gauge = IntGauge::new(name, help)?;
            registry.register(Box::new(gauge.clone()))?;
            Ok(gauge)
        };
        let options =
            HistogramOpts::new("aauth_check_duration_seconds", "Time a check took.").buckets(BUCKETS.to_vec());
        let durations = HistogramVec::new(options, &["resource", "result"])?;
        registry.register(Box::new(durations.clone()))?;
        Ok(Self {
            checks: counters("aauth_check_total", "Checks answered.", &["resource", "level", "result"])?,
            signature_errors: counters(
                "aauth_signature_error_total",
                "Signature failures answered, by Signature-Error code.",
                &["resource", "code"],
            )?,
            policy_errors: counters(
                "aauth_policy_error_total",
                "Checks denied because a policy failed to evaluate.",
                &["resource"],
            )?,
            base64url: counters(
                "aauth_base64url_signature_total",
                "Verified requests whose Signature was base64url instead of standard base64.",
                &["resource"],
            )?,
            shadow: counters(
                "aauth_shadow_divergence_total",
                "Checks that a policy in shadow would have answered otherwise.",
                &["resource", "policy"],
            )?,
            reloads: counters("aauth_policy_reload_total", "Policy reloads, by result.", &["result"])?,
            generation: gauge("aauth_policy_generation", "Number of the policy set in force.")?,
            last_reload: gauge(
                "aauth_policy_last_reload_timestamp_seconds",
                "When the policy set in force went live, in seconds since the epoch.",
            )?,
            dropped_lines: gauge("aauth_decision_log_dropped", "Decision log lines dropped since start.")?,
            discovery: gauges("aauth_discovery", "Key discovery since start, by event.", "event")?,
            held: gauges("aauth_held", "Entries held in memory, by kind.", "kind")?,
            durations,
            registry,
        })
    }

    /// Counts a check. Its labels come from configuration, from policies and from tables of ours.
    pub fn checked(&self, record: &Record, divergence: Option<&Divergence>) {
        let resource = record.resource.as_str();
        self.checks.with_label_values(&[resource, record.level, record.outcome]).inc();
        self.durations.with_label_values(&[resource, record.outcome]).observe(record.seconds());
        if record.outcome == "unauthenticated" {
            self.signature_errors.with_label_values(&[resource, record.code]).inc();
        }
        if record.base64url {
            self.base64url.with_label_values(&[resource]).inc();
        }
        self.diverged(resource, &record.shadow_policies);
        self.diverged(resource, divergence.iter().flat_map(|divergence| &divergence.by));
        if !record.policy_errors.is_empty() {
            self.policy_errors.with_label_values(&[resource]).inc();
        }
    }

    /// Counts by the ids of policies that were loaded.
    fn diverged(&self, resource: &str, policies: impl IntoIterator<Item = impl AsRef<str>>) {
        for policy in policies {
            self.shadow.with_label_values(&[resource, policy.as_ref()]).inc();
        }
    }

    /// Counts a reload.
    pub fn reloaded(&self, outcome: &ReloadOutcome) {
        let result = match outcome {
            ReloadOutcome::Unchanged => return,
            ReloadOutcome::Replaced(_) => "ok",
            ReloadOutcome::Refused(_) => "refused",
        };
        self.reloads.with_label_values(&[result]).inc();
    }

    /// The text that Prometheus scrapes.
    pub fn render(&self, authorizer: &Authorizer, dropped_lines: u64) -> String {
        self.take_stock(authorizer, dropped_lines);
        let mut text = Vec::new();
        // Writing to memory fails only for a metric that cannot be written at all, which a test would show.
        let _ = TextEncoder::new().encode(&self.registry.gather(), &mut text);
        String::from_utf8(text).unwrap_or_default()
    }

    /// What is counted elsewhere is read when somebody looks.
    fn take_stock(&self, authorizer: &Authorizer, dropped_lines: u64) {
        let whole = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        self.generation.set(whole(authorizer.policies.current().generation()));
        self.dropped_lines.set(whole(dropped_lines));
        for (event, count) in authorizer.issuers.stats().events() {
            self.discovery.with_label_values(&[event]).set(whole(count));
        }
        let held = [
            ("token", authorizer.known.len()),
            ("replay", authorizer.replays.len()),
            ("revocation", u64::try_from(authorizer.revocations.len()).unwrap_or(u64::MAX)),
        ];
        for (kind, count) in held {
            self.held.with_label_values(&[kind]).set(whole(count));
        }
    }

    /// Notes when the set in force went live.
    pub fn went_live(&self, now: crate::clock::Seconds) {
        self.last_reload.set(now);
    }
}
