//! Suites made ready to run: requests are signed once, and asked as often as somebody has policies to try.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::seen::Seen;
use super::suite::{Case, Level, Question, Suite};
use super::verdict::{self, Mismatch};
use super::wire;
use super::world::{Setting, World, WorldError};
use crate::authorizer::build::BuildError;
use crate::authorizer::check::Authorizer;
use crate::authorizer::config::Position;
use crate::authorizer::inbound::InboundRequest;
use crate::authorizer::stopwatch::Stopwatch;
use crate::policy::Snapshot;

/// The tests of some suites, ready to run.
#[derive(Debug, Default)]
pub struct Bench {
    worlds: Vec<World>,
    tests: Vec<Ready>,
}

/// A test that is ready to run.
#[derive(Debug)]
struct Ready {
    suite: Arc<str>,
    file: Arc<str>,
    /// The resource whose policies it is about, for questions in Cedar's own terms.
    home: Option<Arc<str>>,
    /// The resource that it asks; none if it asks every one.
    resource: Option<Arc<str>>,
    case: Case,
    ask: Ask,
}

#[derive(Debug)]
enum Ask {
    /// Of the world with this number.
    Request(usize, Box<InboundRequest>),
    Raw,
    /// The question cannot be made.
    Broken(String),
}

/// How to run.
#[derive(Debug, Clone, Copy)]
pub struct RunOptions {
    /// On so many threads.
    pub jobs: usize,
    /// Whether to stop at the first failure.
    pub fail_fast: bool,
}

/// What came of one test.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Its suite.
    pub suite: Arc<str>,
    /// Its file.
    pub file: Arc<str>,
    /// Its name, with its place in the matrix.
    pub name: String,
    /// Where it is in the file.
    pub at: Position,
    /// How much of the request it spells out.
    pub level: Level,
    /// Whether it passed.
    pub status: Status,
    /// What came; none for a test that was not run.
    pub seen: Option<Seen>,
    /// What each policy said, for a failure.
    pub explained: Vec<String>,
    /// How long it took, in microseconds.
    pub micros: u64,
    /// Its number on the bench.
    pub number: usize,
}

/// Whether a test passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// As expected.
    Passed,
    /// Otherwise.
    Failed(Vec<Mismatch>),
    /// It could not be asked.
    Broken(String),
    /// The suite says why not.
    Skipped(String),
    /// Another failed before its turn came.
    NotRun,
}

impl Status {
    /// Whether this one makes the run fail.
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::Failed(_) | Self::Broken(_))
    }
}

impl Bench {
    /// Makes the tests of suites ready that `wanted` takes, by suite and name.
    pub(super) fn new(
        suites: Vec<Suite>,
        setting: &Setting<'_>,
        wanted: impl Fn(&str, &str) -> bool,
    ) -> (Self, Vec<(Arc<str>, WorldError)>) {
        let (mut bench, mut faults) = (Self::default(), Vec::new());
        for mut suite in suites {
            let cases = std::mem::take(&mut suite.cases);
            let cases = cases.into_iter().filter(|case| wanted(&suite.name, &case.name)).collect();
            let file: Arc<str> = suite.file.display().to_string().into();
            if let Err(fault) = bench.add(&suite, &file, cases, setting) {
                faults.push((file, fault));
            }
        }
        (bench, faults)
    }

    fn add(
        &mut self,
        suite: &Suite,
        file: &Arc<str>,
        cases: Vec<Case>,
        setting: &Setting<'_>,
    ) -> Result<(), WorldError> {
        // One world for each time that its tests happen at.
        let mut worlds = BTreeMap::new();
        let (name, home): (Arc<str>, _) = (suite.name.as_str().into(), suite.home.as_deref().map(Arc::from));
        for case in cases {
            let mut asks = home.clone();
            let ask = match &case.question {
                Question::Cedar(_) | Question::RunTests(_) => Ask::Raw,
                Question::Request(asking) => {
                    let number = if let Some(number) = worlds.get(&case.now) {
                        *number
                    } else {
                        self.worlds.push(World::new(suite, setting, case.now)?);
                        worlds.insert(case.now, self.worlds.len() - 1);
                        self.worlds.len() - 1
                    };
                    let resource =
                        self.worlds.get(number).and_then(|world| world.resource(asking.request.host.as_deref()));
                    asks = resource.map(|resource| resource.id.as_str().into());
                    match (resource, suite.callers.get(&asking.caller)) {
                        (Some(resource), Some(caller)) => match wire::inbound(asking, caller, resource, case.now) {
                            Ok(request) => Ask::Request(number, Box::new(request)),
                            Err(why) => Ask::Broken(why),
                        },
                        (None, _) => return Err(BuildError::NoIdentity(suite.resource_id().to_owned()).into()),
                        // INVARIANT: the reader takes no caller that is not there.
                        (_, None) => Ask::Broken(format!("no fixture is called `{}`", asking.caller)),
                    }
                }
            };
            self.tests.push(Ready {
                suite: Arc::clone(&name),
                file: Arc::clone(file),
                home: home.clone(),
                resource: asks,
                case,
                ask,
            });
        }
        Ok(())
    }

