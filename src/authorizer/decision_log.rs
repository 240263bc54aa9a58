//! The decision log: one JSON line a check.
//!
//! A line is handed to a thread of its own through a bounded queue. When the queue is full the line is dropped and
//! counted: a slow disk never delays a check or changes its answer. What may stand in a line is decided by
//! [`Record`]: never a token, a signature, a body, a query or a person's `sub`. Only where the operator asks for it does
//! a line hold what the policies were asked as well; see [`Kept`].

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, UNIX_EPOCH};

use serde::Serialize;

use super::kept::Kept;
use super::record::Record;
use super::shadow::Divergence;
use crate::clock::Seconds;

/// The longest line that holds what the policies were asked.
const LONGEST: usize = 64 * 1024;

/// Where lines go.
#[derive(Debug)]
pub struct DecisionLog {
    queue: Option<SyncSender<Vec<u8>>>,
    writer: Option<JoinHandle<()>>,
    dropped: Arc<AtomicU64>,
    /// Whether lines hold what the policies were asked.
    inputs: bool,
}

impl DecisionLog {
    /// A log that keeps nothing.
    pub fn off() -> Self {
        Self { queue: None, writer: None, dropped: Arc::default(), inputs: false }
    }

    /// Appends to a file, at most `queue` lines behind.
    pub fn to_file(path: &Path, queue: usize) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Self::to(file, queue)
    }

    /// Writes to standard output, at most `queue` lines behind.
    pub fn to_stdout(queue: usize) -> io::Result<Self> {
        Self::to(io::stdout(), queue)
    }

    /// Writes to anything.
    pub fn to(sink: impl Write + Send + 'static, queue: usize) -> io::Result<Self> {
        let (sender, receiver) = sync_channel(queue.max(1));
        let dropped = Arc::new(AtomicU64::new(0));
        let lost = Arc::clone(&dropped);
        let writer =
            std::thread::Builder::new().name("decision-log".into()).spawn(move || write(&receiver, sink, &lost))?;
        Ok(Self { queue: Some(sender), writer: Some(writer), dropped, inputs: false })
    }

    /// The same log, whose lines hold what the policies were asked.
    #[must_use]
    pub fn with_inputs(mut self, inputs: bool) -> Self {
        self.inputs = inputs;
        self
    }

    /// Writes down a check, and what a candidate set of policies would have made of it.
    pub fn log(&self, record: &Record, divergence: Option<&Divergence>, now: Seconds) {
        let Some(queue) = &self.queue else { return };
        let mut line = Line::of(record, divergence, now);
        line.input = if self.inputs { Kept::of(record.questions()) } else { None };
        let sent = line.written().is_some_and(|line| queue.try_send(line).is_ok());
        if !sent {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Lines that were dropped so far.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

impl Drop for DecisionLog {
    /// Lines still in the queue are written, unless whoever reads them has stopped.
    fn drop(&mut self) {
        self.queue = None;
        if let Some(writer) = self.writer.take() {
            for _ in 0..100 {
                if writer.is_finished() {
                    break;
                }
                std::thread::sleep(Duration::from_millis(10));
            }
        }
    }
}

fn write(lines: &Receiver<Vec<u8>>, sink: impl Write, lost: &AtomicU64) {
    let mut sink = BufWriter::with_capacity(64 * 1024, sink);
    while let Ok(first) = lines.recv() {
        // Whatever waits is written together; the buffer is flushed once nothing waits.
        for mut line in std::iter::once(first).chain(lines.try_iter()) {
            line.push(b'\n');
            if sink.write_all(&line).is_err() {
                lost.fetch_add(1, Ordering::Relaxed);
            }
        }
        if sink.flush().is_err() {
            lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The line's members, in this order; those that are not known are left out.
#[derive(Serialize)]
struct Line<'a> {
    time: String,
    resource: &'a str,
    outcome: &'a str,
    code: &'a str,
    level: &'a str,
    method: &'a str,
    host: &'a str,
    path: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    calls: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_typ: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_iss: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_jti: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jkt: Option<&'a str>,
    policies: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    policy_errors: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    generation: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    shadow_policies: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shadow: Option<Shadow<'a>>,
    verify_us: u64,
    decide_us: u64,
    total_us: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<Kept>,
}

/// What a candidate set of policies would have said.
#[derive(Serialize)]
struct Shadow<'a> {
    outcome: &'static str,
    policies: &'a [String],
}

impl<'a> Line<'a> {
    fn of(record: &'a Record, divergence: Option<&'a Divergence>, now: Seconds) -> Self {
        let since = Duration::from_secs(u64::try_from(now).unwrap_or(0));
        Self {
            time: humantime::format_rfc3339_seconds(UNIX_EPOCH + since).to_string(),
            resource: &record.resource,
            outcome: record.outcome,
            code: record.code,
            level: record.level,
            method: &record.method,
            host: &record.host,
            path: &record.path,
            calls: &record.calls,
            detail: record.detail.as_deref(),
            token_typ: record.token_typ,
            token_iss: record.token_iss.as_deref(),
            token_jti: record.token_jti.as_deref(),
            agent: record.agent.as_deref(),
            jkt: record.jkt.as_deref(),
            policies: record.policies.iter().map(AsRef::as_ref).collect(),
            policy_errors: record.policy_errors.iter().map(AsRef::as_ref).collect(),
            generation: record.generation,
            shadow_policies: record.shadow_policies.iter().map(AsRef::as_ref).collect(),
            shadow: divergence.map(|divergence| Shadow {
                outcome: divergence.ruling.decision.as_str(),
                policies: &divergence.ruling.policies,
            }),
            verify_us: record.verify_us,
            decide_us: record.decide_us,
            total_us: record.total_us,
            input: None,
        }
    }

    /// The line, without its input where that would make it too long.
    fn written(mut self) -> Option<Vec<u8>> {
        let line = serde_json::to_vec(&self).ok()?;
        if line.len() <= LONGEST {
            return Some(line);
        }
        self.input = None;
        serde_json::to_vec(&self).ok()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::aauth::message::{Fields, Message};
    use crate::authorizer::inbound::{Body, InboundRequest};

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// A disk that never answers.
    struct Stuck;

    impl Write for Stuck {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            std::thread::sleep(Duration::from_hours(1));
            Ok(0)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn record() -> Record {
        let message = Message::request("GET", "https", "orders.example", "/v1?token=secret", Fields::default());
        Record::of(&InboundRequest {
            resource_id: None,
            message,
            body: Body::Whole(Vec::new()),
            source_ip: None,
            peer: None,
        })
    }

    #[test]
    fn a_check_is_one_line_without_its_query() {
        let sink = Shared::default();
        let log = DecisionLog::to(sink.clone(), 8).unwrap();
        log.log(&record(), None, 0);
        drop(log);
        let text = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
        assert!(text.starts_with(r#"{"time":"1970-01-01T00:00:00Z","resource":"""#), "{text}");
        assert!(text.ends_with("}\n") && text.lines().count() == 1);
        assert!(!text.contains("secret"));
    }

    #[test]
    fn a_stuck_disk_drops_lines_and_delays_nobody() {
        let log = DecisionLog::to(Stuck, 2).unwrap();
        for _ in 0..10_000 {
            log.log(&record(), None, 0);
        }
        assert!(log.dropped() >= 9_000);
    }
}
