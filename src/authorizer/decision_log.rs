//! The decision log: one JSON line a check.
//!
//! Lines are gathered in memory and written by a thread of its own, many at a time: to wake that thread for each would
//! cost a check more than all the rest of its line. When too many lines wait, further ones are dropped and counted: a
//! slow disk never delays a check or changes its answer. What may stand in a line is decided by [`Record`]: never a
//! token, a signature, a body, a query or a person's `sub`. Only where the operator asks for it does a line hold what the
//! policies were asked as well; see [`Kept`].

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, UNIX_EPOCH};

use serde::Serialize;

use super::kept::Kept;
use super::record::Record;
use super::shadow::Divergence;
use crate::clock::Seconds;

/// The longest line that holds what the policies were asked.
const LONGEST: usize = 64 * 1024;

/// How long lines are gathered before they are written.
const GATHER: Duration = Duration::from_millis(10);

/// Where lines go.
#[derive(Debug)]
pub struct DecisionLog {
    queue: Option<Arc<Queue>>,
    writer: Option<JoinHandle<()>>,
    most: usize,
    /// Whether lines hold what the policies were asked.
    inputs: bool,
}

impl DecisionLog {
    /// A log that keeps nothing.
    pub fn off() -> Self {
        Self { queue: None, writer: None, most: 0, inputs: false }
    }

    /// Appends to a file, at most `most` lines behind.
    pub fn to_file(path: &Path, most: usize) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Self::to(file, most)
    }

    /// Writes to standard output, at most `most` lines behind.
    pub fn to_stdout(most: usize) -> io::Result<Self> {
        Self::to(io::stdout(), most)
    }

    /// Writes to anything.
    pub fn to(sink: impl Write + Send + 'static, most: usize) -> io::Result<Self> {
        let queue = Arc::new(Queue::default());
        let theirs = Arc::clone(&queue);
        let writer = std::thread::Builder::new().name("decision-log".into()).spawn(move || write(&theirs, sink))?;
        Ok(Self { queue: Some(queue), writer: Some(writer), most: most.max(1), inputs: false })
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
        let Some(mut line) = line.written() else {
            queue.lose(1);
            return;
        };
        line.push(b'\n');
        queue.add(&line, self.most);
    }

    /// Lines that were dropped so far.
    pub fn dropped(&self) -> u64 {
        self.queue.as_ref().map_or(0, |queue| queue.lost.load(Ordering::Relaxed))
    }
}

impl Drop for DecisionLog {
    /// Lines still in the queue are written, unless whoever reads them has stopped.
    fn drop(&mut self) {
        if let Some(queue) = &self.queue {
            queue.close();
        }
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

/// Lines on their way to the writer.
#[derive(Debug, Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    wake: Condvar,
    lost: AtomicU64,
}

#[derive(Debug, Default)]
struct Waiting {
    text: Vec<u8>,
    lines: usize,
    /// Whether the writer waits for a first line.
    idle: bool,
    closed: bool,
}

impl Queue {
    /// Adds a line unless `most` already wait.
    fn add(&self, line: &[u8], most: usize) {
        let mut waiting = self.lock();
        if waiting.lines >= most {
            drop(waiting);
            self.lose(1);
            return;
        }
        waiting.text.extend_from_slice(line);
        waiting.lines += 1;
        let wake = std::mem::take(&mut waiting.idle);
        drop(waiting);
        if wake {
            self.wake.notify_one();
        }
    }

    /// Puts the lines that wait in `text`, once there are some and a while was left to others. How many these are; none
    /// when there will be no more.
    fn take(&self, text: &mut Vec<u8>) -> Option<usize> {
        let mut waiting = self.lock();
        waiting.idle = waiting.lines == 0;
        let first = self.wake.wait_while(waiting, |waiting| waiting.lines == 0 && !waiting.closed);
        let gathered = first.unwrap_or_else(PoisonError::into_inner);
        let gathered = self.wake.wait_timeout_while(gathered, GATHER, |waiting| !waiting.closed);
        let (mut waiting, _) = gathered.unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut waiting.text, text);
        Some(std::mem::take(&mut waiting.lines)).filter(|lines| *lines > 0)
    }

    fn close(&self) {
        self.lock().closed = true;
        self.wake.notify_one();
    }

    fn lose(&self, lines: usize) {
        self.lost.fetch_add(u64::try_from(lines).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn write(queue: &Queue, mut sink: impl Write) {
    let mut text = Vec::new();
    while let Some(lines) = queue.take(&mut text) {
        if sink.write_all(&text).and_then(|()| sink.flush()).is_err() {
            queue.lose(lines);
        }
        text.clear();
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