    /// How many tests there are.
    pub fn len(&self) -> usize {
        self.tests.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.tests.is_empty()
    }

    /// The test with this number.
    pub fn case(&self, number: usize) -> Option<&Case> {
        self.tests.get(number).map(|test| &test.case)
    }

    /// The resource whose policies the test with this number is about, where it asks in Cedar's own terms.
    pub fn home(&self, number: usize) -> Option<&str> {
        self.tests.get(number)?.home.as_deref()
    }

    /// The resource that the test with this number asks; none if it asks every one.
    pub fn resource(&self, number: usize) -> Option<&str> {
        self.tests.get(number)?.resource.as_deref()
    }

    /// The first of these tests that does not pass under these policies.
    pub(super) async fn first_failure(&self, tests: &[usize], snapshot: &Arc<Snapshot>) -> Option<usize> {
        // Most changes fail one of the first tests, which need one of the worlds.
        let mut authorizers: BTreeMap<usize, Authorizer> = BTreeMap::new();
        for number in tests {
            let Some(test) = self.tests.get(*number) else { continue };
            if let Ask::Request(number, _) = test.ask
                && let Some(world) = self.worlds.get(number)
            {
                authorizers.entry(number).or_insert_with(|| world.authorizer(snapshot));
            }
            if test.run(*number, |world| authorizers.get(&world), snapshot).await.status.is_failure() {
                return Some(*number);
            }
        }
        None
    }

    /// Runs every test under these policies. Outcomes are in the order of the suites.
    pub fn run(&self, snapshot: &Arc<Snapshot>, options: RunOptions) -> std::io::Result<Vec<Outcome>> {
        let authorizers: Vec<Authorizer> = self.worlds.iter().map(|world| world.authorizer(snapshot)).collect();
        let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
        let work = || -> std::io::Result<Vec<Outcome>> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
            let mut outcomes = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some(test) = self.tests.get(number) else { return Ok(outcomes) };
                let outcome = if stop.load(Ordering::Relaxed) {
                    test.outcome(number, Status::NotRun, None, 0)
                } else {
                    runtime.block_on(test.run(number, |world| authorizers.get(world), snapshot))
                };
                if options.fail_fast && outcome.status.is_failure() {
                    stop.store(true, Ordering::Relaxed);
                }
                outcomes.push(outcome);
            }
        };
        let jobs = options.jobs.clamp(1, self.tests.len().max(1));
        let done = std::thread::scope(|scope| {
            let threads: Vec<_> = (1..jobs).map(|_| scope.spawn(work)).collect();
            let mut done = vec![work()];
            for thread in threads {
                let panicked = || std::io::Error::other("a thread that ran tests has died");
                done.push(thread.join().unwrap_or_else(|_| Err(panicked())));
            }
            done
        });
        let mut outcomes = Vec::with_capacity(self.tests.len());
        for part in done {
            outcomes.extend(part?);
        }
        outcomes.sort_by_key(|outcome| outcome.number);
        Ok(outcomes)
    }
}

impl Ready {
    async fn run<'a>(
        &self,
        number: usize,
        authorizer: impl Fn(usize) -> Option<&'a Authorizer>,
        snapshot: &Snapshot,
    ) -> Outcome {
        if let Some(why) = &self.case.skip {
            return self.outcome(number, Status::Skipped(why.clone()), None, 0);
        }
        let watch = Stopwatch::start();
        let seen = self.ask(authorizer, snapshot).await;
        let micros = watch.micros();
        match seen {
            Ok(seen) => {
                let mismatches = verdict::mismatches(&self.case.expect, &seen);
                let status = if mismatches.is_empty() { Status::Passed } else { Status::Failed(mismatches) };
                self.outcome(number, status, Some(seen), micros)
            }
            Err(why) => self.outcome(number, Status::Broken(why), None, micros),
        }
    }

    async fn ask<'a>(
        &self,
        authorizer: impl Fn(usize) -> Option<&'a Authorizer>,
        snapshot: &Snapshot,
    ) -> Result<Seen, String> {
        let raw = |question, as_cedar| {
            let verdict = snapshot.decide_raw(self.home.as_deref(), question)?;
            Ok(Seen::of_raw(verdict, as_cedar))
        };
        match (&self.ask, &self.case.question) {
            (Ask::Broken(why), _) => Err(why.clone()),
            (Ask::Request(world, request), _) => {
                let authorizer = authorizer(*world).ok_or("the test has no world")?;
                let (checked, consulted) = authorizer.check_consulted((**request).clone()).await;
                Ok(Seen::of_check(checked, consulted))
            }
            (Ask::Raw, Question::Cedar(question)) => raw(question, false),
            (Ask::Raw, Question::RunTests(question)) => raw(question, true),
            (Ask::Raw, Question::Request(_)) => Err("the request was not made".to_owned()),
        }
    }

    fn outcome(&self, number: usize, status: Status, seen: Option<Seen>, micros: u64) -> Outcome {
        Outcome {
            suite: Arc::clone(&self.suite),
            file: Arc::clone(&self.file),
            name: self.case.name.clone(),
            at: self.case.at,
            level: self.case.question.level(),
            status,
            seen,
            explained: Vec::new(),
            micros,
            number,
        }
    }
}
